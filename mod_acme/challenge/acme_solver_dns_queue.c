/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_queue.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_solver_dns_command.h"
#include "acme_solver_dns_how.h"
#include "acme_solver_dns_responder.h"
#include "acme_solver_dns_update.h"

/* Short names for the states of a record. */
#define SETUP_QUEUED    ACME_SOLVER_DNS_QUEUE_SETUP_QUEUED
#define SETUP           ACME_SOLVER_DNS_QUEUE_SETUP
#define UP              ACME_SOLVER_DNS_QUEUE_UP
#define FAILED          ACME_SOLVER_DNS_QUEUE_FAILED
#define TEARDOWN_QUEUED ACME_SOLVER_DNS_QUEUE_TEARDOWN_QUEUED
#define TEARDOWN        ACME_SOLVER_DNS_QUEUE_TEARDOWN

typedef acme_solver_dns_entry_t entry_t;

/* The ways how a record comes into the DNS. */
static const acme_solver_dns_way_t *const ways[] = {
    &acme_solver_dns_command,
    &acme_solver_dns_responder,
    &acme_solver_dns_update,
};

struct acme_solver_dns_queue_t {
    acme_worker_ctx_t *ctx;
    acme_solver_dns_tools_t tools;
    apr_array_header_t *entries; /* entry_t *, in the order of their wishes */
    int running;
    apr_pool_t *p;
};

acme_solver_dns_queue_t *acme_solver_dns_queue_create(
    acme_worker_ctx_t *ctx, const acme_solver_dns_tools_t *tools, apr_pool_t *p)
{
    acme_solver_dns_queue_t *queue = apr_pcalloc(p, sizeof(*queue));

    queue->ctx = ctx;
    queue->tools = *tools;
    queue->entries = apr_array_make(p, 4, sizeof(entry_t *));
    queue->p = p;
    return queue;
}

static entry_t *entry_at(const acme_solver_dns_queue_t *queue, int i)
{
    return APR_ARRAY_IDX(queue->entries, i, entry_t *);
}

entry_t *acme_solver_dns_queue_find(const acme_solver_dns_queue_t *queue,
                                    const char *value)
{
    int i;

    for (i = 0; i < queue->entries->nelts; ++i) {
        if (strcmp(entry_at(queue, i)->record.value, value) == 0) {
            return entry_at(queue, i);
        }
    }
    return NULL;
}

static void take_out(acme_solver_dns_queue_t *queue, const entry_t *entry)
{
    int i, n = 0;

    for (i = 0; i < queue->entries->nelts; ++i) {
        if (entry_at(queue, i) != entry) {
            APR_ARRAY_IDX(queue->entries, n++, entry_t *) = entry_at(queue, i);
        }
    }
    queue->entries->nelts = n;
}

/* Notes where the record is about to be written. */
static apr_status_t note(acme_solver_dns_work_t *work, const char *at,
                         const char *zone, acme_problem_t *problem,
                         apr_pool_t *ptemp)
{
    entry_t *entry = work->baton;
    apr_status_t rv;

    entry->record.at = apr_pstrdup(entry->p, at);
    entry->record.zone = apr_pstrdup(entry->p, zone);
    rv = acme_solver_dns_record_put(&entry->record, entry->queue->ctx->vault,
                                    ACME_STORE_SYNC, problem, ptemp);
    if (rv != APR_SUCCESS) {
        entry->record.at = NULL;
        entry->record.zone = NULL;
    }
    return rv;
}

static entry_t *add(acme_solver_dns_queue_t *queue,
                    const acme_solver_dns_record_t *record)
{
    apr_pool_t *p;
    entry_t *entry;

    apr_pool_create(&p, queue->p);
    entry = apr_pcalloc(p, sizeof(*entry));
    entry->p = p;
    apr_pool_create(&entry->work.p, p);
    entry->work.tools = &queue->tools;
    entry->work.record = &entry->record;
    entry->work.note = note;
    entry->work.baton = entry;
    entry->queue = queue;
    acme_solver_dns_record_copy(&entry->record, record, p);
    APR_ARRAY_PUSH(queue->entries, entry_t *) = entry;
    return entry;
}

