/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_worker.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include "acme_default.h"
#include "acme_keygen.h"
#include "acme_scheduler.h"
#include "acme_schedule.h"
#include "acme_solver_dns.h"
#include "acme_solver_item.h"

/* Wait before another try to get the lease from another worker. */
#define BUSY_WAIT apr_time_from_sec(1)

/* When a warning is logged that another worker has the lease, and how long
 * until the next warning: most workers end within seconds. */
#define BUSY_WARN  (5 * ACME_TIME_MINUTE)
#define BUSY_AGAIN ACME_TIME_HOUR

/* Advice when another worker keeps the lease. */
#define BUSY_FIX                                                       \
    "stop the other server that uses this store, or restart this one " \
    "(apachectl graceful)"

/* The shortest wait between two runs, because a host may call again and
 * again. */
#define LEAST_WAIT apr_time_from_msec(100)

/* The longest time until a request of acmectl is seen while tasks run. */
#define CTL_REQUESTS_WAIT apr_time_from_sec(1)

/* How long a stop waits for requests whose answers must not be lost. */
#define LEAVE_WAIT apr_time_from_sec(2)

/* The longest the store may be left alone because it has failed. */
#define STORE_WAIT ACME_TIME_HOUR

/* Age of an answer to a challenge that was left behind by a crash. */
#define CHALLENGE_LIFE ACME_TIME_DAY

struct acme_worker_t {
    acme_worker_ctx_t ctx;
    apr_pool_t *p;
    acme_worker_lease_t *lease;
    acme_scheduler_t *scheduler;
    acme_ctl_request_dir_t *ctl_requests;
    const apr_array_header_t *certs;
    const char *seed;
    apr_interval_time_t check_interval;
    apr_time_t checked; /* when all sites were checked, or 0 */
    apr_time_t seen;    /* the clock, at the last call */
    int store_failures; /* runs in a row that got no lease from the store */
    apr_time_t busy;    /* since when another worker has the lease, or 0 */
    apr_time_t warned;  /* when that was last logged, or 0 */
    apr_time_t held;    /* no run before: a wait that was computed holds against
                           every wake-up; or 0 */
    int noted;          /* the store may have a note why nothing is ordered */
    int told;           /* the wait after crashes was noted, or may not be */
    apr_pool_t *pflush; /* of the last flush's problem */
    acme_worker_wait_t wait;
    char text[480];
    char to_fix[240];
};

static void wake(void *baton)
{
    acme_worker_t *worker = baton;

    worker->ctx.http->wakeup(worker->ctx.http);
}

static apr_time_t now_of(const acme_worker_t *worker)
{
    return acme_time_now(worker->ctx.clock);
}

static int is_stopped(acme_worker_t *worker)
{
    return apr_atomic_read32(&worker->ctx.stop) != 0;
}

/* Sets why nothing is ordered, for log and status alike. */
static void set_wait(acme_worker_t *worker, const char *text,
                     const char *to_fix, int store_fails)
{
    apr_cpystrn(worker->text, text, sizeof(worker->text));
    apr_cpystrn(worker->to_fix, to_fix ? to_fix : "", sizeof(worker->to_fix));
    worker->wait.store_fails = store_fails;
}

/* Leaves for acmectl why nothing is ordered. */
static void leave_note(acme_worker_t *worker, apr_pool_t *p)
{
    acme_worker_lease_wait_t note;

    note.text = worker->text;
    note.to_fix = worker->to_fix;
    note.since = worker->wait.since;
    worker->noted = 1;
    acme_worker_lease_note_wait(worker->lease, &note, p);
}

/* Notes how the worker before this one has ended. */
static void open_crash(acme_worker_t *worker,
                       const acme_worker_config_t *config)
{
    acme_crash_t *crash = &worker->ctx.crash;
    apr_time_t now = acme_time_now(config->clock);
    acme_crash_mark_t died;
    apr_time_t until;

    if (!acme_crash_open(crash, &died, config->crash, now, worker->p)) {
        return;
    }
    acme_log(config->log, ACME_LOG_INFO, 0,
             ACME_TAG(0322) "worker: the process before this one has ended "
                            "unexpectedly%s%s",
             died.what != ACME_CRASH_NOTHING ? " while it worked on " : "",
             died.what != ACME_CRASH_NOTHING ? died.name : "");
    until = acme_crash_until(crash, now);
    if (until) {
        worker->wait.since = now;
        set_wait(worker,
                 apr_psprintf(worker->pflush,
                              "nothing is ordered since %s, and before %s: %d "
                              "processes in a row have ended unexpectedly",
                              acme_time_print(now, worker->pflush),
                              acme_time_print(until, worker->pflush),
                              acme_crash_in_a_row(crash)),
                 "look for AH00051 or AH00052 (exit signal) in the error log",
                 0);
        acme_log(config->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0323) "worker: %s; what to do: %s", worker->text,
                 worker->to_fix);
    }
}

