/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_blocklist.h"

#define FP   "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY  "2222222222222222222222222222222222222222222222222222222222222222"
#define FP2  "3333333333333333333333333333333333333333333333333333333333333333"
#define KEY2 "4444444444444444444444444444444444444444444444444444444444444444"

static acme_blocklist_entry_t mark(int reason, int done)
{
    acme_blocklist_entry_t revoked;

    revoked.fingerprint = FP;
    revoked.key_hash = KEY;
    revoked.name = "a.example";
    revoked.serial = "0a1b";
    revoked.reason = reason;
    revoked.when = ACME_T_NOW;
    revoked.done = done;
    return revoked;
}

static const acme_cert_info_t *cert(const char *fingerprint,
                                    const char *key_hash, apr_pool_t *p)
{
    acme_cert_info_t *info = apr_pcalloc(p, sizeof(*info));

    info->fingerprint = fingerprint;
    info->key_hash = key_hash;
    return info;
}

static void marks_are_found_by_who_looked_before(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_blocklist_t *list = acme_blocklist_open(dir, p);
    acme_blocklist_entry_t made = mark(4, 0);
    const acme_blocklist_entry_t *found;

    assert_null(acme_blocklist_find(list, cert(FP, KEY, p), p));
    assert_int_equal(acme_blocklist_put(dir, &made, NULL, p), 0);
    found = acme_blocklist_find(list, cert(FP, KEY, p), p);
    assert_non_null(found);
    assert_string_equal(found->fingerprint, FP);
    assert_string_equal(found->key_hash, KEY);
    assert_string_equal(found->name, "a.example");
    assert_string_equal(found->serial, "0a1b");
    assert_int_equal(found->reason, 4);
    assert_int_equal(found->done, 0);
    assert_true(found->when == ACME_T_NOW);
    assert_false(acme_blocklist_entry_is_final(found));
    /* the key is not compromised */
    assert_null(acme_blocklist_find(list, cert(FP2, KEY, p), p));
    assert_false(acme_blocklist_has_key(list, KEY));
    made.done = 1;
    assert_int_equal(acme_blocklist_put(dir, &made, NULL, p), 0);
    found = acme_blocklist_find(list, cert(FP, KEY, p), p);
    assert_true(acme_blocklist_entry_is_final(found));
    acme_t_contains(acme_blocklist_entry_text(found, p),
                    "it was revoked (superseded)");
}

static void a_compromised_key_is_lost_for_all(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_blocklist_t *list = acme_blocklist_open(dir, p);
    acme_blocklist_entry_t made = mark(1, 0);
    const acme_blocklist_entry_t *found;

    assert_int_equal(acme_blocklist_put(dir, &made, NULL, p), 0);
    found = acme_blocklist_find(list, cert(FP2, KEY, p), p);
    assert_non_null(found);
    assert_true(acme_blocklist_entry_is_compromised(found));
    assert_true(acme_blocklist_entry_is_final(found));
    acme_t_contains(acme_blocklist_entry_text(found, p),
                    "its key was compromised");
    acme_t_contains(acme_blocklist_entry_text(found, p), "0a1b");
    assert_true(acme_blocklist_has_key(list, KEY));
    assert_false(acme_blocklist_has_key(list, KEY2));
    assert_false(acme_blocklist_has_key(list, ""));
    assert_false(acme_blocklist_has_key(list, NULL));
    assert_null(acme_blocklist_find(list, cert(FP2, KEY2, p), p));
    assert_null(acme_blocklist_find(list, cert(FP2, "", p), p));
    /* a compromised key stays listed, whatever the CA answers */
    assert_int_equal(acme_blocklist_withdraw(dir, &made, NULL, p), 0);
    assert_non_null(acme_blocklist_find(list, cert(FP, KEY, p), p));
    assert_true(acme_blocklist_has_key(list, KEY));
}

