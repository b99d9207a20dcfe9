/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_account_ops.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ctl_result.h"

/* Most operations that wait at one account: people ask for them. */
#define OPS_MAX 1000

struct acme_account_ops_t {
    acme_ca_queue_set_t *queues;
    const acme_revoker_t *revoker;
    int surveyed;
};

/* An operation. */
typedef struct acme_account_op_t {
    acme_worker_ctx_t *ctx;
    acme_ctl_request_t request;
    acme_json_t *import; /* ACCOUNT: the record, else NULL */
    apr_pool_t *p;       /* outlives its requests to the CA */
    apr_time_t since;    /* when it was taken */
    int busy;            /* a request to the CA is under way */
    int over;            /* the result is noted */
} acme_account_op_t;

acme_account_ops_t *acme_account_ops_create(acme_ca_queue_set_t *queues,
                                            const acme_revoker_t *revoker,
                                            apr_pool_t *p)
{
    acme_account_ops_t *ops = apr_pcalloc(p, sizeof(*ops));

    ops->queues = queues;
    ops->revoker = revoker;
    return ops;
}

/* ---- an operation ---- */

static acme_account_op_t *
create(acme_worker_ctx_t *ctx, const acme_ctl_request_t *request, apr_pool_t *p)
{
    acme_account_op_t *op = apr_pcalloc(p, sizeof(*op));

    op->ctx = ctx;
    op->p = p;
    op->since = acme_time_now(ctx->clock);
    op->request = *request;
    op->request.name = apr_pstrdup(p, request->name);
    op->request.id = apr_pstrdup(p, request->id);
    op->request.csr = NULL;
    op->request.body = NULL;
    if (request->what == ACME_CTL_ACCOUNT) {
        const char *text = acme_json_print(request->body, 0, p);

        (void)acme_json_parse(&op->import, text, strlen(text), NULL, p);
    }
    return op;
}

static void end(acme_account_op_t *op, const char *url,
                const acme_problem_t *outcome)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    op->over = 1;
    op->ctx->moved = 1;
    if (op->ctx->state != ACME_WORKER_CTX_LOST
        && acme_ctl_result_note(op->ctx->vault, &op->request, url, outcome,
                                &problem, op->p)
               != APR_SUCCESS) {
        acme_log(op->ctx->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0826) "the outcome of acmectl's request cannot be "
                                "stored, so acmectl gives up waiting: %s",
                 acme_problem_text(&problem, op->p));
    }
}

static void log_failure(const acme_account_op_t *op,
                        const acme_problem_t *problem)
{
    acme_log(op->ctx->log, ACME_LOG_WARNING, problem->rv,
             ACME_TAG(0827) "what acmectl asked for (%s) has failed: %s",
             acme_ctl_request_name(op->request.what),
             acme_problem_text(problem, op->p));
}

static void finish(acme_account_op_t *op, apr_status_t rv, const char *url,
                   const acme_problem_t *problem)
{
    op->busy = 0;
    op->ctx->moved = 1;
    if (APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv != APR_SUCCESS) {
        log_failure(op, problem);
    }
    end(op, url, rv == APR_SUCCESS ? NULL : problem);
}

static void changed(void *baton, apr_status_t rv, const char *url,
                    const acme_problem_t *problem)
{
    finish(baton, rv, url, problem);
}

static void change(acme_account_op_t *op, acme_ca_account_t *account)
{
    acme_ca_account_change_e how = ACME_CA_ACCOUNT_RECOVER;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_SUCCESS;

    if (op->request.what == ACME_CTL_ROLLOVER) {
        how = ACME_CA_ACCOUNT_ROLLOVER;
    }
    else if (op->request.what == ACME_CTL_DEACTIVATE) {
        how = ACME_CA_ACCOUNT_DEACTIVATE;
    }
    op->busy = 1;
    if (op->import) {
        rv = acme_ca_account_keep_offer(account, op->import, &problem, op->p);
    }
    if (rv != APR_SUCCESS) {
        finish(op, rv, NULL, &problem);
        return;
    }
    acme_ca_account_change(account, how, changed, op);
}

/* Goes on with an operation, as far as it goes without waiting. */
static void step(acme_account_op_t *op, acme_ca_account_t *account)
{
    const acme_problem_t *problem = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (op->busy || op->over || op->ctx->state != ACME_WORKER_CTX_ON) {
        return;
    }
    if (op->request.what != ACME_CTL_RECOVER && !op->import) {
        rv = acme_ca_account_ready(account, op->since, &problem);
    }
    if (rv == APR_SUCCESS
        || (op->request.what == ACME_CTL_DEACTIVATE && !APR_STATUS_IS_EAGAIN(rv)
            && acme_ca_account_lost_is_closed(account))) {
        change(op, account);
    }
    else if (!APR_STATUS_IS_EAGAIN(rv)) {
        finish(op, rv, NULL, problem);
    }
}

