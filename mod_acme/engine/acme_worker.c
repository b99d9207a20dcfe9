/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_worker.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include "acme_scheduler.h"
#include "acme_schedule.h"
#include "acme_solver_http.h"

#define PARALLEL_DEFAULT 100
#define CHECK_DEFAULT    (12 * ACME_TIME_HOUR)

/* Before trying again where somebody else has the lease. */
#define BUSY_WAIT apr_time_from_sec(1)

/* Another worker ends, or goes on, within seconds. Who waits for longer says
 * so, and then once in a while. */
#define BUSY_WARN  (5 * ACME_TIME_MINUTE)
#define BUSY_AGAIN ACME_TIME_HOUR

/* A host that calls us again and again must not heat a processor. */
#define LEAST_WAIT apr_time_from_msec(100)

/* What acmectl asks for is seen so soon while orders are in flight. */
#define CTL_REQUESTS_WAIT apr_time_from_sec(1)

/* How long a request whose answer must not be lost is waited for. */
#define LEAVE_WAIT apr_time_from_sec(2)

/* The longest the store may be left alone because it has failed. */
#define STORE_WAIT ACME_TIME_HOUR

/* Answers to challenges that are older were left behind by a crash. */
#define CHALLENGE_LIFE ACME_TIME_DAY

struct acme_worker_t {
    acme_worker_ctx_t work;
    apr_pool_t *p;
    acme_worker_lease_t *turn;
    acme_scheduler_t *scheduler;
    acme_ctl_request_dir_t *ctl_requests;
    const char *seed;
    apr_interval_time_t check_interval;
    apr_time_t checked; /* when all sites were looked at, or 0 */
    apr_time_t seen;    /* the clock, at the last call */
    int store_failures; /* runs in a row that got no lease from the store */
    apr_time_t busy;    /* since when somebody else has it, or 0 */
    apr_time_t said;    /* when that was last said, or 0 */
    apr_pool_t *pflush; /* of the last flush's problem */
    char waiting[480];
};

static void wake(void *baton)
{
    acme_worker_t *runner = baton;

    runner->work.http->wakeup(runner->work.http);
}

static apr_time_t now_of(const acme_worker_t *runner)
{
    return acme_time_now(runner->work.clock);
}

static int is_stopped(acme_worker_t *runner)
{
    return apr_atomic_read32(&runner->work.stop) != 0;
}

acme_worker_t *acme_worker_create(const acme_worker_config_t *config,
                                  apr_pool_t *p)
{
    acme_worker_t *runner = apr_pcalloc(p, sizeof(*runner));
    int parallel = config->parallel > 0 ? config->parallel : PARALLEL_DEFAULT;

    runner->p = p;
    apr_pool_create(&runner->pflush, p);
    runner->work.vault = config->vault;
    runner->work.http = config->http;
    runner->work.clock = config->clock;
    runner->work.log = config->log;
    runner->work.revoked = config->revoked;
    runner->work.reuse = config->reuse;
    runner->work.urgent = config->urgent;
    runner->work.urgent_baton = config->urgent_baton;
    runner->work.keygen = acme_keygen_create(wake, runner, p);
    runner->turn = acme_worker_lease_create(config->vault, config->clock,
                                            config->loaded, p);
    runner->scheduler =
        acme_scheduler_create(&runner->work, config->specs, config->inventories,
                              config->job_cache, parallel, p);
    runner->ctl_requests = config->ctl_requests;
    runner->seed = config->specs->nelts > 0
                       ? APR_ARRAY_IDX(config->specs, 0, acme_spec_t *)->name
                       : "";
    runner->check_interval =
        config->check_interval > 0 ? config->check_interval : CHECK_DEFAULT;
    return runner;
}

void acme_worker_stop(acme_worker_t *runner)
{
    apr_atomic_set32(&runner->work.stop, 1);
    wake(runner);
}

