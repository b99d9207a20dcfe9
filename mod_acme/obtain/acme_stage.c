/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_stage.h"

#include <string.h>

#include "acme_obtain_key.h"

/* Whatever OpenSSL calls it: a certificate that the CA should not have sent,
 * and that may be another one next time. */
static apr_status_t refuse(acme_problem_t *problem, apr_status_t rv)
{
    problem->rv = rv;
    problem->type = ACME_PROBLEM_CERTIFICATE;
    problem->retry = ACME_RETRY_BACKOFF;
    problem->retry_at = 0;
    problem->activity = "checking the new certificate";
    return rv;
}

static apr_status_t check(const acme_cert_info_t **info,
                          acme_worker_ctx_t *work, const acme_spec_t *spec,
                          const apr_array_header_t *names,
                          const acme_bundle_t *bundle, acme_problem_t *problem,
                          apr_pool_t *p)
{
    acme_key_t *key;
    acme_chain_t *chain;
    apr_status_t rv;

    rv = acme_bundle_open(&key, &chain, bundle, problem, p);
    if (rv == APR_SUCCESS) {
        *info = acme_cert_chain_info(chain);
        rv = acme_cert_check(chain, key, names, acme_time_now(work->clock),
                             problem, p);
    }
    if (rv == APR_SUCCESS && spec->security_level) {
        rv =
            acme_cert_check_loads(chain, key, spec->security_level, problem, p);
    }
    return rv;
}

apr_status_t acme_stage_check(const acme_cert_info_t **info,
                              acme_worker_ctx_t *work, const acme_spec_t *spec,
                              const apr_array_header_t *names,
                              const acme_bundle_t *bundle,
                              acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = check(info, work, spec, names, bundle, problem, p);

    return rv == APR_SUCCESS ? rv : refuse(problem, rv);
}

apr_status_t acme_stage_put(const acme_cert_info_t **info,
                            acme_worker_ctx_t *work, const acme_spec_t *spec,
                            const apr_array_header_t *names,
                            const acme_bundle_t *bundle,
                            acme_problem_t *problem, apr_pool_t *p)
{
    const char *text;
    apr_status_t rv;

    rv = acme_stage_check(info, work, spec, names, bundle, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = acme_bundle_print(bundle, p);
    return acme_vault_put(NULL, work->vault, ACME_STORE_STAGING, spec->name,
                          text, strlen(text), NULL, ACME_STORE_BATCH, problem,
                          p);
}

apr_status_t acme_stage_look(const char **fingerprint, int *fit,
                             acme_worker_ctx_t *work, const acme_spec_t *spec,
                             acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info = NULL;
    acme_store_item_t item;
    acme_bundle_t *bundle;
    apr_status_t rv;

    rv = acme_vault_get(&item, work->vault, ACME_STORE_STAGING, spec->name,
                        problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_bundle_parse(&bundle, item.data, item.len, &why, p);
    if (rv == APR_ENOTIMPL) {
        *problem = why;
        return rv;
    }
    if (rv != APR_SUCCESS) {
        return APR_ENOENT;
    }
    rv = check(&info, work, spec, acme_spec_required(spec, p), bundle, &why, p);
    if (!info) {
        return APR_ENOENT;
    }
    *fit = rv == APR_SUCCESS;
    *fingerprint = info->fingerprint;
    return APR_SUCCESS;
}

/* Root has met it already: the plan knows what became of it. */
static int is_decided(const acme_inventory_t *inventory,
                      const char *fingerprint)
{
    return (inventory->staged_fingerprint
            && strcmp(inventory->staged_fingerprint, fingerprint) == 0)
           || (inventory->live
               && strcmp(inventory->live->info->fingerprint, fingerprint) == 0);
}

apr_status_t acme_stage_recover(acme_job_t *job, acme_worker_ctx_t *work,
                                const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                acme_problem_t *problem, apr_pool_t *p)
{
    const char *fingerprint;
    int fit;
    apr_status_t rv;

    rv = acme_stage_look(&fingerprint, &fit, work, spec, problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return job->staged ? APR_NOTFOUND : APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (job->staged && strcmp(job->staged, fingerprint) == 0) {
        return APR_SUCCESS;
    }
    if (!fit && !is_decided(inventory, fingerprint)) {
        return job->staged ? APR_NOTFOUND : APR_SUCCESS;
    }
    acme_job_found(job, fingerprint);
    acme_job_note(job, acme_time_now(work->clock), "recovered",
                  "a staged certificate was found");
    acme_log(work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0325) "%s: a finished certificate was found in the "
                            "store, no order is made",
             spec->name);
    return acme_job_save(job, work->vault, ACME_STORE_LAZY, problem, p);
}

apr_status_t acme_stage_clear(acme_worker_ctx_t *work, const char *name,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    rv = acme_obtain_key_forget(work, name, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_store_delete(acme_vault_store(work->vault),
                               ACME_STORE_STAGING, name, problem, ptemp);
    }
    return rv;
}
