/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_preflight_queue.h"

#include <string.h>

#include "acme_account_record.h"
#include "acme_ca_account.h"
#include "acme_preflight.h"
#include "acme_schedule.h"
#include "acme_time.h"

/* Preflights that run at once. */
#define AT_ONCE 8

/* How long the result of a preflight lets an order go. */
#define FRESH (2 * ACME_TIME_MINUTE)

/* The longest that an order waits for its turn, where answers come. */
#define TURN ACME_TIME_MINUTE

#define WEEK (7 * ACME_TIME_DAY)

/* After so many preflights in a row that no resolver has answered, no site is
 * looked at for a while. */
#define DEAF      3
#define DEAF_WAIT (5 * ACME_TIME_MINUTE)

/* Most times that the wait of a changed result grows: an hour. */
#define CHANGES 12

/* A preflight that waits or runs. */
typedef struct run_t {
    acme_site_entry_t *site;
    int is_awaited;   /* an order waits for it */
    int is_late;      /* it went on without it */
    apr_time_t since; /* when the site came here */
    apr_time_t begun; /* or 0 */
    const char *type; /* of the challenge */
    const acme_ca_spec_t *ca;
    acme_caa_order_t caa; /* who orders there */
    acme_preflight_t *preflight;
    apr_pool_t *p; /* from when it runs, because thousands may wait */
} run_t;

struct acme_preflight_queue_t {
    acme_site_table_t *table;
    acme_preflight_queue_config_t config;
    apr_array_header_t *waiting; /* run_t *, of this run */
    apr_array_header_t *running;
    apr_array_header_t *spare; /* run_t * to be used again: a run of the worker
                                  may last for weeks */
    apr_pool_t *prun;
    int deaf;              /* preflights in a row that heard no resolver */
    apr_time_t deaf_until; /* or 0 */
    apr_time_t ended;      /* when a preflight had its answers in time, or 0 */
};

acme_preflight_queue_t *
acme_preflight_queue_create(acme_site_table_t *table,
                            const acme_preflight_queue_config_t *config,
                            apr_pool_t *p)
{
    acme_preflight_queue_t *queue = apr_pcalloc(p, sizeof(*queue));

    queue->table = table;
    queue->config = *config;
    return queue;
}

void acme_preflight_queue_begin(acme_preflight_queue_t *queue, apr_pool_t *prun)
{
    queue->prun = prun;
    queue->waiting = apr_array_make(prun, 8, sizeof(run_t *));
    queue->running = apr_array_make(prun, 8, sizeof(run_t *));
    queue->spare = apr_array_make(prun, 8, sizeof(run_t *));
}

void acme_preflight_queue_end(acme_preflight_queue_t *queue)
{
    queue->prun = NULL;
    queue->waiting = NULL;
    queue->running = NULL;
    queue->spare = NULL;
}

static const acme_log_t *log_of(const acme_preflight_queue_t *queue)
{
    return queue->table->ctx->log;
}

static run_t *run_at(const apr_array_header_t *runs, int i)
{
    return APR_ARRAY_IDX(runs, i, run_t *);
}

/* ---- when ---- */

/* Returns non-zero for a site that is looked at at all. */
static int is_on(const acme_preflight_queue_t *queue,
                 const acme_site_entry_t *site)
{
    const acme_spec_t *spec = site->check.spec;

    return queue->config.seal && spec->preflight && !spec->dry_run && !spec->csr
           && !spec->cert_file && spec->challenge_types->nelts
           && site->index >= 0;
}

/* Returns non-zero when the order has to wait for a preflight: it is the first
 * try, nobody waits for it at acmectl, and it does not replace a certificate
 * that clients refuse. */
static int must_wait(const acme_site_entry_t *site, const acme_job_t *job,
                     apr_time_t now)
{
    return job->errors == 0 && !job->order && job->asked == ACME_ASKED_NO
           && !acme_plan_revoked(site->check.inventory, job)
           && (site->looked > now || now - site->looked > FRESH);
}

