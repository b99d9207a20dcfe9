/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_hot_check.h
 * @brief Checks a staged certificate in a child that is to serve it before root
 * has made it live (ACMEActivation hot).
 *
 * A child does not trust what is staged more than root does: whoever runs code
 * in another child could have sealed an older certificate. So it does root's
 * checks (acme_promote.h). For those about age it has the latest notBefore that
 * the site had at start, which root has left in its memory, what root has made
 * live since, in a folder of root's, and what it has taken over itself. It is
 * stricter than root: a certificate that is dated back is left for root.
 */
#ifndef ACME_HOT_CHECK_H
#define ACME_HOT_CHECK_H

#include "acme_blocklist.h"
#include "acme_hot_bundle.h"
#include "acme_hot_table.h"
#include "acme_promote.h"

/** A check: of what, and with what. All of it is the caller's. */
typedef struct acme_hot_check_t {
    const acme_spec_t *spec;
    acme_vault_t *vault;               /**< has the staged certificate */
    const acme_hot_bundle_t *bundles;  /**< has what root has made live since
                                           the start; or NULL */
    const acme_cert_info_t *before;    /**< that the child has taken over, or
                                           NULL */
    acme_blocklist_t *blocklist;       /**< or NULL */
    const acme_certstore_cert_t *live; /**< that this start has found, or
                                            NULL */
    apr_time_t newest; /**< latest notBefore that the site had, or 0 */
    int or_live;       /**< non-zero: find what root has made live since the
                            start where the staged one is left */
    int is_stapled;    /**< non-zero: OCSP responses are sent with the
                            certificates that mod_ssl has loaded */
    apr_time_t now;
} acme_hot_check_t;

/**
 * Reads and checks the staged certificate or, where the worker has cleared it
 * already, the one that root has made live since the start.
 * @param found its bundle, key and chain, set in p when it may be served. With
 *        or_live, where the staged one is left: those of the live one, if that
 *        may be served, because a child that begins later has only what the
 *        start has loaded, which may have expired.
 * @param problem says why the staged one may not be served
 */
acme_hot_reason_e acme_hot_check(acme_promote_staged_t *found,
                                 const acme_hot_check_t *check,
                                 acme_problem_t *problem, apr_pool_t *p);

#endif