/* Lets a work wait for its turn, behind those that were asked for before. */
static void append(acme_solver_dns_queue_t *queue, entry_t *entry,
                   acme_solver_dns_queue_e state)
{
    take_out(queue, entry);
    APR_ARRAY_PUSH(queue->entries, entry_t *) = entry;
    entry->state = state;
}

static void drop(acme_solver_dns_queue_t *queue, entry_t *entry)
{
    take_out(queue, entry);
    apr_pool_destroy(entry->p);
}

static const acme_solver_dns_way_t *way_of(const entry_t *entry)
{
    apr_size_t i, n = sizeof(ways) / sizeof(ways[0]);

    for (i = 0; i + 1 < n && ways[i]->way != entry->record.how.way; ++i) {
    }
    return ways[i];
}

static int is_running(const entry_t *entry)
{
    return entry->state == SETUP || entry->state == TEARDOWN;
}

static int is_queued(const entry_t *entry)
{
    return entry->state == SETUP_QUEUED || entry->state == TEARDOWN_QUEUED;
}

static int is_same_name(const entry_t *a, const entry_t *b)
{
    return strcmp(a->record.identifier, b->record.identifier) == 0;
}

/* ---- what comes of a work ---- */

/* Asks for the record to be set up, which is noted on disk before. */
static apr_status_t want(acme_solver_dns_queue_t *queue, entry_t *entry,
                         acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    entry->record.up = 0;
    entry->record.at = NULL;
    entry->record.zone = NULL;
    rv = acme_solver_dns_record_put(&entry->record, queue->ctx->vault,
                                    ACME_STORE_SYNC, problem, ptemp);
    if (rv == APR_SUCCESS) {
        append(queue, entry, SETUP_QUEUED);
    }
    return rv;
}

static void set_up(acme_solver_dns_queue_t *queue, entry_t *entry,
                   apr_time_t now, apr_pool_t *ptemp)
{
    acme_log(queue->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0630) "%s: the record %s is set up", entry->record.site,
             acme_solver_dns_record_name(&entry->record, ptemp));
    entry->state = UP;
    entry->visible = now + entry->record.how.propagation;
    entry->record.up = 1;
    entry->record.since = now;
    /* If this is lost, the record is set up once more at worst. */
    (void)acme_solver_dns_record_put(&entry->record, queue->ctx->vault,
                                     ACME_STORE_LAZY, NULL, ptemp);
}

static void fail(entry_t *entry, const acme_problem_t *problem)
{
    entry->state = FAILED;
    entry->problem = acme_problem_dup(problem, entry->p);
}

/* Counts a try that could not tear the record down. */
static void count(acme_solver_dns_queue_t *queue, entry_t *entry,
                  const acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_solver_dns_record_t *record = &entry->record;
    const char *name = acme_solver_dns_record_name(record, ptemp);

    if (++record->tries < ACME_SOLVER_DNS_QUEUE_TRIES
        || acme_time_now(queue->ctx->clock)
               < record->since + ACME_SOLVER_DNS_QUEUE_KEEP) {
        acme_log(queue->ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0631) "%s: the record %s could not be torn down: %s; "
                                "tried again at the next regular check",
                 record->site, name, acme_problem_text(problem, ptemp));
        (void)acme_solver_dns_record_put(record, queue->ctx->vault,
                                         ACME_STORE_LAZY, NULL, ptemp);
        return;
    }
    acme_log(queue->ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0632) "%s: the record %s could not be torn down in %d "
                            "tries: %s; what to do: remove the TXT record %s "
                            "with the value %s yourself",
             record->site, name, record->tries,
             acme_problem_text(problem, ptemp), name, record->value);
    acme_solver_dns_record_remove(record, queue->ctx->vault, ptemp);
}

/* Goes on after a record was torn down, or could not be. */
static void torn_down(acme_solver_dns_queue_t *queue, entry_t *entry,
                      const acme_problem_t *failure, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (failure) {
        count(queue, entry, failure, ptemp);
    }
    else {
        acme_log(queue->ctx->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0633) "%s: the record %s is torn down",
                 entry->record.site,
                 acme_solver_dns_record_name(&entry->record, ptemp));
        acme_solver_dns_record_remove(&entry->record, queue->ctx->vault, ptemp);
    }
    if (!entry->again) {
        drop(queue, entry);
        return;
    }
    entry->again = 0;
    if (entry->how_again) {
        entry->record.how = *entry->how_again;
        entry->how_again = NULL;
    }
    if (want(queue, entry, &problem, ptemp) != APR_SUCCESS) {
        fail(entry, &problem);
    }
}

