/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_job.h"
#include "acme_jws.h"
#include "acme_site.h"
#include "acme_solver_dns_record.h"

/* An order that was left with a record is resumed within this time. */
#define RECORD_LIFE ACME_TIME_DAY

/* The states of a record. QUEUED ones wait for a command to start. */
typedef enum {
    DNS_SETUP_QUEUED,
    DNS_SETUP,
    DNS_UP,
    DNS_FAILED, /* the command has failed; its order will clean up */
    DNS_TEARDOWN_QUEUED,
    DNS_TEARDOWN
} dns_state_e;

typedef struct entry_t {
    acme_solver_dns_record_t record;
    dns_state_e state;
    int released; /* SETUP: to be torn down when the command has ended */
    int again;    /* to be set up after it was torn down */
    acme_command_t *command;
    apr_time_t visible;
    const acme_problem_t *problem; /* of FAILED */
    apr_pool_t *p;
    apr_pool_t *pcommand;
} entry_t;

struct acme_solver_dns_t {
    acme_worker_ctx_t *ctx;
    const acme_command_system_t *system;
    apr_array_header_t *entries; /* entry_t *, in the order of their wishes */
    int running;
    apr_pool_t *p;
};

acme_solver_dns_t *acme_solver_dns_create(acme_worker_ctx_t *ctx,
                                          const acme_command_system_t *system,
                                          apr_pool_t *p)
{
    acme_solver_dns_t *dns = apr_pcalloc(p, sizeof(*dns));

    dns->ctx = ctx;
    dns->system = system;
    dns->entries = apr_array_make(p, 4, sizeof(entry_t *));
    dns->p = p;
    return dns;
}

static entry_t *entry_at(const acme_solver_dns_t *dns, int i)
{
    return APR_ARRAY_IDX(dns->entries, i, entry_t *);
}

static entry_t *find(const acme_solver_dns_t *dns, const char *value)
{
    int i;

    for (i = 0; i < dns->entries->nelts; ++i) {
        if (strcmp(entry_at(dns, i)->record.value, value) == 0) {
            return entry_at(dns, i);
        }
    }
    return NULL;
}

static void take_out(acme_solver_dns_t *dns, const entry_t *entry)
{
    int i, n = 0;

    for (i = 0; i < dns->entries->nelts; ++i) {
        if (entry_at(dns, i) != entry) {
            APR_ARRAY_IDX(dns->entries, n++, entry_t *) = entry_at(dns, i);
        }
    }
    dns->entries->nelts = n;
}

/* Copies what a record needs to be set up and torn down. */
static void set_how(entry_t *entry, const acme_dns_spec_t *how)
{
    apr_array_header_t *argv = apr_array_copy(entry->p, how->argv);
    int i;

    for (i = 0; i < argv->nelts; ++i) {
        APR_ARRAY_IDX(argv, i, const char *) =
            apr_pstrdup(entry->p, APR_ARRAY_IDX(argv, i, const char *));
    }
    entry->record.how = *how;
    entry->record.how.argv = argv;
}

static entry_t *add(acme_solver_dns_t *dns,
                    const acme_solver_dns_record_t *record)
{
    apr_pool_t *p;
    entry_t *entry;

    apr_pool_create(&p, dns->p);
    entry = apr_pcalloc(p, sizeof(*entry));
    entry->p = p;
    apr_pool_create(&entry->pcommand, p);
    entry->record = *record;
    entry->record.site = apr_pstrdup(p, record->site);
    entry->record.host = apr_pstrdup(p, record->host);
    entry->record.identifier = apr_pstrdup(p, record->identifier);
    entry->record.value = apr_pstrdup(p, record->value);
    set_how(entry, &record->how);
    APR_ARRAY_PUSH(dns->entries, entry_t *) = entry;
    return entry;
}

/* Lets a command wait for its turn, behind those that were asked for before. */
static void queue(acme_solver_dns_t *dns, entry_t *entry, dns_state_e state)
{
    take_out(dns, entry);
    APR_ARRAY_PUSH(dns->entries, entry_t *) = entry;
    entry->state = state;
}

static void drop(acme_solver_dns_t *dns, entry_t *entry)
{
    take_out(dns, entry);
    apr_pool_destroy(entry->p);
}

