/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_obtain_result.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_csr.h"
#include "acme_default.h"
#include "acme_partial_names.h"
#include "acme_plan.h"
#include "acme_schedule.h"
#include "acme_obtain_key.h"
#include "acme_stage.h"
#include "acme_time.h"

/* No CA is obeyed for longer. */
#define BLOCKED_UNTIL_MAX (7 * ACME_TIME_DAY)

static acme_problem_t *keep(const acme_problem_t *problem,
                            acme_obtain_failure_e whose, apr_pool_t *p)
{
    acme_problem_t *kept = acme_problem_dup(problem, p);

    /* What is permanent about an account is not so about its sites. */
    if (whose != ACME_OBTAIN_FAILURE_OWN
        && kept->retry == ACME_RETRY_PERMANENT) {
        kept->retry = ACME_RETRY_BACKOFF;
    }
    return kept;
}

/* With what to do, where it is tried again and again but only people can help:
 * terms that have changed, an account that was deactivated. */
static const char *text_of(const acme_problem_t *problem, apr_pool_t *p)
{
    const char *text = acme_problem_text(problem, p);

    if (problem->to_fix && problem->retry != ACME_RETRY_CONFIG
        && (acme_problem_is(problem, "userActionRequired")
            || problem->rv == APR_EACCES)) {
        text = apr_pstrcat(p, text, "; what to do: ", problem->to_fix, NULL);
    }
    return text;
}

static void say(const acme_job_t *job, const acme_worker_ctx_t *work,
                const acme_spec_t *spec, const acme_ca_spec_t *ca,
                acme_obtain_failure_e whose, apr_time_t now, apr_pool_t *p)
{
    const acme_problem_t *problem = job->problem;
    const char *text = text_of(problem, p);
    const char *whom =
        whose == ACME_OBTAIN_FAILURE_FIRST ? ca->label : spec->name;
    const char *in;

    if (job->at_once) {
        acme_log(work->log,
                 whose == ACME_OBTAIN_FAILURE_SHARED ? ACME_LOG_INFO
                                                     : ACME_LOG_WARNING,
                 0, ACME_TAG(0380) "%s: %s; %s is asked instead, at once",
                 spec->name, text,
                 acme_spec_ca(spec, acme_spec_find_ca(spec, job->ca))->label);
        return;
    }
    if (job->next_run == ACME_SCHEDULE_NEVER) {
        if (whose == ACME_OBTAIN_FAILURE_SHARED) {
            acme_log(work->log, ACME_LOG_INFO, 0,
                     ACME_TAG(0344) "%s: waits for a change of the "
                                    "configuration, with its CA %s",
                     spec->name, ca->label);
            return;
        }
        acme_log(work->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0340) "%s: %s; what to do: %s; not tried again "
                                "before its configuration changes",
                 whom, text,
                 problem->to_fix ? problem->to_fix
                                 : "change the configuration");
        return;
    }
    in = acme_time_print_duration(job->next_run - now, p);
    switch (whose) {
    case ACME_OBTAIN_FAILURE_OWN:
        acme_log(work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0341) "%s: %s; failure %d, trying again in %s", whom,
                 text, job->errors, in);
        break;
    case ACME_OBTAIN_FAILURE_FIRST:
        acme_log(work->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0342) "%s: %s; its sites wait, trying again in %s",
                 whom, text, in);
        break;
    case ACME_OBTAIN_FAILURE_SHARED:
        acme_log(work->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0343) "%s: waits for its CA %s, trying again in %s",
                 whom, ca->label, in);
        break;
    }
}

/* When it is tried again: not later than a part of its certificate's life,
 * where the CA has named no time. */
static apr_time_t again(const acme_job_t *job, const acme_spec_t *spec,
                        const acme_problem_t *problem, int errors,
                        const char *seed, apr_time_t now)
{
    apr_time_t at =
        acme_schedule_retry_at(problem, errors, spec->retry_delay, seed, now);
    apr_time_t last = now + acme_schedule_jitter(job->longest_wait, seed);

    return job->longest_wait > 0 && at != ACME_SCHEDULE_NEVER && at > last
                   && problem->retry != ACME_RETRY_LATER
               ? last
               : at;
}

/* Whether the CA names a time that is further away than any wait of ours. */
static int is_long(const acme_job_t *job, apr_time_t now)
{
    apr_interval_time_t most = ACME_TIME_DAY;

    if (job->longest_wait > 0 && job->longest_wait < most) {
        most = job->longest_wait;
    }
    return job->problem->retry == ACME_RETRY_LATER
           && job->problem->retry_at > now + most;
}

/* Where the CA is to blame often enough, or for long, the next one's turn
 * comes: at once, until all have had theirs. */
static void fail_over(acme_job_t *job, const acme_spec_t *spec, int ca,
                      apr_time_t now)
{
    const acme_ca_spec_t *next = acme_spec_ca(spec, ca + 1);
    int most = spec->failover > 0 ? spec->failover : ACME_DEFAULT_FAILOVER;

    if (spec->more_cas && acme_problem_is_of_ca(job->problem)
        && (acme_job_ca_failed(job) >= most || is_long(job, now))) {
        acme_job_next_ca(job, next ? next->url : NULL, now + BLOCKED_UNTIL_MAX);
    }
}