/* Returns non-zero when the last try has failed at the validation of names. */
static int has_failed_validation(const acme_job_t *job)
{
    static const char *const types[] = {
        "caa", "compound",    "connection", "dns", "incorrectResponse",
        "tls", "unauthorized"};
    size_t i;

    for (i = 0; job->problem && i < sizeof(types) / sizeof(types[0]); ++i) {
        if (acme_problem_is(job->problem, types[i])) {
            return 1;
        }
    }
    return 0;
}

/* Returns the time in a week at which the site is looked at; it is drawn for
 * each week, so that sites spread. */
static apr_time_t weekly(const char *name, apr_time_t now)
{
    apr_time_t week = now - now % WEEK;
    apr_time_t at = acme_schedule_draw(week, week + WEEK - 1, name);

    return at > now
               ? at
               : acme_schedule_draw(week + WEEK, week + 2 * WEEK - 1, name);
}

/* Returns when to look at a site that does not order now. */
static apr_time_t next_look(const acme_site_entry_t *site,
                            const acme_plan_t *plan, const acme_job_t *job,
                            apr_time_t now)
{
    const char *name = site->check.spec->name;
    apr_time_t at;

    if (job->errors > 0 && acme_job_phase(job) == ACME_JOB_WAITING
        && has_failed_validation(job)) {
        at = site->looked > job->last_run ? site->looked : job->last_run;
        at += ACME_PREFLIGHT_QUEUE_AGAIN;
        return at < job->next_run ? at : ACME_SCHEDULE_NEVER;
    }
    if (!plan->satisfied) {
        return ACME_SCHEDULE_NEVER;
    }
    return site->look_at > 0 && site->look_at != ACME_SCHEDULE_NEVER
                   && site->look_at <= now + 2 * WEEK
               ? site->look_at
               : weekly(name, now);
}

/* Says who orders, as CAA records see it. An account that is not registered
 * yet has no record, and what the CA is called is not known before either. */
static void set_caa(run_t *run, const acme_preflight_queue_t *queue)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_account_record_t *record;

    run->caa.types = run->site->check.spec->challenge_types;
    if (acme_account_record_load(&record, queue->table->ctx->vault,
                                 acme_ca_account_name(run->ca, run->p),
                                 &problem, run->p)
        == APR_SUCCESS) {
        run->caa.identities = record->caa;
        run->caa.account =
            record->gone || record->deactivated ? NULL : record->url;
    }
}

static void enqueue(acme_preflight_queue_t *queue, acme_site_entry_t *site,
                    const acme_job_t *job, int is_awaited)
{
    const acme_spec_t *spec = site->check.spec;
    run_t **spare = apr_array_pop(queue->spare);
    run_t *run = spare ? *spare : apr_palloc(queue->prun, sizeof(*run));
    apr_pool_t *p;

    memset(run, 0, sizeof(*run));
    run->site = site;
    run->since = acme_site_table_now(queue->table);
    run->is_awaited = is_awaited;
    apr_pool_create(&p, queue->prun);
    run->type = APR_ARRAY_IDX(
        acme_spec_challenges(spec, job->failed_challenge, p), 0, const char *);
    run->ca = acme_spec_ca(spec, acme_job_ca(job, spec, p));
    apr_pool_destroy(p);
    site->looking = is_awaited ? ACME_SITE_LOOK_AWAITED : ACME_SITE_LOOK;
    APR_ARRAY_PUSH(queue->waiting, run_t *) = run;
}

