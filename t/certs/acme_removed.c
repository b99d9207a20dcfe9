/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_certstore.h"
#include "acme_file.h"
#include "acme_removed.h"

#define NAME  "a.example.org"
#define OTHER "b.example.org"

/* No date of these tests is later. */
#define LATER (ACME_T_NOW + 1000 * ACME_TIME_DAY)

/* acme_cert_placeholder() dates back an hour. */
#define FROM (ACME_T_NOW - ACME_TIME_HOUR)

static acme_certstore_t *open_certstore(const char **dir, apr_pool_t *p)
{
    acme_certstore_t *certstore;

    *dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&certstore, *dir, NULL, p), 0);
    return certstore;
}

static acme_bundle_t *put(const acme_certstore_t *certstore, acme_place_e place,
                          apr_time_t at, apr_pool_t *p)
{
    acme_bundle_t *bundle = acme_t_bundle(NAME, at, p);

    assert_int_equal(
        acme_certstore_install_at(certstore, place, bundle, 3, NULL, p), 0);
    return bundle;
}

static void remove_it(const acme_certstore_t *certstore, acme_place_e place,
                      apr_pool_t *p)
{
    assert_int_equal(
        acme_certstore_move_remove(certstore, place, NAME, NULL, p), 0);
}

/* Returns what is said of a certificate with that notBefore and fingerprint,
 * obtained at that time, when no other is live. */
static const char *said(const acme_certstore_t *certstore, const char *name,
                        apr_time_t from, const char *fingerprint,
                        apr_time_t obtained, apr_pool_t *p)
{
    acme_cert_info_t info;
    const char *why;

    memset(&info, 0, sizeof(info));
    info.not_before = from;
    info.fingerprint = fingerprint;
    why =
        acme_removed_refusal(certstore, name, &info, obtained, NULL, LATER, p);
    return why ? why : "";
}

static void knows_which_were_there(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_time_t late = ACME_T_NOW + 365 * ACME_TIME_DAY;
    const char *print[4];
    int i;

    /* Replaced, moved to the archive, stashed and removed. */
    for (i = 0; i < 4; ++i) {
        acme_bundle_t *bundle =
            put(certstore, ACME_PLACE_LIVE, ACME_T_NOW + i * ACME_TIME_HOUR, p);

        print[i] = acme_t_fingerprint(bundle, p);
        /* The live one is for the caller to compare. */
        assert_string_equal(
            said(certstore, NAME, ACME_T_NOW, print[i], late, p), "");
        if (i == 1) {
            assert_int_equal(acme_certstore_move_archive(
                                 certstore, ACME_PLACE_LIVE, NAME, NULL, p),
                             0);
        }
        else if (i == 2) {
            assert_int_equal(
                acme_certstore_move_stash(certstore, NAME, NULL, p), 0);
        }
    }
    remove_it(certstore, ACME_PLACE_LIVE, p);
    for (i = 0; i < 4; ++i) {
        acme_t_contains(said(certstore, NAME, late, print[i], late, p),
                        "the site had it before");
        assert_string_equal(said(certstore, OTHER, late, print[i], late, p),
                            "");
        assert_true(acme_removed_since(certstore, NAME, print[i], 1, p));
        assert_false(acme_removed_since(certstore, NAME, print[i],
                                        apr_time_now() + ACME_TIME_DAY, p));
        assert_false(acme_removed_since(certstore, OTHER, print[i], 1, p));
    }
    assert_false(acme_removed_since(certstore, NAME, "another", 1, p));
    assert_string_equal(said(certstore, NAME, late, "another", late, p), "");
}

/* A stash over a stash. */
static void what_a_move_replaces_is_noted(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_bundle_t *first = put(certstore, ACME_PLACE_STASH, ACME_T_NOW, p);

    assert_string_equal(said(certstore, NAME, ACME_T_NOW,
                             acme_t_fingerprint(first, p), ACME_T_NOW, p),
                        "");
    put(certstore, ACME_PLACE_IMPORT, ACME_T_NOW + 1, p);
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_IMPORT, NAME,
                                         ACME_PLACE_STASH, NAME, NULL, p),
                     0);
    acme_t_contains(said(certstore, NAME, ACME_T_NOW,
                         acme_t_fingerprint(first, p), ACME_T_NOW, p),
                    "had it before");
}

