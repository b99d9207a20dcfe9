/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_account_private.h"
#include "account_world.h"

#define STATE(name) ACME_CA_ACCOUNT_STATE_##name

/* All that the table allows, written down a second time. */
static const struct {
    acme_ca_account_state_e state;
    const char *name;
    const char *successors;
} moves[] = {
    {STATE(NEW), "new", " new opening recovering down "},
    {STATE(OPENING), "opening",
     " new resolving checking registering updating ready down "},
    {STATE(RESOLVING), "resolving",
     " new checking registering updating ready down "},
    {STATE(CHECKING), "checking", " new registering updating ready down "},
    {STATE(REGISTERING), "registering", " new ready down "},
    {STATE(UPDATING), "updating", " new ready "},
    {STATE(RECOVERING), "recovering", " new recovering "},
    {STATE(ROLLOVER), "rollover", " new rollover-check ready "},
    {STATE(ROLLOVER_CHECK), "rollover-check", " new ready "},
    {STATE(DEACTIVATING), "deactivating", " new deactivate-check "},
    {STATE(DEACTIVATE_CHECK), "deactivate-check", " new "},
    {STATE(READY), "ready", " new recovering rollover deactivating "},
    {STATE(DOWN), "down", " new opening recovering down "},
};

/* An account in a state of the table, which sends nothing. */
typedef struct bench_t {
    world_t *w;
    acme_ca_account_t *account;
    acme_ca_account_state_t states[ACME_CA_ACCOUNT_STATE_COUNT];
    account_heard_t heard;
} bench_t;

static void bench_set(bench_t *bench, acme_ca_account_state_e state)
{
    acme_ca_account_t *account = bench->account;

    apr_array_clear(bench->w->lines);
    memset(&bench->heard, 0, sizeof(bench->heard));
    account->state = state;
    account->problem = NULL;
    account->ctx->moved = 0;
    account->done = account_hear;
    account->done_baton = &bench->heard;
}

static bench_t *bench_create(apr_pool_t *p)
{
    bench_t *bench = apr_pcalloc(p, sizeof(*bench));
    int i;

    bench->w = world_create(p);
    bench->w->log.level = ACME_LOG_DEBUG;
    bench->account = acme_ca_account_create(account_ctx(bench->w),
                                            &bench->w->ca_spec, bench->w->p);
    memcpy(bench->states, bench->account->states, sizeof(bench->states));
    for (i = 0; i < ACME_CA_ACCOUNT_STATE_COUNT; ++i) {
        bench->states[i].plan = NULL;
    }
    bench->account->states = bench->states;
    return bench;
}

static void the_table_has_each_state_and_what_may_follow_it(void **state)
{
    bench_t *bench = bench_create(*state);
    const acme_ca_account_state_t *states =
        acme_ca_account_create(bench->account->ctx, &bench->w->ca_spec,
                               bench->w->p)
            ->states;
    int i, j, allowed;
    char *name;

    assert_int_equal(sizeof(moves) / sizeof(*moves),
                     ACME_CA_ACCOUNT_STATE_COUNT);
    for (i = 0; i < ACME_CA_ACCOUNT_STATE_COUNT; ++i) {
        assert_int_equal(moves[i].state, i);
        assert_string_equal(states[i].name, moves[i].name);
        assert_int_equal(states[i].plan == NULL, states[i].answer == NULL);
        /* a request can be cancelled */
        assert_true(states[i].successors & (1u << STATE(NEW)));
        for (j = 0; j < ACME_CA_ACCOUNT_STATE_COUNT; ++j) {
            name = apr_psprintf(bench->w->p, " %s ", moves[j].name);
            allowed = strstr(moves[i].successors, name) != NULL;
            assert_int_equal((states[i].successors & (1u << j)) != 0, allowed);
        }
    }
}

static void what_is_allowed_happens_and_is_logged(void **state)
{
    bench_t *bench = bench_create(*state);
    acme_ca_account_t *account = bench->account;
    const char *line;
    int from, to;

    for (from = 0; from < ACME_CA_ACCOUNT_STATE_COUNT; ++from) {
        for (to = 0; to < ACME_CA_ACCOUNT_STATE_COUNT; ++to) {
            if (!(bench->states[from].successors & (1u << to))) {
                continue;
            }
            bench_set(bench, from);
            acme_ca_account_state_enter(account, to);
            assert_int_equal(account->state, to);
            assert_true(account->ctx->moved);
            assert_null(account->problem);
            assert_int_equal(bench->heard.times, 0);
            line = apr_psprintf(bench->w->p, "account: %s -> %s",
                                moves[from].name, moves[to].name);
            assert_int_equal(world_said(bench->w, ACME_LOG_DEBUG, line), 1);
            assert_int_equal(bench->w->lines->nelts, 1);
        }
    }
}