/* The next order is another one, for fewer names: it need not wait for the
 * backoff of those that are out. */
static void leave_out(acme_job_t *job, const acme_worker_ctx_t *work,
                      const acme_spec_t *spec, apr_pool_t *ptemp)
{
    const char *names = acme_partial_names_print(job, spec, ptemp);

    acme_job_note(job, acme_time_now(work->clock), "names-left-out", "%s",
                  names);
    acme_log(work->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0348) "%s: its certificate is obtained without %s, which "
                            "%s; all are tried again with the next renewal",
             spec->name, names,
             strchr(names, ',') ? "keep failing" : "keeps failing");
}

/* A dry run is over, well or not: nothing tries it again by itself. */
static void end_dry_run(acme_job_t *job, acme_worker_ctx_t *work,
                        const acme_spec_t *spec, const acme_problem_t *problem,
                        apr_pool_t *ptemp)
{
    acme_problem_t left = ACME_PROBLEM_INIT;
    acme_job_failure_t failure = {0};

    failure.problem = problem;
    failure.digest = acme_spec_digest(spec, ptemp);
    failure.config = acme_plan_config(spec, ptemp);
    acme_job_dry_run_over(job, &failure, acme_time_now(work->clock));
    (void)acme_obtain_key_forget(work, job->name, &left, ptemp);
}

static apr_status_t throw_away(acme_job_t *job, acme_worker_ctx_t *work,
                               const acme_spec_t *spec,
                               const apr_array_header_t *names,
                               const acme_bundle_t *bundle,
                               acme_problem_t *problem, apr_pool_t *ptemp)
{
    const acme_cert_info_t *info;
    apr_status_t rv;

    rv = acme_stage_check(&info, work, spec, names, bundle, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    end_dry_run(job, work, spec, NULL, ptemp);
    acme_job_note(job, acme_time_now(work->clock), "dry-run-done",
                  "a certificate of %s, valid until %s", info->issuer,
                  acme_time_print(info->not_after, ptemp));
    rv = acme_job_save(job, work->vault, ACME_STORE_LAZY, problem, ptemp);
    if (rv == APR_SUCCESS) {
        acme_log(work->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0890) "%s: has succeeded with %s; what came of it is "
                                "thrown away",
                 spec->name, spec->ca->label);
    }
    return rv;
}

static void dry_run_failed(acme_job_t *job, acme_worker_ctx_t *work,
                           const acme_spec_t *spec,
                           const acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;

    end_dry_run(job, work, spec, acme_problem_dup(problem, job->p), ptemp);
    acme_job_note(job, acme_time_now(work->clock), "failed", "%s",
                  acme_problem_text(problem, ptemp));
    acme_log(work->log, ACME_LOG_INFO, problem->rv,
             ACME_TAG(0891) "%s: has failed with %s: %s", spec->name,
             spec->ca->label, acme_problem_text(problem, ptemp));
    /* Who asked waits in vain then, and asks again. */
    (void)acme_job_save(job, work->vault, ACME_STORE_LAZY, &unsaved, ptemp);
}

void acme_obtain_result_failed(acme_job_t *job, acme_worker_ctx_t *work,
                               const acme_spec_t *spec,
                               const acme_problem_t *problem,
                               acme_obtain_failure_e whose, const char *seed,
                               apr_pool_t *ptemp)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    apr_time_t now = acme_time_now(work->clock);
    acme_job_failure_t failure = {0};
    acme_problem_t *kept;
    int is_left_out;
    int ca = acme_job_ca(job, spec, ptemp);

    if (spec->dry_run) {
        dry_run_failed(job, work, spec, problem, ptemp);
        return;
    }
    kept = keep(problem, whose, job->p);
    is_left_out = whose == ACME_OBTAIN_FAILURE_OWN
                  && acme_job_names_failed(job, spec, kept, ptemp) > 0;
    if (is_left_out
        && (kept->retry == ACME_RETRY_PERMANENT
            || kept->retry == ACME_RETRY_CONFIG)) {
        kept->retry = ACME_RETRY_BACKOFF;
    }
    failure.problem = kept;
    failure.digest = acme_spec_digest(spec, ptemp);
    failure.config = acme_plan_config(spec, ptemp);
    failure.next_run =
        again(job, spec, kept, is_left_out ? 1 : job->errors + 1, seed, now);
    acme_job_failed(job, &failure, now);
    if (is_left_out) {
        leave_out(job, work, spec, ptemp);
    }
    fail_over(job, spec, ca, now);
    acme_job_note(job, now, "failed", "%s",
                  acme_problem_text(job->problem, ptemp));
    say(job, work, spec, acme_spec_ca(spec, ca), whose, now, ptemp);
    if (acme_job_save(job, work->vault, ACME_STORE_LAZY, &unsaved, ptemp)
        != APR_SUCCESS) {
        acme_log(work->log, ACME_LOG_DEBUG, unsaved.rv,
                 ACME_TAG(0345) "%s: its failure is only remembered by this "
                                "process: %s",
                 spec->name, acme_problem_text(&unsaved, ptemp));
    }
}

