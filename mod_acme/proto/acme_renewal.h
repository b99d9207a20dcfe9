/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_renewal.h
 * @brief When a CA wants a certificate to be renewed (RFC 9773).
 */
#ifndef ACME_RENEWAL_H
#define ACME_RENEWAL_H

#include "acme_client.h"

/** Bounds of the time after which it is asked again (RFC 9773 4.3.2), and the
 *  time where the CA names none. */
#define ACME_RENEWAL_AGAIN_MIN ACME_TIME_MINUTE
#define ACME_RENEWAL_AGAIN_MAX ACME_TIME_DAY
#define ACME_RENEWAL_AGAIN     (6 * ACME_TIME_HOUR)

typedef struct acme_renewal_t {
    apr_time_t start; /**< of the window; before its end */
    apr_time_t end;
    const char *explanation; /**< a URL for people, escaped, or NULL */
    apr_time_t again;        /**< not to be asked before */
} acme_renewal_t;

/**
 * @param rv APR_SUCCESS; APR_EINTR: cancelled; else `problem` says why
 * @param renewal valid only while this runs; NULL unless successful
 */
typedef void acme_renewal_done_fn(void *baton, apr_status_t rv,
                                  const acme_renewal_t *renewal,
                                  const acme_problem_t *problem);

/**
 * Asks for one certificate: a single GET that nobody signs.
 * @param service the directory's renewalInfo, copied
 * @param id its CertID, copied
 */
void acme_renewal_ask(acme_client_t *client, const char *service,
                      const char *id, acme_renewal_done_fn *done, void *baton);

#endif
