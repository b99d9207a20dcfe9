/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_blocklist.h"
#include "acme_hot_check.h"

#define NAME "a.example.org"

/* acme_t_bundle() dates back an hour. */
#define FROM (ACME_T_NOW - ACME_TIME_HOUR)

/** A child that is to serve what is staged. */
typedef struct world_t {
    const char *dir;
    acme_hot_check_t check;
    acme_spec_t spec;
    acme_t_log_t *log;
    acme_problem_t problem;
    acme_promote_staged_t found;
    apr_pool_t *p;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    world_t *w = apr_pcalloc(p, sizeof(*w));

    APR_ARRAY_PUSH(names, const char *) = NAME;
    APR_ARRAY_PUSH(names, const char *) = "b.example.org";
    w->p = p;
    w->dir = acme_t_dir(p);
    w->spec.name = NAME;
    w->spec.names = names;
    w->check.spec = &w->spec;
    w->check.vault = acme_t_vault(&w->log, p);
    w->check.blocklist = acme_blocklist_open(w->dir, p);
    w->check.now = ACME_T_NOW;
    return w;
}

static void stage(world_t *w, const acme_bundle_t *bundle)
{
    acme_t_put(w->check.vault, ACME_STORE_STAGING, NAME,
               acme_bundle_print(bundle, w->p), w->p);
}

static acme_hot_reason_e check(world_t *w)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;

    w->problem = none;
    memset(&w->found, 0, sizeof(w->found));
    return acme_hot_check(&w->found, &w->check, &w->problem, w->p);
}

static void assert_left(world_t *w, acme_hot_reason_e reason, const char *why)
{
    assert_int_equal(check(w), reason);
    assert_null(w->found.key);
    assert_null(w->found.chain);
    acme_t_contains(w->problem.detail, why);
}

static void accepts_what_root_would(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    stage(w, bundle);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
    assert_non_null(w->found.key);
    assert_string_equal(w->found.bundle->ca_url, "https://ca.example/dir");
    assert_string_equal(acme_cert_chain_info(w->found.chain)->fingerprint,
                        acme_t_fingerprint(bundle, w->p));
}

static void what_cannot_be_read_is_damaged(void **state)
{
    world_t *w = make_world(*state);

    assert_left(w, ACME_HOT_DAMAGED, "cannot be read");
    acme_t_put(w->check.vault, ACME_STORE_STAGING, NAME, "{}", w->p);
    assert_left(w, ACME_HOT_DAMAGED, "damaged");
    stage(w, acme_t_bundle_for("other.example.org", NAME, ACME_T_NOW,
                               ACME_TIME_DAY, w->p));
    assert_left(w, ACME_HOT_DAMAGED, "one of the site other.example.org");
}

static void only_a_later_not_before_is_new(void **state)
{
    world_t *w = make_world(*state);

    stage(w, acme_t_bundle(NAME, ACME_T_NOW, w->p));
    w->check.newest = FROM;
    assert_left(w, ACME_HOT_OLDER, "the site had one that is valid from");
    w->check.newest = FROM + apr_time_from_sec(1);
    assert_left(w, ACME_HOT_OLDER, "it is valid from");
    w->check.newest = FROM - apr_time_from_sec(1);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
}

static const char *fingerprint_of(const world_t *w)
{
    return acme_cert_chain_info(w->found.chain)->fingerprint;
}

static void promote(world_t *w, const acme_bundle_t *bundle)
{
    static const unsigned char secret[ACME_SEAL_SECRET_LEN] = {9, 8, 7};

    w->check.bundles =
        acme_hot_bundle_open(w->dir, acme_seal_create(secret, w->p), w->p);
    assert_int_equal(acme_hot_bundle_put(w->check.bundles, NAME,
                                         acme_bundle_print(bundle, w->p),
                                         getegid(), NULL, w->p),
                     0);
}

static void what_root_has_made_live_counts(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *first = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_bundle_t *second = acme_t_bundle(NAME, ACME_T_NOW + 1000000, w->p);

    /* The worker has cleared it. */
    promote(w, first);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
    assert_string_equal(fingerprint_of(w), acme_t_fingerprint(first, w->p));
    /* It is still staged. */
    stage(w, first);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
    /* A later one. */
    stage(w, second);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
    assert_string_equal(fingerprint_of(w), acme_t_fingerprint(second, w->p));
    /* An earlier one comes back. */
    promote(w, second);
    stage(w, first);
    assert_left(w, ACME_HOT_OLDER, "the site had one that is valid from");
}

