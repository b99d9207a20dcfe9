/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_t_world.h"

static acme_work_t *work_of(world_t *w)
{
    acme_work_t *work = apr_pcalloc(w->p, sizeof(*work));

    world_boot(w);
    work->vault = w->config.vault;
    work->http = w->config.http;
    work->clock = &w->clock->clock;
    work->log = &w->log;
    return work;
}

/* What it is once nothing is under way. */
static apr_status_t settle(acme_identity_t *identity, world_t *w,
                           const acme_problem_t **problem)
{
    apr_time_t since = w->clock->now;
    apr_status_t rv;

    rv = acme_identity_ready(identity, since, problem);
    script_http_drain(w->script);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        rv = acme_identity_ready(identity, since, problem);
    }
    return rv;
}

static void it_registers_once_and_is_known_from_then_on(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    const acme_problem_t *problem;
    acme_identity_t *identity;
    const char *kid;
    int i;

    for (i = 0; i < 3; ++i) {
        identity = acme_identity_create(work, &w->ca_spec, w->p);
        assert_int_equal(w->ca->directories, i);
        assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
        assert_int_equal(w->ca->directories, i + 1);
        assert_int_equal(w->ca->accounts, 1);
        kid = acme_client_kid(acme_identity_client(identity));
        assert_string_equal(kid, "https://ca.test/account/1");
    }
    /* directory, nonce, newAccount; then only the directory */
    assert_int_equal(w->ca->requests, 5);
}

static void each_external_account_has_an_account_of_its_own(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
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
            settle(acme_identity_create(work, &ca, w->p), w, &problem),
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
    acme_work_t *work = work_of(w);
    const acme_problem_t *problem;
    acme_problem_t why = ACME_PROBLEM_INIT;
    acme_eab_t eab = {{NULL, NULL, NULL}, "/nowhere", &why, NULL};
    acme_ca_spec_t ca = w->ca_spec;

    acme_problem_set(&why, APR_ENOENT, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG,
                     w->p, "/nowhere cannot be read");
    ca.eab = &eab;
    assert_int_equal(settle(acme_identity_create(work, &ca, w->p), w, &problem),
                     APR_EGENERAL);
    assert_string_equal(problem->detail, "/nowhere cannot be read");
    assert_int_equal(w->ca->requests, 0);
}

static void the_key_is_stored_before_the_ca_hears_of_it(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_identity_t *identity = acme_identity_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    assert_int_equal(settle(identity, w, &problem), APR_EGENERAL);
    assert_string_equal(problem->type, ACME_PROBLEM_STORE);
    assert_int_equal(w->ca->requests, 0);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    fake_clock_turn(w->clock, 1);
    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
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
    acme_work_t *work = work_of(w);
    acme_identity_t *identity = acme_identity_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    w->on_request = break_store;
    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "URL cannot be stored"),
                     1);
    w->on_request = NULL;
    acme_store_mem_break(w->mem, APR_SUCCESS);
    identity = acme_identity_create(work, &w->ca_spec, w->p);
    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void all_who_wait_share_a_failure_and_it_is_reported_once(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_identity_t *identity = acme_identity_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem = NULL;
    apr_time_t since = w->clock->now;
    int i;

    w->ca->unreachable = 1;
    assert_int_equal(settle(identity, w, &problem), APR_EGENERAL);
    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_identity_ready(identity, since, &problem),
                         APR_EGENERAL);
        assert_string_equal(problem->type, ACME_PROBLEM_NETWORK);
        assert_int_equal(acme_identity_report(identity), i == 0);
    }
    assert_int_equal(w->ca->requests, 1);
    /* who comes later has another go */
    fake_clock_turn(w->clock, 1);
    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
}

