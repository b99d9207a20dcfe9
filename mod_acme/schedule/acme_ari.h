/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ari.h
 * @brief What the CA said of when to renew a site's certificate (RFC 9773),
 * and what was made of it: pure functions, part of the job.
 *
 * The time is drawn once per window, uniformly inside it, and kept. It follows
 * from the certificate and the window, so that even a lost job draws it again.
 */
#ifndef ACME_ARI_H
#define ACME_ARI_H

#include "acme_cert.h"
#include "acme_json.h"
#include "acme_problem.h"
#include "acme_renewal.h"

typedef struct acme_ari_t {
    const char *cert; /**< CertID of the certificate that all this is about */
    apr_time_t start; /**< of the window; 0: the CA has named none */
    apr_time_t end;
    apr_time_t selected; /**< drawn inside it */
    int early;           /**< the window was moved so that it began */
    apr_time_t first;    /**< when it was first told */
    int hasty; /**< certificates in a row before it that were in a hurry */
    apr_time_t next;               /**< not asked again before */
    const char *explanation;       /**< a URL, or NULL */
    int errors;                    /**< failures in a row */
    const acme_problem_t *problem; /**< of the last one, or NULL */
} acme_ari_t;

/** As it was saved. NULL: there is nothing that makes sense. */
acme_ari_t *acme_ari_restore(const acme_json_t *json, apr_pool_t *p);

acme_json_t *acme_ari_to_json(const acme_ari_t *ari, apr_pool_t *p);

/**
 * The CA has answered.
 * @param old what was known, of this certificate or another, or NULL
 * @param info of the certificate; its ari_id is not NULL
 * @param name of the site
 */
acme_ari_t *acme_ari_told(const acme_ari_t *old, const acme_renewal_t *renewal,
                          const acme_cert_info_t *info, const char *name,
                          apr_time_t now, apr_pool_t *p);

/**
 * It has not: what was known stays, and it is asked again after a wait that
 * grows.
 * @param seed of the wait; one for all sites of a CA lets them share one look
 */
acme_ari_t *acme_ari_failed(const acme_ari_t *old,
                            const acme_problem_t *problem,
                            const acme_cert_info_t *info, const char *seed,
                            apr_time_t now, apr_pool_t *p);

/** When to ask the CA, perhaps in the past; ACME_SCHEDULE_NEVER for a
 *  certificate that cannot be named to it. */
apr_time_t acme_ari_ask_at(const acme_ari_t *ari, const acme_cert_info_t *info,
                           apr_time_t now);

/** Whether this is about that certificate. */
int acme_ari_is_of(const acme_ari_t *ari, const acme_cert_info_t *info);

/** Whether the CA has named a window for that certificate, and now is inside:
 *  only there does a CA exempt renewals from its limits. */
int acme_ari_is_open(const acme_ari_t *ari, const acme_cert_info_t *info,
                     apr_time_t now);

/** When to renew; 0: the CA has named no window. Not after the last tenth of
 *  its life has begun, whatever the CA says; and where it wants one certificate
 *  after the other to be renewed at once, the second has to wait, and each one
 *  after it longer. */
apr_time_t acme_ari_renew_at(const acme_ari_t *ari,
                             const acme_cert_info_t *info);

/** Whether a renewal is late, or wanted before its time: what is obtained then
 *  is to be live at once. */
int acme_ari_is_urgent(const acme_ari_t *ari, apr_time_t now);

#endif