apr_status_t acme_obtain_result_staged(acme_job_t *job, acme_worker_ctx_t *work,
                                       const acme_obtain_staged_t *staged,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp)
{
    apr_time_t now = acme_time_now(work->clock);
    acme_problem_t left = ACME_PROBLEM_INIT;
    const char *until = acme_time_print(staged->not_after, ptemp);
    apr_status_t rv;

    acme_job_staged(job, staged->fingerprint, now);
    acme_job_note(job, now, "certificate-ready", "valid until %s", until);
    /* What is staged is on disk: a job that is lost finds it there. */
    rv = acme_job_save(job, work->vault, ACME_STORE_LAZY, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* One that stays is removed when the site is settled. */
    (void)acme_obtain_key_forget(work, job->name, &left, ptemp);
    acme_log(work->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0346) "%s: certificate ready, valid until %s, waits for "
                            "activation",
             job->name, until);
    return APR_SUCCESS;
}

static apr_status_t keep_signed(acme_job_t *job, acme_worker_ctx_t *work,
                                const acme_spec_t *spec, const char *chain_pem,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_time_t now = acme_time_now(work->clock);
    acme_chain_t *chain;
    apr_status_t rv;

    rv = acme_cert_chain_parse(&chain, chain_pem, strlen(chain_pem), problem,
                               ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_csr_read_match(spec->csr, chain, problem, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    acme_job_signed(job, chain_pem, now);
    acme_job_note(job, now, "signed", "for the request of another machine");
    rv = acme_job_save(job, work->vault, ACME_STORE_SYNC, problem, ptemp);
    if (rv == APR_SUCCESS) {
        acme_log(work->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0363) "%s: the certificate for another machine's "
                                "request is ready",
                 job->name);
    }
    return rv;
}

apr_status_t acme_obtain_result_done(acme_obtain_staged_t *staged,
                                     acme_job_t *job, acme_worker_ctx_t *work,
                                     const acme_spec_t *spec,
                                     const apr_array_header_t *names,
                                     const acme_bundle_t *bundle,
                                     acme_problem_t *problem, apr_pool_t *p,
                                     apr_pool_t *ptemp)
{
    const acme_cert_info_t *info;
    apr_status_t rv;

    staged->fingerprint = NULL;
    if (spec->dry_run) {
        return throw_away(job, work, spec, names, bundle, problem, ptemp);
    }
    if (spec->csr) {
        return keep_signed(job, work, spec, bundle->chain_pem, problem, ptemp);
    }
    rv = acme_stage_put(&info, work, spec, names, bundle, problem, ptemp);
    if (rv == APR_SUCCESS) {
        staged->fingerprint = apr_pstrdup(p, info->fingerprint);
        staged->not_after = info->not_after;
    }
    return rv;
}

static const acme_problem_t *why_refused(const acme_inventory_t *inventory,
                                         apr_pool_t *p)
{
    acme_problem_t *problem;

    if (!inventory->problem) {
        problem = apr_pcalloc(p, sizeof(*problem));
        acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_CERTIFICATE, p,
                         "the new certificate was refused when it was to be "
                         "activated");
        return problem;
    }
    problem = acme_problem_dup(inventory->problem, p);
    if (problem->retry != ACME_RETRY_CONFIG) {
        problem->retry = ACME_RETRY_BACKOFF; /* by a new order */
    }
    return problem;
}

apr_status_t acme_obtain_result_settled(acme_job_t *job,
                                        acme_worker_ctx_t *work,
                                        const acme_spec_t *spec,
                                        const acme_inventory_t *inventory,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    apr_time_t now = acme_time_now(work->clock);
    int live = inventory->live
               && strcmp(inventory->live->info->fingerprint, job->staged) == 0;
    int wanted =
        !job->digest || strcmp(job->digest, acme_spec_digest(spec, ptemp)) == 0;
    apr_status_t rv;

    rv = acme_stage_clear(work, spec->name, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!live && inventory->staged == ACME_STAGED_REFUSED && wanted) {
        acme_job_settled(job, ACME_JOB_REFUSED);
        acme_obtain_result_failed(job, work, spec,
                                  why_refused(inventory, ptemp),
                                  ACME_OBTAIN_FAILURE_OWN, spec->name, ptemp);
        return APR_SUCCESS;
    }
    if (!live && inventory->staged == ACME_STAGED_REFUSED) {
        acme_job_note(job, now, "dropped",
                      "the new certificate is not what is wanted any more");
    }
    else if (!live && inventory->staged == ACME_STAGED_PROMOTED) {
        acme_job_note(job, now, "dropped",
                      "another one expires later than the new certificate");
    }
    else {
        acme_job_note(job, now, "activated", NULL);
        acme_log(work->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0347) "%s: the new certificate is live", spec->name);
    }
    acme_job_settled(job, live ? ACME_JOB_LIVE : ACME_JOB_DROPPED);
    return acme_job_save(job, work->vault, ACME_STORE_LAZY, problem, ptemp);
}
