/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_world.h"

#include "acme_ratelimit_pause.h"

#define CA "https://ca.test/dir"

typedef struct desk_t {
    world_t *w;
    acme_ratelimit_pause_t *pause;
    apr_time_t now;
    const char *why;
} desk_t;

static desk_t *make(apr_pool_t *p)
{
    desk_t *desk = apr_pcalloc(p, sizeof(*desk));

    desk->w = world_create(p);
    desk->w->vault =
        acme_vault_create(&desk->w->store, desk->w->seal, &desk->w->log, p);
    desk->pause = acme_ratelimit_pause_create(CA, p);
    desk->now = desk->w->clock->now;
    return desk;
}

/* Seconds that the names wait. */
static int wait_of(desk_t *desk, const char *account, const char *names)
{
    acme_ratelimit_parse_t limited;
    apr_time_t until = acme_ratelimit_pause_until(
        desk->pause, account, world_strings(desk->w->p, names), desk->now,
        &limited, &desk->why, desk->w->p);

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
    assert_int_equal(acme_ratelimit_pause_save(desk->pause, desk->w->vault,
                                               desk->now, NULL, desk->w->p),
                     0);
    desk->pause = acme_ratelimit_pause_create(CA, desk->w->p);
    acme_ratelimit_pause_load(desk->pause, desk->w->vault, desk->now,
                              desk->w->p);
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
        /* the longest one counts */
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
    /* nor a clock that was turned back since */
    desk->now -= 100 * ACME_TIME_DAY;
    assert_int_equal(wait_of(desk, "me", "a.test"), 0);
}

static void what_is_over_is_forgotten(void **state)
{
    desk_t *desk = make(*state);
    acme_store_item_t item;
    int puts;

    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "me", 10);
    save_and_load(desk);
    puts = desk->w->puts;
    assert_int_equal(puts, 1);
    save_and_load(desk);
    assert_int_equal(desk->w->puts, puts);
    desk->now += apr_time_from_sec(10);
    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "you", 10);
    save_and_load(desk);
    assert_int_equal(
        acme_vault_get(&item, desk->w->vault, ACME_STORE_NOTES,
                       apr_pstrcat(desk->w->p, "pause ",
                                   acme_jws_sha256_hex(CA, desk->w->p), NULL),
                       NULL, desk->w->p),
        0);
    assert_null(strstr(item.data, " me"));
    assert_non_null(strstr(item.data, " account you"));
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
    const char *when = apr_psprintf(desk->w->p, "%" APR_TIME_T_FMT,
                                    desk->now + apr_time_from_sec(9));
    const char *item = apr_pstrcat(desk->w->p, "pause ",
                                   acme_jws_sha256_hex(CA, desk->w->p), NULL);
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); ++i) {
        const char *at = strstr(lines[i], "%s");
        const char *text =
            at ? apr_pstrcat(desk->w->p, when, at + 2, NULL) : lines[i];

        assert_int_equal(acme_vault_put(NULL, desk->w->vault, ACME_STORE_NOTES,
                                        item, text, strlen(text), NULL,
                                        ACME_STORE_LAZY, NULL, desk->w->p),
                         0);
        acme_ratelimit_pause_load(desk->pause, desk->w->vault, desk->now,
                                  desk->w->p);
        assert_int_equal(wait_of(desk, "me", "me"), 0);
    }
    world_damage(desk->w, ACME_STORE_NOTES, item);
    add(desk, ACME_RATELIMIT_PARSE_ACCOUNT, "me", 10);
    acme_ratelimit_pause_load(desk->pause, desk->w->vault, desk->now,
                              desk->w->p);
    assert_int_equal(wait_of(desk, "me", "a.test"), 0);
}

ACME_T_MAIN(ACME_T(it_holds_whom_it_names), ACME_T(no_ca_is_obeyed_for_ever),
            ACME_T(what_is_over_is_forgotten),
            ACME_T(what_is_damaged_holds_nobody))