static void what_the_ca_refuses_is_withdrawn(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_blocklist_t *list = acme_blocklist_open(dir, p);
    acme_blocklist_entry_t made = mark(5, 0);

    assert_int_equal(acme_blocklist_withdraw(dir, &made, NULL, p), 0);
    assert_int_equal(acme_blocklist_put(dir, &made, NULL, p), 0);
    assert_non_null(acme_blocklist_find(list, cert(FP, KEY, p), p));
    acme_t_contains(acme_blocklist_entry_text(&made, p), "was asked for");
    assert_int_equal(acme_blocklist_withdraw(dir, &made, NULL, p), 0);
    assert_null(acme_blocklist_find(list, cert(FP, KEY, p), p));
}

static void a_damaged_mark_is_a_mark(void **state)
{
    static const char *const bad[] = {"",
                                      "{}",
                                      "[1]",
                                      "no json",
                                      "{\"name\":\"a\",\"fingerprint\":7}",
                                      "{\"name\":\"a\",\"fingerprint\":\"x\","
                                      "\"key-hash\":\"y\",\"reason\":99,"
                                      "\"when\":\"2026-01-01T00:00:00Z\","
                                      "\"done\":true}"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_blocklist_t *list = acme_blocklist_open(dir, p);
    acme_blocklist_entry_t made = mark(1, 1);
    const acme_blocklist_entry_t *found;
    size_t i;

    assert_int_equal(acme_blocklist_put(dir, &made, NULL, p), 0);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        acme_t_write(apr_pstrcat(p, dir, "/revoked/" FP, NULL), bad[i], p);
        acme_t_write(apr_pstrcat(p, dir, "/revoked/key-" KEY, NULL), bad[i], p);
        found = acme_blocklist_find(list, cert(FP, KEY, p), p);
        assert_non_null(found);
        assert_true(acme_blocklist_entry_is_final(found));
        found = acme_blocklist_find(list, cert(FP2, KEY, p), p);
        assert_true(acme_blocklist_entry_is_compromised(found));
        assert_non_null(acme_blocklist_entry_text(found, p));
    }
}

static void they_are_for_root_to_write_and_a_group_to_read(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_blocklist_entry_t made = mark(1, 1);
    struct stat st;

    assert_int_equal(acme_blocklist_prepare(dir, getegid(), NULL, p), 0);
    assert_int_not_equal(stat(apr_pstrcat(p, dir, "/revoked", NULL), &st), 0);
    assert_int_equal(acme_blocklist_put(dir, &made, NULL, p), 0);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/revoked", NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    assert_int_equal(stat(apr_pstrcat(p, dir, "/revoked/" FP, NULL), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(acme_blocklist_prepare(dir, getegid(), NULL, p), 0);
    if (geteuid() == 0) {
        assert_int_equal(acme_blocklist_prepare(dir, 12345, NULL, p), 0);
        assert_int_equal(
            stat(apr_pstrcat(p, dir, "/revoked/key-" KEY, NULL), &st), 0);
        assert_int_equal(st.st_gid, 12345);
        assert_int_equal(st.st_uid, 0);
    }
}

static void a_store_that_cannot_be_written_is_a_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_blocklist_entry_t made = mark(1, 1);

    assert_int_not_equal(
        acme_blocklist_put("/nowhere", &made, &problem, *state), 0);
    assert_non_null(problem.detail);
}

static void without_a_list_there_are_none(void **state)
{
    assert_null(acme_blocklist_find(NULL, cert(FP, KEY, *state), *state));
    assert_false(acme_blocklist_has_key(NULL, KEY));
}

ACME_T_MAIN(ACME_T(marks_are_found_by_who_looked_before),
            ACME_T(a_compromised_key_is_lost_for_all),
            ACME_T(what_the_ca_refuses_is_withdrawn),
            ACME_T(a_damaged_mark_is_a_mark),
            ACME_T(they_are_for_root_to_write_and_a_group_to_read),
            ACME_T(a_store_that_cannot_be_written_is_a_problem),
            ACME_T(without_a_list_there_are_none))