/* Goes on after a work; its pool is cleared by the next one.
 * @param problem NULL: it has succeeded */
static void ended(acme_solver_dns_queue_t *queue, entry_t *entry,
                  const acme_problem_t *problem, apr_time_t now,
                  apr_pool_t *ptemp)
{
    queue->ctx->moved = 1;
    if (entry->state == TEARDOWN) {
        torn_down(queue, entry, problem, ptemp);
        return;
    }
    if (problem) {
        fail(entry, problem);
    }
    else {
        set_up(queue, entry, now, ptemp);
    }
    if (entry->released) {
        entry->released = 0;
        append(queue, entry, TEARDOWN_QUEUED);
    }
}

/* ---- works ---- */

static void start(acme_solver_dns_queue_t *queue, entry_t *entry,
                  apr_time_t now, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    entry->state = entry->state == SETUP_QUEUED ? SETUP : TEARDOWN;
    apr_pool_clear(entry->work.p);
    entry->work.what = entry->state == SETUP ? ACME_SOLVER_DNS_SETUP
                                             : ACME_SOLVER_DNS_TEARDOWN;
    entry->work.state = NULL;
    rv = way_of(entry)->start(&entry->work, now, &problem);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        entry->runs = 1;
        ++queue->running;
        return;
    }
    ended(queue, entry, rv == APR_SUCCESS ? NULL : &problem, now, ptemp);
}

