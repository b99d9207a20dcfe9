/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_types.h
 * @brief A certificate of a site, and the places that it can be in
 * (acme_certstore.h).
 */
#ifndef ACME_CERTSTORE_TYPES_H
#define ACME_CERTSTORE_TYPES_H

#include "acme_cert.h"

typedef enum {
    ACME_PLACE_LIVE,   /**< live/: renewed, and served where TLS is */
    ACME_PLACE_STASH,  /**< stash/: neither */
    ACME_PLACE_IMPORT, /**< import/: until the next start decides */
    ACME_PLACES
} acme_place_e;

/** One certificate of one site. */
typedef struct acme_certstore_cert_t {
    const acme_cert_info_t *info;
    const char *ca_url;    /**< or NULL */
    const char *profile;   /**< that was wanted of it, or NULL */
    apr_time_t obtained;   /**< or 0 */
    int version;           /**< number of its archive version */
    const char *cert_path; /**< fullchain.pem, through the pointer */
    const char *key_path;
    apr_time_t moved; /**< when the pointer was put where it is */
} acme_certstore_cert_t;

#endif