int acme_preflight_queue_take(acme_preflight_queue_t *queue,
                              acme_site_entry_t *site, const acme_plan_t *plan,
                              const acme_job_t *job)
{
    apr_time_t now = acme_site_table_now(queue->table);
    int orders = plan->what == ACME_PLAN_ORDER;

    if (!is_on(queue, site)) {
        site->look_at = ACME_SCHEDULE_NEVER;
        return 0;
    }
    if (site->looking) {
        return 0;
    }
    if (now < queue->deaf_until && queue->deaf_until <= now + DEAF_WAIT) {
        site->look_at = orders ? ACME_SCHEDULE_NEVER : queue->deaf_until;
        return 0;
    }
    if (orders && must_wait(site, job, now)) {
        site->look_at = ACME_SCHEDULE_NEVER;
        enqueue(queue, site, job, 1);
        return 1;
    }
    site->look_at =
        orders ? ACME_SCHEDULE_NEVER : next_look(site, plan, job, now);
    if (site->look_at <= now) {
        site->look_at = ACME_SCHEDULE_NEVER;
        enqueue(queue, site, job, 0);
    }
    return 0;
}

/* ---- what was found ---- */

/* Lets the site be planned again, now. */
static void release(acme_preflight_queue_t *queue, run_t *run)
{
    acme_site_table_t *table = queue->table;

    run->site->looked = acme_site_table_now(table);
    run->site->looking = ACME_SITE_LOOK_NONE;
    acme_site_table_set_due(table, run->site, run->site->looked);
    table->ctx->moved = 1;
}

static void save(const acme_preflight_queue_t *queue, const acme_job_t *job,
                 apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_job_save(job, queue->table->ctx->vault, ACME_STORE_LAZY, &problem,
                      p)
        != APR_SUCCESS) {
        acme_log(log_of(queue), ACME_LOG_DEBUG, problem.rv,
                 ACME_TAG(0678) "%s: what preflight has found is not "
                                "remembered: %s",
                 job->name, acme_problem_text(&problem, p));
    }
}

/* Holds the order back. */
static void hold_back(acme_preflight_queue_t *queue, run_t *run,
                      acme_job_t *job, int is_news)
{
    acme_site_entry_t *site = run->site;
    apr_time_t now = acme_site_table_now(queue->table);
    apr_time_t again =
        now + acme_schedule_jitter(ACME_PREFLIGHT_QUEUE_AGAIN, job->name);
    apr_time_t since = acme_job_hold_back(job, again, now);

    if (is_news) {
        acme_job_note(job, now, "held-back", "%s", job->look->text);
        acme_log(log_of(queue), ACME_LOG_WARNING, 0,
                 ACME_TAG(0671) "%s: its order is held back, because the CA "
                                "cannot validate it: %s; looked at again every "
                                "5 minutes, ordered at %s at the latest; what "
                                "to do: %s",
                 job->name, job->look->text,
                 acme_time_print(since + ACME_PREFLIGHT_QUEUE_HOLD, run->p),
                 job->look->to_fix);
    }
    save(queue, job, run->p);
    site->looking = ACME_SITE_LOOK_NONE;
    acme_site_table_set_due(queue->table, site, again);
}

/* Says what is wrong before an order that goes nevertheless. */
static void warn(const acme_preflight_queue_t *queue,
                 const acme_job_look_t *look, const char *name)
{
    acme_log(log_of(queue), ACME_LOG_WARNING, 0,
             ACME_TAG(0670) "%s: the CA may not be able to validate it: %s; it "
                            "is ordered now; what to do if that fails: %s",
             name, look->text, look->to_fix);
}

/* Ends the preflight that an order waits for. */
static void end_awaited(acme_preflight_queue_t *queue, run_t *run,
                        acme_job_t *job, int is_news)
{
    apr_time_t now = acme_site_table_now(queue->table);
    const acme_job_look_t *look = job->look;
    int is_over = look && look->held && look->held <= now
                  && now - look->held >= ACME_PREFLIGHT_QUEUE_HOLD;

    if (look && look->forbids && !is_over) {
        hold_back(queue, run, job, is_news || !look->held);
        return;
    }
    if (look && look->forbids) {
        acme_log(log_of(queue), ACME_LOG_NOTICE, 0,
                 ACME_TAG(0675) "%s: it was held back for an hour, and the CA "
                                "is asked anyway: %s",
                 job->name, look->text);
    }
    else if (look && look->text && is_news && !look->refuted) {
        warn(queue, look, job->name);
    }
    if (is_news) {
        save(queue, job, run->p);
    }
    release(queue, run);
}

