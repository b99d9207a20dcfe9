/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_partial_names.h"
#include "acme_scheduler.h"
#include "acme_scheduler_private.h"
#include "acme_obtain_result.h"

/* In a second, of those that Let's Encrypt allows: 40 and 20. */
#define DIRECTORIES_PER_SECOND 30
#define HEADS_PER_SECOND       15

/* Validations of these types have reached the name, or tried to. */
static const char *const validations[] = {
    "caa", "compound",           "connection",  "dns", "incorrectResponse",
    "tls", "rejectedIdentifier", "unauthorized"};

#define VALIDATIONS (int)(sizeof(validations) / sizeof(validations[0]))

/* ---- the ledgers in the store ---- */

/* Returns the text of an item, or NULL: a ledger that cannot be read counts as
 * empty, because the CA's own limits still hold. */
static const char *read_note(acme_vault_t *vault, const char *name,
                             apr_pool_t *p)
{
    acme_store_item_t item;

    return acme_vault_get(&item, vault, ACME_STORE_NOTES, name, NULL, p)
                   == APR_SUCCESS
               ? item.data
               : NULL;
}

static apr_status_t write_note(acme_vault_t *vault, const char *name,
                               const char *text, acme_problem_t *problem,
                               apr_pool_t *p)
{
    return acme_vault_put(NULL, vault, ACME_STORE_NOTES, name, text,
                          strlen(text), NULL, ACME_STORE_LAZY, problem, p);
}

static void load_ca(acme_admission_ca_t *ca, acme_vault_t *vault,
                    apr_time_t now, apr_pool_t *p)
{
    const char *texts[ACME_RATELIMIT_PARTS];
    int i;

    if (ca->budget) {
        for (i = 0; i < ACME_RATELIMIT_PARTS; ++i) {
            texts[i] =
                read_note(vault, acme_ratelimit_item(ca->budget, i, p), p);
        }
        acme_ratelimit_load(ca->budget, texts, p);
    }
    acme_ratelimit_pause_load(
        ca->pause, read_note(vault, acme_ratelimit_pause_item(ca->pause), p),
        now, p);
}

static apr_status_t save_parts(acme_ratelimit_t *budget, acme_vault_t *vault,
                               apr_time_t now, acme_problem_t *problem,
                               apr_pool_t *ptemp)
{
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, ptemp);
    for (i = 0; i < ACME_RATELIMIT_PARTS && rv == APR_SUCCESS; ++i) {
        const char *text;

        apr_pool_clear(p);
        text = acme_ratelimit_save(budget, i, now, p);
        if (text) {
            rv = write_note(vault, acme_ratelimit_item(budget, i, p), text,
                            problem, p);
            if (rv == APR_SUCCESS) {
                acme_ratelimit_saved(budget, i);
            }
        }
    }
    apr_pool_destroy(p);
    return rv;
}

static apr_status_t save_ca(acme_admission_ca_t *ca, acme_vault_t *vault,
                            apr_time_t now, acme_problem_t *problem,
                            apr_pool_t *p)
{
    const char *text = acme_ratelimit_pause_save(ca->pause, now, p);
    apr_status_t rv = APR_SUCCESS;

    if (text) {
        rv = write_note(vault, acme_ratelimit_pause_item(ca->pause), text,
                        problem, p);
        if (rv == APR_SUCCESS) {
            acme_ratelimit_pause_saved(ca->pause);
        }
    }
    return rv == APR_SUCCESS && ca->budget
               ? save_parts(ca->budget, vault, now, problem, p)
               : rv;
}

/* ---- what the limits let through ---- */

/* What is known of it at the beginning of a run. */
static void begin_ca(struct acme_scheduler_t *scheduler,
                     acme_admission_ca_t *ca)
{
    apr_time_t now = acme_time_now(scheduler->work->clock);
    apr_pool_t *p;

    apr_pool_create(&p, scheduler->prun);
    load_ca(ca, scheduler->work->vault, now, p);
    acme_client_share_begin(ca->shared, scheduler->prun);
    apr_pool_destroy(p);
}

acme_admission_ca_t *acme_admission_create(struct acme_scheduler_t *scheduler,
                                           const acme_ca_spec_t *ca)
{
    acme_admission_ca_t *made = apr_pcalloc(scheduler->p, sizeof(*made));

    made->url = ca->url;
    made->budget = acme_ratelimit_create(ca->url, ca->rate, scheduler->p);
    made->pause = acme_ratelimit_pause_create(ca->url, scheduler->p);
    made->shared =
        acme_client_share_create(made->budget ? DIRECTORIES_PER_SECOND : 0,
                                 made->budget ? HEADS_PER_SECOND : 0,
                                 scheduler->work->clock, scheduler->p);
    if (scheduler->prun) {
        begin_ca(scheduler, made);
    }
    APR_ARRAY_PUSH(scheduler->cas, acme_admission_ca_t *) = made;
    return made;
}

