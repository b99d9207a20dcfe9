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
#include "acme_time.h"

/* No CA is left alone longer than this; a later time shows that the clock was
 * set back since. */
#define LONGEST_WAIT (9 * ACME_TIME_DAY)

static acme_problem_t *adjust(const acme_problem_t *problem,
                              acme_obtain_failure_e whose, apr_pool_t *p)
{
    acme_problem_t *adjusted = acme_problem_dup(problem, p);

    /* A permanent problem of the account is not permanent for its sites,
     * because the account may be mended. */
    if (whose != ACME_OBTAIN_FAILURE_OWN && whose != ACME_OBTAIN_FAILURE_WRONG
        && adjusted->retry == ACME_RETRY_PERMANENT) {
        adjusted->retry = ACME_RETRY_BACKOFF;
    }
    if (!adjusted->activity) {
        adjusted->activity = whose == ACME_OBTAIN_FAILURE_OWN
                                 ? "obtaining a certificate"
                                 : "opening the account at the CA";
    }
    return adjusted;
}

/* Returns what can be done about a problem, for the end of a message. */
static const char *advice(const acme_problem_t *problem, apr_pool_t *p)
{
    return problem->to_fix
               ? apr_pstrcat(p, "; what to do: ", problem->to_fix, NULL)
               : "";
}

/* Returns by which type of challenge the names are proven next, for a message,
 * where that is another one than the one that has failed. */
static const char *next_challenge(const acme_job_t *job,
                                  const acme_spec_t *spec, apr_pool_t *p)
{
    const apr_array_header_t *types;
    const char *next;

    if (!job->failed_challenge || spec->challenge_types->nelts < 2) {
        return "";
    }
    types = acme_spec_challenges(spec, job->failed_challenge, p);
    next = APR_ARRAY_IDX(types, 0, const char *);
    return strcmp(next, job->failed_challenge) == 0
               ? ""
               : apr_psprintf(p, " by %s instead of %s", next,
                              job->failed_challenge);
}

static void say(const acme_job_t *job, const acme_worker_ctx_t *ctx,
                const acme_spec_t *spec, const acme_ca_spec_t *ca,
                acme_obtain_failure_e whose, apr_time_t now, apr_pool_t *p)
{
    const acme_problem_t *problem = job->problem;
    const char *text = acme_problem_text(problem, p);
    const char *whom =
        whose == ACME_OBTAIN_FAILURE_FIRST ? ca->label : spec->name;
    const char *in;

    if (job->at_once) {
        acme_log(ctx->log,
                 whose == ACME_OBTAIN_FAILURE_SHARED ? ACME_LOG_INFO
                                                     : ACME_LOG_WARNING,
                 0, ACME_TAG(0380) "%s: %s; %s is asked instead, at once",
                 spec->name, text,
                 acme_spec_ca(spec, acme_spec_find_ca(spec, job->ca))->label);
        return;
    }
    if (job->next_run == ACME_SCHEDULE_NEVER) {
        if (whose == ACME_OBTAIN_FAILURE_SHARED) {
            acme_log(ctx->log, ACME_LOG_INFO, 0,
                     ACME_TAG(0344) "%s: waits for a change of the "
                                    "configuration, with its CA %s",
                     spec->name, ca->label);
            return;
        }
        acme_log(ctx->log, ACME_LOG_ERR, 0,
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
    case ACME_OBTAIN_FAILURE_WRONG:
        acme_log(ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0341) "%s: %s; failure %d, trying again in %s%s%s",
                 whom, text, job->errors, in, next_challenge(job, spec, p),
                 advice(problem, p));
        break;
    case ACME_OBTAIN_FAILURE_FIRST:
        acme_log(ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0342) "%s: %s; its sites wait, trying again in %s%s",
                 whom, text, in, advice(problem, p));
        break;
    case ACME_OBTAIN_FAILURE_SHARED:
        acme_log(ctx->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0343) "%s: waits for its CA %s, trying again in %s",
                 whom, ca->label, in);
        break;
    }
}