/* One stat(). */
static int has_requests(const acme_worker_t *runner)
{
    return runner->ctl_requests && acme_ctl_request_moved(runner->ctl_requests);
}

int acme_worker_is_precious(const acme_worker_t *runner)
{
    return runner->work.http->precious(runner->work.http) > 0;
}

/* Whether somebody has waited for it. */
static int flush(acme_worker_t *runner)
{
    apr_pool_clear(runner->pflush);
    return acme_flush_run(&runner->work.flush,
                          acme_vault_store(runner->work.vault), runner->pflush);
}

/* Until nothing is due, or stop. APR_EBUSY when the lease is lost. */
static apr_status_t work(acme_worker_t *runner)
{
    acme_http_t *http = runner->work.http;
    apr_time_t at, now;
    apr_status_t rv;
    int waits;

    while (!is_stopped(runner)) {
        rv = acme_worker_lease_renew(runner->turn);
        if (rv == APR_SUCCESS && has_requests(runner)) {
            acme_ctl_queue_read(runner->scheduler, runner->ctl_requests);
        }
        if (rv == APR_SUCCESS
            && acme_account_ops_queue_is_held(runner->scheduler)) {
            return rv;
        }
        if (rv == APR_SUCCESS) {
            rv = acme_scheduler_look(runner->scheduler, runner->turn);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        runner->work.moved = 0;
        at = acme_scheduler_step(runner->scheduler, &waits);
        if (!waits) {
            return APR_SUCCESS;
        }
        if (flush(runner)) {
            continue;
        }
        if (at > acme_worker_lease_renew_at(runner->turn)) {
            at = acme_worker_lease_renew_at(runner->turn);
        }
        now = now_of(runner);
        if (runner->ctl_requests && at > now + CTL_REQUESTS_WAIT) {
            at = now + CTL_REQUESTS_WAIT;
        }
        http->run(http, runner->work.moved || at <= now ? 0 : at - now);
    }
    return APR_SUCCESS;
}

/* Ends what is under way. What was asked and cannot be asked again is waited
 * for, unless nothing may be saved any more. */
static void leave(acme_worker_t *runner)
{
    acme_http_t *http = runner->work.http;
    apr_time_t begun = now_of(runner);
    apr_time_t now = begun;

    while (runner->work.state == ACME_WORKER_CTX_HALTED
           && http->pending(http) > 0 && now >= begun
           && now < begun + LEAVE_WAIT) {
        http->cancel(http, 0);
        if (http->pending(http) > 0) {
            http->run(http, begun + LEAVE_WAIT - now);
        }
        now = now_of(runner);
    }
    /* The end of one may be followed by another, but no step follows. */
    while (http->pending(http) > 0) {
        http->cancel(http, 1);
    }
}

/* All sites in one run; ends with nothing under way. */
static void run(acme_worker_t *runner, apr_pool_t *p)
{
    apr_status_t rv;

    acme_store_t *store = acme_vault_store(runner->work.vault);

    runner->work.state = ACME_WORKER_CTX_ON;
    acme_store_busy(store, 1);
    acme_scheduler_begin(runner->scheduler, p);
    rv = work(runner);
    runner->work.state =
        rv == APR_SUCCESS ? ACME_WORKER_CTX_HALTED : ACME_WORKER_CTX_LOST;
    if (rv != APR_SUCCESS) {
        acme_log(runner->work.log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0312) "worker: another one has taken over, orders "
                                "are left to it");
        runner->checked = 0;
    }
    leave(runner);
    if (runner->ctl_requests
        && acme_account_ops_queue_has_work(runner->scheduler)) {
        acme_ctl_request_again(runner->ctl_requests);
    }
    acme_scheduler_end(runner->scheduler);
    acme_store_busy(store, 0);
    acme_worker_lease_release(runner->turn);
}

static apr_time_t when_again(const acme_worker_t *runner, apr_time_t at)
{
    apr_time_t now = now_of(runner);
    apr_time_t last =
        now + acme_schedule_jitter(runner->check_interval, runner->seed);

    at = at < last ? at : last;
    return at < now + LEAST_WAIT ? now + LEAST_WAIT : at;
}

