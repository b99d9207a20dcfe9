/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_admission.h"

#include <string.h>

#include "acme_ca_account.h"
#include "acme_ident.h"
#include "acme_obtain_result.h"
#include "acme_partial_names.h"
#include "acme_ratelimit.h"
#include "acme_ratelimit_pause.h"

/* Requests in a second, below what Let's Encrypt allows: 40 and 20. */
#define DIRECTORIES_PER_SECOND 30
#define HEADS_PER_SECOND       15

struct acme_admission_ca_t {
    const char *url;
    acme_ratelimit_t *budget; /* NULL: no limit is known beforehand */
    acme_ratelimit_pause_t *pause;
    acme_client_share_t *share; /* of the clients of all accounts there */
};

struct acme_admission_t {
    acme_worker_ctx_t *ctx;
    int parallel;
    apr_array_header_t *cas; /* acme_admission_ca_t * */
    apr_pool_t *p;
    apr_pool_t *prun; /* of a run, or NULL */
};

/* Errors of a validation that has reached the name, or tried to. */
static const char *const validations[] = {
    "caa", "compound",           "connection",  "dns", "incorrectResponse",
    "tls", "rejectedIdentifier", "unauthorized"};

#define VALIDATIONS (int)(sizeof(validations) / sizeof(validations[0]))

static apr_time_t now_of(const acme_admission_t *admission)
{
    return acme_time_now(admission->ctx->clock);
}

/* ---- the notes in the store ---- */

/* Returns the text of an item, or NULL: a note that cannot be read counts as
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
    const acme_store_put_t note = {
        .kind = ACME_STORE_NOTES,
        .name = name,
        .data = text,
        .len = strlen(text),
        .sync = ACME_STORE_LAZY,
    };

    return acme_vault_put(NULL, vault, &note, problem, p);
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

/* ---- CAs and their accounts ---- */

acme_admission_t *acme_admission_create(acme_worker_ctx_t *ctx, int parallel,
                                        apr_pool_t *p)
{
    acme_admission_t *admission = apr_pcalloc(p, sizeof(*admission));

    admission->ctx = ctx;
    admission->parallel = parallel;
    admission->cas = apr_array_make(p, 2, sizeof(acme_admission_ca_t *));
    admission->p = p;
    return admission;
}

static void begin_ca(const acme_admission_t *admission, acme_admission_ca_t *ca)
{
    apr_pool_t *p;

    apr_pool_create(&p, admission->prun);
    load_ca(ca, admission->ctx->vault, now_of(admission), p);
    acme_client_share_begin(ca->share, admission->prun);
    apr_pool_destroy(p);
}

static acme_admission_ca_t *make_ca(acme_admission_t *admission,
                                    const acme_ca_spec_t *spec)
{
    acme_admission_ca_t *ca = apr_pcalloc(admission->p, sizeof(*ca));

    ca->url = spec->url;
    ca->budget = acme_ratelimit_create(spec->url, spec->rate, admission->p);
    ca->pause = acme_ratelimit_pause_create(spec->url, admission->p);
    ca->share = acme_client_share_create(
        ca->budget ? DIRECTORIES_PER_SECOND : 0,
        ca->budget ? HEADS_PER_SECOND : 0, admission->ctx->clock, admission->p);
    if (admission->prun) {
        begin_ca(admission, ca);
    }
    APR_ARRAY_PUSH(admission->cas, acme_admission_ca_t *) = ca;
    return ca;
}

/* Limits are a CA's, because it counts some of them for all accounts. */
static acme_admission_ca_t *find_ca(acme_admission_t *admission,
                                    const acme_ca_spec_t *spec)
{
    acme_admission_ca_t *ca;
    int i;

    for (i = 0; i < admission->cas->nelts; ++i) {
        ca = APR_ARRAY_IDX(admission->cas, i, acme_admission_ca_t *);
        if (strcmp(ca->url, spec->url) == 0) {
            return ca;
        }
    }
    return make_ca(admission, spec);
}

void acme_admission_open(acme_admission_t *admission,
                         acme_admission_account_t *account,
                         const acme_ca_spec_t *ca, const char *seed)
{
    memset(account, 0, sizeof(*account));
    account->ca = ca;
    account->seed = seed;
    account->limits = find_ca(admission, ca);
}

void acme_admission_begin(acme_admission_t *admission, apr_pool_t *prun)
{
    int i;

    admission->prun = prun;
    for (i = 0; i < admission->cas->nelts; ++i) {
        begin_ca(admission,
                 APR_ARRAY_IDX(admission->cas, i, acme_admission_ca_t *));
    }
}