/* Returns the time of the next try. It is limited by the job's longest wait,
 * unless the CA has named the time. */
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

/* Returns non-zero if the CA has named a time that is later than any wait of
 * ours would end. */
static int is_long(const acme_job_t *job, apr_time_t now)
{
    apr_interval_time_t most = ACME_TIME_DAY;

    if (job->longest_wait > 0 && job->longest_wait < most) {
        most = job->longest_wait;
    }
    return job->problem->retry == ACME_RETRY_LATER
           && job->problem->retry_at > now + most;
}

/* Returns the number of failures that count for the wait after this one: those
 * at the same CA, because another CA's failures say nothing of it. */
static int count_before(const acme_job_t *job, const acme_spec_t *spec, int ca)
{
    const acme_job_ca_t *there;

    if (!spec->more_cas) {
        return job->errors;
    }
    there = acme_job_ca_find(job, acme_spec_ca(spec, ca)->url);
    return there ? there->errors : 0;
}

/* Returns when a CA may be asked; 0: at once. */
static apr_time_t wait_at(const acme_job_t *job, const acme_ca_spec_t *ca,
                          apr_time_t now)
{
    const acme_job_ca_t *there = acme_job_ca_find(job, ca->url);

    if (!there || there->next_run <= now) {
        return 0;
    }
    return there->next_run != ACME_SCHEDULE_NEVER
                   && there->next_run > now + LONGEST_WAIT
               ? 0
               : there->next_run;
}

/* Chooses the next CA when this one has failed often enough, has named a time
 * far away, or has issued what was not ordered: the first one whose wait is
 * over, which is one that was not asked yet before all were; else the one whose
 * wait ends first, which may be this one. */
static void fail_over(acme_job_t *job, const acme_spec_t *spec,
                      acme_obtain_failure_e whose, int ca, apr_time_t now)
{
    int most = spec->failover > 0 ? spec->failover : ACME_DEFAULT_FAILOVER;
    int fault = whose == ACME_OBTAIN_FAILURE_WRONG
                || acme_problem_is_of_ca(job->problem);
    const acme_ca_spec_t *one;
    apr_time_t at, best_at = 0;
    int i, best = -1, faults;

    if (!spec->more_cas) {
        return;
    }
    faults = acme_job_ca_failed(job, acme_spec_ca(spec, ca)->url, fault);
    if (!fault
        || (whose != ACME_OBTAIN_FAILURE_WRONG && faults < most
            && !is_long(job, now))) {
        return;
    }
    for (i = 0; (one = acme_spec_ca(spec, i)) != NULL; ++i) {
        at = wait_at(job, one, now);
        if (best < 0 || at < best_at) {
            best = i;
            best_at = at;
        }
    }
    if (best != ca && best_at != ACME_SCHEDULE_NEVER) {
        acme_job_next_ca(job, acme_spec_ca(spec, best)->url, best_at);
    }
}

/* Tells job and log which names are left out. The next order is for fewer
 * names, so it does not wait for the backoff of this one. */
static void leave_out(acme_job_t *job, const acme_worker_ctx_t *ctx,
                      const acme_spec_t *spec, apr_pool_t *ptemp)
{
    const char *names = acme_partial_names_print(job, spec, ptemp);

    acme_job_note(job, acme_time_now(ctx->clock), "names-left-out", "%s",
                  names);
    acme_log(ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0348) "%s: its certificate is obtained without %s, which "
                            "%s; all are tried again with the next renewal",
             spec->name, names,
             strchr(names, ',') ? "keep failing" : "keeps failing");
}

/* Ends a dry run, whether or not it succeeded: it is not tried again without a
 * request. */
