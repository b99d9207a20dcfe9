/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_ca.h"
#include "acme_time.h"

static void names_in_any_case_and_urls_are_found(void **state)
{
    const acme_ca_name_t *ca = acme_ca_find("LetsEncrypt");

    (void)state;
    assert_non_null(ca);
    assert_ptr_equal(acme_ca_find(ca->url), ca);
    assert_true(ca->has_terms);
    assert_null(acme_ca_find("letsencrypt "));
    assert_null(acme_ca_find("https://ca.test/dir"));
    assert_null(acme_ca_find(""));
}

static void test_services_are_known_and_their_own(void **state)
{
    static const char *const cas[][2] = {
        {"letsencrypt", "letsencrypt-test"},
        {"letsencrypt-test", "letsencrypt-test"},
        {"google", "google-test"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cas) / sizeof(cas[0]); ++i) {
        assert_string_equal(acme_ca_find(cas[i][0])->test, cas[i][1]);
        assert_non_null(acme_ca_find(cas[i][1]));
    }
    assert_null(acme_ca_find("zerossl")->test);
}

static void all_are_listed(void **state)
{
    const char *all = acme_ca_list(*state);

    assert_non_null(strstr(all, "letsencrypt, letsencrypt-test"));
    assert_non_null(strstr(all, "google-test"));
}

static void limits_are_by_ca_and_profile(void **state)
{
    static const struct {
        const char *ca;
        const char *profile;
        int names;
        int name_bytes;
        int no_must_staple;
    } rows[] = {
        {"letsencrypt", NULL, 100, 10000, 1},
        {"letsencrypt", "classic", 100, 10000, 1},
        {"letsencrypt", "tlsserver", 25, 10000, 1},
        {"letsencrypt-test", "shortlived", 25, 10000, 1},
        {"zerossl", "shortlived", 100, 0, 0},
        {"actalis", NULL, 100, 0, 0},
        {"sslcom-ecc", NULL, 100, 0, 0},
        {"https://ca.test/dir", "tlsserver", 100, 0, 0},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const acme_ca_name_t *ca = acme_ca_find(rows[i].ca);
        const acme_ca_limits_t *limits =
            acme_ca_limits(ca ? ca->url : rows[i].ca, rows[i].profile);

        assert_int_equal(limits->names, rows[i].names);
        assert_int_equal(limits->name_bytes, rows[i].name_bytes);
        assert_int_equal(limits->no_must_staple, rows[i].no_must_staple);
    }
}

static apr_time_t day(const char *text)
{
    apr_time_t at;

    assert_int_equal(acme_time_parse(&at, text), 0);
    return at;
}

static void lives_are_those_of_their_time(void **state)
{
    static const struct {
        const char *profile;
        const char *now;
        int than; /* days */
        int life; /* days, 0: none is shorter */
        const char *from;
    } rows[] = {
        {NULL, "2026-11-30T00:00:00Z", 100, 90, NULL},
        {NULL, "2026-11-30T00:00:00Z", 90, 64, "2027-02-10T00:00:00Z"},
        {NULL, "2027-02-09T23:59:59Z", 90, 64, "2027-02-10T00:00:00Z"},
        {NULL, "2027-02-10T00:00:00Z", 90, 64, NULL},
        {NULL, "2026-11-30T00:00:00Z", 60, 45, "2028-02-16T00:00:00Z"},
        {NULL, "2030-01-01T00:00:00Z", 100, 45, NULL},
        {NULL, "2026-11-30T00:00:00Z", 45, 0, NULL},
        {"tlsserver", "2026-11-30T00:00:00Z", 60, 45, NULL},
        {"tlsserver", "2026-05-01T00:00:00Z", 60, 45, "2026-05-13T00:00:00Z"},
        {"shortlived", "2026-11-30T00:00:00Z", 6, 0, NULL},
    };
    const char *url = acme_ca_find("letsencrypt")->url;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        apr_time_t from = 0;
        apr_interval_time_t life = acme_ca_limits_shorter(
            &from, acme_ca_limits(url, rows[i].profile),
            rows[i].than * ACME_TIME_DAY, day(rows[i].now));

        assert_int_equal(life, rows[i].life * ACME_TIME_DAY);
        assert_int_equal(from, rows[i].from ? day(rows[i].from) : 0);
    }
    assert_int_equal(
        acme_ca_limits_shorter(NULL, acme_ca_limits("https://ca.test/", NULL),
                               1000 * ACME_TIME_DAY, 0),
        0);
}

ACME_T_MAIN(ACME_T(limits_are_by_ca_and_profile),
            ACME_T(lives_are_those_of_their_time),
            ACME_T(names_in_any_case_and_urls_are_found),
            ACME_T(test_services_are_known_and_their_own),
            ACME_T(all_are_listed))
