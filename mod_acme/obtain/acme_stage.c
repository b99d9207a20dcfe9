/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_stage.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_obtain_key.h"

/* Makes any failure of a check a problem of the certificate that the CA has
 * sent. */
static apr_status_t refuse(acme_problem_t *problem, apr_status_t rv)
{
    problem->rv = rv;
    problem->type = ACME_PROBLEM_CERTIFICATE;
    if (problem->retry != ACME_RETRY_CONFIG) {
        problem->retry = ACME_RETRY_BACKOFF;
    }
    problem->retry_at = 0;
    problem->activity = "checking the new certificate";
    return rv;
}

static apr_status_t check(const acme_cert_info_t **info, acme_worker_ctx_t *ctx,
                          const acme_stage_issued_t *issued,
                          acme_problem_t *problem, apr_pool_t *p)
{
    int level = issued->spec->security_level;
    acme_key_t *key;
    acme_chain_t *chain;
    apr_status_t rv;

    rv = acme_bundle_open(&key, &chain, issued->bundle, problem, p);
    if (rv != APR_SUCCESS) {
        problem->retry = ACME_RETRY_BACKOFF;
        return rv;
    }
    *info = acme_cert_chain_info(chain);
    rv = acme_cert_check_ordered(chain, key, issued->names, problem, p);
    if (rv != APR_SUCCESS) {
        problem->retry = ACME_RETRY_CONFIG;
        problem->to_fix = apr_pstrcat(
            p,
            "tell the CA that it has issued what was not ordered; when that "
            "is mended, or another CA is configured: acmectl renew ",
            issued->spec->name, NULL);
        return rv;
    }
    rv = acme_cert_check_loads(chain, key, level, problem, p);
    if (rv != APR_SUCCESS) {
        problem->retry = ACME_RETRY_CONFIG;
        return rv;
    }
    return acme_cert_check_valid(chain, acme_time_now(ctx->clock), problem, p);
}

apr_status_t acme_stage_check(const acme_cert_info_t **info,
                              acme_worker_ctx_t *ctx,
                              const acme_stage_issued_t *issued,
                              acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = check(info, ctx, issued, problem, p);

    return rv == APR_SUCCESS ? rv : refuse(problem, rv);
}

apr_status_t acme_stage_put(const acme_cert_info_t **info,
                            acme_worker_ctx_t *ctx,
                            const acme_stage_issued_t *issued,
                            acme_problem_t *problem, apr_pool_t *p)
{
    acme_store_put_t staged = {
        .kind = ACME_STORE_STAGING,
        .name = issued->spec->name,
        .sync = ACME_STORE_BATCH,
    };
    const char *text;
    apr_status_t rv;

    rv = acme_stage_check(info, ctx, issued, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = acme_bundle_print(issued->bundle, p);
    staged.data = text;
    staged.len = strlen(text);
    return acme_vault_put(NULL, ctx->vault, &staged, problem, p);
}

/* Gets the fingerprint of the staged certificate, and whether it is what the
 * spec wants. Returns APR_ENOENT when there is none that can be read, and
 * APR_ENOTIMPL when a newer version of mod_acme staged it. */
static apr_status_t find(const char **fingerprint, int *suitable,
                         acme_worker_ctx_t *ctx, const acme_spec_t *spec,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_stage_issued_t issued = {.spec = spec};
    acme_problem_t why = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info = NULL;
    acme_store_item_t item;
    acme_bundle_t *bundle;
    apr_status_t rv;

    rv = acme_vault_get(&item, ctx->vault, ACME_STORE_STAGING, spec->name,
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
    issued.names = acme_spec_required(spec, p);
    issued.bundle = bundle;
    rv = check(&info, ctx, &issued, &why, p);
    if (!info) {
        return APR_ENOENT;
    }
    *suitable = rv == APR_SUCCESS;
    *fingerprint = info->fingerprint;
    return APR_SUCCESS;
}

/* Returns non-zero if root has decided on this certificate. The job must know
 * of it then, because the plan handles the decision. */
static int is_decided(const acme_inventory_t *inventory,
                      const char *fingerprint)
{
    return (inventory->staged_fingerprint
            && strcmp(inventory->staged_fingerprint, fingerprint) == 0)
           || (inventory->live
               && strcmp(inventory->live->info->fingerprint, fingerprint) == 0);
}

apr_status_t acme_stage_recover(acme_job_t *job, acme_worker_ctx_t *ctx,
                                const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                acme_problem_t *problem, apr_pool_t *p)
{
    const char *fingerprint;
    int suitable;
    apr_status_t rv;

    rv = find(&fingerprint, &suitable, ctx, spec, problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return job->staged ? APR_NOTFOUND : APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (job->staged && strcmp(job->staged, fingerprint) == 0) {
        return APR_SUCCESS;
    }
    if (!suitable && !is_decided(inventory, fingerprint)) {
        return job->staged ? APR_NOTFOUND : APR_SUCCESS;
    }
    acme_job_found(job, fingerprint);
    acme_job_note(job, acme_time_now(ctx->clock), "recovered",
                  "a staged certificate was found");
    acme_log(ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0325) "%s: a finished certificate was found in the "
                            "store, no order is made",
             spec->name);
    return acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, p);
}

apr_status_t acme_stage_clear(acme_worker_ctx_t *ctx, const char *name,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    rv = acme_obtain_key_forget(ctx, name, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_store_delete(acme_vault_store(ctx->vault), ACME_STORE_STAGING,
                               name, problem, ptemp);
    }
    return rv;
}
