/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_renewal.h
 * @brief Asks a CA when it wants a certificate to be renewed (RFC 9773).
 */
#ifndef ACME_RENEWAL_H
#define ACME_RENEWAL_H

#include "acme_client.h"

/** Bounds of the time after which the CA is asked again (RFC 9773 4.3.2), and
 *  that time when the CA names none. */
#define ACME_RENEWAL_AGAIN_MIN ACME_TIME_MINUTE
#define ACME_RENEWAL_AGAIN_MAX ACME_TIME_DAY
#define ACME_RENEWAL_AGAIN     (6 * ACME_TIME_HOUR)

typedef struct acme_renewal_t {
    apr_time_t start; /**< of the window; before `end` */
    apr_time_t end;
    const char *explanation; /**< a URL for people, escaped, or NULL */
    apr_time_t again;        /**< the CA is not asked before that time */
} acme_renewal_t;

/**
 * @param rv APR_SUCCESS; APR_EINTR: cancelled; else `problem` says why
 * @param renewal valid only while this runs; NULL unless successful
 */
typedef void acme_renewal_done_fn(void *baton, apr_status_t rv,
                                  const acme_renewal_t *renewal,
                                  const acme_problem_t *problem);

/**
 * Asks about a certificate with a GET that is not signed.
 * @param service the directory's renewalInfo, copied
 * @param id CertID of the certificate (RFC 9773 4.1), copied
 */
void acme_renewal_ask(acme_client_t *client, const char *service,
                      const char *id, acme_renewal_done_fn *done, void *baton);

#endif