/* Notes the wait after crashes in the store, once. */
static void note_crash(acme_worker_t *worker)
{
    apr_pool_t *p;

    if (worker->told) {
        return;
    }
    worker->told = 1;
    if (acme_crash_note(&worker->ctx.crash)) {
        apr_pool_create(&p, worker->p);
        leave_note(worker, p);
        apr_pool_destroy(p);
        acme_crash_noted(&worker->ctx.crash);
    }
}

acme_worker_t *acme_worker_create(const acme_worker_config_t *config,
                                  apr_pool_t *p)
{
    acme_worker_t *worker = apr_pcalloc(p, sizeof(*worker));
    int parallel =
        config->parallel > 0 ? config->parallel : ACME_DEFAULT_PARALLEL;

    worker->p = p;
    apr_pool_create(&worker->pflush, p);
    worker->wait.text = worker->text;
    worker->wait.to_fix = worker->to_fix;
    worker->ctx.vault = config->vault;
    worker->ctx.http = config->http;
    worker->ctx.resolver = config->resolver;
    worker->ctx.clock = config->clock;
    worker->ctx.log = config->log;
    worker->ctx.revoked = config->revoked;
    worker->ctx.reuse = config->reuse;
    worker->lease = acme_worker_lease_create(config->vault, config->clock,
                                             config->loaded, p);
    worker->noted = 1; /* by a worker before this one, perhaps */
    open_crash(worker, config);
    worker->ctx.urgent = config->urgent;
    worker->ctx.urgent_baton = config->urgent_baton;
    worker->ctx.swap = config->swap;
    worker->ctx.look_again = config->look_again;
    worker->ctx.swap_baton = config->swap_baton;
    worker->ctx.keygen = acme_keygen_create(wake, worker, p);
    worker->certs = config->certs;
    worker->ctx.dns = acme_solver_dns_create(
        &worker->ctx, config->commands ? config->commands : &acme_command_posix,
        p);
    worker->scheduler =
        acme_scheduler_create(&worker->ctx, config->certs, config->job_cache,
                              &config->preflight, parallel, p);
    worker->ctl_requests = config->ctl_requests;
    worker->seed = config->certs->nelts > 0
                       ? acme_site_cert_at(config->certs, 0)->spec->name
                       : "";
    worker->check_interval = config->check_interval > 0
                                 ? config->check_interval
                                 : ACME_DEFAULT_CHECK_INTERVAL;
    return worker;
}

void acme_worker_stop(acme_worker_t *worker)
{
    apr_atomic_set32(&worker->ctx.stop, 1);
    wake(worker);
}

/* Returns non-zero when acmectl may have asked for something. Costs one
 * stat(). */
static int has_requests(const acme_worker_t *worker)
{
    return worker->ctl_requests && acme_ctl_request_moved(worker->ctl_requests);
}

int acme_worker_is_precious(const acme_worker_t *worker)
{
    return worker->ctx.http->precious(worker->ctx.http) > 0;
}

/* Brings on disk what tasks wait for. Returns zero when none has waited. */
static int flush(acme_worker_t *worker)
{
    apr_pool_clear(worker->pflush);
    return acme_flush_run(&worker->ctx.flush,
                          acme_vault_store(worker->ctx.vault), worker->pflush);
}

/* Goes on with questions to the DNS. Returns when to do so again. */
static apr_time_t resolve(acme_worker_t *worker, int *waits)
{
    acme_dns_t *resolver = worker->ctx.resolver;
    apr_time_t at = resolver ? resolver->run(resolver) : 0;

    *waits = *waits || at != 0;
    return at != 0 ? at : ACME_SCHEDULE_NEVER;
}

/* Works until nothing is due, or stop. Returns APR_EBUSY when the lease is
 * lost. */
