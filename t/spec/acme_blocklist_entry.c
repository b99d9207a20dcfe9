/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_blocklist_entry.h"

#define FP  "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY "2222222222222222222222222222222222222222222222222222222222222222"

static acme_blocklist_entry_t entry(int reason, int done)
{
    acme_blocklist_entry_t revoked;

    revoked.fingerprint = FP;
    revoked.key_hash = KEY;
    revoked.name = "a.example";
    revoked.serial = "0a1b";
    revoked.reason = reason;
    revoked.when = apr_time_from_sec(1767323045);
    revoked.done = done;
    return revoked;
}

static void it_is_final_when_the_ca_has_confirmed_it(void **state)
{
    acme_blocklist_entry_t revoked = entry(4, 0);

    assert_false(acme_blocklist_entry_is_final(&revoked));
    assert_string_equal(acme_blocklist_entry_text(&revoked, *state),
                        "its revocation (superseded) was asked for at "
                        "2026-01-02T03:04:05Z");
    revoked.done = 1;
    assert_true(acme_blocklist_entry_is_final(&revoked));
    assert_false(acme_blocklist_entry_is_compromised(&revoked));
    assert_string_equal(acme_blocklist_entry_text(&revoked, *state),
                        "it was revoked (superseded) at 2026-01-02T03:04:05Z");
}

static void a_compromised_key_is_final_at_once(void **state)
{
    acme_blocklist_entry_t revoked = entry(1, 0);

    assert_true(acme_blocklist_entry_is_compromised(&revoked));
    assert_true(acme_blocklist_entry_is_final(&revoked));
    assert_string_equal(acme_blocklist_entry_text(&revoked, *state),
                        "its key was compromised, as was said when 0a1b was "
                        "revoked at 2026-01-02T03:04:05Z");
    revoked.serial = NULL;
    assert_non_null(strstr(acme_blocklist_entry_text(&revoked, *state),
                           "when a certificate was revoked"));
}

static void json_goes_both_ways(void **state)
{
    acme_blocklist_entry_t revoked = entry(5, 1);
    const acme_blocklist_entry_t *read = acme_blocklist_entry_from_json(
        acme_blocklist_entry_to_json(&revoked, *state), *state);

    assert_non_null(read);
    assert_string_equal(read->fingerprint, FP);
    assert_string_equal(read->key_hash, KEY);
    assert_string_equal(read->name, "a.example");
    assert_string_equal(read->serial, "0a1b");
    assert_int_equal(read->reason, 5);
    assert_int_equal(read->when, revoked.when);
    assert_int_equal(read->done, 1);
    revoked.serial = NULL;
    read = acme_blocklist_entry_from_json(
        acme_blocklist_entry_to_json(&revoked, *state), *state);
    assert_non_null(read);
    assert_null(read->serial);
}

static void a_damaged_one_is_none(void **state)
{
    static const char *const members[] = {"name",   "fingerprint", "key-hash",
                                          "reason", "when",        "done"};
    acme_blocklist_entry_t revoked = entry(1, 1);
    acme_json_t *json;
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); ++i) {
        json = acme_blocklist_entry_to_json(&revoked, *state);
        acme_json_set(json, members[i], acme_json_array(*state));
        assert_null(acme_blocklist_entry_from_json(json, *state));
    }
    json = acme_blocklist_entry_to_json(&revoked, *state);
    acme_json_set_int(json, "reason", 11);
    assert_null(acme_blocklist_entry_from_json(json, *state));
}

ACME_T_MAIN(ACME_T(it_is_final_when_the_ca_has_confirmed_it),
            ACME_T(a_compromised_key_is_final_at_once),
            ACME_T(json_goes_both_ways), ACME_T(a_damaged_one_is_none))