static void dates_bar_what_is_older(void **state)
{
    /* Hours from the newest that is gone: notBefore, and when it was
     * obtained. */
    static const struct {
        int from, obtained;
        const char *why;
    } cases[] = {
        {1, 1, ""},
        {1, -99, ""},
        {0, 1, ""},
        {0, 0, ""},
        {0, -1, "was obtained at"},
        {-1, 1, ""},
        {-1, 0, ""},
        {-1, -1, "was obtained at"},
        {-24, 3, ""},
        {-48, 3, ""},
        {-49, 3, "more than 48 hours later"},
        {-999, 999, "more than 48 hours later"},
    };
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    size_t i;

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    remove_it(certstore, ACME_PLACE_LIVE, p);
    /* An older one does not lower it. */
    put(certstore, ACME_PLACE_STASH, ACME_T_NOW - ACME_TIME_DAY, p);
    remove_it(certstore, ACME_PLACE_STASH, p);
    for (i = 0; i < sizeof(cases) / sizeof(*cases); ++i) {
        const char *found =
            said(certstore, NAME, FROM + cases[i].from * ACME_TIME_HOUR, "new",
                 ACME_T_NOW + cases[i].obtained * ACME_TIME_HOUR, p);

        if (*cases[i].why) {
            acme_t_contains(found, cases[i].why);
        }
        else {
            assert_string_equal(found, "");
        }
        assert_string_equal(said(certstore, OTHER, 0, "new", 0, p), "");
    }
}

/* Otherwise, one allowance after the other would lead back in time. */
static void the_newest_counts_and_not_the_last(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_certstore_cert_t *live;
    acme_cert_info_t info;
    acme_bundle_t *bundle;

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    bundle = acme_t_bundle(NAME, ACME_T_NOW - 40 * ACME_TIME_HOUR, p);
    bundle->obtained = ACME_T_NOW + ACME_TIME_HOUR;
    assert_int_equal(acme_certstore_install(certstore, bundle, 3, NULL, p), 0);
    assert_int_equal(acme_certstore_get(&live, certstore, NAME, NULL, p), 0);
    memset(&info, 0, sizeof(info));
    info.fingerprint = "new";
    info.not_before = FROM - 48 * ACME_TIME_HOUR;
    assert_null(acme_removed_refusal(certstore, NAME, &info, live->obtained,
                                     live, LATER, p));
    acme_t_contains(acme_removed_refusal(certstore, NAME, &info,
                                         live->obtained - ACME_TIME_HOUR, live,
                                         LATER, p),
                    "was obtained at");
    info.not_before -= ACME_TIME_HOUR;
    acme_t_contains(acme_removed_refusal(certstore, NAME, &info, live->obtained,
                                         live, LATER, p),
                    "more than 48 hours later");
}

static void the_live_one_counts_as_well(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_certstore_cert_t *live;
    acme_cert_info_t info;

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(acme_certstore_get(&live, certstore, NAME, NULL, p), 0);
    memset(&info, 0, sizeof(info));
    info.fingerprint = "new";
    info.not_before = ACME_T_NOW - 3 * ACME_TIME_DAY;
    assert_null(acme_removed_refusal(certstore, NAME, &info, ACME_T_NOW, NULL,
                                     LATER, p));
    acme_t_contains(acme_removed_refusal(certstore, NAME, &info, ACME_T_NOW,
                                         live, LATER, p),
                    "more than 48 hours later");
}

