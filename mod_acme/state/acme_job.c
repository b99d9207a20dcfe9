/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_job.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_format.h"

/* Format number of the item; raised when older versions would misunderstand
 * it. */
#define FORMAT 1

/* Reads a string; a member that is not there is NULL. */
static apr_status_t read_str(const char **value, const acme_json_t *json,
                             const char *key)
{
    apr_status_t rv = acme_json_get_str(value, json, key);

    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static apr_status_t read_time(apr_time_t *value, const acme_json_t *json,
                              const char *key)
{
    apr_status_t rv = acme_json_get_time(value, json, key);

    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static apr_status_t read_log(acme_job_t *job, const acme_json_t *json)
{
    acme_json_t *list, *item;
    acme_job_entry_t entry, *last;
    apr_status_t rv;
    int i, count;

    rv = acme_json_get(&list, json, "log");
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    count = acme_json_count(list);
    i = count > ACME_JOB_LOG_MAX ? count - ACME_JOB_LOG_MAX : 0;
    for (; i < count; ++i) {
        item = acme_json_at(list, i);
        memset(&entry, 0, sizeof(entry));
        if (acme_json_get_time(&entry.when, item, "when") != APR_SUCCESS
            || acme_json_get_str(&entry.type, item, "type") != APR_SUCCESS
            || read_str(&entry.detail, item, "detail") != APR_SUCCESS) {
            return APR_EINVAL;
        }
        last = apr_array_push(job->log);
        *last = entry;
    }
    return APR_SUCCESS;
}

static apr_status_t read_names(acme_job_t *job, const acme_json_t *json)
{
    acme_json_t *list, *item;
    acme_job_name_t name, *last;
    apr_status_t rv;
    int i;

    rv = acme_json_get(&list, json, "names");
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    for (i = 0; i < acme_json_count(list); ++i) {
        item = acme_json_at(list, i);
        memset(&name, 0, sizeof(name));
        if (acme_json_get_str(&name.name, item, "name") != APR_SUCCESS
            || acme_json_get_count(&name.failures, item, "failures")
                   != APR_SUCCESS
            || read_str(&name.detail, item, "detail") != APR_SUCCESS) {
            return APR_EINVAL;
        }
        last = apr_array_push(job->names);
        *last = name;
    }
    return APR_SUCCESS;
}

static apr_status_t read_problem(acme_job_t *job, const acme_json_t *json)
{
    acme_json_t *member;
    acme_problem_t *problem;
    apr_status_t rv;

    if (acme_json_get(&member, json, "hindrance") == APR_SUCCESS) {
        problem = apr_pcalloc(job->p, sizeof(*problem));
        if (acme_problem_restore(problem, member, job->p) == APR_SUCCESS) {
            job->hindrance = problem;
            (void)acme_json_get_time(&job->hindered, json, "hindered");
        }
    }
    rv = acme_json_get(&member, json, "problem");
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    problem = apr_pcalloc(job->p, sizeof(*problem));
    rv = acme_problem_restore(problem, member, job->p);
    if (rv == APR_SUCCESS) {
        job->problem = problem;
    }
    return rv;
}

static apr_status_t read_order(acme_job_t *job, const acme_json_t *json)
{
    acme_json_t *order;
    apr_status_t rv;

    rv = acme_json_get(&order, json, "order");
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    if (!acme_json_is_object(order)) {
        return APR_EINVAL;
    }
    job->order = order;
    return APR_SUCCESS;
}

/* Reads what the CA has said of renewal. Damaged information is left out,
 * because the CA can be asked again. */
static apr_status_t read_ari(acme_job_t *job, const acme_json_t *json)
{
    acme_json_t *ari, *revoked, *look;
    apr_status_t rv;

    if (acme_json_get(&ari, json, "ari") == APR_SUCCESS) {
        job->ari = acme_ari_restore(ari, job->p);
    }
    if (acme_json_get(&revoked, json, "revoked") == APR_SUCCESS) {
        job->revoked = acme_blocklist_entry_from_json(revoked, job->p);
    }
    if (acme_json_get(&look, json, "preflight") == APR_SUCCESS) {
        job->look = acme_job_look_from_json(look, job->p);
    }
    (void)acme_json_get_str(&job->warned, json, "warned");
    (void)acme_json_get_bool(&job->warned_over, json, "warned-over");
    rv = acme_json_get_bool(&job->urgent, json, "urgent");
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static apr_status_t read_cas(acme_job_t *job, const acme_json_t *json)
{
    acme_json_t *list, *item;
    acme_job_ca_t ca, *last;
    int held, i;

    if (acme_json_get(&list, json, "cas") != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    for (i = 0; i < acme_json_count(list); ++i) {
        item = acme_json_at(list, i);
        memset(&ca, 0, sizeof(ca));
        if (acme_json_get_str(&ca.url, item, "url") != APR_SUCCESS
            || acme_json_get_count(&ca.errors, item, "errors") != APR_SUCCESS
            || acme_json_get_count(&ca.faults, item, "faults") != APR_SUCCESS
            || ca.faults > ca.errors
            || read_time(&ca.next_run, item, "next-run") != APR_SUCCESS) {
            return APR_EINVAL;
        }
        if (acme_json_get_bool(&held, item, "held") == APR_SUCCESS && held) {
            ca.next_run = ACME_SCHEDULE_NEVER;
        }
        last = apr_array_push(job->cas);
        *last = ca;
    }
    return APR_SUCCESS;
}

static apr_status_t read_schedule(acme_job_t *job, const acme_json_t *json)
{
    int held = 0;
    apr_status_t rv;

    rv = acme_json_get_count(&job->errors, json, "errors");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return rv;
    }
    rv = read_time(&job->failing, json, "failing");
    if (rv == APR_SUCCESS) {
        rv = read_cas(job, json);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_json_get_bool(&held, json, "held");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return rv;
    }
    rv = read_time(&job->last_run, json, "last-run");
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_time(&job->next_run, json, "next-run");
    if (held) {
        job->next_run = ACME_SCHEDULE_NEVER;
    }
    return rv;
}

static apr_status_t read_staged(acme_job_t *job, const acme_json_t *json)
{
    apr_status_t rv = read_str(&job->staged, json, "staged");

    if (rv == APR_SUCCESS && job->staged) {
        rv = acme_json_get_bool(&job->swapped, json, "swapped");
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static apr_status_t read_request(acme_job_t *job, const acme_json_t *json)
{
    apr_int64_t asked = 0;
    apr_status_t rv = acme_json_get_int(&asked, json, "asked");

    if ((rv != APR_SUCCESS && rv != APR_NOTFOUND) || asked < ACME_ASKED_NO
        || asked > ACME_ASKED_FORCE) {
        return APR_EINVAL;
    }
    job->asked = (acme_asked_e)asked;
    rv = read_str(&job->request, json, "request");
    return rv == APR_SUCCESS ? read_str(&job->signed_pem, json, "signed") : rv;
}

acme_job_t *acme_job_create(const char *name, apr_pool_t *p)
{
    acme_job_t *job = apr_pcalloc(p, sizeof(*job));

    job->name = apr_pstrdup(p, name);
    job->log = apr_array_make(p, 8, sizeof(acme_job_entry_t));
    job->names = apr_array_make(p, 0, sizeof(acme_job_name_t));
    job->cas = apr_array_make(p, 0, sizeof(acme_job_ca_t));
    job->p = p;
    return job;
}

apr_status_t acme_job_load(acme_job_t **job, acme_vault_t *vault,
                           const char *name, acme_problem_t *problem,
                           apr_pool_t *p)
{
    acme_job_t *read;
    acme_json_t *json;
    apr_status_t rv;

    *job = acme_job_create(name, p);
    rv = acme_vault_get_json(&json, NULL, vault, ACME_STORE_JOBS, name, problem,
                             p);
    if (rv == APR_ENOENT) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_format_check(
        json, FORMAT, apr_pstrcat(p, "the job of ", name, NULL), problem, p);
    if (rv != APR_SUCCESS) {
        return rv == APR_ENOTIMPL ? rv : APR_SUCCESS;
    }
    read = acme_job_create(name, p);
    if (read_str(&read->digest, json, "digest") == APR_SUCCESS
        && read_str(&read->reason, json, "reason") == APR_SUCCESS
        && read_staged(read, json) == APR_SUCCESS
        && read_str(&read->instead, json, "instead") == APR_SUCCESS
        && read_str(&read->config, json, "config") == APR_SUCCESS
        && read_str(&read->limit, json, "limit") == APR_SUCCESS
        && read_str(&read->ca, json, "ca") == APR_SUCCESS
        && read_str(&read->failed_challenge, json, "failed-challenge")
               == APR_SUCCESS
        && read_schedule(read, json) == APR_SUCCESS
        && read_order(read, json) == APR_SUCCESS
        && read_request(read, json) == APR_SUCCESS
        && read_problem(read, json) == APR_SUCCESS
        && read_ari(read, json) == APR_SUCCESS
        && read_names(read, json) == APR_SUCCESS
        && read_log(read, json) == APR_SUCCESS) {
        *job = read;
    }
    return APR_SUCCESS;
}

static acme_json_t *print_names(const acme_job_t *job, apr_pool_t *p)
{
    acme_json_t *list = acme_json_array(p);
    int i;

    for (i = 0; i < job->names->nelts; ++i) {
        const acme_job_name_t *name =
            &APR_ARRAY_IDX(job->names, i, acme_job_name_t);
        acme_json_t *item = acme_json_object(p);

        acme_json_set_str(item, "name", name->name);
        acme_json_set_int(item, "failures", name->failures);
        acme_json_set_str(item, "detail", name->detail);
        acme_json_append_given(list, item);
    }
    return list;
}

static acme_json_t *print_cas(const acme_job_t *job, apr_pool_t *p)
{
    acme_json_t *list = acme_json_array(p);
    int i;

    for (i = 0; i < job->cas->nelts; ++i) {
        const acme_job_ca_t *ca = &APR_ARRAY_IDX(job->cas, i, acme_job_ca_t);
        acme_json_t *item = acme_json_object(p);

        acme_json_set_str(item, "url", ca->url);
        acme_json_set_int(item, "errors", ca->errors);
        acme_json_set_int(item, "faults", ca->faults);
        if (ca->next_run == ACME_SCHEDULE_NEVER) {
            acme_json_set_bool(item, "held", 1);
        }
        else {
            acme_json_set_time(item, "next-run", ca->next_run);
        }
        acme_json_append_given(list, item);
    }
    return list;
}

apr_status_t acme_job_save(const acme_job_t *job, acme_vault_t *vault,
                           acme_store_sync_e sync, acme_problem_t *problem,
                           apr_pool_t *ptemp)
{
    acme_json_t *json = acme_json_object(ptemp);
    acme_json_t *log = acme_json_array(ptemp);
    acme_json_t *item;
    const acme_job_entry_t *entry;
    int i;

    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "name", job->name);
    acme_json_set_str(json, "digest", job->digest);
    acme_json_set_str(json, "reason", job->reason);
    acme_json_give(json, "order", job->order);
    acme_json_set_str(json, "staged", job->staged);
    if (job->swapped) {
        acme_json_set_bool(json, "swapped", 1);
    }
    acme_json_set_str(json, "instead", job->instead);
    acme_json_set_int(json, "errors", job->errors);
    if (job->errors > 0) {
        acme_json_set_time(json, "failing", job->failing);
    }
    acme_json_set_str(json, "ca", job->ca);
    acme_json_set_str(json, "failed-challenge", job->failed_challenge);
    if (job->cas->nelts) {
        acme_json_give(json, "cas", print_cas(job, ptemp));
    }
    acme_json_set_time(json, "last-run", job->last_run);
    if (job->next_run == ACME_SCHEDULE_NEVER) {
        acme_json_set_bool(json, "held", 1);
    }
    else {
        acme_json_set_time(json, "next-run", job->next_run);
    }
    if (job->problem) {
        acme_json_give(json, "problem",
                       acme_problem_to_json(job->problem, ptemp));
    }
    if (job->hindrance) {
        acme_json_give(json, "hindrance",
                       acme_problem_to_json(job->hindrance, ptemp));
        acme_json_set_time(json, "hindered", job->hindered);
    }
    acme_json_set_str(json, "config", job->config);
    acme_json_set_str(json, "limit", job->limit);
    if (job->look) {
        acme_json_give(json, "preflight",
                       acme_job_look_to_json(job->look, ptemp));
    }
    if (job->ari) {
        acme_json_give(json, "ari", acme_ari_to_json(job->ari, ptemp));
    }
    if (job->urgent) {
        acme_json_set_bool(json, "urgent", 1);
    }
    if (job->revoked) {
        acme_json_give(json, "revoked",
                       acme_blocklist_entry_to_json(job->revoked, ptemp));
    }
    acme_json_set_str(json, "warned", job->warned);
    if (job->warned_over) {
        acme_json_set_bool(json, "warned-over", 1);
    }
    acme_json_set_str(json, "request", job->request);
    if (job->asked != ACME_ASKED_NO) {
        acme_json_set_int(json, "asked", job->asked);
    }
    acme_json_set_str(json, "signed", job->signed_pem);
    if (job->names->nelts) {
        acme_json_give(json, "names", print_names(job, ptemp));
    }
    for (i = 0; i < job->log->nelts; ++i) {
        entry = &APR_ARRAY_IDX(job->log, i, acme_job_entry_t);
        item = acme_json_object(ptemp);
        acme_json_set_time(item, "when", entry->when);
        acme_json_set_str(item, "type", entry->type);
        acme_json_set_str(item, "detail", entry->detail);
        acme_json_append_given(log, item);
    }
    acme_json_give(json, "log", log);
    return acme_vault_put_json(vault, ACME_STORE_JOBS, job->name, json, sync,
                               problem, ptemp);
}

void acme_job_note(acme_job_t *job, apr_time_t when, const char *type,
                   const char *fmt, ...)
{
    acme_job_entry_t *entry;
    va_list args;

    if (job->log->nelts >= ACME_JOB_LOG_MAX) {
        entry = (acme_job_entry_t *)job->log->elts;
        memmove(entry, entry + 1,
                (ACME_JOB_LOG_MAX - 1) * sizeof(acme_job_entry_t));
        job->log->nelts = ACME_JOB_LOG_MAX - 1;
    }
    entry = apr_array_push(job->log);
    entry->when = when;
    entry->type = apr_pstrdup(job->p, type);
    entry->detail = NULL;
    if (fmt) {
        va_start(args, fmt);
        entry->detail = apr_pvsprintf(job->p, fmt, args);
        va_end(args);
    }
}

static int is_about(const acme_job_t *job, const char *digest)
{
    return job->digest && strcmp(job->digest, digest) == 0;
}

int acme_job_ca(const acme_job_t *job, const acme_spec_t *spec, apr_pool_t *p)
{
    int ca = acme_spec_find_ca(spec, job->ca);

    return ca > 0 && is_about(job, acme_spec_digest(spec, p)) ? ca : 0;
}

/* ---- transitions ---- */

/* Nothing holds the next try back. */
static void end_wait(acme_job_t *job)
{
    job->next_run = 0;
    job->config = NULL;
}

/* The next order begins with the first CA. */
static void forget_ca(acme_job_t *job)
{
    job->ca = NULL;
    apr_array_clear(job->cas);
}

void acme_job_hindered(acme_job_t *job, const acme_problem_t *problem,
                       apr_time_t now)
{
    if (!job->hindrance) {
        job->hindered = now;
    }
    job->hindrance = acme_problem_dup(problem, job->p);
}

void acme_job_unhindered(acme_job_t *job)
{
    job->hindrance = NULL;
    job->hindered = 0;
}

/* The CA has validated the names, whatever preflight has found. */
static void refute_look(acme_job_t *job)
{
    if (job->look && !job->look->text) {
        job->look = NULL;
    }
    if (job->look) {
        job->look->refuted = 1;
        job->look->held = 0;
    }
}

/* Ends a try that has brought a certificate. */
static void succeed(acme_job_t *job, apr_time_t now)
{
    refute_look(job);
    job->failed_challenge = NULL;
    acme_job_unhindered(job);
    job->asked = ACME_ASKED_NO;
    job->order = NULL;
    job->problem = NULL;
    job->last_run = now;
    end_wait(job);
}

void acme_job_recalled(acme_job_t *job, apr_time_t last_run,
                       const acme_ari_t *ari)
{
    job->last_run = last_run;
    job->ari = ari;
}

void acme_job_begin(acme_job_t *job, const char *digest, const char *reason,
                    const char *instead, apr_time_t now)
{
    if (!is_about(job, digest)) {
        job->order = NULL;
        if (job->digest) {
            job->errors = 0;
        }
        job->failed_challenge = NULL;
        if (job->digest) {
            job->look = NULL;
        }
        forget_ca(job);
        job->digest = apr_pstrdup(job->p, digest);
    }
    if (job->look) {
        job->look->held = 0;
    }
    if (job->next_run == ACME_SCHEDULE_NEVER) {
        job->errors = 0;
        apr_array_clear(job->cas);
    }
    if (!job->order) {
        job->reason = apr_pstrdup(job->p, reason);
        job->instead = apr_pstrdup(job->p, instead);
        if (!job->errors) {
            apr_array_clear(job->names);
        }
    }
    job->last_run = now;
    acme_job_unhindered(job);
    end_wait(job);
}

void acme_job_order_made(acme_job_t *job, acme_json_t *order)
{
    job->order = order;
}

void acme_job_order_dropped(acme_job_t *job)
{
    acme_job_unhindered(job);
    job->order = NULL;
}

void acme_job_set_urgent(acme_job_t *job, int urgent)
{
    job->urgent = urgent;
}

void acme_job_failed(acme_job_t *job, const acme_job_failure_t *failure,
                     apr_time_t now)
{
    if (++job->errors == 1 || !job->failing) {
        job->failing = now;
    }
    job->problem = failure->problem;
    acme_job_unhindered(job);
    job->last_run = now;
    job->at_once = 0;
    job->next_run = failure->next_run;
    job->config = failure->next_run == ACME_SCHEDULE_NEVER
                      ? apr_pstrdup(job->p, failure->config)
                      : NULL;
    if (!job->digest) {
        job->digest = apr_pstrdup(job->p, failure->digest);
    }
}

void acme_job_challenge_failed(acme_job_t *job, const char *type)
{
    job->failed_challenge = apr_pstrdup(job->p, type);
}

const acme_job_ca_t *acme_job_ca_find(const acme_job_t *job, const char *url)
{
    int i;

    for (i = 0; i < job->cas->nelts; ++i) {
        const acme_job_ca_t *ca = &APR_ARRAY_IDX(job->cas, i, acme_job_ca_t);

        if (strcmp(ca->url, url) == 0) {
            return ca;
        }
    }
    return NULL;
}

int acme_job_ca_failed(acme_job_t *job, const char *url, int fault)
{
    acme_job_ca_t *ca = (acme_job_ca_t *)acme_job_ca_find(job, url);

    if (!ca) {
        ca = apr_array_push(job->cas);
        memset(ca, 0, sizeof(*ca));
        ca->url = apr_pstrdup(job->p, url);
    }
    ++ca->errors;
    ca->faults += fault != 0;
    ca->next_run = job->next_run;
    return ca->faults;
}

void acme_job_next_ca(acme_job_t *job, const char *url, apr_time_t at)
{
    job->order = NULL;
    job->ca = apr_pstrdup(job->p, url);
    end_wait(job);
    job->at_once = !at;
    job->next_run = at;
}

static acme_job_name_t *find_name(const acme_job_t *job, const char *name)
{
    int i;

    for (i = 0; i < job->names->nelts; ++i) {
        acme_job_name_t *entry = &APR_ARRAY_IDX(job->names, i, acme_job_name_t);

        if (!strcmp(entry->name, name)) {
            return entry;
        }
    }
    return NULL;
}

/* Returns non-zero when the CA blames optional names, and nothing else. */
static int blames_optional(const acme_spec_t *spec,
                           const acme_problem_t *problem)
{
    int i;

    if (!spec->optional || !problem->subproblems
        || !problem->subproblems->nelts) {
        return 0;
    }
    for (i = 0; i < problem->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t);

        if (!sub->identifier || !acme_spec_is_optional(spec, sub->identifier)) {
            return 0;
        }
    }
    return 1;
}

/* Returns non-zero for the first subproblem of a name, because several of them
 * are one failure. */
static int is_first(const apr_array_header_t *subproblems, int at)
{
    const char *name =
        APR_ARRAY_IDX(subproblems, at, acme_subproblem_t).identifier;
    int i;

    for (i = 0; i < at; ++i) {
        if (!strcmp(APR_ARRAY_IDX(subproblems, i, acme_subproblem_t).identifier,
                    name)) {
            return 0;
        }
    }
    return 1;
}

static acme_job_name_t *add_name(acme_job_t *job, const char *name)
{
    acme_job_name_t *entry = apr_array_push(job->names);

    entry->name = apr_pstrdup(job->p, name);
    entry->failures = 0;
    return entry;
}

int acme_job_names_failed(acme_job_t *job, const acme_spec_t *spec,
                          const acme_problem_t *problem, apr_pool_t *ptemp)
{
    int futile = problem->retry == ACME_RETRY_PERMANENT
                 || problem->retry == ACME_RETRY_CONFIG;
    int count = 0;
    int i;

    if (!spec->optional || !is_about(job, acme_spec_digest(spec, ptemp))) {
        apr_array_clear(job->names);
    }
    if (!blames_optional(spec, problem)) {
        return 0;
    }
    for (i = 0; i < problem->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t);
        acme_job_name_t *entry;

        if (!is_first(problem->subproblems, i)) {
            continue;
        }
        entry = find_name(job, sub->identifier);
        if (!entry) {
            entry = add_name(job, sub->identifier);
        }
        entry->detail = apr_pstrdup(job->p, sub->detail);
        entry->failures = futile ? ACME_JOB_NAME_FAILURES : entry->failures + 1;
        count += entry->failures == ACME_JOB_NAME_FAILURES;
    }
    return count;
}

int acme_job_limit_wait(acme_job_t *job, const char *limit, apr_time_t until)
{
    int is_new = !job->limit || strcmp(job->limit, limit) != 0;

    if (is_new) {
        job->limit = apr_pstrdup(job->p, limit);
    }
    job->next_run = until;
    job->config = NULL;
    return is_new;
}

void acme_job_limit_over(acme_job_t *job)
{
    job->limit = NULL;
}

void acme_job_looked(acme_job_t *job, const acme_job_look_t *look)
{
    const acme_job_look_t *old = job->look;

    if (!look->text && job->errors == 0) {
        job->look = NULL;
        return;
    }
    job->look = acme_job_look_dup(look, job->p);
    job->look->held = look->forbids && old ? old->held : 0;
    job->look->refuted =
        old && old->refuted && strcmp(old->digest, look->digest) == 0;
}

apr_time_t acme_job_hold_back(acme_job_t *job, apr_time_t until, apr_time_t now)
{
    if (!job->look->held || job->look->held > now) {
        job->look->held = now;
    }
    job->next_run = until;
    job->config = NULL;
    return job->look->held;
}

void acme_job_way_changed(acme_job_t *job)
{
    if (job->next_run != ACME_SCHEDULE_NEVER && !job->limit) {
        end_wait(job);
    }
}

void acme_job_bound_wait(acme_job_t *job, apr_interval_time_t longest_wait)
{
    job->longest_wait = longest_wait;
}

void acme_job_staged(acme_job_t *job, const char *fingerprint, apr_time_t now)
{
    job->staged = apr_pstrdup(job->p, fingerprint);
    job->swapped = 0;
    succeed(job, now);
}

void acme_job_found(acme_job_t *job, const char *fingerprint)
{
    job->staged = apr_pstrdup(job->p, fingerprint);
    job->swapped = 0;
}

void acme_job_swapped(acme_job_t *job, int swapped)
{
    job->swapped = swapped && job->staged;
}

void acme_job_lost(acme_job_t *job)
{
    job->staged = NULL;
    job->swapped = 0;
}

void acme_job_settled(acme_job_t *job, acme_job_settled_e how)
{
    job->staged = NULL;
    job->swapped = 0;
    job->order = NULL;
    acme_job_unhindered(job);
    if (how == ACME_JOB_REFUSED) {
        return;
    }
    acme_job_clear_failures(job);
    forget_ca(job);
    job->urgent = 0;
    if (how == ACME_JOB_LIVE) {
        job->revoked = NULL;
    }
}

void acme_job_signed(acme_job_t *job, const char *chain_pem, apr_time_t now)
{
    job->signed_pem = apr_pstrdup(job->p, chain_pem);
    job->errors = 0;
    succeed(job, now);
}

void acme_job_dry_run_over(acme_job_t *job, const acme_job_failure_t *failure,
                           apr_time_t now)
{
    const char *failed = failure->problem ? job->failed_challenge : NULL;

    succeed(job, now);
    job->failed_challenge = failed;
    job->problem = failure->problem;
    job->errors = 0;
    job->digest = apr_pstrdup(job->p, failure->digest);
    job->config = apr_pstrdup(job->p, failure->config);
    job->next_run = ACME_SCHEDULE_NEVER;
}

void acme_job_dropped(acme_job_t *job)
{
    job->digest = NULL;
    job->look = NULL;
    job->order = NULL;
    job->instead = NULL;
    job->urgent = 0;
    job->asked = ACME_ASKED_NO;
    acme_job_unhindered(job);
    acme_job_clear_failures(job);
    forget_ca(job);
}

void acme_job_clear_failures(acme_job_t *job)
{
    job->errors = 0;
    job->problem = NULL;
    job->failed_challenge = NULL;
    end_wait(job);
}

void acme_job_requested(acme_job_t *job, const char *id, int force)
{
    if (id) {
        job->request = apr_pstrdup(job->p, id);
    }
    if (job->asked != ACME_ASKED_FORCE) {
        job->asked = force ? ACME_ASKED_FORCE : ACME_ASKED_DUE;
    }
    job->urgent = job->urgent || job->staged || job->order;
    end_wait(job);
}

void acme_job_start_over(acme_job_t *job)
{
    job->order = NULL;
    acme_job_unhindered(job);
    job->problem = NULL;
    job->signed_pem = NULL;
}

void acme_job_answered(acme_job_t *job)
{
    job->asked = ACME_ASKED_NO;
}

void acme_job_must_replace(acme_job_t *job, const acme_blocklist_entry_t *entry)
{
    job->revoked = acme_blocklist_entry_from_json(
        acme_blocklist_entry_to_json(entry, job->p), job->p);
    job->urgent = job->urgent || job->staged || job->order;
    end_wait(job);
}

void acme_job_ari_heard(acme_job_t *job, const acme_ari_t *ari)
{
    job->ari = ari;
}

int acme_job_warned(acme_job_t *job, const char *fingerprint, int over)
{
    int known = job->warned && strcmp(job->warned, fingerprint) == 0;

    if (known && (job->warned_over || !over)) {
        return 1;
    }
    job->warned = apr_pstrdup(job->p, fingerprint);
    job->warned_over = over;
    return 0;
}