static void end_dry_run(acme_job_t *job, acme_worker_ctx_t *ctx,
                        const acme_spec_t *spec, const acme_problem_t *problem,
                        apr_pool_t *ptemp)
{
    acme_problem_t left = ACME_PROBLEM_INIT;
    acme_job_failure_t failure = {0};

    failure.problem = problem;
    failure.digest = acme_spec_digest(spec, ptemp);
    failure.config = acme_plan_config(spec, ptemp);
    acme_job_dry_run_over(job, &failure, acme_time_now(ctx->clock));
    (void)acme_obtain_key_forget(ctx, job->name, &left, ptemp);
}

static apr_status_t throw_away(acme_job_t *job, acme_worker_ctx_t *ctx,
                               const acme_stage_issued_t *issued,
                               acme_problem_t *problem, apr_pool_t *ptemp)
{
    const acme_spec_t *spec = issued->spec;
    const acme_cert_info_t *info;
    apr_status_t rv;

    rv = acme_stage_check(&info, ctx, issued, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    end_dry_run(job, ctx, spec, NULL, ptemp);
    acme_job_note(job, acme_time_now(ctx->clock), "dry-run-done",
                  "a certificate of %s, valid until %s", info->issuer,
                  acme_time_print(info->not_after, ptemp));
    rv = acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, ptemp);
    if (rv == APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0890) "%s: has succeeded with %s; the certificate is "
                                "thrown away",
                 spec->name, spec->ca->label);
    }
    return rv;
}

static void dry_run_failed(acme_job_t *job, acme_worker_ctx_t *ctx,
                           const acme_spec_t *spec,
                           const acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;

    end_dry_run(job, ctx, spec, acme_problem_dup(problem, job->p), ptemp);
    acme_job_note(job, acme_time_now(ctx->clock), "failed", "%s",
                  acme_problem_text(problem, ptemp));
    acme_log(ctx->log, ACME_LOG_INFO, problem->rv,
             ACME_TAG(0891) "%s: has failed with %s: %s", spec->name,
             spec->ca->label, acme_problem_text(problem, ptemp));
    /* If the job cannot be saved, acmectl waits until its time is over. */
    (void)acme_job_save(job, ctx->vault, ACME_STORE_LAZY, &unsaved, ptemp);
}

void acme_obtain_result_failed(acme_job_t *job, acme_worker_ctx_t *ctx,
                               const acme_spec_t *spec,
                               const acme_problem_t *problem,
                               acme_obtain_failure_e whose, const char *seed,
                               apr_pool_t *ptemp)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    apr_time_t now = acme_time_now(ctx->clock);
    acme_job_failure_t failure = {0};
    acme_problem_t *adjusted;
    int is_left_out;
    int ca = acme_job_ca(job, spec, ptemp);
    apr_status_t rv;

    if (spec->dry_run) {
        dry_run_failed(job, ctx, spec, problem, ptemp);
        return;
    }
    adjusted = adjust(problem, whose, job->p);
    is_left_out = whose == ACME_OBTAIN_FAILURE_OWN
                  && acme_job_names_failed(job, spec, adjusted, ptemp) > 0;
    if (is_left_out
        && (adjusted->retry == ACME_RETRY_PERMANENT
            || adjusted->retry == ACME_RETRY_CONFIG)) {
        adjusted->retry = ACME_RETRY_BACKOFF;
    }
    failure.problem = adjusted;
    failure.digest = acme_spec_digest(spec, ptemp);
    failure.config = acme_plan_config(spec, ptemp);
    failure.next_run =
        again(job, spec, adjusted,
              is_left_out ? 1 : count_before(job, spec, ca) + 1, seed, now);
    acme_job_failed(job, &failure, now);
    if (is_left_out) {
        leave_out(job, ctx, spec, ptemp);
    }
    fail_over(job, spec, whose, ca, now);
    acme_job_note(job, now, "failed", "%s",
                  acme_problem_text(job->problem, ptemp));
    /* Saved first, so that a status has what the log has. */
    rv = acme_job_save(job, ctx->vault, ACME_STORE_LAZY, &unsaved, ptemp);
    say(job, ctx, spec, acme_spec_ca(spec, ca), whose, now, ptemp);
    if (rv != APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_DEBUG, unsaved.rv,
                 ACME_TAG(0345) "%s: its failure is only remembered by this "
                                "process: %s",
                 spec->name, acme_problem_text(&unsaved, ptemp));
    }
}

