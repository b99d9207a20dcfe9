/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_ratelimit.h"
#include "acme_time.h"

#define LETSENCRYPT "https://acme-v02.api.letsencrypt.org/directory"

typedef struct ledger_t {
    apr_pool_t *p;
    acme_ratelimit_t *ratelimit;
    apr_time_t now;
    const char *why;
    const char *texts[ACME_RATELIMIT_PARTS]; /* the stored texts, or NULL */
} ledger_t;

static ledger_t *make(apr_pool_t *p, const acme_ratelimit_policy_t *rate)
{
    ledger_t *ledger = apr_pcalloc(p, sizeof(*ledger));

    ledger->p = p;
    ledger->now = apr_time_from_sec(2000000000);
    ledger->ratelimit = acme_ratelimit_create(LETSENCRYPT, rate, p);
    assert_non_null(ledger->ratelimit);
    return ledger;
}

static acme_ratelimit_order_t order_of(ledger_t *ledger, const char *name)
{
    acme_ratelimit_order_t order = {"me", NULL, 0, 0};
    apr_array_header_t *names =
        apr_array_make(ledger->p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = name;
    order.names = names;
    return order;
}

static apr_time_t ask(ledger_t *ledger, const acme_ratelimit_order_t *order)
{
    return acme_ratelimit_when(ledger->ratelimit, order, ledger->now,
                               &ledger->why, ledger->p);
}

/* Orders until it has to wait. Returns the number of orders. */
static int exhaust(ledger_t *ledger, acme_ratelimit_order_t *order,
                   int other_names)
{
    int n = 0;

    for (;;) {
        if (other_names) {
            *order =
                order_of(ledger, apr_psprintf(ledger->p, "s%d.d%d.test", n, n));
        }
        if (ask(ledger, order) > ledger->now) {
            return n;
        }
        acme_ratelimit_take(ledger->ratelimit, order, ledger->now);
        ++n;
    }
}

static void nothing_limits_most_cas(void **state)
{
    acme_ratelimit_policy_t off = {ACME_RATELIMIT_POLICY_OFF, 0, 0};

    assert_null(acme_ratelimit_create("https://ca.test/dir", NULL, *state));
    assert_null(acme_ratelimit_create(LETSENCRYPT, &off, *state));
}

static void the_same_names_five_times_in_a_week(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");
    acme_ratelimit_order_t other = order_of(ledger, "b.test");
    apr_interval_time_t token = 7 * ACME_TIME_DAY / 5;

    order.renewal = 1;
    assert_int_equal(exhaust(ledger, &order, 0), 5);
    assert_non_null(strstr(ledger->why, "the same names"));
    assert_int_equal(ask(ledger, &other), ledger->now);
    ledger->now += token - 1;
    assert_true(ask(ledger, &order) > ledger->now);
    ledger->now += 1;
    assert_int_equal(exhaust(ledger, &order, 0), 1);
    ledger->now += 7 * ACME_TIME_DAY;
    assert_int_equal(exhaust(ledger, &order, 0), 5);
}

static void the_order_of_names_makes_no_other_set(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    apr_array_header_t *ab = apr_array_make(ledger->p, 2, sizeof(char *));
    apr_array_header_t *ba = apr_array_make(ledger->p, 2, sizeof(char *));
    acme_ratelimit_order_t order = {"me", ab, 1, 0};

    APR_ARRAY_PUSH(ab, const char *) = "a.test";
    APR_ARRAY_PUSH(ab, const char *) = "b.test";
    APR_ARRAY_PUSH(ba, const char *) = "b.test";
    APR_ARRAY_PUSH(ba, const char *) = "a.test";
    assert_int_equal(exhaust(ledger, &order, 0), 5);
    order.names = ba;
    assert_true(ask(ledger, &order) > ledger->now);
}

static void new_sites_leave_a_quarter_to_renewals(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order, renewal = order_of(ledger, "old.test");
    int n;

    assert_int_equal(exhaust(ledger, &order, 1), 225);
    assert_non_null(strstr(ledger->why, "of an account"));
    renewal.renewal = 1;
    for (n = 0; n < 75; ++n) {
        renewal = order_of(ledger, apr_psprintf(ledger->p, "r%d.test", n));
        renewal.renewal = 1;
        assert_int_equal(ask(ledger, &renewal), ledger->now);
        acme_ratelimit_take(ledger->ratelimit, &renewal, ledger->now);
    }
    renewal = order_of(ledger, "one.more.test");
    renewal.renewal = 1;
    assert_true(ask(ledger, &renewal) > ledger->now);
    /* an order that the CA has asked for is let through all the same */
    renewal.exempt = 1;
    assert_int_equal(ask(ledger, &renewal), ledger->now);
    /* another account has limits of its own */
    order = order_of(ledger, "other.test");
    order.account = "you";
    assert_int_equal(ask(ledger, &order), ledger->now);
}

static void a_registered_domain_has_fifty(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order;
    int n;

    for (n = 0; n < 50; ++n) {
        order = order_of(ledger, apr_psprintf(ledger->p, "s%d.one.test", n));
        assert_int_equal(ask(ledger, &order), ledger->now);
        acme_ratelimit_take(ledger->ratelimit, &order, ledger->now);
    }
    order = order_of(ledger, "last.one.test");
    assert_true(ask(ledger, &order) > ledger->now);
    assert_non_null(strstr(ledger->why, "registered domain"));
    order.renewal = 1;
    assert_int_equal(ask(ledger, &order), ledger->now);
}

static void who_waits_has_a_time_for_himself(void **state)
{
    acme_ratelimit_policy_t rate = {ACME_RATELIMIT_POLICY_ORDERS, 4,
                                    apr_time_from_sec(400)};
    ledger_t *ledger = make(*state, &rate);
    acme_ratelimit_order_t order;
    apr_time_t at, last;
    int n;

    assert_int_equal(exhaust(ledger, &order, 1), 3);
    last = ledger->now;
    for (n = 0; n < 10; ++n) {
        order = order_of(ledger, apr_psprintf(ledger->p, "w%d.test", n));
        at = ask(ledger, &order);
        if (n > 0) {
            assert_true(at == last + apr_time_from_sec(100));
        }
        last = at;
    }
    assert_non_null(strstr(ledger->why, "ACMERateLimit"));
    /* an order at its reserved time is let through */
    ledger->now += apr_time_from_sec(100);
    for (n = 0; n < 3; ++n) {
        order = order_of(ledger, apr_psprintf(ledger->p, "w%d.test", n));
        assert_int_equal(ask(ledger, &order), ledger->now);
        acme_ratelimit_take(ledger->ratelimit, &order, ledger->now);
        ledger->now += apr_time_from_sec(100);
    }
}

static void nobody_is_told_to_wait_for_ever(void **state)
{
    acme_ratelimit_policy_t rate = {ACME_RATELIMIT_POLICY_ORDERS, 1,
                                    300 * ACME_TIME_DAY};
    ledger_t *ledger = make(*state, &rate);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");

    acme_ratelimit_take(ledger->ratelimit, &order, ledger->now);
    assert_true(ask(ledger, &order) == ledger->now + ACME_RATELIMIT_WAIT_MAX);
}

static void what_the_ca_has_not_made_is_given_back(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");

    assert_int_equal(exhaust(ledger, &order, 0), 5);
    acme_ratelimit_give(ledger->ratelimit, &order);
    assert_int_equal(exhaust(ledger, &order, 0), 1);
}

static void what_has_failed_was_an_order_but_no_certificate(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.one.test");
    int n;

    for (n = 0; n < 225; ++n) {
        assert_int_equal(ask(ledger, &order), ledger->now);
        acme_ratelimit_take(ledger->ratelimit, &order, ledger->now);
        acme_ratelimit_end(ledger->ratelimit, &order);
    }
    assert_true(ask(ledger, &order) > ledger->now);
    assert_non_null(strstr(ledger->why, "of an account"));
    order.account = "you";
    assert_int_equal(exhaust(ledger, &order, 0), 5);
}

static void what_the_ca_has_refused_counts_as_used_up(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.one.test");
    acme_ratelimit_parse_t account = {ACME_RATELIMIT_PARSE_ACCOUNT, "me"};
    acme_ratelimit_parse_t domain = {ACME_RATELIMIT_PARSE_DOMAIN, "one.test"};
    acme_ratelimit_parse_t far = {ACME_RATELIMIT_PARSE_SET, "b.test"};
    apr_time_t until = ledger->now + apr_time_from_sec(20);

    acme_ratelimit_refused(ledger->ratelimit, &domain, until, ledger->now);
    assert_true(ask(ledger, &order) == until);
    order.renewal = 1;
    assert_int_equal(ask(ledger, &order), ledger->now);
    /* the next order may be a renewal, and another one in 36 s; a first
     * certificate waits until a quarter is there again */
    acme_ratelimit_refused(ledger->ratelimit, &account, until, ledger->now);
    acme_ratelimit_refused(ledger->ratelimit, &account, until - 5, ledger->now);
    assert_true(ask(ledger, &order) == until);
    ledger->now = until;
    assert_int_equal(exhaust(ledger, &order, 0), 1);
    ledger->now += apr_time_from_sec(36);
    assert_int_equal(ask(ledger, &order), ledger->now);
    order = order_of(ledger, "new.test");
    assert_true(ask(ledger, &order) >= ledger->now + 40 * ACME_TIME_MINUTE);
    order.account = "you";
    assert_int_equal(ask(ledger, &order), ledger->now);
    /* a bucket is never emptier than empty */
    acme_ratelimit_refused(ledger->ratelimit, &far,
                           until + 1000 * ACME_TIME_DAY, ledger->now);
    order = order_of(ledger, "b.test");
    order.account = "you";
    assert_true(ask(ledger, &order) == ledger->now + 7 * ACME_TIME_DAY / 5);
}

static void a_limit_that_is_not_kept_to_is_not_counted(void **state)
{
    acme_ratelimit_policy_t rate = {ACME_RATELIMIT_POLICY_ORDERS, 4,
                                    apr_time_from_sec(400)};
    ledger_t *ledger = make(*state, &rate);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");
    acme_ratelimit_parse_t set = {ACME_RATELIMIT_PARSE_SET, "a.test"};

    acme_ratelimit_refused(ledger->ratelimit, &set, ledger->now + ACME_TIME_DAY,
                           ledger->now);
    assert_int_equal(ask(ledger, &order), ledger->now);
}

static void failed_validations_are_counted_by_name(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");
    int n;

    for (n = 0; n < 5; ++n) {
        assert_int_equal(ask(ledger, &order), ledger->now);
        acme_ratelimit_failed(ledger->ratelimit, "me", "a.test", ledger->now);
    }
    assert_true(ask(ledger, &order) > ledger->now);
    assert_non_null(strstr(ledger->why, "failed validations"));
    order.account = "you";
    assert_int_equal(ask(ledger, &order), ledger->now);
    order.account = "me";
    ledger->now += ACME_TIME_HOUR / 5;
    assert_int_equal(ask(ledger, &order), ledger->now);
}

static void a_clock_that_is_set_back_locks_nobody_out(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");

    order.renewal = 1;
    assert_int_equal(exhaust(ledger, &order, 0), 5);
    ledger->now -= 1000 * ACME_TIME_DAY;
    assert_true(ask(ledger, &order) <= ledger->now + 2 * ACME_TIME_DAY);
}

/* Saves the parts that have changed. Returns their number. */
static int save(ledger_t *ledger)
{
    int i, n = 0;

    for (i = 0; i < ACME_RATELIMIT_PARTS; ++i) {
        const char *text =
            acme_ratelimit_save(ledger->ratelimit, i, ledger->now, ledger->p);

        if (text) {
            ledger->texts[i] = text;
            acme_ratelimit_saved(ledger->ratelimit, i);
            assert_null(acme_ratelimit_save(ledger->ratelimit, i, ledger->now,
                                            ledger->p));
            ++n;
        }
    }
    return n;
}

static int count_of_texts(const ledger_t *ledger)
{
    int i, n = 0;

    for (i = 0; i < ACME_RATELIMIT_PARTS; ++i) {
        n += ledger->texts[i] != NULL;
    }
    return n;
}

static void it_is_remembered(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order;
    int i, n;

    for (n = 0; n < 3; ++n) {
        assert_int_equal(exhaust(ledger, &order, 1), n ? 0 : 225);
        i = save(ledger);
        assert_true(n > 0 ? i == 0 : i > 1);
        ledger->ratelimit = acme_ratelimit_create(LETSENCRYPT, NULL, ledger->p);
        acme_ratelimit_load(ledger->ratelimit, ledger->texts, ledger->p);
    }
    assert_in_range(count_of_texts(ledger), 2, 16);
    /* a bucket that is full again needs no line */
    ledger->now += 30 * ACME_TIME_DAY;
    order = order_of(ledger, "a.test");
    acme_ratelimit_take(ledger->ratelimit, &order, ledger->now);
    assert_true(save(ledger) > 0);
    for (i = n = 0; i < ACME_RATELIMIT_PARTS; ++i) {
        n += ledger->texts[i] && strlen(ledger->texts[i]) < 64;
    }
    assert_true(n > 0);
}

static void each_part_has_an_item_of_its_own(void **state)
{
    ledger_t *ledger = make(*state, NULL);
    const char *first = acme_ratelimit_item(ledger->ratelimit, 0, ledger->p);

    assert_int_equal(strncmp(first, "budget ", 7), 0);
    assert_int_equal(strlen(first), 7 + 24 + 2);
    assert_string_equal(first + 7 + 24, " 0");
    assert_string_equal(
        acme_ratelimit_item(ledger->ratelimit, 15, ledger->p) + 7 + 24, " f");
}

static void a_damaged_ledger_is_an_empty_one(void **state)
{
    static const char *const texts[] = {"",
                                        "\n\n",
                                        "nothing",
                                        "0123 5",
                                        "zzzzzzzzzzzzzzzzzzzzzzzz 5",
                                        "000000000000000000000000 -5",
                                        "000000000000000000000000 5x",
                                        "000000000000000000000000",
                                        "ffffffffffffffffffffffff 1"};
    ledger_t *ledger = make(*state, NULL);
    acme_ratelimit_order_t order = order_of(ledger, "a.test");
    size_t i;
    int n;

    acme_ratelimit_take(ledger->ratelimit, &order, ledger->now);
    assert_true(save(ledger) > 0);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        for (n = 0; n < ACME_RATELIMIT_PARTS; ++n) {
            if (ledger->texts[n]) {
                ledger->texts[n] = texts[i];
            }
        }
        acme_ratelimit_load(ledger->ratelimit, ledger->texts, ledger->p);
        assert_int_equal(ask(ledger, &order), ledger->now);
    }
}

ACME_T_MAIN(ACME_T(nothing_limits_most_cas),
            ACME_T(the_same_names_five_times_in_a_week),
            ACME_T(the_order_of_names_makes_no_other_set),
            ACME_T(new_sites_leave_a_quarter_to_renewals),
            ACME_T(a_registered_domain_has_fifty),
            ACME_T(who_waits_has_a_time_for_himself),
            ACME_T(nobody_is_told_to_wait_for_ever),
            ACME_T(what_the_ca_has_not_made_is_given_back),
            ACME_T(what_has_failed_was_an_order_but_no_certificate),
            ACME_T(what_the_ca_has_refused_counts_as_used_up),
            ACME_T(a_limit_that_is_not_kept_to_is_not_counted),
            ACME_T(failed_validations_are_counted_by_name),
            ACME_T(a_clock_that_is_set_back_locks_nobody_out),
            ACME_T(it_is_remembered), ACME_T(each_part_has_an_item_of_its_own),
            ACME_T(a_damaged_ledger_is_an_empty_one))
