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

/* What acmectl asks of accounts, in the engine. */

#include "acme_t_desk.h"

#include "acme_errand.h"

#define A "a.example"

static const char *account_of(desk_t *desk)
{
    return acme_identity_name(&desk->w->ca_spec, desk->w->p);
}

static acme_request_t ask(desk_t *desk, acme_request_e what, const char *name)
{
    acme_request_t request;

    memset(&request, 0, sizeof(request));
    request.what = what;
    request.name = name;
    request.id = desk_ask(desk, what, name, 0, NULL, NULL);
    return request;
}

static const acme_errand_t *outcome(desk_t *desk, const acme_request_t *request)
{
    acme_errand_t *errand = apr_palloc(desk->w->p, sizeof(*errand));

    return acme_errand_outcome(errand, desk->w->vault, request, desk->w->p)
                   == APR_SUCCESS
               ? errand
               : NULL;
}

static desk_t *registered(apr_pool_t *p)
{
    desk_t *desk = desk_create(p);

    world_add(desk->w, A);
    desk_boot(desk);
    assert_true(world_run(desk->w));
    desk_restart(desk);
    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->ca->accounts, 1);
    return desk;
}

static void a_new_key_is_asked_for_once(void **state)
{
    desk_t *desk = registered(*state);
    acme_request_t request = ask(desk, ACME_REQUEST_ROLLOVER, account_of(desk));
    const acme_errand_t *errand;

    assert_true(world_run(desk->w));
    errand = outcome(desk, &request);
    assert_null(errand->problem);
    assert_string_equal(errand->url, "https://ca.test/account/1");
    assert_int_equal(desk->w->ca->changes, 1);
    /* whoever reads the request again */
    desk_restart(desk);
    assert_true(world_run(desk->w));
    assert_int_equal(desk->w->ca->changes, 1);
}

static void a_renewal_uses_the_new_key(void **state)
{
    desk_t *desk = registered(*state);

    ask(desk, ACME_REQUEST_ROLLOVER, account_of(desk));
    assert_true(world_run(desk->w));
    desk_ask(desk, ACME_REQUEST_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(desk->w));
    world_assert_staged(desk->w, A);
    assert_int_equal(desk->w->ca->orders, 2);
    assert_int_equal(desk->w->ca->accounts, 1);
}

static void orders_in_flight_are_waited_for(void **state)
{
    desk_t *desk = registered(*state);
    acme_request_t request;

    desk->w->ca->validate_polls = 3;
    desk_ask(desk, ACME_REQUEST_RENEW, A, 1, NULL, NULL);
    request = ask(desk, ACME_REQUEST_ROLLOVER, account_of(desk));
    assert_true(world_run(desk->w));
    world_assert_staged(desk->w, A);
    assert_null(outcome(desk, &request)->problem);
    assert_int_equal(desk->w->ca->changes, 1);
}

static void a_refusal_is_told_and_not_repeated(void **state)
{
    desk_t *desk = registered(*state);
    acme_request_t request = ask(desk, ACME_REQUEST_ROLLOVER, account_of(desk));
    const acme_errand_t *errand;
    int requests;

    desk->w->ca->refuse_changes = 1;
    assert_true(world_run(desk->w));
    errand = outcome(desk, &request);
    assert_non_null(strstr(errand->problem->detail, "taken"));
    assert_int_equal(world_said(desk->w, ACME_LOG_WARNING, "taken"), 1);
    requests = desk->w->ca->requests;
    world_live(desk->w, ACME_TIME_DAY);
    assert_int_equal(desk->w->ca->changes, 0);
    assert_in_range(desk->w->ca->requests, requests, requests + 10);
}

static void nothing_is_ordered_with_an_account_that_ended(void **state)
{
    desk_t *desk = registered(*state);
    acme_request_t request =
        ask(desk, ACME_REQUEST_DEACTIVATE, account_of(desk));

    assert_true(world_run(desk->w));
    assert_null(outcome(desk, &request)->problem);
    desk_ask(desk, ACME_REQUEST_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(desk->w));
    world_live(desk->w, 3 * ACME_TIME_DAY);
    assert_int_equal(desk->w->ca->orders, 1);
    assert_int_equal(desk->w->ca->accounts, 1);
    assert_non_null(strstr(world_job(desk->w, A)->problem->detail,
                           "deactivated by acmectl"));
    /* and then there is another one */
    request = ask(desk, ACME_REQUEST_RECOVER, account_of(desk));
    desk_ask(desk, ACME_REQUEST_RENEW, A, 1, NULL, NULL);
    assert_true(world_run(desk->w));
    assert_null(outcome(desk, &request)->problem);
    assert_int_equal(desk->w->ca->accounts, 2);
    assert_int_equal(desk->w->ca->orders, 2);
}

static void an_account_that_nobody_is_configured_for_is_left_alone(void **state)
{
    desk_t *desk = registered(*state);
    acme_request_t request = ask(desk, ACME_REQUEST_DEACTIVATE, "another");
    int requests = desk->w->ca->requests;

    assert_true(world_run(desk->w));
    assert_null(outcome(desk, &request));
    assert_int_equal(desk->w->ca->requests, requests);
}

static void one_that_is_killed_in_between_is_done_by_the_next(void **state)
{
    int n;

    for (n = 1; n <= 4; ++n) {
        desk_t *desk = registered(*state);
        acme_request_t request =
            ask(desk, ACME_REQUEST_ROLLOVER, account_of(desk));

        desk->w->kill_answer = n;
        if (!world_run(desk->w)) {
            desk_restart(desk);
            assert_true(world_run(desk->w));
        }
        desk->w->kill_answer = 0;
        assert_non_null(outcome(desk, &request));
        assert_null(outcome(desk, &request)->problem);
        desk_ask(desk, ACME_REQUEST_RENEW, A, 1, NULL, NULL);
        assert_true(world_run(desk->w));
        assert_int_equal(desk->w->ca->orders, 2);
        assert_int_equal(desk->w->ca->accounts, 1);
    }
}

ACME_T_MAIN(ACME_T(a_new_key_is_asked_for_once),
            ACME_T(a_renewal_uses_the_new_key),
            ACME_T(orders_in_flight_are_waited_for),
            ACME_T(a_refusal_is_told_and_not_repeated),
            ACME_T(nothing_is_ordered_with_an_account_that_ended),
            ACME_T(an_account_that_nobody_is_configured_for_is_left_alone),
            ACME_T(one_that_is_killed_in_between_is_done_by_the_next))