void acme_admission_begin(struct acme_scheduler_t *scheduler)
{
    int i;

    for (i = 0; i < scheduler->n_ca_queues; ++i) {
        scheduler->ca_queues[i]->held = 0;
    }
    for (i = 0; i < scheduler->cas->nelts; ++i) {
        begin_ca(scheduler,
                 APR_ARRAY_IDX(scheduler->cas, i, acme_admission_ca_t *));
    }
}

/* What is ordered: without the names that are left out. */
static acme_ratelimit_order_t order_of(const acme_scheduler_site_t *site,
                                       const acme_ca_queue_t *ca_queue,
                                       const acme_job_t *job, int exempt,
                                       apr_pool_t *p)
{
    const acme_spec_t *spec = site->known.spec;
    const acme_certstore_cert_t *live = site->known.inventory->live;
    acme_ratelimit_order_t order;

    order.account = acme_ca_account_name(ca_queue->ca, p);
    order.names = acme_partial_names(job, spec, p);
    order.renewal = live && acme_ident_same(live->info->names, order.names);
    order.exempt = exempt;
    return order;
}

/* Once in a run; each site says it in its job and status. */
static void say(const struct acme_scheduler_t *scheduler,
                acme_ca_queue_t *ca_queue, const acme_scheduler_site_t *site,
                const char *why, apr_time_t at, apr_pool_t *p)
{
    acme_log(scheduler->work->log,
             ca_queue->held ? ACME_LOG_INFO : ACME_LOG_NOTICE, 0,
             ACME_TAG(0875) "%s: is not ordered before %s, for the limits of "
                            "%s: %s",
             site->known.spec->name, acme_time_print(at, p),
             ca_queue->ca->label, why);
    ca_queue->held = 1;
}

static apr_time_t wait_for(struct acme_scheduler_t *scheduler,
                           acme_ca_queue_t *ca_queue,
                           const acme_scheduler_site_t *site, acme_job_t *job,
                           const char *why, apr_time_t at, apr_pool_t *p)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;

    if (acme_job_limit_wait(job, why, at)) {
        acme_job_note(job, acme_time_now(scheduler->work->clock),
                      "waits-for-limit", "%s", why);
    }
    say(scheduler, ca_queue, site, why, at, p);
    /* What cannot be saved is found anew by the next process. */
    (void)acme_job_save(job, scheduler->work->vault, ACME_STORE_LAZY, &unsaved,
                        p);
    return at;
}

/* One that has another CA as well fares as if it had asked itself: its turn
 * there comes all the sooner. */
static apr_time_t fail_for(struct acme_scheduler_t *scheduler,
                           const acme_ca_queue_t *ca_queue,
                           const acme_scheduler_site_t *site, acme_job_t *job,
                           const char *why, apr_time_t until, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_LATER,
                     ACME_PROBLEM_URN "rateLimited", p, "a limit of %s: %s",
                     ca_queue->ca->label, why);
    problem.status = 429;
    problem.retry_at = until;
    acme_job_limit_over(job);
    acme_obtain_result_failed(job, scheduler->work, site->known.spec, &problem,
                              ACME_OBTAIN_FAILURE_SHARED, ca_queue->seed, p);
    return job->at_once ? acme_time_now(scheduler->work->clock) : job->next_run;
}

apr_time_t acme_admission_hold(struct acme_scheduler_t *scheduler,
                               acme_ca_queue_t *ca_queue,
                               const acme_scheduler_site_t *site,
                               acme_job_t *job, int exempt, apr_pool_t *p)
{
    apr_time_t now = acme_time_now(scheduler->work->clock);
    const acme_spec_t *spec = site->known.spec;
    acme_ratelimit_order_t order;
    acme_ratelimit_parse_t limited;
    const char *why = NULL;
    apr_time_t at;

    if (job->order) {
        return 0;
    }
    order = order_of(site, ca_queue, job, exempt, p);
    at = acme_ratelimit_pause_until(ca_queue->at->pause, order.account,
                                    order.names, now, &limited, &why, p);
    if (at > now) {
        if (limited.what == ACME_RATELIMIT_PARSE_ACCOUNT) {
            ca_queue->probe_limit = 1;
        }
        return spec->more_cas
                       && (!job->digest
                           || strcmp(job->digest, acme_spec_digest(spec, p))
                                  == 0)
                   ? fail_for(scheduler, ca_queue, site, job, why, at, p)
                   : wait_for(scheduler, ca_queue, site, job, why, at, p);
    }
    if (ca_queue->at->budget) {
        at = acme_ratelimit_when(ca_queue->at->budget, &order, now, &why, p);
        if (at > now) {
            return wait_for(scheduler, ca_queue, site, job, why, at, p);
        }
        acme_ratelimit_take(ca_queue->at->budget, &order, now);
    }
    acme_job_limit_over(job);
    return 0;
}