void acme_admission_end(acme_admission_t *admission)
{
    admission->prun = NULL;
}

void acme_admission_begin_account(acme_admission_account_t *account)
{
    account->wait_logged = 0;
    account->unmade = 0;
}

void acme_admission_save(acme_admission_t *admission, int *failure_logged)
{
    const acme_worker_ctx_t *ctx = admission->ctx;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = now_of(admission);
    apr_pool_t *p;
    int i;

    if (ctx->state == ACME_WORKER_CTX_LOST) {
        return;
    }
    apr_pool_create(&p, admission->prun);
    for (i = 0; i < admission->cas->nelts; ++i) {
        apr_pool_clear(p);
        if (save_ca(APR_ARRAY_IDX(admission->cas, i, acme_admission_ca_t *),
                    ctx->vault, now, &problem, p)
                != APR_SUCCESS
            && !*failure_logged) {
            *failure_logged = 1;
            acme_log(ctx->log, ACME_LOG_WARNING, problem.rv,
                     ACME_TAG(0876) "how much of the CA's limits is used is "
                                    "only remembered by this process: %s",
                     acme_problem_text(&problem, p));
        }
    }
    apr_pool_destroy(p);
}

void acme_admission_share_client(const acme_admission_account_t *account,
                                 acme_client_t *client)
{
    acme_client_share(client, account->limits->share);
}

int acme_admission_room(const acme_admission_account_t *account, int most)
{
    return account->probe_limit ? account->probe_limit - account->unmade : most;
}

/* ---- before an order ---- */

/* Returns the order as the limits see it: without the names that are left
 * out. */
static acme_ratelimit_order_t counted_order(const acme_admission_order_t *order,
                                            apr_pool_t *p)
{
    const acme_certstore_cert_t *live = order->inventory->live;
    acme_ratelimit_order_t counted;

    counted.account = acme_ca_account_name(order->account->ca, p);
    counted.names = acme_partial_names(order->job, order->spec, p);
    counted.renewal = live && acme_ident_same(live->info->names, counted.names);
    counted.exempt = order->exempt;
    return counted;
}

/* Notices the first site of an account that waits in a run; the others are
 * logged as INFO, because the job and the status of each say it as well. */
static void log_wait(const acme_admission_t *admission,
                     const acme_admission_order_t *order, const char *why,
                     apr_time_t at, apr_pool_t *p)
{
    acme_admission_account_t *account = order->account;

    acme_log(admission->ctx->log,
             account->wait_logged ? ACME_LOG_INFO : ACME_LOG_NOTICE, 0,
             ACME_TAG(0875) "%s: is not ordered before %s, for the limits of "
                            "%s: %s",
             order->spec->name, acme_time_print(at, p), account->ca->label,
             why);
    account->wait_logged = 1;
}

static apr_time_t wait_for(const acme_admission_t *admission,
                           const acme_admission_order_t *order, const char *why,
                           apr_time_t at, apr_pool_t *p)
{
    acme_problem_t unsaved = ACME_PROBLEM_INIT;
    acme_job_t *job = order->job;

    if (acme_job_limit_wait(job, why, at)) {
        acme_job_note(job, now_of(admission), "waits-for-limit", "%s", why);
    }
    log_wait(admission, order, why, at, p);
    /* A failure is ignored because the next process finds the wait again. */
    (void)acme_job_save(job, admission->ctx->vault, ACME_STORE_LAZY, &unsaved,
                        p);
    return at;
}

/* Counts this limit as a failed try of a site with a second CA, so that it
 * moves to the second CA sooner. */
static apr_time_t fail_for(const acme_admission_t *admission,
                           const acme_admission_order_t *order, const char *why,
                           apr_time_t until, apr_pool_t *p)
{
    const acme_admission_account_t *account = order->account;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = order->job;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_LATER,
                     ACME_PROBLEM_URN "rateLimited", p, "a limit of %s: %s",
                     account->ca->label, why);
    problem.status = 429;
    problem.retry_at = until;
    acme_job_limit_over(job);
    acme_obtain_result_failed(job, admission->ctx, order->spec, &problem,
                              ACME_OBTAIN_FAILURE_SHARED, account->seed, p);
    return job->at_once ? now_of(admission) : job->next_run;
}