static void the_live_one_will_do_for_a_later_child(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *first = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_bundle_t *older =
        acme_t_bundle(NAME, ACME_T_NOW - ACME_TIME_HOUR, w->p);
    acme_blocklist_entry_t mark;

    promote(w, first);
    stage(w, older);
    assert_left(w, ACME_HOT_OLDER, "the site had one that is valid from");
    w->check.or_live = 1;
    assert_int_equal(check(w), ACME_HOT_OLDER);
    assert_string_equal(fingerprint_of(w), acme_t_fingerprint(first, w->p));
    acme_t_put(w->check.vault, ACME_STORE_STAGING, NAME, "{}", w->p);
    assert_int_equal(check(w), ACME_HOT_DAMAGED);
    assert_string_equal(fingerprint_of(w), acme_t_fingerprint(first, w->p));
    /* It is checked, too. */
    w->check.newest = FROM;
    assert_left(w, ACME_HOT_DAMAGED, "damaged");
    w->check.newest = 0;
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = acme_t_fingerprint(first, w->p);
    mark.key_hash = "00";
    mark.name = NAME;
    mark.when = ACME_T_NOW;
    mark.reason = 4;
    assert_int_equal(acme_blocklist_put(w->dir, &mark, NULL, w->p), 0);
    assert_left(w, ACME_HOT_DAMAGED, "damaged");
}

static void what_the_child_has_taken_over_counts(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *first = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_bundle_t *second = acme_t_bundle(NAME, ACME_T_NOW + 1000000, w->p);

    stage(w, second);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
    w->check.before = acme_cert_chain_info(w->found.chain);
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
    stage(w, first);
    assert_left(w, ACME_HOT_OLDER, "the site had one that is valid from");
}

static void dates_names_and_keys_are_checked(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle;

    stage(w, acme_t_bundle(NAME, ACME_T_NOW + ACME_TIME_DAY, w->p));
    assert_left(w, ACME_HOT_UNFIT, "not valid before");
    stage(w, acme_t_bundle_for(NAME, "b.example.org", ACME_T_NOW, ACME_TIME_DAY,
                               w->p));
    assert_left(w, ACME_HOT_UNFIT, NAME);
    bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    bundle->key_pem = acme_t_key_pem(w->p);
    stage(w, bundle);
    assert_left(w, ACME_HOT_UNFIT, "key");
    stage(w, acme_t_bundle(NAME, ACME_T_NOW, w->p));
    w->spec.security_level = 5;
    assert_left(w, ACME_HOT_UNFIT, "");
}

static void it_covers_as_much_as_the_live_one(void **state)
{
    world_t *w = make_world(*state);
    acme_certstore_cert_t live;
    acme_cert_info_t info;

    memset(&live, 0, sizeof(live));
    memset(&info, 0, sizeof(info));
    live.info = &info;
    info.names = (apr_array_header_t *)w->spec.names;
    info.not_after = ACME_T_NOW + ACME_TIME_DAY;
    w->check.live = &live;
    stage(w, acme_t_bundle(NAME, ACME_T_NOW, w->p));
    assert_left(w, ACME_HOT_UNFIT, "the live one covers 2");
    info.not_after = ACME_T_NOW - 1;
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
}

static void what_was_revoked_is_not_served(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_blocklist_entry_t mark;

    stage(w, bundle);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = acme_t_fingerprint(bundle, w->p);
    mark.key_hash = "00";
    mark.name = NAME;
    mark.when = ACME_T_NOW;
    mark.reason = 4;
    assert_int_equal(acme_blocklist_put(w->dir, &mark, NULL, w->p), 0);
    assert_left(w, ACME_HOT_UNFIT, "superseded");
}

static void stapling_matters_with_an_ocsp_responder_only(void **state)
{
    world_t *w = make_world(*state);

    stage(w, acme_t_bundle(NAME, ACME_T_NOW, w->p));
    w->check.is_stapled = 1;
    assert_int_equal(check(w), ACME_HOT_ACCEPTED);
}

ACME_T_MAIN(ACME_T(accepts_what_root_would),
            ACME_T(what_cannot_be_read_is_damaged),
            ACME_T(only_a_later_not_before_is_new),
            ACME_T(what_root_has_made_live_counts),
            ACME_T(the_live_one_will_do_for_a_later_child),
            ACME_T(what_the_child_has_taken_over_counts),
            ACME_T(dates_names_and_keys_are_checked),
            ACME_T(it_covers_as_much_as_the_live_one),
            ACME_T(what_was_revoked_is_not_served),
            ACME_T(stapling_matters_with_an_ocsp_responder_only))
