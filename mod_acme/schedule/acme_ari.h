/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ari.h
 * @brief Renewal information of the CA (RFC 9773) for one certificate, and the
 * time that is drawn from it: pure functions, part of the job.
 *
 * The time is drawn once per window, uniformly inside it, and kept. It follows
 * from the certificate and the window, so that even after a lost job the same
 * time is drawn again.
 */
#ifndef ACME_ARI_H
#define ACME_ARI_H

#include "acme_cert.h"
#include "acme_json.h"
#include "acme_problem.h"
#include "acme_renewal.h"

typedef struct acme_ari_t {
    const char *cert; /**< CertID of the certificate that all members are
                           about */
    apr_time_t start; /**< begin of the window; 0: the CA has named none */
    apr_time_t end;
    apr_time_t selected; /**< time to renew, drawn inside the window */
    int early;           /**< nonzero: the CA moved the window so that it had
                              begun */
    apr_time_t first;    /**< when the CA first answered for this certificate */
    int hasty; /**< earlier certificates in a row that the CA wanted renewed
                    at once */
    apr_time_t next;               /**< the CA is not asked again before */
    const char *explanation;       /**< URL of an explanation for people, or
                                        NULL */
    int errors;                    /**< failed requests in a row */
    const acme_problem_t *problem; /**< of the last failed request, or NULL */
} acme_ari_t;

/** Reads what acme_ari_to_json() wrote. Returns NULL when a member is missing,
 *  damaged or contradictory. Strings belong to json. */
acme_ari_t *acme_ari_restore(const acme_json_t *json, apr_pool_t *p);

acme_json_t *acme_ari_to_json(const acme_ari_t *ari, apr_pool_t *p);

/** Makes the state after an answer of the CA.
 *  @param old state before, of this certificate or another, or NULL
 *  @param info of the certificate; its ari_id is not NULL
 *  @param name of the site */
acme_ari_t *acme_ari_told(const acme_ari_t *old, const acme_renewal_t *renewal,
                          const acme_cert_info_t *info, const char *name,
                          apr_time_t now, apr_pool_t *p);

/** Makes the state after a failed request: keeps the window, counts the
 *  failure, and asks again after a wait that grows.
 *  @param seed spreads the wait; sites of a CA with one seed ask together */
acme_ari_t *acme_ari_failed(const acme_ari_t *old,
                            const acme_problem_t *problem,
                            const acme_cert_info_t *info, const char *seed,
                            apr_time_t now, apr_pool_t *p);

/** Returns when to ask the CA, which may be in the past; ACME_SCHEDULE_NEVER
 *  for a certificate without a CertID. */
apr_time_t acme_ari_next_query(const acme_ari_t *ari,
                               const acme_cert_info_t *info, apr_time_t now);

/** Returns non-zero when the state is about that certificate. */
int acme_ari_is_of(const acme_ari_t *ari, const acme_cert_info_t *info);

/** Returns non-zero when the CA has named a window for that certificate, and
 *  now is inside it: a CA exempts only such renewals from its limits. */
int acme_ari_is_open(const acme_ari_t *ari, const acme_cert_info_t *info,
                     apr_time_t now);

/** Returns when to renew, or 0 when the CA has named no window. The time is
 *  never later than the begin of the last tenth of the life, whatever the CA
 *  says. When the CA wants one certificate after the other renewed at once, the
 *  second one waits, and each one after it longer. */
apr_time_t acme_ari_renew_at(const acme_ari_t *ari,
                             const acme_cert_info_t *info);

/** Returns non-zero when a renewal is late, or wanted before its time, so that
 *  the new certificate is to be live at once. */
int acme_ari_is_urgent(const acme_ari_t *ari, apr_time_t now);

#endif
