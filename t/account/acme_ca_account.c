/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_world.h"

static acme_worker_ctx_t *work_of(world_t *w)
{
    acme_worker_ctx_t *work = apr_pcalloc(w->p, sizeof(*work));

    world_boot(w);
    work->vault = w->config.vault;
    work->http = w->config.http;
    work->clock = &w->clock->clock;
    work->log = &w->log;
    return work;
}

/* What it is once nothing is under way. */
static apr_status_t settle(acme_ca_account_t *ca_account, world_t *w,
                           const acme_problem_t **problem)
{
    apr_time_t since = w->clock->now;
    apr_status_t rv;

    rv = acme_ca_account_ready(ca_account, since, problem);
    script_http_drain(w->script);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        rv = acme_ca_account_ready(ca_account, since, problem);
    }
    return rv;
}

static void it_registers_once_and_is_known_from_then_on(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    const acme_problem_t *problem;
    acme_ca_account_t *ca_account;
    const char *kid;
    int i;

    for (i = 0; i < 3; ++i) {
        ca_account = acme_ca_account_create(work, &w->ca_spec, w->p);
        assert_int_equal(w->ca->directories, i);
        assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
        assert_int_equal(w->ca->directories, i + 1);
        assert_int_equal(w->ca->accounts, 1);
        kid = acme_client_kid(acme_ca_account_client(ca_account));
        assert_string_equal(kid, "https://ca.test/account/1");
    }
    /* directory, nonce, newAccount; then only the directory */
    assert_int_equal(w->ca->requests, 5);
}

static void each_external_account_has_an_account_of_its_own(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    const acme_problem_t *problem;
    acme_eab_t eabs[] = {
        {{"one", "c2VjcmV0c2VjcmV0c2VjcmV0", "HS256"}, NULL, NULL, NULL},
        {{"two", "c2VjcmV0c2VjcmV0c2VjcmV0", "HS256"}, NULL, NULL, NULL}};
    acme_ca_spec_t ca = w->ca_spec;
    int i;

    w->ca->account_required = 1;
    for (i = 0; i < 2; ++i) {
        ca.eab = &eabs[i];
        assert_int_equal(
            settle(acme_ca_account_create(work, &ca, w->p), w, &problem),
            APR_SUCCESS);
        assert_string_equal(w->ca->eab_kid, eabs[i].key.kid);
        assert_int_equal(w->ca->accounts, i + 1);
    }
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 2);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "c2Vj"), 0);
}

static void a_binding_that_cannot_be_read_orders_nothing(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    const acme_problem_t *problem;
    acme_problem_t why = ACME_PROBLEM_INIT;
    acme_eab_t eab = {{NULL, NULL, NULL}, "/nowhere", &why, NULL};
    acme_ca_spec_t ca = w->ca_spec;

    acme_problem_set(&why, APR_ENOENT, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG,
                     w->p, "/nowhere cannot be read");
    ca.eab = &eab;
    assert_int_equal(
        settle(acme_ca_account_create(work, &ca, w->p), w, &problem),
        APR_EGENERAL);
    assert_string_equal(problem->detail, "/nowhere cannot be read");
    assert_int_equal(w->ca->requests, 0);
}

static void the_key_is_stored_before_the_ca_hears_of_it(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account =
        acme_ca_account_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    assert_int_equal(settle(ca_account, w, &problem), APR_EGENERAL);
    assert_string_equal(problem->type, ACME_PROBLEM_STORE);
    assert_int_equal(w->ca->requests, 0);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    fake_clock_turn(w->clock, 1);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void break_store(world_t *w, const script_request_t *request)
{
    if (strstr(request->url, "/account")) {
        acme_store_mem_break(w->mem, APR_ENOSPC);
    }
}

static void an_url_that_cannot_be_stored_is_asked_for_again(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account =
        acme_ca_account_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    w->on_request = break_store;
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    assert_int_equal(
        world_said(w, ACME_LOG_WARNING, "cannot be stored, the CA"), 1);
    w->on_request = NULL;
    acme_store_mem_break(w->mem, APR_SUCCESS);
    ca_account = acme_ca_account_create(work, &w->ca_spec, w->p);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void all_who_wait_share_a_failure_and_it_is_reported_once(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account =
        acme_ca_account_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem = NULL;
    apr_time_t since = w->clock->now;
    int i;

    w->ca->unreachable = 1;
    assert_int_equal(settle(ca_account, w, &problem), APR_EGENERAL);
    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_ca_account_ready(ca_account, since, &problem),
                         APR_EGENERAL);
        assert_string_equal(problem->type, ACME_PROBLEM_NETWORK);
        assert_int_equal(acme_ca_account_report(ca_account), i == 0);
    }
    assert_int_equal(w->ca->requests, 1);
    /* who comes later has another go */
    fake_clock_turn(w->clock, 1);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
}