/* Returns non-zero when so much time has passed since the last try that a
 * changed result may bring the next one forward. */
static int may_try(const acme_job_t *job, apr_time_t now)
{
    int times = job->errors < CHANGES ? job->errors : CHANGES;

    return now - job->last_run >= times * ACME_PREFLIGHT_QUEUE_AGAIN;
}

/* Ends a preflight after a failed validation: what is found now was found after
 * the last failure as well, or the next try comes now. */
static void end_failing(acme_preflight_queue_t *queue, run_t *run,
                        acme_job_t *job, const acme_job_look_t *found)
{
    apr_time_t now = acme_site_table_now(queue->table);
    const char *before = job->look ? job->look->digest : NULL;

    if (before && (strcmp(before, found->digest) == 0 || !may_try(job, now))) {
        return;
    }
    acme_job_looked(job, found);
    if (before) {
        acme_job_way_changed(job);
        acme_log(log_of(queue), ACME_LOG_NOTICE, 0,
                 ACME_TAG(0673) "%s: preflight finds something else than when "
                                "it failed, so it is tried again now: %s",
                 job->name, found->text ? found->text : "nothing is wrong");
    }
    else if (found->text) {
        acme_log(log_of(queue), ACME_LOG_WARNING, 0,
                 ACME_TAG(0672) "%s: its last try has failed, and preflight "
                                "finds: %s; looked at again every 5 minutes; "
                                "what to do: %s",
                 job->name, found->text, found->to_fix);
    }
    save(queue, job, run->p);
}

/* Ends a preflight between two renewals. */
static void end_weekly(acme_preflight_queue_t *queue, run_t *run,
                       acme_job_t *job, int is_news)
{
    if (!is_news) {
        return;
    }
    if (job->look && job->look->text && !job->look->refuted && !run->is_late) {
        acme_log(log_of(queue), ACME_LOG_WARNING, 0,
                 ACME_TAG(0677) "%s: a CA may not be able to validate it when "
                                "it is renewed: %s; what to do: %s",
                 job->name, job->look->text, job->look->to_fix);
    }
    save(queue, job, run->p);
}

static void describe(acme_job_look_t *look, const acme_preflight_queue_t *queue,
                     const run_t *run)
{
    apr_array_header_t *findings =
        acme_preflight_findings(run->preflight, run->p);

    memset(look, 0, sizeof(*look));
    look->when = acme_site_table_now(queue->table);
    look->digest = acme_preflight_finding_digest(findings, run->p);
    look->text = acme_preflight_finding_text(findings, &look->to_fix, run->p);
    look->faults = acme_preflight_finding_json(findings, 0, run->p);
    look->forbids =
        acme_preflight_finding_worst(findings) == ACME_PREFLIGHT_FORBIDS;
}

/* Ends a preflight that has found all there is. */
static void conclude(acme_preflight_queue_t *queue, run_t *run)
{
    acme_site_entry_t *site = run->site;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = site->running_job;
    acme_job_look_t found;
    const char *before;
    int is_failing, is_news;

    if (run->is_late && !acme_preflight_has_heard(run->preflight)) {
        return; /* because no resolver is a fault of none of its names */
    }
    describe(&found, queue, run);
    acme_log(log_of(queue), ACME_LOG_DEBUG, 0,
             ACME_TAG(0679) "%s: preflight of %s has ended: %s",
             site->check.spec->name, run->type,
             found.text ? found.text : "nothing is wrong");
    if (run->is_late && found.text) {
        warn(queue, &found, site->check.spec->name);
    }
    if (job) {
        acme_job_looked(job, &found);
        return;
    }
    if (acme_job_load(&job, queue->table->ctx->vault, site->check.spec->name,
                      &problem, run->p)
        != APR_SUCCESS) {
        release(queue, run);
        return;
    }
    is_failing = job->errors > 0;
    if (!run->is_awaited && is_failing) {
        end_failing(queue, run, job, &found);
        release(queue, run);
        return;
    }
    before = job->look ? job->look->digest : NULL;
    acme_job_looked(job, &found);
    is_news = before ? strcmp(before, found.digest) != 0 : found.text != NULL;
    if (run->is_awaited) {
        end_awaited(queue, run, job, is_news);
    }
    else {
        end_weekly(queue, run, job, is_news);
        release(queue, run);
    }
}