/* Returns non-zero when another work for the name has to end before. */
static int is_blocked(const acme_solver_dns_queue_t *queue, int index)
{
    const entry_t *entry = entry_at(queue, index), *other;
    int i;

    for (i = 0; i < queue->entries->nelts; ++i) {
        other = entry_at(queue, i);
        if (other != entry && is_same_name(other, entry)
            && (is_running(other) || (i < index && is_queued(other)))) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when the teardown of another record removes this one,
 * too. */
static int is_left_to_another(const acme_solver_dns_queue_t *queue,
                              const entry_t *entry)
{
    const acme_solver_dns_way_t *way = way_of(entry);
    int i;

    if (entry->state != TEARDOWN_QUEUED || entry->again || !way->clears_name
        || !way->clears_name(&entry->record.how)) {
        return 0;
    }
    for (i = 0; i < queue->entries->nelts; ++i) {
        if (entry_at(queue, i) != entry
            && is_same_name(entry_at(queue, i), entry)
            && entry_at(queue, i)->record.how.way == entry->record.how.way
            && entry_at(queue, i)->state != TEARDOWN) {
            return 1;
        }
    }
    return 0;
}

static void start_some(acme_solver_dns_queue_t *queue, apr_time_t now,
                       apr_pool_t *ptemp)
{
    entry_t *entry;
    int i = 0;

    while (i < queue->entries->nelts
           && queue->running < ACME_SOLVER_DNS_QUEUE_MOST) {
        entry = entry_at(queue, i);
        if (!is_queued(entry) || is_blocked(queue, i)) {
            ++i;
        }
        else if (is_left_to_another(queue, entry)) {
            entry->state = TEARDOWN;
            torn_down(queue, entry, NULL, ptemp);
        }
        else {
            start(queue, entry, now, ptemp);
            /* Begins anew, because a work that ends at once moves what waits;
             * each does so once. */
            i = 0;
        }
    }
}

void acme_solver_dns_queue_start(acme_solver_dns_queue_t *queue,
                                 apr_pool_t *ptemp)
{
    start_some(queue, acme_time_now(queue->ctx->clock), ptemp);
}

static void poll_entry(acme_solver_dns_queue_t *queue, entry_t *entry,
                       apr_time_t now, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = way_of(entry)->poll(&entry->work, now, &problem, ptemp);

    if (APR_STATUS_IS_EAGAIN(rv)) {
        return;
    }
    entry->runs = 0;
    --queue->running;
    ended(queue, entry, rv == APR_SUCCESS ? NULL : &problem, now, ptemp);
}

apr_time_t acme_solver_dns_queue_step(acme_solver_dns_queue_t *queue,
                                      int *waits)
{
    apr_time_t now = acme_time_now(queue->ctx->clock);
    apr_pool_t *ptemp;
    int i;

    *waits = 0;
    if (queue->entries->nelts == 0) {
        return ACME_SCHEDULE_NEVER;
    }
    apr_pool_create(&ptemp, queue->p);
    for (i = queue->entries->nelts - 1; i >= 0; --i) {
        if (entry_at(queue, i)->runs) {
            poll_entry(queue, entry_at(queue, i), now, ptemp);
        }
    }
    start_some(queue, now, ptemp);
    for (i = 0; i < queue->entries->nelts; ++i) {
        *waits +=
            is_queued(entry_at(queue, i)) || is_running(entry_at(queue, i));
    }
    apr_pool_destroy(ptemp);
    return queue->running > 0 ? now + ACME_COMMAND_POLL : ACME_SCHEDULE_NEVER;
}

void acme_solver_dns_queue_end(acme_solver_dns_queue_t *queue)
{
    apr_interval_time_t waited = 0;
    apr_time_t now = acme_time_now(queue->ctx->clock);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i, left = queue->running;

    for (i = 0; i < queue->entries->nelts; ++i) {
        entry_t *entry = entry_at(queue, i);

        if (entry->runs) {
            way_of(entry)->stop(&entry->work, now);
        }
    }
    while (left > 0 && waited < ACME_SOLVER_DNS_QUEUE_LEAVE) {
        apr_sleep(apr_time_from_msec(10));
        waited += apr_time_from_msec(10);
        left = 0;
        for (i = 0; i < queue->entries->nelts; ++i) {
            entry_t *entry = entry_at(queue, i);

            if (entry->runs
                && !APR_STATUS_IS_EAGAIN(way_of(entry)->poll(
                    &entry->work, now, &problem, entry->work.p))) {
                entry->runs = 0;
            }
            left += entry->runs;
        }
    }
    /* Kills the rest. */
    while (queue->entries->nelts > 0) {
        drop(queue, entry_at(queue, 0));
    }
    queue->running = 0;
}

/* ---- wishes ---- */

apr_status_t
acme_solver_dns_queue_set_up(acme_solver_dns_queue_t *queue,
                             const acme_solver_dns_record_t *record,
                             acme_problem_t *problem, apr_pool_t *ptemp)
{
    entry_t *entry = add(queue, record);
    apr_status_t rv = want(queue, entry, problem, ptemp);

    if (rv != APR_SUCCESS) {
        drop(queue, entry);
    }
    return rv;
}

void acme_solver_dns_queue_resume(acme_solver_dns_queue_t *queue,
                                  const acme_solver_dns_record_t *record,
                                  const acme_solver_dns_record_t *known)
{
    acme_solver_dns_record_t now = *known;
    acme_dns_spec_t *how;
    entry_t *entry;

    if (acme_solver_dns_how_fits(&known->how, &record->how)) {
        now.how = record->how;
        entry = add(queue, &now);
        entry->visible = known->since + record->how.propagation;
        entry->state = UP;
        if (known->up) {
            return;
        }
    }
    else {
        entry = add(queue, &now);
        how = apr_pcalloc(entry->p, sizeof(*how));
        acme_solver_dns_how_copy(how, &record->how, entry->p);
        entry->how_again = how;
    }
    entry->again = 1;
    append(queue, entry, TEARDOWN_QUEUED);
}

void acme_solver_dns_queue_want_again(entry_t *entry)
{
    entry->again = 1;
}

void acme_solver_dns_queue_release(acme_solver_dns_queue_t *queue,
                                   const acme_solver_dns_record_t *record)
{
    entry_t *entry = acme_solver_dns_queue_find(queue, record->value);

    if (!entry) {
        entry = add(queue, record);
        entry->state = UP;
    }
    entry->again = 0;
    if (entry->state == SETUP) {
        entry->released = 1;
        way_of(entry)->stop(&entry->work, acme_time_now(queue->ctx->clock));
    }
    else if (entry->state != TEARDOWN_QUEUED && entry->state != TEARDOWN) {
        append(queue, entry, TEARDOWN_QUEUED);
    }
}