static void terms_that_nobody_accepted_are_a_mistake(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account =
        acme_ca_account_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem = NULL;

    w->ca->terms = "https://ca.test/terms";
    w->ca_spec.agreed = 0;
    assert_int_equal(settle(ca_account, w, &problem), APR_EGENERAL);
    assert_int_equal(problem->retry, ACME_RETRY_CONFIG);
    assert_non_null(problem->to_fix);
    assert_int_equal(w->ca->accounts, 0);
}

static void a_record_that_is_no_use_is_replaced(void **state)
{
    static const char *const records[] = {
        "{}", "{\"key\":7}", "{\"key\":\"-----BEGIN PRIVATE KEY-----\"}", "[1]",
        "nothing at all"};
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_problem_t why = ACME_PROBLEM_INIT;
    const acme_problem_t *problem;
    int i;

    for (i = 0; i < 5; ++i) {
        assert_int_equal(acme_vault_put(NULL, w->vault, ACME_STORE_ACCOUNTS,
                                        acme_ca_account_name(&w->ca_spec, w->p),
                                        records[i], strlen(records[i]), NULL,
                                        ACME_STORE_LAZY, &why, w->p),
                         APR_SUCCESS);
        assert_int_equal(settle(acme_ca_account_create(work, &w->ca_spec, w->p),
                                w, &problem),
                         APR_SUCCESS);
        assert_int_equal(w->ca->accounts, i + 1);
    }
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "key is damaged"), 3);
}