static void what_is_not_allowed_is_refused_and_logged(void **state)
{
    bench_t *bench = bench_create(*state);
    acme_ca_account_t *account = bench->account;
    const acme_problem_t *problem;
    const char *line;
    int from, to;

    for (from = 0; from < ACME_CA_ACCOUNT_STATE_COUNT; ++from) {
        for (to = 0; to < ACME_CA_ACCOUNT_STATE_COUNT; ++to) {
            if (bench->states[from].successors & (1u << to)) {
                continue;
            }
            bench_set(bench, from);
            acme_ca_account_state_enter(account, to);
            assert_int_equal(account->state, STATE(DOWN));
            line = apr_psprintf(bench->w->p, "%s may not follow %s",
                                moves[to].name, moves[from].name);
            assert_int_equal(world_said(bench->w, ACME_LOG_ERR, line), 1);
            line = apr_psprintf(bench->w->p, "account: %s -> down",
                                moves[from].name);
            assert_int_equal(world_said(bench->w, ACME_LOG_DEBUG, line), 1);
            /* callers hear of it, and so does acmectl */
            assert_int_equal(
                acme_ca_account_ready(account, bench->w->clock->now, &problem),
                APR_EGENERAL);
            assert_int_equal(problem->retry, ACME_RETRY_INTERNAL);
            assert_int_equal(bench->heard.times, 1);
            assert_int_equal(bench->heard.rv, APR_EGENERAL);
            assert_non_null(strstr(bench->heard.detail, "may not follow"));
        }
    }
}

static void a_cancelled_request_leads_to_new_and_ends_a_change(void **state)
{
    bench_t *bench = bench_create(*state);
    acme_ca_account_t *account = bench->account;
    int i;

    for (i = 0; i < ACME_CA_ACCOUNT_STATE_COUNT; ++i) {
        if (!bench->states[i].answer) {
            continue;
        }
        bench_set(bench, i);
        acme_ca_account_state_answered(acme_ca_account_state_request(account),
                                       APR_EINTR, NULL, NULL);
        assert_int_equal(account->state, STATE(NEW));
        assert_int_equal(bench->heard.times, 1);
        assert_true(APR_STATUS_IS_EINTR(bench->heard.rv));
        assert_int_equal(world_said(bench->w, ACME_LOG_ERR, NULL), 0);
    }
}

static void an_answer_to_a_state_that_was_left_is_ignored(void **state)
{
    bench_t *bench = bench_create(*state);
    acme_ca_account_t *account = bench->account;
    acme_ca_account_request_t *request;
    int i, j;

    for (i = 0; i < ACME_CA_ACCOUNT_STATE_COUNT; ++i) {
        for (j = 0; j < ACME_CA_ACCOUNT_STATE_COUNT; ++j) {
            if (i == j || !bench->states[i].answer) {
                continue;
            }
            bench_set(bench, i);
            request = acme_ca_account_state_request(account);
            bench_set(bench, j);
            acme_ca_account_state_answered(request, APR_SUCCESS, "https://x",
                                           NULL);
            assert_int_equal(account->state, j);
            assert_int_equal(bench->heard.times, 0);
            assert_int_equal(world_said(bench->w, ACME_LOG_DEBUG, "ignored"),
                             1);
        }
    }
}

static void a_change_in_the_middle_of_something_else_fails(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = account_ctx(w);
    acme_ca_account_t *account;
    const acme_problem_t *problem;
    account_heard_t heard;

    account_open(w, ctx);
    account = acme_ca_account_create(ctx, &w->ca_spec, w->p);
    assert_int_equal(acme_ca_account_ready(account, w->clock->now, &problem),
                     APR_EAGAIN);
    memset(&heard, 0, sizeof(heard));
    acme_ca_account_change(account, ACME_CA_ACCOUNT_RECOVER, account_hear,
                           &heard);
    assert_int_equal(heard.times, 1);
    assert_int_equal(heard.rv, APR_EGENERAL);
    script_http_drain(w->script);
    assert_int_equal(heard.times, 1);
    /* and the account is none the worse for it */
    fake_clock_turn(w->clock, 1);
    assert_int_equal(account_settle(account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

ACME_T_MAIN(ACME_T(the_table_has_each_state_and_what_may_follow_it),
            ACME_T(what_is_allowed_happens_and_is_logged),
            ACME_T(what_is_not_allowed_is_refused_and_logged),
            ACME_T(a_cancelled_request_leads_to_new_and_ends_a_change),
            ACME_T(an_answer_to_a_state_that_was_left_is_ignored),
            ACME_T(a_change_in_the_middle_of_something_else_fails))
