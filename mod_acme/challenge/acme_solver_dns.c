/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_dns_seen.h"
#include "acme_job.h"
#include "acme_jws.h"
#include "acme_site.h"
#include "acme_solver_dns_how.h"
#include "acme_solver_dns_queue.h"

/* An order that was left with a record is resumed within this time. */
#define RECORD_LIFE ACME_TIME_DAY

struct acme_solver_dns_t {
    acme_worker_ctx_t *ctx;
    acme_solver_dns_queue_t *queue;
    acme_dns_seen_t *seen;
};

acme_solver_dns_t *acme_solver_dns_create(acme_worker_ctx_t *ctx,
                                          const acme_command_system_t *system,
                                          apr_pool_t *p)
{
    acme_solver_dns_t *dns = apr_pcalloc(p, sizeof(*dns));
    acme_solver_dns_tools_t tools = {system, ctx->resolver};

    dns->ctx = ctx;
    dns->queue = acme_solver_dns_queue_create(ctx, &tools, p);
    dns->seen = acme_dns_seen_create(ctx, p);
    return dns;
}

/* Begins with a record that is not in memory. What the store knows of it is
 * from a process before this one. */
static apr_status_t begin(acme_solver_dns_t *dns,
                          const acme_solver_dns_record_t *record,
                          acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_solver_dns_record_t *known;
    apr_status_t rv;

    rv = acme_solver_dns_record_get(&known, dns->ctx->vault, record->value,
                                    problem, ptemp);
    if (rv == APR_SUCCESS) {
        acme_solver_dns_queue_resume(dns->queue, record, known);
    }
    else if (APR_STATUS_IS_ENOENT(rv)) {
        rv = acme_solver_dns_queue_set_up(dns->queue, record, problem, ptemp);
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

/* Returns when the CA can see a record that is up, and lets the name servers of
 * its zone be asked for it until then. */
static apr_time_t look(acme_solver_dns_t *dns,
                       const acme_solver_dns_entry_t *entry, apr_pool_t *ptemp)
{
    const acme_solver_dns_record_t *record = &entry->record;
    acme_dns_seen_record_t wanted;

    if (record->how.seen_within <= 0 || !acme_dns_seen_can(dns->seen)) {
        return entry->visible;
    }
    wanted.site = record->site;
    wanted.identifier = record->identifier;
    wanted.name = acme_solver_dns_record_name(record, ptemp);
    wanted.value = record->value;
    wanted.until = record->since + record->how.seen_within;
    wanted.blind = entry->visible;
    acme_dns_seen_want(dns->seen, &wanted);
    return wanted.until > wanted.blind ? wanted.until : wanted.blind;
}

apr_status_t acme_solver_dns_present(const acme_solver_means_t *means,
                                     const acme_challenge_t *challenge,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_solver_dns_t *dns = means->dns;
    acme_solver_dns_record_t record;
    acme_solver_dns_entry_t *entry;
    apr_status_t rv;

    if (!dns || !means->spec->dns) {
        return acme_problem_set(
            problem, APR_ENOTIMPL, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG,
            ptemp,
            "%s: no way for its record into the DNS is configured any more",
            challenge->identifier);
    }
    describe(&record, means->spec, challenge, means->now, ptemp);
    entry = acme_solver_dns_queue_find(dns->queue, record.value);
    if (!entry) {
        rv = begin(dns, &record, problem, ptemp);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        acme_solver_dns_queue_start(dns->queue, ptemp);
        entry = acme_solver_dns_queue_find(dns->queue, record.value);
    }
    switch (entry->state) {
    case ACME_SOLVER_DNS_QUEUE_UP:
        *means->visible = look(dns, entry, ptemp);
        return APR_SUCCESS;
    case ACME_SOLVER_DNS_QUEUE_FAILED:
        *problem = *acme_problem_dup(entry->problem, ptemp);
        return problem->rv ? problem->rv : APR_EGENERAL;
    case ACME_SOLVER_DNS_QUEUE_TEARDOWN_QUEUED:
    case ACME_SOLVER_DNS_QUEUE_TEARDOWN:
        acme_solver_dns_queue_want_again(entry);
        return APR_EAGAIN;
    default:
        return APR_EAGAIN;
    }
}

/* Lets a record of the store be torn down.
 * @param now how the configuration has it, or NULL */
static void release_known(acme_solver_dns_t *dns,
                          const acme_solver_dns_record_t *record,
                          const acme_dns_spec_t *now)
{
    acme_solver_dns_record_t copy = *record;

    acme_dns_seen_forget(dns->seen, record->value);
    if (now && acme_solver_dns_how_fits(&record->how, now)) {
        copy.how = *now;
    }
    acme_solver_dns_queue_release(dns->queue, &copy);
}

apr_status_t acme_solver_dns_cleanup(const acme_solver_means_t *means,
                                     const acme_challenge_t *challenge,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *value =
        acme_jws_sha256_b64(challenge->key_authorization, ptemp);
    acme_solver_dns_record_t *record;
    acme_solver_dns_entry_t *entry;

    (void)problem;
    if (!means->dns) {
        return APR_SUCCESS;
    }
    acme_dns_seen_forget(means->dns->seen, value);
    entry = acme_solver_dns_queue_find(means->dns->queue, value);
    if (entry) {
        acme_solver_dns_queue_release(means->dns->queue, &entry->record);
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

/* Returns how the configuration has it, or NULL. A site that is gone has left
 * no key, but another one may have the same.
 * @param spec of the record's site, or NULL */
static const acme_dns_spec_t *how_now(const acme_solver_dns_record_t *record,
                                      const acme_spec_t *spec,
                                      const apr_array_header_t *certs)
{
    int i;

    if (spec && spec->dns
        && acme_solver_dns_how_fits(&record->how, spec->dns)) {
        return spec->dns;
    }
    for (i = 0; i < certs->nelts; ++i) {
        spec = acme_site_cert_at(certs, i)->spec;
        if (spec->dns
            && acme_solver_dns_how_fits_any(&record->how, spec->dns)) {
            return spec->dns;
        }
    }
    return NULL;
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
            release_known(dns, record, how_now(record, spec, certs));
        }
    }
}

apr_time_t acme_solver_dns_seen(const acme_worker_ctx_t *ctx,
                                const acme_spec_t *spec,
                                const acme_problem_t **missing)
{
    *missing = NULL;
    return ctx->dns ? acme_dns_seen_at(ctx->dns->seen, spec->name, missing)
                    : ACME_SCHEDULE_NEVER;
}

apr_time_t acme_solver_dns_step(acme_solver_dns_t *dns, int *waits)
{
    apr_time_t seen = acme_dns_seen_step(dns->seen);
    apr_time_t at = acme_solver_dns_queue_step(dns->queue, waits);

    return seen < at ? seen : at;
}

void acme_solver_dns_end(acme_solver_dns_t *dns)
{
    acme_dns_seen_end(dns->seen);
    acme_solver_dns_queue_end(dns->queue);
}
