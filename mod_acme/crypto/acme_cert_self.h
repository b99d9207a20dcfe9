/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_cert_self.h
 * @brief Makes self-signed certificates: placeholders, and those by which
 * tls-alpn-01 is answered. For the units of this room.
 */
#ifndef ACME_CERT_SELF_H
#define ACME_CERT_SELF_H

#include <apr_time.h>

#include "acme_key.h"

struct X509_extension_st;

typedef struct acme_cert_self_t {
    const char *what; /**< "placeholder", for problems */
    const acme_key_t *key;
    const char *organization; /**< of subject and issuer, for people */
    const char *name;         /**< canonical; the only one in it */
    apr_time_t not_before;
    apr_time_t not_after;
    struct X509_extension_st *extension; /**< one more, or NULL */
} acme_cert_self_t;

/** Makes a certificate.
 *  @param pem set in p */
apr_status_t acme_cert_self(const char **pem, const acme_cert_self_t *self,
                            acme_problem_t *problem, apr_pool_t *p);

#endif
