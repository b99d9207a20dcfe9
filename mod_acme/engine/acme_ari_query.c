/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ari_query.h"

#include <string.h>

#include <apr_strings.h>

/* How long what a directory said of the service holds. */
#define SERVICE_LIFE ACME_TIME_DAY

/* How long nobody asks a CA that has not answered, in a run that lasts: until
 * the first who heard of it may ask again. */
#define DOWN_LIFE (10 * ACME_TIME_MINUTE)

struct acme_ari_query_t {
    acme_worker_ctx_t *work;
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
acme_ari_query_create(acme_worker_ctx_t *work, acme_ari_service_t *ari_service,
                      acme_client_t *client, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, acme_job_t *job,
                      apr_pool_t *prun, apr_pool_t *p)
{
    acme_ari_query_t *ask = apr_pcalloc(p, sizeof(*ask));

    ask->work = work;
    ask->ari_service = ari_service;
    ask->client = client;
    ask->spec = spec;
    ask->label =
        acme_spec_ca(spec, acme_spec_find_ca(spec, inventory->live->ca_url))
            ->label;
    ask->info = inventory->live->info;
    ask->job = job;
    ask->prun = prun;
    ask->p = p;
    return ask;
}

int acme_ari_query_is_over(const acme_ari_query_t *ask)
{
    return ask->over;
}

static apr_time_t now_of(const acme_ari_query_t *ask)
{
    return acme_time_now(ask->work->clock);
}

static void end(acme_ari_query_t *ask, const acme_ari_t *ari)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;

    acme_job_ari_heard(ask->job, ari);
    ask->over = 1;
    ask->work->moved = 1;
    /* What cannot be saved is asked for again by the next process. */
    if (ask->work->state != ACME_WORKER_CTX_LOST
        && acme_job_save(ask->job, ask->work->vault, ACME_STORE_LAZY, &unsaved,
                         ask->p)
               != APR_SUCCESS) {
        acme_log(ask->work->log, ACME_LOG_DEBUG, unsaved.rv,
                 ACME_TAG(0804) "%s: what the CA said of its renewal is only "
                                "remembered by this process: %s",
                 ask->spec->name, acme_problem_text(&unsaved, ask->p));
    }
}

static void fail(acme_ari_query_t *ask, const acme_problem_t *problem)
{
    const acme_ari_service_t *ari_service = ask->ari_service;
    const acme_ari_t *ari;
    /* One time for all whom the same failure concerns: they come back
     * together. */
    apr_time_t now = ari_service->down ? ari_service->down_at : now_of(ask);

    ari =
        acme_ari_failed(ask->job->ari, problem, ask->info,
                        ari_service->down ? ari_service->seed : ask->spec->name,
                        now, ask->job->p);
    acme_log(ask->work->log, ACME_LOG_INFO, problem->rv,
             ACME_TAG(0803) "%s: %s does not say when to renew it, asking "
                            "again in %s: %s",
             ask->spec->name, ask->label,
             acme_time_print_duration(ari->next - now, ask->p),
             acme_problem_text(problem, ask->p));
    end(ask, ari);
}

/* Whoever asks now would hear the same. */
static void give_up(acme_ari_query_t *ask, const acme_problem_t *problem)
{
    if (!ask->ari_service->down) {
        ask->ari_service->down = acme_problem_dup(problem, ask->prun);
        ask->ari_service->down_at = now_of(ask);
    }
    fail(ask, problem);
}

static void say(const acme_ari_query_t *ask, const acme_ari_t *ari)
{
    const acme_ari_t *old = ask->job->ari;
    apr_time_t now = now_of(ask);

    if (acme_ari_is_of(old, ask->info) && old->start == ari->start
        && old->end == ari->end) {
        return;
    }
    if (acme_ari_is_urgent(ari, now)) {
        acme_log(ask->work->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0801) "%s: %s wants its certificate to be renewed at "
                                "once%s%s",
                 ask->spec->name, ask->label, ari->explanation ? ", see " : "",
                 ari->explanation ? ari->explanation : "");
        return;
    }
    acme_log(ask->work->log, ACME_LOG_INFO, 0,
             ACME_TAG(0802) "%s: renewed at %s, as %s suggests%s%s",
             ask->spec->name,
             acme_time_print(acme_ari_renew_at(ari, ask->info), ask->p),
             ask->label, ari->explanation ? ", see " : "",
             ari->explanation ? ari->explanation : "");
}

static void answered(void *baton, apr_status_t rv,
                     const acme_renewal_t *renewal,
                     const acme_problem_t *problem)
{
    acme_ari_query_t *ask = baton;
    const acme_ari_t *ari;

    ask->busy = 0;
    if (APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv == APR_SUCCESS) {
        ari = acme_ari_told(ask->job->ari, renewal, ask->info, ask->spec->name,
                            now_of(ask), ask->job->p);
        say(ask, ari);
        end(ask, ari);
        return;
    }
    if (problem->status == 404) {
        ask->ari_service->known = 0; /* it may have moved */
    }
    if (problem->status == 0 || problem->status == 429
        || problem->status >= 500) {
        give_up(ask, problem);
        return;
    }
    fail(ask, problem);
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    acme_ari_query_t *ask = baton;
    acme_ari_service_t *ari_service = ask->ari_service;
    const char *service;

    (void)answer;
    ask->busy = 0;
    ask->work->moved = 1;
    if (APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv != APR_SUCCESS) {
        give_up(ask, problem);
        return;
    }
    service = acme_client_directory_get(ask->client)->renewal_info;
    apr_cpystrn(ari_service->service, service ? service : "",
                sizeof(ari_service->service));
    ari_service->known = now_of(ask);
}

static void has_none(acme_ari_query_t *ask)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_set(&problem, APR_NOTFOUND, ACME_RETRY_LATER,
                     ACME_PROBLEM_PROTOCOL, ask->p,
                     "the CA has no renewal information (RFC 9773), "
                     "ACMERenewWindow counts");
    problem.retry_at = now_of(ask) + ACME_RENEWAL_AGAIN_MAX;
    fail(ask, &problem);
}

void acme_ari_query_step(acme_ari_query_t *ask)
{
    acme_ari_service_t *ari_service = ask->ari_service;
    apr_time_t now = now_of(ask);

    if (ask->busy || ask->over || ask->work->state != ACME_WORKER_CTX_ON) {
        return;
    }
    if (ari_service->down
        && (now < ari_service->down_at
            || now - ari_service->down_at >= DOWN_LIFE)) {
        ari_service->down = NULL;
    }
    if (ari_service->down) {
        fail(ask, ari_service->down);
    }
    else if (ari_service->known == 0 || ari_service->known > now
             || now - ari_service->known > SERVICE_LIFE) {
        if (acme_client_directory_get(ask->client)) {
            opened(ask, APR_SUCCESS, NULL, NULL);
            return;
        }
        ask->busy = 1;
        acme_client_directory_open(ask->client, opened, ask);
    }
    else if (!*ari_service->service) {
        has_none(ask);
    }
    else {
        ask->busy = 1;
        acme_renewal_ask(ask->client, ari_service->service, ask->info->ari_id,
                         answered, ask);
    }
}