static const char *what(const entry_t *entry)
{
    return entry->state == DNS_SETUP || entry->state == DNS_SETUP_QUEUED
               ? "setup"
               : "teardown";
}

static int is_running(const entry_t *entry)
{
    return entry->state == DNS_SETUP || entry->state == DNS_TEARDOWN;
}

static int is_queued(const entry_t *entry)
{
    return entry->state == DNS_SETUP_QUEUED
           || entry->state == DNS_TEARDOWN_QUEUED;
}

static int is_same_name(const entry_t *a, const entry_t *b)
{
    return strcmp(a->record.identifier, b->record.identifier) == 0;
}

/* ---- what comes of a command ---- */

/* Asks for the record to be set up, which is noted on disk before. */
static apr_status_t want(acme_solver_dns_t *dns, entry_t *entry,
                         acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv;

    entry->record.up = 0;
    rv = acme_solver_dns_record_put(&entry->record, dns->ctx->vault,
                                    ACME_STORE_SYNC, problem, ptemp);
    if (rv == APR_SUCCESS) {
        queue(dns, entry, DNS_SETUP_QUEUED);
    }
    return rv;
}

static void set_up(acme_solver_dns_t *dns, entry_t *entry, apr_time_t now,
                   apr_pool_t *ptemp)
{
    acme_log(dns->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0630) "%s: the record %s is set up", entry->record.site,
             acme_solver_dns_record_name(&entry->record, ptemp));
    entry->state = DNS_UP;
    entry->visible = now + entry->record.how.propagation;
    entry->record.up = 1;
    entry->record.since = now;
    /* If this is lost, the record is set up once more at worst. */
    (void)acme_solver_dns_record_put(&entry->record, dns->ctx->vault,
                                     ACME_STORE_LAZY, NULL, ptemp);
}

static void fail(entry_t *entry, const acme_problem_t *problem)
{
    entry->state = DNS_FAILED;
    entry->problem = acme_problem_dup(problem, entry->p);
}

/* Counts a command that could not tear the record down. */
static void count(acme_solver_dns_t *dns, entry_t *entry,
                  const acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_solver_dns_record_t *record = &entry->record;
    const char *name = acme_solver_dns_record_name(record, ptemp);

    if (++record->tries < ACME_SOLVER_DNS_TRIES
        || acme_time_now(dns->ctx->clock)
               < record->since + ACME_SOLVER_DNS_KEEP) {
        acme_log(dns->ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0631) "%s: the record %s could not be torn down: %s; "
                                "tried again at the next regular check",
                 record->site, name, acme_problem_text(problem, ptemp));
        (void)acme_solver_dns_record_put(record, dns->ctx->vault,
                                         ACME_STORE_LAZY, NULL, ptemp);
        return;
    }
    acme_log(dns->ctx->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0632) "%s: the record %s could not be torn down in %d "
                            "tries: %s; what to do: remove the TXT record %s "
                            "with the value %s yourself",
             record->site, name, record->tries,
             acme_problem_text(problem, ptemp), name, record->value);
    acme_solver_dns_record_remove(record, dns->ctx->vault, ptemp);
}

/* Goes on after a record was torn down, or could not be. */
static void torn_down(acme_solver_dns_t *dns, entry_t *entry,
                      const acme_problem_t *failure, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (failure) {
        count(dns, entry, failure, ptemp);
    }
    else {
        acme_log(dns->ctx->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0633) "%s: the record %s is torn down",
                 entry->record.site,
                 acme_solver_dns_record_name(&entry->record, ptemp));
        acme_solver_dns_record_remove(&entry->record, dns->ctx->vault, ptemp);
    }
    if (!entry->again) {
        drop(dns, entry);
        return;
    }
    entry->again = 0;
    if (want(dns, entry, &problem, ptemp) != APR_SUCCESS) {
        fail(entry, &problem);
    }
}

static void ended(acme_solver_dns_t *dns, entry_t *entry,
                  const acme_problem_t *problem, apr_time_t now,
                  apr_pool_t *ptemp)
{
    entry->command = NULL;
    dns->ctx->moved = 1;
    if (entry->state == DNS_TEARDOWN) {
        torn_down(dns, entry, problem, ptemp);
        return;
    }
    if (problem) {
        fail(entry, problem);
    }
    else {
        set_up(dns, entry, now, ptemp);
    }
    if (entry->released) {
        entry->released = 0;
        queue(dns, entry, DNS_TEARDOWN_QUEUED);
    }
}