apr_time_t acme_admission_hold(acme_admission_t *admission,
                               acme_admission_order_t *order, apr_pool_t *p)
{
    acme_admission_account_t *account = order->account;
    acme_ratelimit_t *budget = account->limits->budget;
    apr_time_t now = now_of(admission);
    const acme_spec_t *spec = order->spec;
    acme_job_t *job = order->job;
    acme_ratelimit_order_t counted;
    acme_ratelimit_parse_t limited;
    const char *why = NULL;
    apr_time_t at;

    order->counted = !job->order;
    if (!order->counted) {
        return 0;
    }
    counted = counted_order(order, p);
    at = acme_ratelimit_pause_until(account->limits->pause, counted.account,
                                    counted.names, now, &limited, &why, p);
    if (at > now) {
        if (limited.what == ACME_RATELIMIT_PARSE_ACCOUNT) {
            account->probe_limit = 1;
        }
        return spec->more_cas
                       && (!job->digest
                           || strcmp(job->digest, acme_spec_digest(spec, p))
                                  == 0)
                   ? fail_for(admission, order, why, at, p)
                   : wait_for(admission, order, why, at, p);
    }
    if (budget) {
        at = acme_ratelimit_when(budget, &counted, now, &why, p);
        if (at > now) {
            return wait_for(admission, order, why, at, p);
        }
        acme_ratelimit_take(budget, &counted, now);
    }
    acme_job_limit_over(job);
    return 0;
}

/* ---- after an order ---- */

void acme_admission_start(acme_admission_order_t *order)
{
    order->unmade = order->counted;
    order->account->unmade += order->unmade;
}

static void end_unmade(acme_admission_order_t *order)
{
    order->account->unmade -= order->unmade;
    order->unmade = 0;
}

void acme_admission_made(const acme_admission_t *admission,
                         acme_admission_order_t *order)
{
    acme_admission_account_t *account = order->account;

    if (!order->unmade) {
        return;
    }
    end_unmade(order);
    account->probe_limit *= 2;
    if (account->probe_limit >= admission->parallel) {
        account->probe_limit = 0;
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
                          const acme_ratelimit_order_t *counted,
                          const acme_problem_t *problem, apr_time_t now)
{
    int i;

    for (i = 0; problem->subproblems && i < problem->subproblems->nelts; ++i) {
        const char *name =
            APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t)
                .identifier;

        if (name) {
            acme_ratelimit_failed(budget, counted->account, name, now);
        }
    }
    for (i = 0; !problem->subproblems && i < counted->names->nelts; ++i) {
        acme_ratelimit_failed(budget, counted->account,
                              APR_ARRAY_IDX(counted->names, i, const char *),
                              now);
    }
}

/* Learns which limit the CA has named when it refused to make the order. */
static void note_limits(acme_admission_account_t *account,
                        const acme_ratelimit_order_t *counted,
                        const acme_problem_t *problem, apr_time_t now,
                        apr_pool_t *p)
{
    acme_admission_ca_t *limits = account->limits;
    apr_array_header_t *limited;
    int i;

    if (problem->retry != ACME_RETRY_LATER || problem->retry_at <= now) {
        return;
    }
    limited =
        acme_ratelimit_parse_read(problem, counted->account, counted->names, p);
    for (i = 0; i < limited->nelts; ++i) {
        const acme_ratelimit_parse_t *limit =
            &APR_ARRAY_IDX(limited, i, acme_ratelimit_parse_t);

        acme_ratelimit_pause_add(limits->pause, limit, problem->retry_at, now);
        if (limits->budget) {
            acme_ratelimit_refused(limits->budget, limit, problem->retry_at,
                                   now);
        }
        if (limit->what == ACME_RATELIMIT_PARSE_ACCOUNT) {
            account->probe_limit = 1;
        }
    }
}

void acme_admission_finish(acme_admission_t *admission,
                           acme_admission_order_t *order, int made,
                           int has_replaced, apr_pool_t *p)
{
    acme_ratelimit_t *budget = order->account->limits->budget;
    const acme_problem_t *problem = order->job->problem;
    apr_time_t now = now_of(admission);
    acme_ratelimit_order_t counted;

    end_unmade(order);
    /* An exempt order counts after all when the CA has not made it for the
     * certificate that it replaces. */
    if (order->counted && order->exempt && made && !has_replaced) {
        order->exempt = 0;
        if (budget) {
            counted = counted_order(order, p);
            acme_ratelimit_take(budget, &counted, now);
        }
    }
    if (!problem) {
        return;
    }
    counted = counted_order(order, p);
    if (budget && !made && order->counted) {
        acme_ratelimit_give(budget, &counted);
    }
    if (!made) {
        note_limits(order->account, &counted, problem, now, p);
    }
    else if (budget && is_validation(problem)) {
        if (!order->job->order) {
            acme_ratelimit_end(budget, &counted);
        }
        note_failures(budget, &counted, problem, now);
    }
}
