/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_site_check.h"

#include <string.h>

#include "acme_obtain_key.h"
#include "acme_obtain_result.h"
#include "acme_solver_dns.h"
#include "acme_solver_item.h"
#include "acme_stage.h"

/* Plans of one check: a settled site is planned again, and then perhaps found
 * to have something staged. More changes than that do not happen in a check. */
#define ROUNDS 4

/* Finds what is staged. If the job says that something is and it is gone, that
 * counts as a failed try. */
static apr_status_t recover(acme_job_t *job, const acme_site_check_t *site,
                            acme_worker_ctx_t *ctx, acme_problem_t *problem,
                            apr_pool_t *p)
{
    acme_problem_t lost = ACME_PROBLEM_INIT;
    apr_status_t rv;

    rv = acme_stage_recover(job, ctx, site->spec, site->inventory, problem, p);
    if (rv != APR_NOTFOUND) {
        return rv;
    }
    acme_job_lost(job);
    acme_problem_set(&lost, APR_NOTFOUND, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, p,
                     "the certificate that waited for activation is gone from "
                     "the store, another one will be ordered");
    acme_obtain_result_failed(job, ctx, site->spec, &lost,
                              ACME_OBTAIN_FAILURE_OWN, site->spec->name, p);
    return APR_SUCCESS;
}

/* Forgets failures when the live certificate covers all names but the failing
 * ones, so that the worker stops retrying until the next renewal, which tries
 * all names again. */
static apr_status_t forget_failures(const acme_plan_t *plan, acme_job_t *job,
                                    acme_worker_ctx_t *ctx,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    if (!plan->satisfied || !job->names->nelts || !job->errors || job->order) {
        return APR_SUCCESS;
    }
    acme_job_clear_failures(job);
    return acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, p);
}

/* Returns why the job's order, or its failures, are not about what the site
 * needs now, or NULL. */
static const char *why_dropped(const acme_plan_t *plan, const acme_job_t *job,
                               const acme_site_check_t *site, apr_pool_t *p)
{
    if (plan->needless) {
        return "another certificate has become live meanwhile, and has all "
               "that is wanted";
    }
    if (plan->what == ACME_PLAN_IDLE && job->digest
        && (job->problem || job->order)
        && strcmp(job->digest, acme_spec_digest(site->spec, p)) != 0) {
        return "what was ordered is not wanted any more";
    }
    return NULL;
}

/* Drops an order, or failures, that are not wanted any more. The CA is told
 * nothing, because what it has not issued yet expires there. The job is written
 * last, so that after a kill all of this is done again. */
static apr_status_t drop_unwanted(const acme_plan_t *plan, acme_job_t *job,
                                  const acme_site_check_t *site,
                                  acme_worker_ctx_t *ctx,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    const char *why = why_dropped(plan, job, site, p);

    if (!why) {
        return APR_SUCCESS;
    }
    acme_log(ctx->log, ACME_LOG_INFO, 0, ACME_TAG(0354) "%s: %s given up: %s",
             site->spec->name,
             job->order ? "its order is" : "what has failed is", why);
    if (job->order) {
        acme_solver_item_forget(ctx->vault, site->spec->name, p);
        acme_solver_dns_forget(ctx, site->spec, p);
    }
    acme_obtain_key_discard(ctx, site->spec, p);
    acme_job_note(job, acme_time_now(ctx->clock), "dropped", "%s", why);
    acme_job_dropped(job);
    return acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, p);
}

/* Returns the longest wait between two tries: a tenth of the certificate's
 * life, because one that lives for days cannot be left for a day. 0: no
 * limit. */
static apr_interval_time_t longest_wait(const acme_inventory_t *inventory)
{
    const acme_cert_info_t *info =
        inventory->live ? inventory->live->info : NULL;

    return info && info->not_after > info->not_before
               ? (info->not_after - info->not_before) / 10
               : 0;
}

/* Takes a request that this job has not seen, and ends all waits of the job.
 * Returns zero when there is no such request. */