/* ---- commands ---- */

/* Tells which command has failed, and for what. */
static void explain(acme_problem_t *problem, const entry_t *entry,
                    apr_pool_t *p)
{
    problem->detail = apr_psprintf(
        p, "the dns-01 command %s (%s) for the record %s %s",
        APR_ARRAY_IDX(entry->record.how.argv, 0, const char *), what(entry),
        acme_solver_dns_record_name(&entry->record, p), problem->detail);
}

static const char *const *make_argv(const entry_t *entry, apr_pool_t *p)
{
    apr_array_header_t *argv = apr_array_copy(p, entry->record.how.argv);

    APR_ARRAY_PUSH(argv, const char *) = what(entry);
    APR_ARRAY_PUSH(argv, const char *) = entry->record.identifier;
    if (entry->state == DNS_SETUP
        || entry->record.how.version != ACME_DNS_COMMAND_V1) {
        APR_ARRAY_PUSH(argv, const char *) = entry->record.value;
    }
    APR_ARRAY_PUSH(argv, const char *) = NULL;
    return (const char *const *)argv->elts;
}

static void start(acme_solver_dns_t *dns, entry_t *entry, apr_time_t now,
                  apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *env[2] = {NULL, NULL};

    entry->state = entry->state == DNS_SETUP_QUEUED ? DNS_SETUP : DNS_TEARDOWN;
    apr_pool_clear(entry->pcommand);
    env[0] =
        apr_pstrcat(entry->pcommand, "ACME_RECORD=",
                    acme_solver_dns_record_name(&entry->record, ptemp), NULL);
    if (acme_command_start(
            &entry->command, dns->system, make_argv(entry, entry->pcommand),
            env, entry->record.how.limit, now, &problem, entry->pcommand)
        == APR_SUCCESS) {
        ++dns->running;
        return;
    }
    explain(&problem, entry, ptemp);
    ended(dns, entry, &problem, now, ptemp);
}