/* ---- runs ---- */

static void begin_run(acme_preflight_queue_t *queue, run_t *run)
{
    acme_worker_ctx_t *ctx = queue->table->ctx;
    acme_preflight_config_t config = {
        .names = run->site->check.spec->names,
        .type = run->type,
        .dns = ctx->resolver,
        .resolvers_named = queue->config.resolvers_named,
        .http = ctx->http,
        .seal = queue->config.seal,
        .http_port = queue->config.http_port,
        .https_port = queue->config.https_port,
        .caa = &run->caa,
        .moved = &ctx->moved,
    };

    apr_pool_create(&run->p, queue->prun);
    apr_pool_tag(run->p, "acme_preflight");
    set_caa(run, queue);
    run->begun = acme_site_table_now(queue->table);
    run->preflight = acme_preflight_create(&config, run->p);
    APR_ARRAY_PUSH(queue->running, run_t *) = run;
}

/* Takes a preflight that waits out of the queue. */
static void remove_waiting(acme_preflight_queue_t *queue, int i)
{
    apr_array_header_t *waiting = queue->waiting;

    --waiting->nelts;
    memmove(&APR_ARRAY_IDX(waiting, i, run_t *),
            &APR_ARRAY_IDX(waiting, i + 1, run_t *),
            (size_t)(waiting->nelts - i) * sizeof(run_t *));
}

/* Begins what there is room for: first what orders wait for. */
static void begin_some(acme_preflight_queue_t *queue)
{
    apr_array_header_t *waiting = queue->waiting;
    int awaited, i;

    for (awaited = 1; awaited >= 0; --awaited) {
        for (i = 0; i < waiting->nelts && queue->running->nelts < AT_ONCE;) {
            run_t *run = run_at(waiting, i);

            if (run->is_awaited != awaited) {
                ++i;
                continue;
            }
            begin_run(queue, run);
            remove_waiting(queue, i);
        }
    }
}

/* Lets all orders go that wait, because no resolver answers. */
static void let_go(acme_preflight_queue_t *queue)
{
    int i;

    for (i = 0; i < queue->waiting->nelts; ++i) {
        release(queue, run_at(queue->waiting, i));
        APR_ARRAY_PUSH(queue->spare, run_t *) = run_at(queue->waiting, i);
    }
    apr_array_clear(queue->waiting);
}

/* Counts preflights that have heard no resolver. */
static void note_hearing(acme_preflight_queue_t *queue,
                         const acme_preflight_t *preflight)
{
    apr_time_t now = acme_site_table_now(queue->table);

    if (acme_preflight_has_heard(preflight)) {
        queue->deaf = 0;
        return;
    }
    if (++queue->deaf < DEAF) {
        return;
    }
    if (queue->deaf == DEAF) {
        acme_log(log_of(queue), ACME_LOG_WARNING, 0,
                 ACME_TAG(0674) "worker: no resolver answers, so names are not "
                                "looked at before their orders; tried again "
                                "every 5 minutes; what to do: check "
                                "/etc/resolv.conf, or ACMEDnsServers");
    }
    queue->deaf_until = now + DEAF_WAIT;
    let_go(queue);
}