apr_status_t acme_obtain_result_staged(acme_job_t *job, acme_worker_ctx_t *ctx,
                                       const acme_obtain_staged_t *staged,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp)
{
    apr_time_t now = acme_time_now(ctx->clock);
    acme_problem_t left = ACME_PROBLEM_INIT;
    const char *until = acme_time_print(staged->not_after, ptemp);
    apr_status_t rv;

    acme_job_staged(job, staged->fingerprint, now);
    acme_job_note(job, now, "certificate-ready", "valid until %s", until);
    /* Saved lazily: if the job is lost, acme_stage_recover() finds the staged
     * certificate, which is on disk. */
    rv = acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* A key that cannot be removed now is removed when root has decided. */
    (void)acme_obtain_key_forget(ctx, job->name, &left, ptemp);
    acme_log(ctx->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0346) "%s: certificate ready, valid until %s, waits for "
                            "activation",
             job->name, until);
    return APR_SUCCESS;
}

static apr_status_t keep_signed(acme_job_t *job, acme_worker_ctx_t *ctx,
                                const acme_spec_t *spec, const char *chain_pem,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_time_t now = acme_time_now(ctx->clock);
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
    rv = acme_job_save(job, ctx->vault, ACME_STORE_SYNC, problem, ptemp);
    if (rv == APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0363) "%s: the certificate for another machine's "
                                "request is ready",
                 job->name);
    }
    return rv;
}

apr_status_t acme_obtain_result_done(acme_obtain_staged_t *staged,
                                     acme_job_t *job, acme_worker_ctx_t *ctx,
                                     const acme_stage_issued_t *issued,
                                     acme_problem_t *problem, apr_pool_t *p,
                                     apr_pool_t *ptemp)
{
    const acme_spec_t *spec = issued->spec;
    const acme_cert_info_t *info;
    apr_status_t rv;

    staged->fingerprint = NULL;
    if (spec->dry_run) {
        return throw_away(job, ctx, issued, problem, ptemp);
    }
    if (spec->csr) {
        return keep_signed(job, ctx, spec, issued->bundle->chain_pem, problem,
                           ptemp);
    }
    rv = acme_stage_put(&info, ctx, issued, problem, ptemp);
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
        problem->retry = ACME_RETRY_BACKOFF; /* a new order may bring a better
                                                certificate */
    }
    return problem;
}

apr_status_t acme_obtain_result_settled(acme_job_t *job, acme_worker_ctx_t *ctx,
                                        const acme_spec_t *spec,
                                        const acme_inventory_t *inventory,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    apr_time_t now = acme_time_now(ctx->clock);
    int live = inventory->live
               && strcmp(inventory->live->info->fingerprint, job->staged) == 0;
    int wanted =
        !job->digest || strcmp(job->digest, acme_spec_digest(spec, ptemp)) == 0;
    apr_status_t rv;

    rv = acme_stage_clear(ctx, spec->name, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!live && inventory->staged == ACME_STAGED_REFUSED && wanted) {
        acme_job_settled(job, ACME_JOB_REFUSED);
        acme_obtain_result_failed(job, ctx, spec, why_refused(inventory, ptemp),
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
    else if (!live) {
        acme_job_note(job, now, "dropped",
                      "the new certificate was live, and is not any more");
    }
    else {
        acme_job_note(job, now, "activated", NULL);
        acme_log(ctx->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0347) "%s: the new certificate is live", spec->name);
    }
    acme_job_settled(job, live ? ACME_JOB_LIVE : ACME_JOB_DROPPED);
    return acme_job_save(job, ctx->vault, ACME_STORE_LAZY, problem, ptemp);
}