static apr_status_t work_on(acme_worker_t *worker)
{
    acme_http_t *http = worker->ctx.http;
    apr_time_t at, now, answer;
    apr_status_t rv;
    int waits;

    while (!is_stopped(worker)) {
        rv = acme_worker_lease_renew(worker->lease);
        if (rv == APR_SUCCESS && has_requests(worker)) {
            acme_scheduler_read_requests(worker->scheduler,
                                         worker->ctl_requests);
        }
        if (rv == APR_SUCCESS && acme_scheduler_must_stop(worker->scheduler)) {
            return rv;
        }
        if (rv == APR_SUCCESS) {
            rv = acme_scheduler_check(worker->scheduler, worker->lease);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        worker->ctx.moved = 0;
        at = acme_scheduler_step(worker->scheduler, &waits);
        answer = resolve(worker, &waits);
        at = at < answer ? at : answer;
        if (!waits) {
            return APR_SUCCESS;
        }
        if (flush(worker)) {
            continue;
        }
        if (at > acme_worker_lease_renew_at(worker->lease)) {
            at = acme_worker_lease_renew_at(worker->lease);
        }
        now = now_of(worker);
        if (worker->ctl_requests && at > now + CTL_REQUESTS_WAIT) {
            at = now + CTL_REQUESTS_WAIT;
        }
        http->run(http, worker->ctx.moved || at <= now ? 0 : at - now);
    }
    return APR_SUCCESS;
}

/* Ends all requests that are under way. Waits for those that cannot be
 * repeated, unless the answer could not be saved any more. */
static void leave(acme_worker_t *worker)
{
    acme_http_t *http = worker->ctx.http;
    apr_time_t begun = now_of(worker);
    apr_time_t now = begun;

    while (worker->ctx.state == ACME_WORKER_CTX_HALTED
           && http->pending(http) > 0 && now >= begun
           && now < begun + LEAVE_WAIT) {
        http->cancel(http, 0);
        if (http->pending(http) > 0) {
            http->run(http, begun + LEAVE_WAIT - now);
        }
        now = now_of(worker);
    }
    /* Repeats, because the end of a question may lead to another one. */
    while (worker->ctx.resolver
           && worker->ctx.resolver->pending(worker->ctx.resolver) > 0) {
        worker->ctx.resolver->cancel(worker->ctx.resolver, NULL);
    }
    acme_solver_dns_end(worker->ctx.dns);
    /* Repeats, because the end of a request may begin another one. */
    while (http->pending(http) > 0) {
        http->cancel(http, 1);
    }
}

/* Works under the lease; no request is under way when this returns. */
static void run(acme_worker_t *worker, apr_pool_t *p)
{
    acme_store_t *store = acme_vault_store(worker->ctx.vault);
    apr_status_t rv;

    worker->ctx.state = ACME_WORKER_CTX_ON;
    acme_crash_begin(&worker->ctx.crash);
    acme_store_busy(store, 1);
    acme_scheduler_begin(worker->scheduler, p);
    rv = work_on(worker);
    worker->ctx.state =
        rv == APR_SUCCESS ? ACME_WORKER_CTX_HALTED : ACME_WORKER_CTX_LOST;
    if (rv != APR_SUCCESS) {
        acme_log(worker->ctx.log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0312) "worker: another worker has taken over, and "
                                "goes on with the orders");
        worker->checked = 0;
    }
    leave(worker);
    if (worker->ctl_requests
        && acme_scheduler_has_account_ops(worker->scheduler)) {
        acme_ctl_request_again(worker->ctl_requests);
    }
    acme_scheduler_end(worker->scheduler);
    acme_store_busy(store, 0);
    acme_crash_end(&worker->ctx.crash);
    acme_worker_lease_release(worker->lease);
}

static apr_time_t when_again(const acme_worker_t *worker, apr_time_t at)
{
    apr_time_t now = now_of(worker);
    apr_time_t last =
        now + acme_schedule_jitter(worker->check_interval, worker->seed);

    at = at < last ? at : last;
    return at < now + LEAST_WAIT ? now + LEAST_WAIT : at;
}

const acme_worker_wait_t *acme_worker_waiting(const acme_worker_t *worker)
{
    return &worker->wait;
}

/* Notes that another worker has the lease, or that a newer one acts. */
static void note_busy(acme_worker_t *worker, const acme_problem_t *problem,
                      apr_pool_t *p)
{
    apr_time_t now = now_of(worker);

    if (worker->busy == 0 || now < worker->busy) {
        worker->busy = now;
        worker->warned = 0;
    }
    if (now - worker->busy < BUSY_WARN
        || (worker->warned != 0 && now - worker->warned < BUSY_AGAIN)) {
        return;
    }
    worker->warned = now;
    worker->wait.since = worker->busy;
    set_wait(worker,
             apr_psprintf(p, "nothing is ordered since %s: %s",
                          acme_time_print(worker->busy, p),
                          problem->detail
                              ? problem->detail
                              : "another worker is newer than this one"),
             BUSY_FIX, 0);
    acme_log(worker->ctx.log, ACME_LOG_WARNING, 0,
             ACME_TAG(0314) "worker: %s; what to do: %s", worker->text,
             worker->to_fix);
    leave_note(worker, p);
}

