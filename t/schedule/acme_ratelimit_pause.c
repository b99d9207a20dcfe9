/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_jws.h"
#include "acme_ratelimit_pause.h"
#include "acme_time.h"

#define CA "https://ca.test/dir"

typedef struct desk_t {
    apr_pool_t *p;
    acme_ratelimit_pause_t *pause;
    apr_time_t now;
    const char *why;
    const char *text; /* the stored text, or NULL */
    int puts;
} desk_t;

static desk_t *make(apr_pool_t *p)
{
    desk_t *desk = apr_pcalloc(p, sizeof(*desk));

    desk->p = p;
    desk->pause = acme_ratelimit_pause_create(CA, p);
    desk->now = apr_time_from_sec(2000000000);
    return desk;
}

static apr_array_header_t *strings(apr_pool_t *p, const char *list)
{
    apr_array_header_t *made = apr_array_make(p, 4, sizeof(const char *));
    char *part, *state, *copy = apr_pstrdup(p, list);

    for (part = apr_strtok(copy, " ", &state); part;
         part = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(made, const char *) = part;
    }
    return made;
}

/* Returns the seconds that the names have to wait. */
static int wait_of(desk_t *desk, const char *account, const char *names)
{
    acme_ratelimit_parse_t limited;
    apr_time_t until = acme_ratelimit_pause_until(
        desk->pause, account, strings(desk->p, names), desk->now, &limited,
        &desk->why, desk->p);

    return until ? (int)apr_time_sec(until - desk->now) : 0;
}

static void add(desk_t *desk, acme_ratelimit_parse_e what, const char *of,
                int seconds)
{
    acme_ratelimit_parse_t limited = {what, of};

    acme_ratelimit_pause_add(desk->pause, &limited,
                             desk->now + apr_time_from_sec(seconds), desk->now);
}

static void save_and_load(desk_t *desk)
{
    const char *text =
        acme_ratelimit_pause_save(desk->pause, desk->now, desk->p);

    if (text) {
        acme_ratelimit_pause_saved(desk->pause);
        assert_null(acme_ratelimit_pause_save(desk->pause, desk->now, desk->p));
        desk->text = text;
        ++desk->puts;
    }
    desk->pause = acme_ratelimit_pause_create(CA, desk->p);
    acme_ratelimit_pause_load(desk->pause, desk->text, desk->now, desk->p);
}

static void it_holds_whom_it_names(void **state)
{
    static const struct {
        const char *account;
        const char *names;
        int seconds;
        const char *why;
    } cases[] = {
        {"me", "a.test", 10, "this account"},
        {"you", "a.test", 0, ""},
        {"you", "a.test www.example.org", 20, "for example.org"},
        {"you", "*.a.b.example.org", 20, "for example.org"},
        {"you", "example.org", 20, "for example.org"},
        {"you", "anexample.org", 0, ""},
        {"you", "example.org.test", 0, ""},
        {"you", "b.test a.test", 30, "the same names"},
        {"you", "b.test a.test c.test", 0, ""},
        {"you", "*.www.name.test", 40, "validations of www.name.test"},
        {"me", "www.name.test", 10, "this account"},
        {"you", "192.0.2.1", 50, "for 192.0.2.1"},
        {"you", "1.192.0.2.1", 0, ""},
        /* the longest pause counts */
        {"me", "example.org", 20, "for example.org"},
    };
    desk_t *desk = make(*state);
    size_t n;
    int i;

    assert_int_equal(wait_of(desk, "me", "a.test"), 0);
    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "me", 10);
    add(desk, ACME_RATELIMIT_PARSE_DOMAIN, "example.org", 20);
    add(desk, ACME_RATELIMIT_PARSE_SET, "a.test b.test", 30);
    add(desk, ACME_RATELIMIT_PARSE_NAME, "you www.name.test", 40);
    add(desk, ACME_RATELIMIT_PARSE_DOMAIN, "192.0.2.1", 50);
    for (i = 0; i < 2; ++i) {
        for (n = 0; n < sizeof(cases) / sizeof(cases[0]); ++n) {
            desk->why = "";
            assert_int_equal(wait_of(desk, cases[n].account, cases[n].names),
                             cases[n].seconds);
            assert_non_null(strstr(desk->why, cases[n].why));
        }
        save_and_load(desk);
    }
    desk->now += apr_time_from_sec(10);
    assert_int_equal(wait_of(desk, "me", "a.test"), 0);
    assert_int_equal(wait_of(desk, "me", "example.org"), 10);
    add(desk, ACME_RATELIMIT_PARSE_DOMAIN, "example.org", 5);
    assert_int_equal(wait_of(desk, "me", "example.org"), 10);
    add(desk, ACME_RATELIMIT_PARSE_DOMAIN, "example.org", 15);
    assert_int_equal(wait_of(desk, "me", "example.org"), 15);
}

static void no_ca_is_obeyed_for_ever(void **state)
{
    desk_t *desk = make(*state);

    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "me", 1000 * 86400);
    assert_int_equal(wait_of(desk, "me", "a.test"), 7 * 86400);
    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "you", -5);
    assert_int_equal(wait_of(desk, "you", "a.test"), 0);
    /* nor is a time after the clock was set back */
    desk->now -= 100 * ACME_TIME_DAY;
    assert_int_equal(wait_of(desk, "me", "a.test"), 0);
}

static void what_is_over_is_forgotten(void **state)
{
    desk_t *desk = make(*state);

    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "me", 10);
    /* a text that was not stored is still to be stored */
    assert_non_null(acme_ratelimit_pause_save(desk->pause, desk->now, desk->p));
    save_and_load(desk);
    assert_int_equal(desk->puts, 1);
    save_and_load(desk);
    assert_int_equal(desk->puts, 1);
    desk->now += apr_time_from_sec(10);
    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "you", 10);
    save_and_load(desk);
    assert_null(strstr(desk->text, " me"));
    assert_non_null(strstr(desk->text, " account you"));
    assert_string_equal(
        acme_ratelimit_pause_item(desk->pause),
        apr_pstrcat(desk->p, "pause ", acme_jws_sha256_hex(CA, desk->p), NULL));
}

static void what_is_damaged_holds_nobody(void **state)
{
    static const char *const lines[] = {"",
                                        "\n\n",
                                        "x",
                                        " ",
                                        "9 account me",
                                        "%s",
                                        "%s ",
                                        "%s account",
                                        "%s site me",
                                        "%saccount me",
                                        "%sx account me",
                                        "account me"};
    desk_t *desk = make(*state);
    const char *when = apr_psprintf(desk->p, "%" APR_TIME_T_FMT,
                                    desk->now + apr_time_from_sec(9));
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); ++i) {
        const char *at = strstr(lines[i], "%s");
        const char *text =
            at ? apr_pstrcat(desk->p, when, at + 2, NULL) : lines[i];

        acme_ratelimit_pause_load(desk->pause, text, desk->now, desk->p);
        assert_int_equal(wait_of(desk, "me", "me"), 0);
    }
    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "me", 10);
    acme_ratelimit_pause_load(desk->pause, NULL, desk->now, desk->p);
    assert_int_equal(wait_of(desk, "me", "a.test"), 0);
}

ACME_T_MAIN(ACME_T(it_holds_whom_it_names), ACME_T(no_ca_is_obeyed_for_ever),
            ACME_T(what_is_over_is_forgotten),
            ACME_T(what_is_damaged_holds_nobody))