/* ---- the operations of an account ---- */

static int is_known(const acme_account_ops_t *ops, const acme_ca_queue_t *queue,
                    const acme_ctl_request_t *request, apr_pool_t *ptemp)
{
    const acme_account_op_t *op;
    acme_ctl_result_t result;
    int i;

    for (i = 0; i < queue->account_ops->nelts; ++i) {
        op = APR_ARRAY_IDX(queue->account_ops, i, const acme_account_op_t *);
        if (strcmp(op->request.id, request->id) == 0) {
            return 1;
        }
    }
    return acme_ctl_result_get(&result, ops->queues->ctx->vault, request, ptemp)
           == APR_SUCCESS;
}

void acme_account_ops_take(acme_account_ops_t *ops,
                           const acme_ctl_request_t *request, apr_pool_t *ptemp)
{
    acme_ca_queue_t *queue = acme_ca_queue_find(ops->queues, request->name);
    apr_pool_t *p;

    if (!queue || queue->account_ops->nelts >= OPS_MAX
        || is_known(ops, queue, request, ptemp)) {
        return;
    }
    apr_pool_create(&p, ops->queues->prun);
    APR_ARRAY_PUSH(queue->account_ops, acme_account_op_t *) =
        create(ops->queues->ctx, request, p);
}

/* Goes on with the operations of an account, one after the other: nothing else
 * is done with the account meanwhile. Returns how many are left. */
static int step_queue(acme_account_ops_t *ops, acme_ca_queue_t *queue)
{
    acme_account_op_t *op;

    while (acme_ca_queue_is_held(queue)) {
        op = APR_ARRAY_IDX(queue->account_ops, queue->next_op,
                           acme_account_op_t *);
        if (queue->orders.running == 0 && !queue->contact_changed
            && !acme_revoker_is_busy(ops->revoker)) {
            step(op, acme_ca_queue_account(ops->queues, queue));
        }
        if (!op->over) {
            break;
        }
        ++queue->next_op;
    }
    return queue->account_ops->nelts - queue->next_op;
}

/* ---- contacts ---- */

/* Returns non-zero when the store has an account that no queue uses any
 * more. */
static int has_orphans(const acme_account_ops_t *ops, apr_pool_t *p)
{
    apr_array_header_t *names;
    int i;

    if (acme_account_record_list(&names, ops->queues->ctx->vault, NULL, p)
        != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < names->nelts; ++i) {
        if (!acme_ca_queue_find(ops->queues,
                                APR_ARRAY_IDX(names, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when the CA knows the account with another contact. An
 * account without a record may have an orphan to take over. */
static int has_changed(acme_account_ops_t *ops, acme_ca_queue_t *queue,
                       int orphans, apr_pool_t *p)
{
    const char *contact = queue->ca->contact ? queue->ca->contact : "";
    acme_account_record_t *record;
    apr_status_t rv;

    rv = acme_account_record_load(&record, ops->queues->ctx->vault,
                                  acme_ca_account_name(queue->ca, p), NULL, p);
    if (APR_STATUS_IS_ENOENT(rv) && orphans) {
        rv = acme_ca_account_load(acme_ca_queue_account(ops->queues, queue),
                                  &record);
    }
    return rv == APR_SUCCESS && record->url && !record->deactivated
           && strcmp(record->contact ? record->contact : "", contact) != 0;
}

void acme_account_ops_survey(acme_account_ops_t *ops)
{
    acme_ca_queue_set_t *queues = ops->queues;
    acme_ca_queue_t *queue;
    apr_pool_t *p;
    int i, orphans;

    if (ops->surveyed) {
        return;
    }
    ops->surveyed = 1;
    apr_pool_create(&p, queues->prun);
    orphans = has_orphans(ops, p);
    for (i = 0; i < queues->queues->nelts; ++i) {
        queue = acme_ca_queue_at(queues, i);
        if (has_changed(ops, queue, orphans, p)) {
            queue->contact_changed = acme_time_now(queues->ctx->clock);
        }
    }
    apr_pool_destroy(p);
}

/* Tells the CA the contact: an account that becomes ready does so. */
static void tell_contact(acme_account_ops_t *ops, acme_ca_queue_t *queue)
{
    const acme_problem_t *problem;

    if (queue->contact_changed
        && !APR_STATUS_IS_EAGAIN(
            acme_ca_account_ready(acme_ca_queue_account(ops->queues, queue),
                                  queue->contact_changed, &problem))) {
        queue->contact_changed = 0;
    }
}

int acme_account_ops_step(acme_account_ops_t *ops)
{
    acme_ca_queue_t *queue;
    int i, left = 0;

    for (i = 0; i < ops->queues->queues->nelts; ++i) {
        queue = acme_ca_queue_at(ops->queues, i);
        tell_contact(ops, queue);
        left += queue->contact_changed != 0;
        left += step_queue(ops, queue);
    }
    return left;
}