static void a_stop_on_the_way_is_no_failure(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account =
        acme_ca_account_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;
    apr_time_t now = w->clock->now;

    assert_int_equal(acme_ca_account_ready(ca_account, now, &problem),
                     APR_EAGAIN);
    work->http->cancel(work->http, 1);
    assert_int_equal(work->http->pending(work->http), 0);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void ca_and_contact_make_the_name(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t a = {.url = "https://a.test/dir",
                        .label = "a",
                        .agreed = 1,
                        .rate = {ACME_RATELIMIT_POLICY_BY_CA, 0, 0}};
    acme_ca_spec_t b = a;

    assert_string_equal(acme_ca_account_name(&a, p),
                        acme_ca_account_name(&b, p));
    b.label = "other";
    b.agreed = 0;
    assert_string_equal(acme_ca_account_name(&a, p),
                        acme_ca_account_name(&b, p));
    b.contact = "mailto:x@example.org";
    assert_string_not_equal(acme_ca_account_name(&a, p),
                            acme_ca_account_name(&b, p));
    b = a;
    b.url = "https://b.test/dir";
    assert_string_not_equal(acme_ca_account_name(&a, p),
                            acme_ca_account_name(&b, p));
}

/* ---- changes ---- */

typedef struct heard_t {
    int times;
    apr_status_t rv;
    const char *url;
    const char *detail;
} heard_t;

static void hear(void *baton, apr_status_t rv, const char *url,
                 const acme_problem_t *problem)
{
    heard_t *heard = baton;

    ++heard->times;
    heard->rv = rv;
    heard->url = url;
    heard->detail = problem ? problem->detail : NULL;
}

static void change(world_t *w, acme_ca_account_t *ca_account,
                   acme_ca_account_change_e what, heard_t *heard)
{
    memset(heard, 0, sizeof(*heard));
    acme_ca_account_change(ca_account, what, hear, heard);
    script_http_drain(w->script);
    assert_int_equal(heard->times, 1);
}

static const char *jwk_of(acme_ca_account_t *ca_account)
{
    return acme_client_signer(acme_ca_account_client(ca_account))->jwk;
}

static acme_ca_account_t *begin_again(world_t *w, acme_worker_ctx_t *work)
{
    acme_ca_account_t *ca_account =
        acme_ca_account_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    return ca_account;
}

static void the_key_can_be_changed(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account = begin_again(w, work);
    const acme_problem_t *problem;
    const char *old = jwk_of(ca_account);
    heard_t heard;

    change(w, ca_account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
    assert_int_equal(w->ca->changes, 1);
    assert_string_not_equal(jwk_of(ca_account), old);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    assert_non_null(apr_hash_get(w->ca->account_by_jwk, jwk_of(ca_account),
                                 APR_HASH_KEY_STRING));
    /* and it is the stored one */
    assert_string_equal(jwk_of(begin_again(w, work)), jwk_of(ca_account));
    assert_int_equal(w->ca->accounts, 1);
}

static void a_change_that_is_refused_leaves_the_old_key(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account = begin_again(w, work);
    const char *old = jwk_of(ca_account);
    heard_t heard;

    w->ca->refuse_changes = 1;
    change(w, ca_account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_non_null(strstr(heard.detail, "taken"));
    assert_string_equal(jwk_of(ca_account), old);
    assert_string_equal(jwk_of(begin_again(w, work)), old);
}

static void a_change_that_is_refused_since_it_is_done_is_done(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account = begin_again(w, work);
    const char *old = jwk_of(ca_account);
    heard_t heard;

    w->ca->repeats_changes = 1;
    change(w, ca_account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
    assert_string_not_equal(jwk_of(ca_account), old);
    assert_string_equal(jwk_of(begin_again(w, work)), jwk_of(ca_account));
    assert_int_equal(w->ca->accounts, 1);
}

static void a_change_whose_answer_is_lost_is_found_out(void **state)
{
    int acted;

    for (acted = 0; acted < 2; ++acted) {
        world_t *w = world_create(*state);
        acme_worker_ctx_t *work = work_of(w);
        acme_ca_account_t *ca_account = begin_again(w, work);
        const char *old = jwk_of(ca_account);
        heard_t heard;

        if (acted) {
            w->ca->lose_after = 1;
        }
        else {
            w->ca->unreachable = 5;
        }
        change(w, ca_account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
        assert_int_not_equal(heard.rv, APR_SUCCESS);
        assert_int_equal(w->ca->changes, acted);
        w->ca->unreachable = 0;
        /* whoever comes next: this process, or another one */
        ca_account = begin_again(w, work);
        assert_int_equal(strcmp(jwk_of(ca_account), old) != 0, acted);
        assert_non_null(apr_hash_get(w->ca->account_by_jwk, jwk_of(ca_account),
                                     APR_HASH_KEY_STRING));
        assert_string_equal(jwk_of(begin_again(w, work)), jwk_of(ca_account));
        assert_int_equal(w->ca->accounts, 1);
    }
}

static void a_new_key_is_stored_before_the_ca_hears_of_it(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account = begin_again(w, work);
    const acme_problem_t *problem;
    int requests = w->ca->requests;
    heard_t heard;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    change(w, ca_account, ACME_CA_ACCOUNT_ROLLOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_int_equal(w->ca->requests, requests);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
}

static void what_was_deactivated_stays_so_until_it_is_recovered(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account = begin_again(w, work);
    const acme_problem_t *problem;
    heard_t heard;
    int i, requests;

    change(w, ca_account, ACME_CA_ACCOUNT_DEACTIVATE, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    requests = w->ca->requests;
    for (i = 0; i < 3; ++i) {
        fake_clock_turn(w->clock, ACME_TIME_DAY);
        ca_account = acme_ca_account_create(work, &w->ca_spec, w->p);
        assert_int_equal(settle(ca_account, w, &problem), APR_EGENERAL);
        assert_int_equal(problem->retry, ACME_RETRY_CONFIG);
        assert_non_null(strstr(problem->to_fix, "acmectl account recover"));
    }
    assert_int_equal(w->ca->requests, requests);
    assert_int_equal(w->ca->accounts, 1);
    change(w, ca_account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_null(heard.url);
    begin_again(w, work);
    assert_int_equal(w->ca->accounts, 2);
}

static void an_account_is_found_by_its_key(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    acme_ca_account_t *ca_account = begin_again(w, work);
    heard_t heard;

    change(w, ca_account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_equal(heard.rv, APR_SUCCESS);
    assert_string_equal(heard.url, "https://ca.test/account/1");
    apr_hash_clear(w->ca->account_by_jwk);
    change(w, ca_account, ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_non_null(strstr(heard.detail, "no such key"));
    assert_int_equal(w->ca->accounts, 1);
}

static void there_is_nothing_to_recover_where_nothing_was(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    heard_t heard;

    change(w, acme_ca_account_create(work, &w->ca_spec, w->p),
           ACME_CA_ACCOUNT_RECOVER, &heard);
    assert_int_not_equal(heard.rv, APR_SUCCESS);
    assert_int_equal(w->ca->requests, 0);
}

/* ---- contacts ---- */

static int is_used(void *baton, const char *name)
{
    const char *const *used = baton;

    return *used && strcmp(*used, name) == 0;
}

static void another_contact_keeps_the_account(void **state)
{
    static const char *const contacts[] = {"mailto:new@example.org", NULL};
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    const char *used = NULL;
    const acme_problem_t *problem;
    acme_ca_account_t *ca_account;
    int i;

    w->ca_spec.contact = "mailto:old@example.org";
    begin_again(w, work);
    for (i = 0; i < 2; ++i) {
        w->ca_spec.contact = contacts[i];
        ca_account = acme_ca_account_create(work, &w->ca_spec, w->p);
        acme_ca_account_succeeds(ca_account, is_used, (void *)&used);
        assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
        assert_string_equal(w->ca->contact,
                            i ? "{\"contact\":[]}"
                              : "{\"contact\":[\"mailto:new@example.org\"]}");
        w->ca->contact = NULL;
        begin_again(w, work);
        assert_null(w->ca->contact);
    }
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
}

static void an_account_that_is_used_is_not_taken_over(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *work = work_of(w);
    const acme_problem_t *problem;
    acme_ca_account_t *ca_account;
    const char *used;

    w->ca_spec.contact = "mailto:old@example.org";
    used = acme_ca_account_name(&w->ca_spec, w->p);
    begin_again(w, work);
    w->ca_spec.contact = "mailto:new@example.org";
    ca_account = acme_ca_account_create(work, &w->ca_spec, w->p);
    acme_ca_account_succeeds(ca_account, is_used, (void *)&used);
    assert_int_equal(settle(ca_account, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 2);
    assert_null(w->ca->contact);
}

ACME_T_MAIN(ACME_T(the_key_can_be_changed),
            ACME_T(a_change_that_is_refused_leaves_the_old_key),
            ACME_T(a_change_that_is_refused_since_it_is_done_is_done),
            ACME_T(a_change_whose_answer_is_lost_is_found_out),
            ACME_T(a_new_key_is_stored_before_the_ca_hears_of_it),
            ACME_T(what_was_deactivated_stays_so_until_it_is_recovered),
            ACME_T(an_account_is_found_by_its_key),
            ACME_T(there_is_nothing_to_recover_where_nothing_was),
            ACME_T(another_contact_keeps_the_account),
            ACME_T(an_account_that_is_used_is_not_taken_over),
            ACME_T(each_external_account_has_an_account_of_its_own),
            ACME_T(a_binding_that_cannot_be_read_orders_nothing),
            ACME_T(it_registers_once_and_is_known_from_then_on),
            ACME_T(the_key_is_stored_before_the_ca_hears_of_it),
            ACME_T(an_url_that_cannot_be_stored_is_asked_for_again),
            ACME_T(all_who_wait_share_a_failure_and_it_is_reported_once),
            ACME_T(terms_that_nobody_accepted_are_a_mistake),
            ACME_T(a_record_that_is_no_use_is_replaced),
            ACME_T(a_stop_on_the_way_is_no_failure),
            ACME_T(ca_and_contact_make_the_name))
