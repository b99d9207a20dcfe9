/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_crash.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_schedule.h"

/* How long deaths are remembered that nothing else has ended: longer than the
 * longest wait after a failure, which is a day. */
#define MEMORY (7 * ACME_TIME_DAY)

/* How long after a death all sites that ask the CA share its failure. Shorter
 * than the first wait after a failure. */
#define BARRED apr_time_from_sec(30)

/* The longest wait of all work. */
#define WAIT_MAX ACME_TIME_HOUR

/* Sets the kind last, and clears it first, because the process may die in
 * between. */
static void set_at(acme_crash_entry_t *at, acme_crash_mark_t mark)
{
    at->what = ACME_CRASH_NOTHING;
    if (mark.what != ACME_CRASH_NOTHING) {
        apr_cpystrn(at->name, mark.name, sizeof(at->name));
        at->what = (int)mark.what;
    }
}

/* Compares as much of a name as fits. */
static int is_of(const acme_crash_entry_t *entry, acme_crash_e what,
                 const char *name)
{
    return entry->what == (int)what
           && !strncmp(entry->name, name, ACME_CRASH_NAME);
}

static acme_crash_entry_t *find(const acme_crash_t *crash, acme_crash_e what,
                                const char *name)
{
    int i;

    for (i = 0; crash->shared && i < ACME_CRASH_ENTRIES; i++) {
        if (is_of(&crash->shared->entries[i], what, name)) {
            return &crash->shared->entries[i];
        }
    }
    return NULL;
}

/* Returns the entry that is unused, or else oldest. */
static acme_crash_entry_t *make(acme_crash_shared_t *shared,
                                acme_crash_mark_t mark)
{
    acme_crash_entry_t *oldest = &shared->entries[0];
    int i;

    for (i = 1; i < ACME_CRASH_ENTRIES; i++) {
        if (shared->entries[i].last < oldest->last) {
            oldest = &shared->entries[i];
        }
    }
    memset(oldest, 0, sizeof(*oldest));
    set_at(oldest, mark);
    return oldest;
}

static void count_death(acme_crash_t *crash, acme_crash_mark_t died,
                        apr_time_t now)
{
    acme_crash_shared_t *shared = crash->shared;
    acme_crash_entry_t *entry;
    apr_interval_time_t wait;

    shared->in_a_row++;
    if (shared->in_a_row >= ACME_CRASH_IN_A_ROW) {
        wait = acme_schedule_backoff(shared->in_a_row - ACME_CRASH_IN_A_ROW + 1,
                                     ACME_TIME_MINUTE, "crash");
        shared->until = now + (wait < WAIT_MAX ? wait : WAIT_MAX);
    }
    if (died.what == ACME_CRASH_NOTHING) {
        return;
    }
    entry = find(crash, died.what, died.name);
    if (!entry) {
        entry = make(shared, died);
    }
    if (now < entry->last || now - entry->last > MEMORY) {
        entry->deaths = 0;
    }
    entry->deaths++;
    entry->last = now;
    entry->pending = entry->deaths >= ACME_CRASH_DEATHS;
}

static apr_status_t ended(void *data)
{
    acme_crash_t *crash = data;

    if (!crash->shared) {
        return APR_SUCCESS;
    }
    set_at(&crash->shared->at, (acme_crash_mark_t){ACME_CRASH_NOTHING, NULL});
    crash->shared->running = 0;
    crash->shared = NULL;
    return APR_SUCCESS;
}

int acme_crash_open(acme_crash_t *crash, acme_crash_mark_t *died,
                    acme_crash_shared_t *shared, apr_time_t now, apr_pool_t *p)
{
    int was_running;

    memset(crash, 0, sizeof(*crash));
    died->what = ACME_CRASH_NOTHING;
    died->name = NULL;
    if (!shared) {
        return 0;
    }
    crash->shared = shared;
    was_running = shared->running;
    if (was_running) {
        if (shared->at.what > ACME_CRASH_NOTHING
            && shared->at.what <= ACME_CRASH_JOB) {
            died->what = (acme_crash_e)shared->at.what;
            died->name = apr_pstrndup(p, shared->at.name, ACME_CRASH_NAME);
        }
        count_death(crash, *died, now);
    }
    set_at(&shared->at, crash->mark);
    shared->running = 1;
    apr_pool_cleanup_register(p, crash, ended, apr_pool_cleanup_null);
    return was_running;
}

apr_time_t acme_crash_until(const acme_crash_t *crash, apr_time_t now)
{
    apr_time_t until = crash->shared ? crash->shared->until : 0;

    /* A later time than any that is set was set before the clock was turned
     * back. */
    return until > now && until <= now + 2 * WAIT_MAX ? until : 0;
}

int acme_crash_in_a_row(const acme_crash_t *crash)
{
    return crash->shared ? crash->shared->in_a_row : 0;
}

int acme_crash_note(acme_crash_t *crash)
{
    if (!crash->shared || crash->shared->noting) {
        return 0;
    }
    crash->shared->noting = 1;
    return 1;
}

void acme_crash_noted(acme_crash_t *crash)
{
    if (crash->shared) {
        crash->shared->noting = 0;
    }
}

void acme_crash_begin(acme_crash_t *crash)
{
    if (crash->shared) {
        crash->shared->running = 1;
    }
}

