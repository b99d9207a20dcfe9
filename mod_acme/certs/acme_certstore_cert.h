/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_cert.h
 * @brief A certificate that is live or kept for later, as acme_certstore.h
 * finds it.
 */
#ifndef ACME_CERTSTORE_CERT_H
#define ACME_CERTSTORE_CERT_H

#include "acme_cert.h"

/** One certificate of one site. */
typedef struct acme_certstore_cert_t {
    const acme_cert_info_t *info;
    const char *ca_url;    /**< or NULL */
    const char *profile;   /**< that was wanted of it, or NULL */
    apr_time_t obtained;   /**< or 0 */
    int generation;        /**< N */
    const char *cert_path; /**< fullchain.pem, through the pointer */
    const char *key_path;
    apr_time_t moved; /**< when the pointer was put where it is */
} acme_certstore_cert_t;

#endif
