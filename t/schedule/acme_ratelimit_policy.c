/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <string.h>

#include "acme_ratelimit_policy.h"
#include "acme_time.h"

static void what_may_be_written_is_read(void **state)
{
    static const struct {
        const char *text;
        acme_ratelimit_policy_e kind;
        int orders;
        int seconds;
    } cases[] = {{"off", ACME_RATELIMIT_POLICY_OFF, 0, 0},
                 {"OFF", ACME_RATELIMIT_POLICY_OFF, 0, 0},
                 {"letsencrypt", ACME_RATELIMIT_POLICY_LETSENCRYPT, 0, 0},
                 {"300/3h", ACME_RATELIMIT_POLICY_ORDERS, 300, 10800},
                 {"1/1", ACME_RATELIMIT_POLICY_ORDERS, 1, 1},
                 {"5/7d", ACME_RATELIMIT_POLICY_ORDERS, 5, 604800}};
    acme_ratelimit_policy_t rate, again;
    const char *why;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_int_equal(
            acme_ratelimit_policy_parse(&rate, cases[i].text, &why, *state), 0);
        assert_int_equal(rate.kind, cases[i].kind);
        assert_int_equal(rate.orders, cases[i].orders);
        assert_int_equal(apr_time_sec(rate.period), cases[i].seconds);
        assert_int_equal(acme_ratelimit_policy_parse(
                             &again, acme_ratelimit_policy_print(&rate, *state),
                             &why, *state),
                         0);
        assert_int_equal(again.orders, rate.orders);
        assert_true(again.period == rate.period);
    }
}

static void all_else_is_refused(void **state)
{
    static const char *const cases[] = {"",
                                        "on",
                                        "300",
                                        "/3h",
                                        "300/",
                                        "0/1h",
                                        "-1/h",
                                        "1.5/1h",
                                        "1/0",
                                        "1/-1h",
                                        "1/1h/1h",
                                        "1000001/1h",
                                        "1/2y",
                                        "x/1h",
                                        "300 / 3h",
                                        "1/400d",
                                        "99999999999999999999/1h"};
    acme_ratelimit_policy_t rate;
    const char *why;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        if (acme_ratelimit_policy_parse(&rate, cases[i], &why, *state)
            != APR_EINVAL) {
            fail_msg("\"%s\" is taken", cases[i]);
        }
        assert_non_null(strstr(why, "orders/period"));
    }
}

static void by_default_it_depends_on_the_ca(void **state)
{
    acme_ratelimit_policy_t rate = {ACME_RATELIMIT_POLICY_OFF, 0, 0};

    assert_int_equal(
        acme_ratelimit_policy_of(
            NULL, "https://acme-v02.api.letsencrypt.org/directory"),
        ACME_RATELIMIT_POLICY_LETSENCRYPT);
    assert_int_equal(
        acme_ratelimit_policy_of(
            NULL, "https://acme-staging-v02.api.letsencrypt.org/directory"),
        ACME_RATELIMIT_POLICY_OFF);
    assert_int_equal(acme_ratelimit_policy_of(NULL, "https://ca.test/dir"),
                     ACME_RATELIMIT_POLICY_OFF);
    assert_null(acme_ratelimit_policy_print(NULL, *state));
    assert_int_equal(
        acme_ratelimit_policy_of(
            &rate, "https://acme-v02.api.letsencrypt.org/directory"),
        ACME_RATELIMIT_POLICY_OFF);
}

ACME_T_MAIN(ACME_T(what_may_be_written_is_read), ACME_T(all_else_is_refused),
            ACME_T(by_default_it_depends_on_the_ca))
