/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_place.h
 * @brief The places that a certificate can be in (acme_certstore.h).
 */
#ifndef ACME_CERTSTORE_PLACE_H
#define ACME_CERTSTORE_PLACE_H

typedef enum {
    ACME_LIVE_SERVED,   /**< live/: renewed, and served where TLS is */
    ACME_LIVE_STASHED,  /**< stash/: neither */
    ACME_LIVE_IMPORTED, /**< import/: until the next start decides */
    ACME_LIVE_PLACES
} acme_live_place_e;

/** "live", "stash", "import": the folder. */
const char *acme_live_place_name(acme_live_place_e place);

#endif