/* The clocks were a year ahead, and are right now. */
static void what_is_still_to_come_bars_nothing_of_today(void **state)
{
    /* Hours from now: notBefore. */
    static const struct {
        int from;
        int heard; /* days from now: the CA's date */
        const char *why;
    } cases[] = {
        {0, 0, ""},
        {-1, 0, ""},
        {-48, 0, ""},
        {-49, 0, "which is still to come: a clock was ahead"},
        {-999, 0, "which is still to come: a clock was ahead"},
        /* it is our clock that is behind */
        {-1, 365, "more than 48 hours later"},
        {-1, 364, "only a certificate of the last 48 hours"},
    };
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_time_t ahead = ACME_T_NOW + 365 * ACME_TIME_DAY;
    acme_certstore_cert_t *live;
    acme_cert_info_t info;
    const char *why;
    size_t i;
    int gone;

    put(certstore, ACME_PLACE_LIVE, ahead, p);
    assert_int_equal(acme_certstore_get(&live, certstore, NAME, NULL, p), 0);
    memset(&info, 0, sizeof(info));
    info.fingerprint = "new";
    for (gone = 0; gone < 2; ++gone) {
        for (i = 0; i < sizeof(cases) / sizeof(*cases); ++i) {
            info.not_before = ACME_T_NOW + cases[i].from * ACME_TIME_HOUR;
            why = acme_removed_refusal(
                certstore, NAME, &info, ACME_T_NOW, gone ? NULL : live,
                ACME_T_NOW + cases[i].heard * ACME_TIME_DAY, p);
            if (*cases[i].why) {
                acme_t_contains(why, cases[i].why);
            }
            else {
                assert_null(why);
            }
        }
        /* The certificate that is gone does not come back. */
        if (!gone) {
            remove_it(certstore, ACME_PLACE_LIVE, p);
        }
    }
    info.fingerprint = live->info->fingerprint;
    info.not_before = ACME_T_NOW;
    acme_t_contains(acme_removed_refusal(certstore, NAME, &info, ACME_T_NOW,
                                         NULL, ACME_T_NOW, p),
                    "had it before");
}

/* A few hours ahead: what was obtained later does not wait until then. */
static void a_clock_that_was_hours_ahead_holds_nothing_up(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_certstore_cert_t *live;
    acme_cert_info_t info;

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW + 3 * ACME_TIME_HOUR, p);
    assert_int_equal(acme_certstore_get(&live, certstore, NAME, NULL, p), 0);
    memset(&info, 0, sizeof(info));
    info.fingerprint = "new";
    info.not_before = FROM;
    assert_null(acme_removed_refusal(certstore, NAME, &info, ACME_T_NOW, live,
                                     ACME_T_NOW, p));
    acme_t_contains(acme_removed_refusal(certstore, NAME, &info, ACME_T_NOW,
                                         live, LATER, p),
                    "was obtained at");
}

/* However often a certificate is replaced, a note has those of two days. */
static void a_note_stays_small(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    char *text;
    apr_size_t len;
    int i, lines = 0;

    for (i = 0; i < 12; ++i) {
        put(certstore, ACME_PLACE_LIVE, ACME_T_NOW + i * ACME_TIME_DAY, p);
    }
    assert_int_equal(acme_file_read(&text, &len,
                                    apr_pstrcat(p, dir, "/removed/" NAME, NULL),
                                    ACME_FILE_MAX, p),
                     0);
    for (; *text; ++text) {
        lines += *text == '\n';
    }
    assert_int_equal(lines, 1 + 3);
}

/* A note that was damaged, or written by an older version. */
static void reads_any_note(void **state)
{
    static const char *const damaged[] = {
        "", "\n", " ", "\n\n", "soon", "soon 2020\nx y\n", " \n \n"};
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    const char *path = apr_pstrcat(p, dir, "/removed/" NAME, NULL);
    size_t i;

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    remove_it(certstore, ACME_PLACE_LIVE, p);
    for (i = 0; i < sizeof(damaged) / sizeof(*damaged); ++i) {
        acme_t_write(path, damaged[i], p);
        assert_string_equal(said(certstore, NAME, 1, "y", 1, p), "");
    }
    acme_t_write(
        path, apr_pstrcat(p, acme_time_print(ACME_T_NOW, p), "\nold\n", NULL),
        p);
    acme_t_contains(said(certstore, NAME, ACME_T_NOW, "old", ACME_T_NOW, p),
                    "had it before");
    assert_string_equal(said(certstore, NAME, ACME_T_NOW, "new", 0, p), "");
    acme_t_contains(said(certstore, NAME, 1, "new", ACME_T_NOW, p),
                    "more than 48 hours later");
    acme_t_write(path,
                 apr_pstrcat(p, acme_time_print(ACME_T_NOW, p),
                             " x\ny\n"
                             "z w v\n",
                             NULL),
                 p);
    assert_string_equal(said(certstore, NAME, ACME_T_NOW, "new", 0, p), "");
    acme_t_contains(said(certstore, NAME, ACME_T_NOW, "y", 0, p), "before");
}