/* Returns when the order goes that waits for this preflight: it waits so long
 * for answers, and before that for its turn, while others get theirs. */
static apr_time_t patience_ends(const acme_preflight_queue_t *queue,
                                const run_t *run)
{
    apr_time_t last = run->since + TURN;
    apr_time_t at;

    if (run->begun) {
        return run->begun + ACME_PREFLIGHT_QUEUE_PATIENCE;
    }
    at = queue->ended > run->since ? queue->ended : run->since;
    at += ACME_PREFLIGHT_QUEUE_PATIENCE;
    return at < last ? at : last;
}

/* Lets the order go when it has waited long enough. Returns non-zero when it
 * has, and else sets the time when it will have, if that is earlier. */
static int lose_patience(acme_preflight_queue_t *queue, run_t *run,
                         apr_time_t *at)
{
    apr_time_t now = acme_site_table_now(queue->table);
    apr_time_t end = patience_ends(queue, run);

    if (now < end && now >= run->since) {
        *at = end < *at ? end : *at;
        return 0;
    }
    acme_log(log_of(queue), ACME_LOG_INFO, 0,
             ACME_TAG(0676) "%s: preflight has no answer yet, and the order "
                            "does not wait for it any longer",
             run->site->check.spec->name);
    run->is_awaited = 0;
    run->is_late = 1;
    release(queue, run);
    return 1;
}

/* Lets orders go whose turn does not come. Returns when to do so again. */
static apr_time_t step_waiting(acme_preflight_queue_t *queue)
{
    apr_time_t at = ACME_SCHEDULE_NEVER;
    int i = 0;

    while (i < queue->waiting->nelts) {
        run_t *run = run_at(queue->waiting, i);

        if (run->is_awaited && lose_patience(queue, run, &at)) {
            APR_ARRAY_PUSH(queue->spare, run_t *) = run;
            remove_waiting(queue, i);
        }
        else {
            ++i;
        }
    }
    return at;
}

/* Steps a preflight. Returns non-zero when it can be forgotten, and else sets
 * when to step it again, if that is earlier. */
static int step_run(acme_preflight_queue_t *queue, run_t *run, apr_time_t *at)
{
    if (acme_preflight_step(run->preflight)) {
        if (run->is_awaited || run->site->looking) {
            note_hearing(queue, run->preflight);
        }
        if (run->is_awaited) {
            queue->ended = acme_site_table_now(queue->table);
        }
        conclude(queue, run);
        run->site->looking = ACME_SITE_LOOK_NONE;
        return 1;
    }
    if (run->is_awaited && lose_patience(queue, run, at)
        && !acme_preflight_has_heard(run->preflight)) {
        note_hearing(queue, run->preflight);
    }
    return 0;
}

apr_time_t acme_preflight_queue_step(acme_preflight_queue_t *queue, int *waits)
{
    acme_crash_t *crash = &queue->table->ctx->crash;
    apr_time_t at;
    int i = 0;

    begin_some(queue);
    at = step_waiting(queue);
    while (i < queue->running->nelts) {
        run_t *run = run_at(queue->running, i);
        acme_crash_mark_t before = acme_crash_enter(
            crash, ACME_CRASH_SITE, run->site->check.spec->name);

        if (step_run(queue, run, &at)) {
            APR_ARRAY_IDX(queue->running, i, run_t *) =
                run_at(queue->running, queue->running->nelts - 1);
            --queue->running->nelts;
            acme_crash_forget(crash, ACME_CRASH_SITE,
                              run->site->check.spec->name);
            apr_pool_destroy(run->p);
            APR_ARRAY_PUSH(queue->spare, run_t *) = run;
        }
        else {
            ++i;
        }
        acme_crash_leave(crash, before);
    }
    if (queue->waiting->nelts > 0 && queue->running->nelts < AT_ONCE) {
        queue->table->ctx->moved = 1;
    }
    *waits = queue->waiting->nelts > 0 || queue->running->nelts > 0;
    return at;
}
