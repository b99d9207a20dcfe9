/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_place.h
 * @brief The places that a certificate can be in (acme_certstore.h).
 */
#ifndef ACME_CERTSTORE_PLACE_H
#define ACME_CERTSTORE_PLACE_H

typedef enum {
    ACME_PLACE_LIVE,   /**< live/: renewed, and served where TLS is */
    ACME_PLACE_STASH,  /**< stash/: neither */
    ACME_PLACE_IMPORT, /**< import/: until the next start decides */
    ACME_PLACES
} acme_place_e;

/** "live", "stash", "import": the folder. */
const char *acme_certstore_place_name(acme_place_e place);

#endif