static void a_name_that_gave_its_certificate_away(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    const char *print =
        acme_t_fingerprint(put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p), p);

    assert_int_equal(acme_certstore_move_stash(certstore, NAME, NULL, p), 0);
    assert_string_equal(said(certstore, NAME, 1, "old", 1, p), "");
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_STASH, NAME,
                                         ACME_PLACE_LIVE, OTHER, NULL, p),
                     0);
    /* It may come back itself, because it is not gone. */
    assert_string_equal(said(certstore, NAME, ACME_T_NOW, print, ACME_T_NOW, p),
                        "");
    acme_t_contains(said(certstore, NAME, 1, "old", ACME_T_NOW, p),
                    "more than 48 hours later");
    /* Also when it comes back from there, and is given away again. */
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_LIVE, OTHER,
                                         ACME_PLACE_STASH, NAME, NULL, p),
                     0);
    remove_it(certstore, ACME_PLACE_STASH, p);
    acme_t_contains(said(certstore, NAME, ACME_T_NOW, print, ACME_T_NOW, p),
                    "had it before");
}

static void an_import_was_never_a_sites(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);

    put(certstore, ACME_PLACE_IMPORT, ACME_T_NOW, p);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_IMPORT, NAME, NULL, p),
        0);
    assert_string_equal(said(certstore, NAME, 1, "old", 1, p), "");
}

static void nothing_is_removed_that_cannot_be_noted(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(acme_file_write(apr_pstrcat(p, dir, "/removed", NULL), "x",
                                     1, APR_FPROT_UREAD, ACME_FILE_LAZY, p),
                     0);
    assert_int_not_equal(acme_certstore_move_remove(certstore, ACME_PLACE_LIVE,
                                                    NAME, &problem, p),
                         0);
    acme_t_contains(problem.detail, "/removed/" NAME " cannot be written");
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
}

static void old_ones_are_forgotten(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_time_t now = apr_time_now();

    acme_removed_prune(certstore, now, p);
    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_LIVE, NAME, NULL, p),
        0);
    acme_removed_prune(certstore, now + 399 * ACME_TIME_DAY, p);
    acme_t_contains(said(certstore, NAME, 1, "old", 1, p), "48 hours");
    acme_removed_prune(certstore, now + 401 * ACME_TIME_DAY, p);
    assert_string_equal(said(certstore, NAME, 1, "old", 1, p), "");
}

static void the_newest_of_all_is_known(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    acme_certstore_cert_t *live;

    assert_int_equal(acme_removed_newest(certstore, NAME, NULL, p), 0);
    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(acme_certstore_get(&live, certstore, NAME, NULL, p), 0);
    assert_true(acme_removed_newest(certstore, NAME, live, p) == FROM);
    remove_it(certstore, ACME_PLACE_LIVE, p);
    assert_true(acme_removed_newest(certstore, NAME, NULL, p) == FROM);
    assert_int_equal(acme_removed_newest(certstore, OTHER, NULL, p), 0);
    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW - ACME_TIME_DAY, p);
    assert_int_equal(acme_certstore_get(&live, certstore, NAME, NULL, p), 0);
    assert_true(acme_removed_newest(certstore, NAME, live, p) == FROM);
}

ACME_T_MAIN(ACME_T(the_newest_of_all_is_known), ACME_T(knows_which_were_there),
            ACME_T(what_a_move_replaces_is_noted),
            ACME_T(dates_bar_what_is_older),
            ACME_T(the_newest_counts_and_not_the_last),
            ACME_T(the_live_one_counts_as_well),
            ACME_T(what_is_still_to_come_bars_nothing_of_today),
            ACME_T(a_clock_that_was_hours_ahead_holds_nothing_up),
            ACME_T(a_note_stays_small), ACME_T(reads_any_note),
            ACME_T(a_name_that_gave_its_certificate_away),
            ACME_T(an_import_was_never_a_sites),
            ACME_T(nothing_is_removed_that_cannot_be_noted),
            ACME_T(old_ones_are_forgotten))