void acme_admission_count(struct acme_scheduler_t *scheduler,
                          acme_ca_queue_t *ca_queue,
                          const acme_scheduler_site_t *site,
                          const acme_job_t *job, apr_pool_t *p)
{
    acme_ratelimit_order_t order;

    if (ca_queue->at->budget) {
        order = order_of(site, ca_queue, job, 0, p);
        acme_ratelimit_take(ca_queue->at->budget, &order,
                            acme_time_now(scheduler->work->clock));
    }
}

/* Where an account's orders were refused, those that come first find out
 * whether all may come. */
void acme_admission_made(const struct acme_scheduler_t *scheduler,
                         acme_ca_queue_t *ca_queue)
{
    ca_queue->probe_limit *= 2;
    if (ca_queue->probe_limit >= scheduler->parallel) {
        ca_queue->probe_limit = 0;
    }
}

static int is_validation(const acme_problem_t *problem)
{
    int i;

    for (i = 0; i < VALIDATIONS; ++i) {
        if (acme_problem_is(problem, validations[i])) {
            return 1;
        }
    }
    return 0;
}

static void note_failures(acme_ratelimit_t *budget,
                          const acme_ratelimit_order_t *order,
                          const acme_problem_t *problem, apr_time_t now)
{
    int i;

    for (i = 0; problem->subproblems && i < problem->subproblems->nelts; ++i) {
        const char *name =
            APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t)
                .identifier;

        if (name) {
            acme_ratelimit_failed(budget, order->account, name, now);
        }
    }
    for (i = 0; !problem->subproblems && i < order->names->nelts; ++i) {
        acme_ratelimit_failed(budget, order->account,
                              APR_ARRAY_IDX(order->names, i, const char *),
                              now);
    }
}

/* The CA has made no order: it may have said of whom it makes none. */
static void note_limits(acme_ca_queue_t *ca_queue,
                        const acme_ratelimit_order_t *order,
                        const acme_problem_t *problem, apr_time_t now,
                        apr_pool_t *p)
{
    apr_array_header_t *limited;
    int i;

    if (problem->retry != ACME_RETRY_LATER || problem->retry_at <= now) {
        return;
    }
    limited =
        acme_ratelimit_parse_read(problem, order->account, order->names, p);
    for (i = 0; i < limited->nelts; ++i) {
        const acme_ratelimit_parse_t *one =
            &APR_ARRAY_IDX(limited, i, acme_ratelimit_parse_t);

        acme_ratelimit_pause_add(ca_queue->at->pause, one, problem->retry_at,
                                 now);
        if (ca_queue->at->budget) {
            acme_ratelimit_refused(ca_queue->at->budget, one, problem->retry_at,
                                   now);
        }
        if (one->what == ACME_RATELIMIT_PARSE_ACCOUNT) {
            ca_queue->probe_limit = 1;
        }
    }
}

void acme_admission_finish(struct acme_scheduler_t *scheduler,
                           acme_ca_queue_t *ca_queue,
                           const acme_scheduler_site_t *site,
                           const acme_job_t *job, int made, int counted,
                           int exempt, apr_pool_t *p)
{
    apr_time_t now = acme_time_now(scheduler->work->clock);
    acme_ratelimit_t *budget = ca_queue->at->budget;
    acme_ratelimit_order_t order;

    if (!job->problem) {
        return;
    }
    order = order_of(site, ca_queue, job, exempt, p);
    if (budget && !made && counted) {
        acme_ratelimit_give(budget, &order);
    }
    if (!made) {
        note_limits(ca_queue, &order, job->problem, now, p);
    }
    else if (budget && is_validation(job->problem)) {
        if (!job->order) {
            acme_ratelimit_end(budget, &order);
        }
        note_failures(budget, &order, job->problem, now);
    }
}

void acme_admission_save(struct acme_scheduler_t *scheduler)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = acme_time_now(scheduler->work->clock);
    apr_pool_t *p;
    int i;

    if (scheduler->work->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, scheduler->prun);
    for (i = 0; i < scheduler->cas->nelts; ++i) {
        apr_pool_clear(p);
        if (save_ca(APR_ARRAY_IDX(scheduler->cas, i, acme_admission_ca_t *),
                    scheduler->work->vault, now, &problem, p)
                != APR_SUCCESS
            && !scheduler->complained) {
            scheduler->complained = 1;
            acme_log(scheduler->work->log, ACME_LOG_WARNING, problem.rv,
                     ACME_TAG(0876) "how much of the CA's limits is used is "
                                    "only remembered by this process: %s",
                     acme_problem_text(&problem, p));
        }
    }
    apr_pool_destroy(p);
}