/* Returns non-zero when another command for the name has to end before. */
static int is_blocked(const acme_solver_dns_t *dns, int index)
{
    const entry_t *entry = entry_at(dns, index), *other;
    int i;

    for (i = 0; i < dns->entries->nelts; ++i) {
        other = entry_at(dns, i);
        if (other != entry && is_same_name(other, entry)
            && (is_running(other) || (i < index && is_queued(other)))) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when the command of another record tears this one down, too:
 * version 1 names no value. */
static int is_left_to_another(const acme_solver_dns_t *dns,
                              const entry_t *entry)
{
    int i;

    if (entry->state != DNS_TEARDOWN_QUEUED || entry->again
        || entry->record.how.version != ACME_DNS_COMMAND_V1) {
        return 0;
    }
    for (i = 0; i < dns->entries->nelts; ++i) {
        if (entry_at(dns, i) != entry && is_same_name(entry_at(dns, i), entry)
            && entry_at(dns, i)->state != DNS_TEARDOWN) {
            return 1;
        }
    }
    return 0;
}

static void start_some(acme_solver_dns_t *dns, apr_time_t now,
                       apr_pool_t *ptemp)
{
    entry_t *entry;
    int i = 0;

    while (i < dns->entries->nelts && dns->running < ACME_SOLVER_DNS_MOST) {
        entry = entry_at(dns, i);
        if (!is_queued(entry) || is_blocked(dns, i)) {
            ++i;
        }
        else if (is_left_to_another(dns, entry)) {
            entry->state = DNS_TEARDOWN;
            torn_down(dns, entry, NULL, ptemp);
        }
        else {
            start(dns, entry, now, ptemp);
            /* Begins anew, because a command that cannot be started moves what
             * waits; each does so once. */
            i = 0;
        }
    }
}

apr_time_t acme_solver_dns_step(acme_solver_dns_t *dns, int *waits)
{
    acme_problem_t problem;
    apr_time_t now = acme_time_now(dns->ctx->clock);
    apr_pool_t *ptemp;
    entry_t *entry;
    apr_status_t rv;
    int i;

    *waits = 0;
    if (dns->entries->nelts == 0) {
        return ACME_SCHEDULE_NEVER;
    }
    apr_pool_create(&ptemp, dns->p);
    for (i = dns->entries->nelts - 1; i >= 0; --i) {
        entry = entry_at(dns, i);
        if (!entry->command) {
            continue;
        }
        memset(&problem, 0, sizeof(problem));
        rv = acme_command_poll(entry->command, now, &problem, ptemp);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            continue;
        }
        --dns->running;
        if (rv != APR_SUCCESS) {
            explain(&problem, entry, ptemp);
        }
        ended(dns, entry, rv == APR_SUCCESS ? NULL : &problem, now, ptemp);
    }
    start_some(dns, now, ptemp);
    for (i = 0; i < dns->entries->nelts; ++i) {
        *waits += is_queued(entry_at(dns, i)) || is_running(entry_at(dns, i));
    }
    apr_pool_destroy(ptemp);
    return dns->running > 0 ? now + ACME_COMMAND_POLL : ACME_SCHEDULE_NEVER;
}

void acme_solver_dns_end(acme_solver_dns_t *dns)
{
    apr_interval_time_t waited = 0;
    apr_time_t now = acme_time_now(dns->ctx->clock);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i, left = dns->running;

    for (i = 0; i < dns->entries->nelts; ++i) {
        if (entry_at(dns, i)->command) {
            acme_command_stop(entry_at(dns, i)->command, now);
        }
    }
    while (left > 0 && waited < ACME_SOLVER_DNS_LEAVE) {
        apr_sleep(apr_time_from_msec(10));
        waited += apr_time_from_msec(10);
        left = 0;
        for (i = 0; i < dns->entries->nelts; ++i) {
            entry_t *entry = entry_at(dns, i);

            if (entry->command
                && !APR_STATUS_IS_EAGAIN(acme_command_poll(
                    entry->command, now, &problem, entry->pcommand))) {
                entry->command = NULL;
            }
            left += entry->command != NULL;
        }
    }
    /* Kills the rest. */
    while (dns->entries->nelts > 0) {
        drop(dns, entry_at(dns, 0));
    }
    dns->running = 0;
}

/* ---- what orders ask for ---- */

/* Begins with a record that is not in memory. What the store knows of it is
 * from a process before this one. */
static apr_status_t begin(acme_solver_dns_t *dns,
                          const acme_solver_dns_record_t *record,
                          acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_solver_dns_record_t *known;
    entry_t *entry;
    apr_status_t rv;

    rv = acme_solver_dns_record_get(&known, dns->ctx->vault, record->value,
                                    problem, ptemp);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv)) {
        return rv;
    }
    entry = add(dns, record);
    if (rv == APR_SUCCESS && known->up) {
        entry->record.up = 1;
        entry->record.since = known->since;
        entry->visible = known->since + record->how.propagation;
        entry->state = DNS_UP;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        entry->again = 1;
        queue(dns, entry, DNS_TEARDOWN_QUEUED);
        return APR_SUCCESS;
    }
    rv = want(dns, entry, problem, ptemp);
    if (rv != APR_SUCCESS) {
        drop(dns, entry);
    }
    return rv;
}

static void describe(acme_solver_dns_record_t *record, const acme_spec_t *spec,
                     const acme_challenge_t *challenge, apr_time_t now,
                     apr_pool_t *p)
{
    memset(record, 0, sizeof(*record));
    record->site = spec->name;
    record->host = acme_spec_host(spec);
    record->identifier = challenge->identifier;
    record->value = acme_jws_sha256_b64(challenge->key_authorization, p);
    record->how = *spec->dns;
    record->since = now;
}

apr_status_t acme_solver_dns_present(const acme_solver_means_t *means,
                                     const acme_challenge_t *challenge,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_solver_dns_t *dns = means->dns;
    acme_solver_dns_record_t record;
    entry_t *entry;
    apr_status_t rv;

    if (!dns || !means->spec->dns) {
        return acme_problem_set(
            problem, APR_ENOTIMPL, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG,
            ptemp, "%s: no ACMEChallengeDns01 is configured any more",
            challenge->identifier);
    }
    describe(&record, means->spec, challenge, means->now, ptemp);
    entry = find(dns, record.value);
    if (!entry) {
        rv = begin(dns, &record, problem, ptemp);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        start_some(dns, means->now, ptemp);
        entry = find(dns, record.value);
    }
    switch (entry->state) {
    case DNS_UP:
        *means->visible = entry->visible;
        return APR_SUCCESS;
    case DNS_FAILED:
        *problem = *acme_problem_dup(entry->problem, ptemp);
        return problem->rv ? problem->rv : APR_EGENERAL;
    case DNS_TEARDOWN_QUEUED:
    case DNS_TEARDOWN:
        entry->again = 1;
        return APR_EAGAIN;
    default:
        return APR_EAGAIN;
    }
}

