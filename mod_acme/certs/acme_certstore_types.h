/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_types.h
 * @brief A certificate of a site, and the places that it can be in
 * (acme_certstore.h).
 */
#ifndef ACME_CERTSTORE_TYPES_H
#define ACME_CERTSTORE_TYPES_H

#include "acme_cert.h"

/** The place of a certificate. */
typedef enum {
    ACME_PLACE_LIVE,   /**< live/: renewed, and served where TLS is */
    ACME_PLACE_STASH,  /**< stash/: kept for a site that does not want it now */
    ACME_PLACE_IMPORT, /**< import/: until the next start decides */
    ACME_PLACES
} acme_place_e;

/** A certificate of a site. Strings belong to the pool that it was read in. */
typedef struct acme_certstore_cert_t {
    const acme_cert_info_t *info;
    const char *ca_url;    /**< or NULL */
    const char *profile;   /**< that was ordered, or NULL */
    apr_time_t obtained;   /**< or 0 */
    int imported;          /**< nonzero: it was not ordered here */
    int version;           /**< number of its archive version */
    const char *cert_path; /**< fullchain.pem, through the pointer */
    const char *key_path;
    apr_time_t moved; /**< when the pointer was put in its place, or 0 */
} acme_certstore_cert_t;

#endif