void acme_crash_end(acme_crash_t *crash)
{
    if (crash->shared) {
        crash->shared->running = 0;
        crash->shared->in_a_row = 0;
        crash->shared->until = 0;
        crash->shared->noting = 0;
    }
}

acme_crash_mark_t acme_crash_enter(acme_crash_t *crash, acme_crash_e what,
                                   const char *name)
{
    acme_crash_mark_t before = crash->mark;

    acme_crash_leave(crash, (acme_crash_mark_t){what, name});
    return before;
}

void acme_crash_leave(acme_crash_t *crash, acme_crash_mark_t before)
{
    crash->mark = before;
    if (crash->shared) {
        set_at(&crash->shared->at, before);
    }
}

int acme_crash_deaths(const acme_crash_t *crash, acme_crash_e what,
                      const char *name)
{
    const acme_crash_entry_t *entry = find(crash, what, name);

    return entry ? entry->deaths : 0;
}

int acme_crash_take(acme_crash_t *crash, acme_crash_e what, const char *name)
{
    acme_crash_entry_t *entry = find(crash, what, name);
    int pending = entry && entry->pending;

    if (pending) {
        entry->pending = 0;
    }
    return pending;
}

int acme_crash_is_barred(acme_crash_t *crash, const char *ca, apr_time_t now,
                         int *first)
{
    const acme_crash_entry_t *entry = find(crash, ACME_CRASH_CA, ca);

    *first = 0;
    if (!entry || entry->deaths < ACME_CRASH_DEATHS || now < entry->last
        || now - entry->last >= BARRED) {
        return 0;
    }
    *first = acme_crash_take(crash, ACME_CRASH_CA, ca);
    return 1;
}

void acme_crash_forget(acme_crash_t *crash, acme_crash_e what, const char *name)
{
    acme_crash_entry_t *entry = find(crash, what, name);

    if (entry) {
        memset(entry, 0, sizeof(*entry));
    }
}

void acme_crash_problem(acme_problem_t *problem, const acme_crash_t *crash,
                        acme_crash_e what, const char *name, apr_pool_t *p)
{
    acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_CRASH, p,
                     "the server's child process ended unexpectedly, %d times, "
                     "while it worked on %s%s",
                     acme_crash_deaths(crash, what, name),
                     what == ACME_CRASH_CA ? "the answers of " : "",
                     what == ACME_CRASH_CA ? name : "this site");
}

/* ---- the transport ---- */

typedef struct transport_t {
    acme_http_t http;
    acme_crash_t *crash;
    acme_http_t *inner;
    const char *ca;
    apr_pool_t *p;
} transport_t;

/* A request that is under way. */
typedef struct call_t {
    transport_t *transport;
    acme_http_done_fn *done;
    void *baton;
    apr_pool_t *p;
} call_t;

static void done(void *baton, apr_status_t rv,
                 const acme_http_response_t *response,
                 const acme_problem_t *problem)
{
    call_t *call = baton;
    acme_crash_t *crash = call->transport->crash;
    acme_crash_mark_t before =
        acme_crash_enter(crash, ACME_CRASH_CA, call->transport->ca);

    call->done(call->baton, rv, response, problem);
    acme_crash_leave(crash, before);
    apr_pool_destroy(call->p);
}

static void submit(acme_http_t *http, const acme_http_request_t *request,
                   acme_http_done_fn *done_fn, void *baton)
{
    transport_t *transport = http->self;
    apr_pool_t *p;
    call_t *call;

    apr_pool_create(&p, transport->p);
    call = apr_pcalloc(p, sizeof(*call));
    call->p = p;
    call->transport = transport;
    call->done = done_fn;
    call->baton = baton;
    transport->inner->submit(transport->inner, request, done, call);
}

static void run(acme_http_t *http, apr_interval_time_t wait)
{
    transport_t *transport = http->self;

    transport->inner->run(transport->inner, wait);
}

static int pending(acme_http_t *http)
{
    transport_t *transport = http->self;

    return transport->inner->pending(transport->inner);
}

static int precious(acme_http_t *http)
{
    transport_t *transport = http->self;

    return transport->inner->precious(transport->inner);
}

static void cancel(acme_http_t *http, int all)
{
    transport_t *transport = http->self;

    transport->inner->cancel(transport->inner, all);
}

static void watch(acme_http_t *http, int fd, int events)
{
    transport_t *transport = http->self;

    transport->inner->watch(transport->inner, fd, events);
}

static void wakeup(acme_http_t *http)
{
    transport_t *transport = http->self;

    transport->inner->wakeup(transport->inner);
}

acme_http_t *acme_crash_http(acme_crash_t *crash, acme_http_t *http,
                             const char *ca, apr_pool_t *p)
{
    transport_t *made;

    if (!crash->shared) {
        return http;
    }
    made = apr_pcalloc(p, sizeof(*made));
    made->crash = crash;
    made->inner = http;
    made->ca = ca;
    made->p = p;
    made->http.self = made;
    made->http.submit = submit;
    made->http.run = run;
    made->http.pending = pending;
    made->http.precious = precious;
    made->http.cancel = cancel;
    made->http.watch = watch;
    made->http.wakeup = wakeup;
    return &made->http;
}
