/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_certstore.h"
#include "acme_file.h"
#include "acme_removed.h"

#define NAME  "a.example.org"
#define OTHER "b.example.org"

static acme_certstore_t *open_certstore(const char **dir, apr_pool_t *p)
{
    acme_certstore_t *certstore;

    *dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&certstore, *dir, NULL, p), 0);
    return certstore;
}

static apr_time_t put(const acme_certstore_t *certstore, acme_place_e place,
                      apr_time_t at, apr_pool_t *p)
{
    acme_certstore_cert_t *cert;

    assert_int_equal(acme_certstore_install_at(certstore, place,
                                               acme_t_bundle(NAME, at, p), 3,
                                               NULL, p),
                     0);
    assert_int_equal(
        acme_certstore_get_at(&cert, certstore, place, NAME, NULL, p), 0);
    return cert->info->not_before;
}

static void tells_how_new_it_was(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_time_t first, second;

    assert_int_equal(acme_removed_time(certstore, NAME, p), 0);
    first = put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_LIVE, NAME, NULL, p),
        0);
    assert_int_equal(acme_removed_time(certstore, NAME, p), first);
    second = put(certstore, ACME_PLACE_STASH, ACME_T_NOW + ACME_TIME_DAY, p);
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_STASH, NAME, NULL, p),
        0);
    assert_int_equal(acme_removed_time(certstore, NAME, p), second);
    /* An older one does not lower it. */
    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(
        acme_certstore_move_archive(certstore, ACME_PLACE_LIVE, NAME, NULL, p),
        0);
    assert_int_equal(acme_removed_time(certstore, NAME, p), second);
    assert_int_equal(acme_removed_time(certstore, OTHER, p), 0);
}

static void bars_what_is_older_and_itself(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_cert_t *cert;
    acme_cert_info_t info;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    info = *cert->info;
    assert_false(acme_removed_bars(certstore, NAME, &info, p));
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_LIVE, NAME, NULL, p),
        0);
    assert_true(acme_removed_bars(certstore, NAME, &info, p));
    assert_false(acme_removed_bars(certstore, OTHER, &info, p));
    /* Another one of the same second. */
    info.fingerprint = "0123456789abcdef";
    assert_false(acme_removed_bars(certstore, NAME, &info, p));
    info.not_before -= apr_time_from_sec(1);
    assert_true(acme_removed_bars(certstore, NAME, &info, p));
}

static void a_name_that_gave_its_certificate_away(void **state)
{
    apr_pool_t *p = *state;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    apr_time_t at = put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    acme_certstore_cert_t *cert;
    acme_cert_info_t info;

    assert_int_equal(acme_certstore_move_stash(certstore, NAME, NULL, p), 0);
    assert_int_equal(acme_removed_time(certstore, NAME, p), 0);
    assert_int_equal(acme_certstore_move(certstore, ACME_PLACE_STASH, NAME,
                                         ACME_PLACE_LIVE, OTHER, NULL, p),
                     0);
    assert_int_equal(acme_removed_time(certstore, NAME, p), at);
    /* It may come back itself, because it is not gone. */
    assert_int_equal(acme_certstore_get(&cert, certstore, OTHER, NULL, p), 0);
    info = *cert->info;
    assert_false(acme_removed_bars(certstore, NAME, &info, p));
    info.not_before -= apr_time_from_sec(1);
    assert_true(acme_removed_bars(certstore, NAME, &info, p));
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
    assert_int_equal(acme_removed_time(certstore, NAME, p), 0);
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
    assert_int_not_equal(acme_removed_time(certstore, NAME, p), 0);
    acme_removed_prune(certstore, now + 401 * ACME_TIME_DAY, p);
    assert_int_equal(acme_removed_time(certstore, NAME, p), 0);
}

/* A note that somebody has emptied or edited is none, and ends no start. */
static void a_damaged_note_bars_nothing(void **state)
{
    static const char *const texts[] = {"", "\n", "\n\n", "x", "2026-01-01\n"};
    apr_pool_t *p = *state;
    const acme_cert_info_t *info;
    acme_certstore_cert_t *cert;
    const char *dir;
    acme_certstore_t *certstore = open_certstore(&dir, p);
    size_t i;

    put(certstore, ACME_PLACE_LIVE, ACME_T_NOW, p);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    info = cert->info;
    assert_int_equal(
        acme_certstore_move_remove(certstore, ACME_PLACE_LIVE, NAME, NULL, p),
        0);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(
            acme_file_write(apr_pstrcat(p, dir, "/removed/" NAME, NULL),
                            texts[i], strlen(texts[i]), APR_FPROT_UREAD,
                            ACME_FILE_LAZY, p),
            0);
        assert_int_equal(acme_removed_time(certstore, NAME, p), 0);
        assert_false(acme_removed_bars(certstore, NAME, info, p));
    }
}

ACME_T_MAIN(ACME_T(tells_how_new_it_was), ACME_T(bars_what_is_older_and_itself),
            ACME_T(a_name_that_gave_its_certificate_away),
            ACME_T(an_import_was_never_a_sites),
            ACME_T(nothing_is_removed_that_cannot_be_noted),
            ACME_T(old_ones_are_forgotten), ACME_T(a_damaged_note_bars_nothing))
