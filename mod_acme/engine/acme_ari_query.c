/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ari_query.h"

#include <string.h>

#include <apr_strings.h>

/* How long the address of the service is used before the directory is read
 * again. */
#define SERVICE_LIFE ACME_TIME_DAY

/* How long a CA that has not answered is not asked, in a run that lasts: until
 * the first site that was told of it may ask again. */
#define DOWN_LIFE (10 * ACME_TIME_MINUTE)

struct acme_ari_query_t {
    acme_worker_ctx_t *ctx;
    acme_ari_service_t *ari_service;
    acme_client_t *client;
    const acme_spec_t *spec;
    const char *label; /* of the CA */
    const acme_cert_info_t *info;
    acme_job_t *job;
    apr_pool_t *prun;
    apr_pool_t *p;
    int busy; /* a request is under way */
    int over;
};

acme_ari_query_t *
acme_ari_query_create(acme_worker_ctx_t *ctx, acme_ari_service_t *ari_service,
                      acme_client_t *client, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, acme_job_t *job,
                      apr_pool_t *prun, apr_pool_t *p)
{
    acme_ari_query_t *query = apr_pcalloc(p, sizeof(*query));

    query->ctx = ctx;
    query->ari_service = ari_service;
    query->client = client;
    query->spec = spec;
    query->label =
        acme_spec_ca(spec, acme_spec_find_ca(spec, inventory->live->ca_url))
            ->label;
    query->info = inventory->live->info;
    query->job = job;
    query->prun = prun;
    query->p = p;
    return query;
}

int acme_ari_query_is_over(const acme_ari_query_t *query)
{
    return query->over;
}

static apr_time_t now_of(const acme_ari_query_t *query)
{
    return acme_time_now(query->ctx->clock);
}

static void end(acme_ari_query_t *query, const acme_ari_t *ari)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;

    acme_job_ari_heard(query->job, ari);
    query->over = 1;
    query->ctx->moved = 1;
    /* A failure is logged as DEBUG because the next process asks again. */
    if (query->ctx->state != ACME_WORKER_CTX_LOST
        && acme_job_save(query->job, query->ctx->vault, ACME_STORE_LAZY,
                         &unsaved, query->p)
               != APR_SUCCESS) {
        acme_log(query->ctx->log, ACME_LOG_DEBUG, unsaved.rv,
                 ACME_TAG(0804) "%s: what the CA said of its renewal is only "
                                "remembered by this process: %s",
                 query->spec->name, acme_problem_text(&unsaved, query->p));
    }
}

static void fail(acme_ari_query_t *query, const acme_problem_t *problem)
{
    const acme_ari_service_t *ari_service = query->ari_service;
    const acme_ari_t *ari;
    /* Uses one time for all sites with the same failure, so that they ask again
     * together. */
    apr_time_t now = ari_service->down ? ari_service->down_at : now_of(query);

    ari = acme_ari_failed(query->job->ari, problem, query->info,
                          ari_service->down ? ari_service->seed
                                            : query->spec->name,
                          now, query->job->p);
    acme_log(query->ctx->log, ACME_LOG_INFO, problem->rv,
             ACME_TAG(0803) "%s: %s does not say when to renew it, asking "
                            "again in %s: %s",
             query->spec->name, query->label,
             acme_time_print_duration(ari->next - now, query->p),
             acme_problem_text(problem, query->p));
    end(query, ari);
}

/* Fails, and lets other queries fail without a request, because they would get
 * the same answer. */
static void give_up(acme_ari_query_t *query, const acme_problem_t *problem)
{
    if (!query->ari_service->down) {
        query->ari_service->down = acme_problem_dup(problem, query->prun);
        query->ari_service->down_at = now_of(query);
    }
    fail(query, problem);
}

/* Logs an answer that is another one than the last. */
static void log_answer(const acme_ari_query_t *query, const acme_ari_t *ari)
{
    const acme_ari_t *old = query->job->ari;
    apr_time_t now = now_of(query);

    if (acme_ari_is_of(old, query->info) && old->start == ari->start
        && old->end == ari->end) {
        return;
    }
    if (acme_ari_is_urgent(ari, now)) {
        acme_log(query->ctx->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0801) "%s: %s wants its certificate to be renewed at "
                                "once%s%s",
                 query->spec->name, query->label,
                 ari->explanation ? ", see " : "",
                 ari->explanation ? ari->explanation : "");
        return;
    }
    acme_log(query->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0802) "%s: renewed at %s, as %s suggests%s%s",
             query->spec->name,
             acme_time_print(acme_ari_renew_at(ari, query->info), query->p),
             query->label, ari->explanation ? ", see " : "",
             ari->explanation ? ari->explanation : "");
}

static void answered(void *baton, apr_status_t rv,
                     const acme_renewal_t *renewal,
                     const acme_problem_t *problem)
{
    acme_ari_query_t *query = baton;
    const acme_ari_t *ari;

    query->busy = 0;
    if (APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv == APR_SUCCESS) {
        acme_crash_mark_t before = acme_crash_enter(
            &query->ctx->crash, ACME_CRASH_SITE, query->spec->name);

        ari = acme_ari_told(query->job->ari, renewal, query->info,
                            query->spec->name, now_of(query), query->job->p);
        log_answer(query, ari);
        end(query, ari);
        acme_crash_leave(&query->ctx->crash, before);
        return;
    }
    if (problem->status == 404) {
        query->ari_service->known = 0; /* the address may have changed */
    }
    if (problem->status == 0 || problem->status == 429
        || problem->status >= 500) {
        give_up(query, problem);
        return;
    }
    fail(query, problem);
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    acme_ari_query_t *query = baton;
    acme_ari_service_t *ari_service = query->ari_service;
    const char *service;

    (void)answer;
    query->busy = 0;
    query->ctx->moved = 1;
    if (APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv != APR_SUCCESS) {
        give_up(query, problem);
        return;
    }
    service = acme_client_directory_get(query->client)->renewal_info;
    apr_cpystrn(ari_service->service, service ? service : "",
                sizeof(ari_service->service));
    ari_service->known = now_of(query);
}

static void has_none(acme_ari_query_t *query)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_set(&problem, APR_NOTFOUND, ACME_RETRY_LATER,
                     ACME_PROBLEM_PROTOCOL, query->p,
                     "the CA has no renewal information (RFC 9773), "
                     "ACMERenewWindow counts");
    problem.retry_at = now_of(query) + ACME_RENEWAL_AGAIN_MAX;
    fail(query, &problem);
}

void acme_ari_query_step(acme_ari_query_t *query)
{
    acme_ari_service_t *ari_service = query->ari_service;
    apr_time_t now = now_of(query);

    if (query->busy || query->over || query->ctx->state != ACME_WORKER_CTX_ON) {
        return;
    }
    if (ari_service->down
        && (now < ari_service->down_at
            || now - ari_service->down_at >= DOWN_LIFE)) {
        ari_service->down = NULL;
    }
    if (ari_service->down) {
        fail(query, ari_service->down);
    }
    else if (ari_service->known == 0 || ari_service->known > now
             || now - ari_service->known > SERVICE_LIFE) {
        if (acme_client_directory_get(query->client)) {
            opened(query, APR_SUCCESS, NULL, NULL);
            return;
        }
        query->busy = 1;
        acme_client_directory_open(query->client, opened, query);
    }
    else if (!*ari_service->service) {
        has_none(query);
    }
    else {
        query->busy = 1;
        acme_renewal_ask(query->client, ari_service->service,
                         query->info->ari_id, answered, query);
    }
}