/* Notes that the lease was got. */
static void note_lease(acme_worker_t *worker, apr_pool_t *p)
{
    if (worker->noted) {
        acme_worker_lease_note_wait(worker->lease, NULL, p);
        worker->noted = 0;
    }
    if (worker->warned != 0) {
        acme_log(worker->ctx.log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0315) "worker: nobody else holds the lease any more, "
                                "orders go on");
    }
    if (worker->wait.store_fails) {
        acme_log(worker->ctx.log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0512) "worker: the store can be used again, orders "
                                "go on");
    }
    worker->busy = 0;
    worker->warned = 0;
    worker->store_failures = 0;
    worker->wait.since = 0;
    set_wait(worker, "", "", 0);
}

/* Notes that the lease was not got. Returns when to try again. */
static apr_time_t note_refusal(acme_worker_t *worker, apr_status_t rv,
                               const acme_problem_t *problem, apr_pool_t *p)
{
    apr_interval_time_t wait;

    if (APR_STATUS_IS_EBUSY(rv)) {
        note_busy(worker, problem, p);
        return now_of(worker) + BUSY_WAIT;
    }
    ++worker->store_failures;
    wait = acme_schedule_backoff(worker->store_failures, ACME_TIME_MINUTE,
                                 "store");
    wait = wait < STORE_WAIT ? wait : STORE_WAIT;
    if (worker->wait.since == 0 || !worker->wait.store_fails) {
        worker->wait.since = now_of(worker);
    }
    set_wait(worker,
             apr_psprintf(p, "nothing can be ordered or renewed since %s: %s",
                          acme_time_print(worker->wait.since, p),
                          acme_problem_text(problem, p)),
             problem->to_fix, 1);
    acme_log(worker->ctx.log, ACME_LOG_WARNING, rv,
             ACME_TAG(0313) "worker: %s; what to do: %s; trying again in %s",
             worker->text, *worker->to_fix ? worker->to_fix : "see above",
             acme_time_print_duration(wait, p));
    return now_of(worker) + wait;
}

/* Returns non-zero while a wait that was computed lasts, whoever calls. A clock
 * that was turned back makes it no longer. */
static int is_held(acme_worker_t *worker, apr_time_t now)
{
    if (worker->held != 0 && now < worker->seen) {
        worker->held -= worker->seen - now;
    }
    return now < worker->held;
}

/* Returns non-zero when all sites are to be checked, even those that are not
 * due. */
static int needs_check(const acme_worker_t *worker, apr_time_t now)
{
    return worker->checked == 0 || now < worker->checked
           || now - worker->checked >= worker->check_interval;
}

apr_time_t acme_worker_run(acme_worker_t *worker)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = now_of(worker);
    apr_time_t at = acme_scheduler_due(worker->scheduler);
    apr_pool_t *p;
    int again;
    apr_status_t rv;

    if (is_stopped(worker)) {
        return when_again(worker, ACME_SCHEDULE_NEVER);
    }
    again = is_held(worker, now);
    if (now < worker->seen) {
        worker->checked = 0; /* the clock was turned back */
    }
    worker->seen = now;
    if (again) {
        return worker->held;
    }
    if (acme_crash_until(&worker->ctx.crash, now)) {
        note_crash(worker);
        return when_again(worker, acme_crash_until(&worker->ctx.crash, now));
    }
    if (!needs_check(worker, now) && at > now && !has_requests(worker)) {
        return when_again(worker, at);
    }
    apr_pool_create(&p, worker->p);
    apr_pool_tag(p, "acme_run");
    rv = acme_worker_lease_take(worker->lease, &again, &problem, p);
    if (rv == APR_SUCCESS) {
        worker->held = 0;
        note_lease(worker, p);
        if (!again || needs_check(worker, now)) {
            acme_scheduler_forget(worker->scheduler);
            worker->checked = now;
            acme_solver_item_sweep(worker->ctx.vault, now - CHALLENGE_LIFE, p);
            acme_solver_dns_sweep(worker->ctx.dns, worker->certs, p);
        }
        run(worker, p);
        at = when_again(worker, acme_scheduler_due(worker->scheduler));
        worker->seen = now_of(worker);
    }
    else {
        at = note_refusal(worker, rv, &problem, p);
        worker->held = at;
    }
    apr_pool_destroy(p);
    return at;
}