static int take_request(acme_job_t *job, const acme_site_check_t *site,
                        const acme_worker_ctx_t *ctx, apr_pool_t *p)
{
    const acme_ctl_request_t *request = site->request;

    if (!request || (job->request && strcmp(job->request, request->id) == 0)) {
        return 0;
    }
    acme_job_requested(job, request->id, request->force);
    if (request->what == ACME_CTL_SIGN || site->spec->dry_run) {
        acme_solver_dns_forget(ctx, site->spec, p);
        acme_job_start_over(job);
    }
    acme_job_note(job, acme_time_now(ctx->clock), "asked", "acmectl %s%s",
                  request->what == ACME_CTL_SIGN ? "sign" : "renew",
                  request->force ? " --force" : "");
    return 1;
}

/* Writes the job down, because acmectl reads the answer in it. */
static apr_status_t answer_request(acme_job_t *job, const acme_plan_t *plan,
                                   const acme_worker_ctx_t *ctx,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    if (plan->what != ACME_PLAN_ORDER) {
        acme_job_answered(job);
    }
    return acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, p);
}

/* Returns non-zero when the job is still the one in the cache, there is no
 * request, and nothing is to be done.
 * @param stamp of the job in the store, taken before the job is read */
static int is_at_rest(acme_plan_t *plan, acme_job_t **job,
                      acme_file_stamp_t *stamp, const acme_site_check_t *site,
                      const acme_worker_ctx_t *ctx, apr_pool_t *p)
{
    const acme_inventory_t *inventory = site->inventory;

    memset(stamp, 0, sizeof(*stamp));
    if (!site->job_cache) {
        return 0;
    }
    acme_store_stamp(stamp, acme_vault_store(ctx->vault), ACME_STORE_JOBS,
                     site->spec->name, p);
    if (site->request || inventory->staged != ACME_STAGED_NONE
        || !acme_job_cache_recall(
            job, site->job_cache, stamp, site->spec->name,
            inventory->live ? inventory->live->info : NULL, p)) {
        return 0;
    }
    acme_job_bound_wait(*job, longest_wait(inventory));
    acme_plan(plan, site->spec, inventory, *job, acme_time_now(ctx->clock), p);
    return plan->what == ACME_PLAN_IDLE;
}

apr_status_t acme_site_check(acme_plan_t *plan, acme_job_t **job,
                             acme_site_check_t *site, acme_worker_ctx_t *ctx,
                             acme_problem_t *problem, apr_pool_t *p)
{
    const acme_certstore_cert_t *live = site->inventory->live;
    acme_file_stamp_t stamp;
    int searched = 0;
    int asked = 0;
    int i;
    apr_status_t rv;

    if (is_at_rest(plan, job, &stamp, site, ctx, p)) {
        site->was_checked = 1;
        site->request_is_new = 0;
        return APR_SUCCESS;
    }
    rv = acme_job_load(job, ctx->vault, site->spec->name, problem, p);
    acme_job_bound_wait(*job, longest_wait(site->inventory));
    if (rv == APR_SUCCESS && site->job_cache) {
        acme_job_cache_remember(site->job_cache, &stamp, *job,
                                live ? live->info : NULL);
    }
    if (rv == APR_SUCCESS && !site->was_checked
        && ((*job)->staged || site->inventory->staged != ACME_STAGED_NONE)) {
        searched = 1;
        rv = recover(*job, site, ctx, problem, p);
    }
    if (rv == APR_SUCCESS) {
        site->request_is_new = 0;
        asked = take_request(*job, site, ctx, p);
    }
    for (i = 0; rv == APR_SUCCESS && i < ROUNDS; ++i) {
        acme_plan(plan, site->spec, site->inventory, *job,
                  acme_time_now(ctx->clock), p);
        if (plan->what == ACME_PLAN_SETTLE) {
            rv = acme_obtain_result_settled(*job, ctx, site->spec,
                                            site->inventory, problem, p);
        }
        else if (plan->what == ACME_PLAN_ORDER && !(*job)->order && !searched) {
            searched = 1;
            rv = recover(*job, site, ctx, problem, p);
        }
        else {
            break;
        }
    }
    if (rv == APR_SUCCESS) {
        rv = drop_unwanted(plan, *job, site, ctx, problem, p);
    }
    if (rv == APR_SUCCESS && asked) {
        rv = answer_request(*job, plan, ctx, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = forget_failures(plan, *job, ctx, problem, p);
    }
    if (rv == APR_SUCCESS) {
        site->was_checked = 1;
    }
    return rv;
}