static void release(acme_solver_dns_t *dns, entry_t *entry, apr_time_t now)
{
    entry->again = 0;
    switch (entry->state) {
    case DNS_SETUP:
        entry->released = 1;
        acme_command_stop(entry->command, now);
        break;
    case DNS_TEARDOWN_QUEUED:
    case DNS_TEARDOWN:
        break;
    default:
        queue(dns, entry, DNS_TEARDOWN_QUEUED);
        break;
    }
}

/* Lets a record of the store be torn down. */
static void release_known(acme_solver_dns_t *dns,
                          const acme_solver_dns_record_t *record,
                          const acme_dns_spec_t *how)
{
    entry_t *entry = find(dns, record->value);

    if (!entry) {
        entry = add(dns, record);
        entry->state = DNS_UP;
        if (how) {
            set_how(entry, how);
        }
    }
    release(dns, entry, acme_time_now(dns->ctx->clock));
}

apr_status_t acme_solver_dns_cleanup(const acme_solver_means_t *means,
                                     const acme_challenge_t *challenge,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *value =
        acme_jws_sha256_b64(challenge->key_authorization, ptemp);
    acme_solver_dns_record_t *record;
    entry_t *entry;

    (void)problem;
    if (!means->dns) {
        return APR_SUCCESS;
    }
    entry = find(means->dns, value);
    if (entry) {
        release(means->dns, entry, means->now);
    }
    else if (acme_solver_dns_record_get(&record, means->vault, value, NULL,
                                        ptemp)
             == APR_SUCCESS) {
        release_known(means->dns, record, means->spec->dns);
    }
    return APR_SUCCESS;
}

void acme_solver_dns_forget(const acme_worker_ctx_t *ctx,
                            const acme_spec_t *spec, apr_pool_t *ptemp)
{
    apr_array_header_t *records;
    int i;

    if (!ctx->dns) {
        return;
    }
    records = acme_solver_dns_record_list(ctx->vault, ptemp);
    for (i = 0; i < records->nelts; ++i) {
        const acme_solver_dns_record_t *record =
            APR_ARRAY_IDX(records, i, const acme_solver_dns_record_t *);

        if (strcmp(record->site, spec->name) == 0) {
            release_known(ctx->dns, record, spec->dns);
        }
    }
}

/* Returns the spec of the site that a record is for, or NULL. */
static const acme_spec_t *spec_of(const acme_solver_dns_record_t *record,
                                  const apr_array_header_t *certs)
{
    int i;

    for (i = 0; i < certs->nelts; ++i) {
        const acme_spec_t *spec = acme_site_cert_at(certs, i)->spec;

        if (strcmp(acme_spec_host(spec), record->host) == 0) {
            return spec;
        }
    }
    return NULL;
}

/* Returns non-zero when an order will be resumed that has the record. */
static int is_wanted(const acme_solver_dns_t *dns,
                     const acme_solver_dns_record_t *record, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = acme_time_now(dns->ctx->clock);
    acme_job_t *job;

    if (record->since + RECORD_LIFE < now || record->tries > 0) {
        return 0;
    }
    return acme_job_load(&job, dns->ctx->vault, record->site, &problem, ptemp)
               != APR_SUCCESS
           || job->order != NULL;
}

void acme_solver_dns_sweep(acme_solver_dns_t *dns,
                           const apr_array_header_t *certs, apr_pool_t *ptemp)
{
    apr_array_header_t *records =
        acme_solver_dns_record_list(dns->ctx->vault, ptemp);
    const acme_spec_t *spec;
    int i;

    for (i = 0; i < records->nelts; ++i) {
        const acme_solver_dns_record_t *record =
            APR_ARRAY_IDX(records, i, const acme_solver_dns_record_t *);

        spec = spec_of(record, certs);
        if (!spec || !is_wanted(dns, record, ptemp)) {
            release_known(dns, record, spec ? spec->dns : NULL);
        }
    }
}