const char *acme_worker_waiting(const acme_worker_t *runner)
{
    return runner->waiting;
}

/* Somebody else has the lease, or a newer worker acts. */
static void note_busy(acme_worker_t *runner, const acme_problem_t *problem,
                      apr_pool_t *p)
{
    apr_time_t now = now_of(runner);

    if (runner->busy == 0 || now < runner->busy) {
        runner->busy = now;
        runner->said = 0;
    }
    if (now - runner->busy < BUSY_WARN
        || (runner->said != 0 && now - runner->said < BUSY_AGAIN)) {
        return;
    }
    runner->said = now;
    apr_snprintf(runner->waiting, sizeof(runner->waiting),
                 "nothing is ordered since %s: %s",
                 acme_time_print(runner->busy, p),
                 problem->detail ? problem->detail
                                 : "another worker is newer than this one");
    acme_log(runner->work.log, ACME_LOG_WARNING, 0, ACME_TAG(0314) "worker: %s",
             runner->waiting);
}

static void note_turn(acme_worker_t *runner)
{
    if (runner->said != 0) {
        acme_log(runner->work.log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0315) "worker: nobody else holds the lease any more, "
                                "orders go on");
    }
    runner->busy = 0;
    runner->said = 0;
    *runner->waiting = '\0';
}

/* No lease. Returns when to try again. */
static apr_time_t turned_away(acme_worker_t *runner, apr_status_t rv,
                              const acme_problem_t *problem, apr_pool_t *p)
{
    apr_interval_time_t wait;

    if (APR_STATUS_IS_EBUSY(rv)) {
        note_busy(runner, problem, p);
        return now_of(runner) + BUSY_WAIT;
    }
    ++runner->store_failures;
    wait = acme_schedule_backoff(runner->store_failures, ACME_TIME_MINUTE,
                                 "store");
    wait = wait < STORE_WAIT ? wait : STORE_WAIT;
    acme_log(runner->work.log, ACME_LOG_WARNING, rv,
             ACME_TAG(0313) "worker: nothing can be ordered: %s; trying again "
                            "in %s",
             acme_problem_text(problem, p), acme_time_print_duration(wait, p));
    return now_of(runner) + wait;
}

/* Whether all sites are to be looked at, whatever is remembered of them. */
static int needs_check(const acme_worker_t *runner, apr_time_t now)
{
    return runner->checked == 0 || now < runner->checked
           || now - runner->checked >= runner->check_interval;
}

apr_time_t acme_worker_run(acme_worker_t *runner)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = now_of(runner);
    apr_time_t at = acme_scheduler_due(runner->scheduler);
    apr_pool_t *p;
    int again;
    apr_status_t rv;

    if (is_stopped(runner)) {
        return when_again(runner, ACME_SCHEDULE_NEVER);
    }
    if (now < runner->seen) {
        runner->checked = 0; /* the clock was turned back */
    }
    runner->seen = now;
    if (!needs_check(runner, now) && at > now && !has_requests(runner)) {
        return when_again(runner, at);
    }
    apr_pool_create(&p, runner->p);
    apr_pool_tag(p, "acme_run");
    rv = acme_worker_lease_take(runner->turn, &again, &problem, p);
    if (rv == APR_SUCCESS) {
        runner->store_failures = 0;
        note_turn(runner);
        if (!again || needs_check(runner, now)) {
            acme_scheduler_forget(runner->scheduler);
            runner->checked = now;
            acme_solver_http_sweep(runner->work.vault, now - CHALLENGE_LIFE, p);
        }
        run(runner, p);
        at = when_again(runner, acme_scheduler_due(runner->scheduler));
        runner->seen = now_of(runner);
    }
    else {
        at = turned_away(runner, rv, &problem, p);
    }
    apr_pool_destroy(p);
    return at;
}