static void terms_that_nobody_accepted_are_a_mistake(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_identity_t *identity = acme_identity_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem = NULL;

    w->ca->terms = "https://ca.test/terms";
    w->ca_spec.agreed = 0;
    assert_int_equal(settle(identity, w, &problem), APR_EGENERAL);
    assert_int_equal(problem->retry, ACME_RETRY_CONFIG);
    assert_non_null(problem->to_fix);
    assert_int_equal(w->ca->accounts, 0);
}

static void it_is_registered_again_once_and_not_twice(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_identity_t *identity = acme_identity_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;

    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
    assert_int_equal(acme_identity_epoch(identity), 0);
    apr_hash_clear(w->ca->account_by_jwk);
    assert_true(acme_identity_lost(identity, 0));
    assert_int_equal(acme_identity_epoch(identity), 1);
    /* another order that had the same account is told to wait */
    assert_true(acme_identity_lost(identity, 0));
    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 2);
    assert_false(acme_identity_lost(identity, 1));
    assert_int_equal(w->ca->accounts, 2);
}

static void a_record_that_is_no_use_is_replaced(void **state)
{
    static const char *const records[] = {
        "{}", "{\"key\":7}", "{\"key\":\"-----BEGIN PRIVATE KEY-----\"}", "[1]",
        "nothing at all"};
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_problem_t why = ACME_PROBLEM_INIT;
    const acme_problem_t *problem;
    int i;

    for (i = 0; i < 5; ++i) {
        assert_int_equal(acme_vault_put(NULL, w->vault, ACME_STORE_ACCOUNTS,
                                        acme_identity_name(&w->ca_spec, w->p),
                                        records[i], strlen(records[i]), NULL,
                                        ACME_STORE_LAZY, &why, w->p),
                         APR_SUCCESS);
        assert_int_equal(
            settle(acme_identity_create(work, &w->ca_spec, w->p), w, &problem),
            APR_SUCCESS);
        assert_int_equal(w->ca->accounts, i + 1);
    }
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "key is damaged"), 3);
}

static void a_stop_on_the_way_is_no_failure(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_identity_t *identity = acme_identity_create(work, &w->ca_spec, w->p);
    const acme_problem_t *problem;
    apr_time_t now = w->clock->now;

    assert_int_equal(acme_identity_ready(identity, now, &problem), APR_EAGAIN);
    work->http->cancel(work->http, 1);
    assert_int_equal(work->http->pending(work->http), 0);
    assert_int_equal(settle(identity, w, &problem), APR_SUCCESS);
    assert_int_equal(w->ca->accounts, 1);
}

static void ca_and_contact_make_the_name(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t a = {"https://a.test/dir", "a", NULL, NULL, 1, 0, NULL};
    acme_ca_spec_t b = a;

    assert_string_equal(acme_identity_name(&a, p), acme_identity_name(&b, p));
    b.label = "other";
    b.agreed = 0;
    assert_string_equal(acme_identity_name(&a, p), acme_identity_name(&b, p));
    b.contact = "mailto:x@example.org";
    assert_string_not_equal(acme_identity_name(&a, p),
                            acme_identity_name(&b, p));
    b = a;
    b.url = "https://b.test/dir";
    assert_string_not_equal(acme_identity_name(&a, p),
                            acme_identity_name(&b, p));
}

ACME_T_MAIN(ACME_T(each_external_account_has_an_account_of_its_own),
            ACME_T(a_binding_that_cannot_be_read_orders_nothing),
            ACME_T(it_registers_once_and_is_known_from_then_on),
            ACME_T(the_key_is_stored_before_the_ca_hears_of_it),
            ACME_T(an_url_that_cannot_be_stored_is_asked_for_again),
            ACME_T(all_who_wait_share_a_failure_and_it_is_reported_once),
            ACME_T(terms_that_nobody_accepted_are_a_mistake),
            ACME_T(it_is_registered_again_once_and_not_twice),
            ACME_T(a_record_that_is_no_use_is_replaced),
            ACME_T(a_stop_on_the_way_is_no_failure),
            ACME_T(ca_and_contact_make_the_name))
