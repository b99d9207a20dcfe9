/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_install.h"

static void a_site_that_goes_and_comes_back_has_its_certificate(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);

    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), cert);
    configure(w);
    start(w);
    assert_string_equal(LIVE("a.test"), "");
    assert_string_equal(STASH("a.test"), cert);
    acme_t_contains(w->said, "ACME0569: a.test: undeployed");
    start(w);
    assert_string_equal(STASH("a.test"), cert);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), cert);
    assert_string_equal(STASH("a.test"), "");
    acme_t_contains(w->said, "none has to be ordered");
    assert_int_equal(last_serve, ACME_SITE_DECIDE_SERVE_LKC);
    assert_int_equal(acme_t_archived(w->certstore, "a.test", w->p), 0);
}

static void one_that_loses_tls_is_stashed_and_shown(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);
    acme_inventory_t *inventory;

    site(w, "a.test");
    start_wanting(w, ACME_WANTED_HTTP);
    assert_string_equal(STASH("a.test"), cert);
    inventory = acme_site_cert_at(w->certs, 0)->inventory;
    assert_null(inventory->live);
    assert_string_equal(inventory->stashed->info->fingerprint, cert);
    assert_true(inventory->stashed->moved > 0);
    acme_t_contains(w->said, "no TLS");
    start(w);
    assert_string_equal(LIVE("a.test"), cert);
}

static void a_renamed_site_keeps_its_certificate(void **state)
{
    world_t *w = make_world(*state);
    const char *cert =
        put(w, ACME_PLACE_LIVE, "a.test", "a.test b.test", 90, CA);
    const char *next;

    site(w, "a.test b.test");
    start(w);
    configure(w);
    /* its first name is another one */
    site(w, "b.test a.test");
    start(w);
    assert_string_equal(LIVE("b.test"), cert);
    assert_string_equal(LIVE("a.test"), "");
    assert_string_equal(STASH("a.test"), "");
    acme_t_contains(w->said, "filed under a.test");
    /* the next version is in its own archive; the former's is not lost */
    next = put(w, ACME_PLACE_LIVE, "b.test", "a.test b.test", 91, CA);
    assert_string_equal(LIVE("b.test"), next);
    start(w);
    assert_string_equal(LIVE("b.test"), next);
}

static void what_a_pointer_of_another_name_needs_is_never_removed(void **state)
{
    world_t *w = make_world(*state);
    int i;

    put(w, ACME_PLACE_LIVE, "a.test", "a.test b.test", 90, CA);

    site(w, "a.test b.test");
    start(w);
    configure(w);
    site(w, "b.test");
    site(w, "a.test");
    start(w);
    configure(w);
    site(w, "b.test");
    start(w);
    for (i = 0; i < 6; ++i) {
        acme_bundle_t *bundle = issue(w, "a.test", "a.test", 90, CA);

        assert_int_equal(
            acme_certstore_install(w->certstore, bundle, 0, NULL, w->p), 0);
    }
    assert_string_not_equal(LIVE("b.test"), "");
}

static void a_merged_set_goes_on_with_what_covers_its_name(void **state)
{
    world_t *w = make_world(*state);
    const char *a = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);
    const char *b = put(w, ACME_PLACE_LIVE, "b.test", "b.test", 90, CA);

    site(w, "a.test");
    site(w, "b.test");
    start(w);
    configure(w);
    site(w, "a.test b.test");
    start(w);
    assert_string_equal(LIVE("a.test"), a);
    assert_string_equal(STASH("b.test"), b);
    /* and apart again */
    configure(w);
    site(w, "a.test");
    site(w, "b.test");
    start(w);
    assert_string_equal(LIVE("a.test"), a);
    assert_string_equal(LIVE("b.test"), b);
    assert_string_equal(STASH("b.test"), "");
}

static void both_parts_of_a_split_set_go_on(void **state)
{
    world_t *w = make_world(*state);
    const char *both =
        put(w, ACME_PLACE_LIVE, "a.test", "a.test b.test", 90, CA);

    site(w, "a.test b.test");
    start(w);
    configure(w);
    site(w, "a.test");
    site(w, "b.test");
    start(w);
    assert_string_equal(LIVE("a.test"), both);
    assert_string_equal(LIVE("b.test"), both);
    acme_t_contains(w->said, "split from a.test");
    /* in any order, and also when the former name is gone */
    configure(w);
    start(w);
    configure(w);
    site(w, "b.test");
    start(w);
    assert_string_equal(LIVE("b.test"), both);
}

static void a_site_of_its_own_takes_no_wildcard_of_others(void **state)
{
    world_t *w = make_world(*state);

    put(w, ACME_PLACE_LIVE, "*.x.test", "*.x.test", 90, CA);
    site(w, "*.x.test");
    start(w);
    site(w, "a.x.test");
    start(w);
    assert_string_equal(LIVE("a.x.test"), "");
    assert_string_not_equal(LIVE("*.x.test"), "");
}

static void a_stashed_one_is_found_by_its_names(void **state)
{
    world_t *w = make_world(*state);
    const char *wide =
        put(w, ACME_PLACE_STASH, "old.test", "old.test a.test", 30, CA);

    put(w, ACME_PLACE_STASH, "a.test", "a.test", 80, CA);
    site(w, "a.test old.test");
    start(w);
    /* for all names, though it expires earlier */
    assert_string_equal(LIVE("a.test"), wide);
    assert_string_equal(STASH("old.test"), "");
}

static void a_narrow_one_serves_until_a_wider_is_there(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_STASH, "a.test", "a.test", 80, CA);

    site(w, "a.test www.a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), cert);
    acme_t_contains(w->said, "does not cover www.a.test");
}

static void only_its_own_ca_will_do(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_STASH, "a.test", "a.test", 80, OTHER);
    const char *own;

    put(w, ACME_PLACE_IMPORT, "u.test", "u.test", 80, NULL);
    site(w, "a.test");
    site(w, "u.test");
    start(w);
    assert_string_equal(LIVE("a.test"), "");
    assert_string_equal(STASH("a.test"), cert);
    /* of an unknown CA, and not trusted by this machine */
    assert_string_equal(LIVE("u.test"), "");
    assert_string_equal(IMPORT("u.test"), "");
    acme_t_contains(w->said, "trusted root");
    /* one of another CA does not win by living longer */
    put(w, ACME_PLACE_IMPORT, "a.test", "a.test", 300, OTHER);
    own = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 20, CA);
    configure(w);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), own);
}

static void what_is_live_stays_when_the_ca_is_another(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 80, OTHER);

    site(w, "a.test");
    start(w);
    configure(w);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), cert);
    assert_int_equal(last_serve, ACME_SITE_DECIDE_SERVE_LKC);
    assert_true(acme_site_cert_at(w->certs, 0)->inventory->foreign);
}

static void the_later_of_import_and_live_is_used(void **state)
{
    world_t *w = make_world(*state);
    const char *late, *live;

    put(w, ACME_PLACE_LIVE, "a.test", "a.test", 30, CA);
    late = put(w, ACME_PLACE_IMPORT, "a.test", "a.test", 60, CA);
    live = put(w, ACME_PLACE_LIVE, "b.test", "b.test", 60, CA);
    put(w, ACME_PLACE_IMPORT, "b.test", "b.test", 30, CA);
    site(w, "a.test");
    site(w, "b.test");
    start(w);
    assert_string_equal(LIVE("a.test"), late);
    assert_string_equal(LIVE("b.test"), live);
    assert_string_equal(IMPORT("a.test"), "");
    assert_string_equal(IMPORT("b.test"), "");
    /* the other ones are archived */
    assert_int_equal(acme_t_archived(w->certstore, "a.test", w->p), 1);
    assert_int_equal(acme_t_archived(w->certstore, "b.test", w->p), 1);
}

static void the_later_of_import_and_stash_is_used(void **state)
{
    world_t *w = make_world(*state);
    const char *late;

    put(w, ACME_PLACE_STASH, "a.test", "a.test", 30, CA);
    late = put(w, ACME_PLACE_IMPORT, "a.test", "a.test", 60, CA);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), late);
    assert_string_equal(STASH("a.test"), "");
    assert_string_equal(IMPORT("a.test"), "");
}

static void one_that_the_security_level_refuses_is_not_used(void **state)
{
    world_t *w = make_world(*state);
    const char *stashed = put(w, ACME_PLACE_STASH, "a.test", "a.test", 60, CA);

    put(w, ACME_PLACE_IMPORT, "a.test", "a.test", 90, CA);
    /* more than a P-256 key has */
    site(w, "a.test")->security_level = 4;
    start(w);
    assert_string_equal(LIVE("a.test"), "");
    assert_string_equal(STASH("a.test"), stashed);
    /* the log has what is wrong with the import, and does not say that no site
     * asks for it */
    assert_string_equal(IMPORT("a.test"), "");
    acme_t_contains(w->said, "ACME0572: a.test: the imported certificate "
                             "cannot be used and is archived: ");
    acme_t_contains(w->said, "SECLEVEL=4");
    assert_null(strstr(w->said, "ACME0567"));
    assert_int_equal(last_serve, ACME_SITE_DECIDE_SERVE_PLACEHOLDER);
    configure(w);
    site(w, "a.test")->security_level = 3;
    start(w);
    assert_string_equal(LIVE("a.test"), stashed);
}

static void an_import_waits_in_the_stash(void **state)
{
    world_t *w = make_world(*state);
    const char *cert =
        put(w, ACME_PLACE_IMPORT, "a.test", "a.test www.a.test", 60, CA);

    start(w);
    assert_string_equal(STASH("a.test"), cert);
    assert_string_equal(IMPORT("a.test"), "");
    acme_t_contains(w->said, "ACME0567");
    site(w, "www.a.test a.test");
    start(w);
    assert_string_equal(LIVE("www.a.test"), cert);
}

static void what_has_expired_is_deleted_when_all_clocks_agree(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_STASH, "a.test", "a.test", 10, CA);

    put(w, ACME_PLACE_STASH, "b.test", "b.test", 90, CA);
    fake_clock_turn(w->clock, 20 * ACME_TIME_DAY);
    /* the CA's clock has not shown that yet */
    start(w);
    assert_string_equal(STASH("a.test"), cert);
    /* the clock may have been set back */
    w->config.proven = ACME_T_NOW + 20 * ACME_TIME_DAY;
    w->config.clock_good = 0;
    start(w);
    assert_string_equal(STASH("a.test"), cert);
    w->config.clock_good = 1;
    start(w);
    assert_string_equal(STASH("a.test"), "");
    assert_string_not_equal(STASH("b.test"), "");
    /* silently, and with its key */
    assert_string_equal(w->said, "");
    assert_int_equal(acme_t_archived(w->certstore, "a.test", w->p), 0);
}

static void an_expired_one_is_not_unstashed(void **state)
{
    world_t *w = make_world(*state);

    put(w, ACME_PLACE_STASH, "a.test", "a.test", 10, CA);
    fake_clock_turn(w->clock, 20 * ACME_TIME_DAY);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), "");
    assert_int_equal(last_serve, ACME_SITE_DECIDE_SERVE_PLACEHOLDER);
    assert_true(acme_site_cert_at(w->certs, 0)->inventory->aged);
}

static void the_stash_can_be_kept_shorter(void **state)
{
    world_t *w = make_world(*state);

    /* the pointer's own time is the machine's, not the fake clock's */
    put(w, ACME_PLACE_LIVE, "a.test", "a.test", 9000, CA);
    start(w);
    assert_string_not_equal(STASH("a.test"), "");
    fake_clock_turn(w->clock, apr_time_now() - ACME_T_NOW);
    w->config.stash_keep = 2 * ACME_TIME_DAY;
    w->config.proven = apr_time_now() + 30 * ACME_TIME_DAY;
    fake_clock_turn(w->clock, ACME_TIME_DAY);
    start(w);
    assert_string_not_equal(STASH("a.test"), "");
    fake_clock_turn(w->clock, 2 * ACME_TIME_DAY);
    start(w);
    assert_string_equal(STASH("a.test"), "");
}

static void over_half_of_all_at_once_is_one_notice(void **state)
{
    world_t *w = make_world(*state);
    int i;

    for (i = 0; i < 5; ++i) {
        const char *name = apr_psprintf(w->p, "s%d.test", i);

        put(w, ACME_PLACE_LIVE, name, name, 90, CA);
        site(w, name);
    }
    start(w);
    configure(w);
    site(w, "s0.test");
    site(w, "s1.test");
    w->log.level = ACME_LOG_NOTICE;
    start(w);
    assert_string_equal(w->said,
                        "2 ACME0570: 3 of 5 sites do not want their "
                        "certificates any more: these are stashed, and served "
                        "again with no order when the sites come back\n");
}

static void damage_is_told_and_left_alone(void **state)
{
    world_t *w = make_world(*state);
    const char *file;

    put(w, ACME_PLACE_STASH, "a.test", "a.test", 90, CA);
    file = apr_pstrcat(w->p, w->dir, "/archive/a.test/1/fullchain.pem", NULL);
    acme_t_write(file, "nonsense", w->p);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), "");
    acme_t_contains(w->said, "ACME0571: a.test");
    assert_int_equal(last_serve, ACME_SITE_DECIDE_SERVE_PLACEHOLDER);
}

static void a_start_that_is_done_again_changes_nothing(void **state)
{
    world_t *w = make_world(*state);
    const char *a = put(w, ACME_PLACE_LIVE, "a.test", "a.test b.test", 90, CA);
    const char *c = put(w, ACME_PLACE_LIVE, "c.test", "c.test", 90, CA);
    acme_deployed_t *before;
    int i;

    site(w, "a.test b.test");
    site(w, "c.test");
    start(w);
    before = w->before;
    configure(w);
    site(w, "b.test");
    site(w, "a.test");
    for (i = 0; i < 3; ++i) {
        /* killed before the record was written */
        w->before = before;
        start(w);
        assert_string_equal(LIVE("a.test"), a);
        assert_string_equal(LIVE("b.test"), a);
        assert_string_equal(STASH("c.test"), c);
        assert_int_equal(acme_t_archived(w->certstore, "b.test", w->p), 0);
    }
}

/* A site that had two kinds of keys and wants one of them. */
static void
one_of_the_wanted_kind_of_key_goes_before_a_longer_living_one(void **state)
{
    world_t *w = make_world(*state);
    acme_key_spec_t other = {ACME_KEY_P384, 0};
    const char *good, *pem;
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &other, NULL, NULL, NULL, w->p),
                     0);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, w->p), 0);
    good = put(w, ACME_PLACE_STASH, "a.example", "a.example", 30, CA);
    assert_int_equal(
        acme_certstore_install_at(
            w->certstore, ACME_PLACE_STASH,
            issue_for(w, pem, "a.example-rsa", "a.example", 90, CA), 3, NULL,
            w->p),
        0);
    (void)site(w, "a.example");
    start(w);
    assert_string_equal(LIVE("a.example"), good);
    assert_string_not_equal(STASH("a.example-rsa"), "");
}

/* A site that had RSA only and wants an elliptic kind too: nothing changes for
 * clients that know RSA, not even the key. */
static void the_second_kind_goes_on_with_what_the_site_had(void **state)
{
    world_t *w = make_world(*state);
    acme_key_spec_t rsa = {ACME_KEY_RSA, 2048};
    acme_spec_t *own, *second_key;
    const char *pem, *had;
    acme_bundle_t *bundle;
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &rsa, NULL, NULL, NULL, w->p), 0);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, w->p), 0);
    bundle = issue_for(w, pem, "a.example", "a.example", 60, CA);
    had = acme_t_fingerprint(bundle, w->p);
    assert_int_equal(
        acme_certstore_install(w->certstore, bundle, 3, NULL, w->p), 0);
    own = site(w, "a.example");
    own->key = rsa;
    start(w);
    configure(w);
    own = site(w, "a.example");
    second_key = second_key_of(w, own);
    second_key->key = rsa;
    start(w);
    assert_string_equal(LIVE("a.example"), had);
    assert_string_equal(LIVE("a.example-rsa"), had);
    /* A certificate of the other kind is not taken. */
    assert_int_equal(acme_certstore_move_remove(w->certstore, ACME_PLACE_LIVE,
                                                "a.example-rsa", NULL, w->p),
                     0);
    had = put(w, ACME_PLACE_LIVE, "a.example", "a.example", 60, CA);
    start(w);
    assert_string_equal(LIVE("a.example"), had);
    assert_string_equal(LIVE("a.example-rsa"), "");
}

/* ---- a store that was restored without its links ---- */

/** Loses the link while the server is down. */
static void lose_link(world_t *w, const char *name)
{
    configure(w);
    site(w, name);
    assert_int_equal(acme_certstore_move_archive(w->certstore, ACME_PLACE_LIVE,
                                                 name, NULL, w->p),
                     0);
}

static void a_link_that_is_gone_is_found_in_the_archive(void **state)
{
    world_t *w = make_world(*state);
    const char *first = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 80, CA);

    site(w, "a.test");
    start(w);
    lose_link(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), cert);
    acme_t_contains(w->said, "ACME0832: a.test: ");
    assert_int_equal(last_serve, ACME_SITE_DECIDE_SERVE_LKC);
    start(w);
    assert_string_equal(w->said, "");
    /* the newest that can be used */
    assert_int_equal(acme_certstore_move_remove(w->certstore, ACME_PLACE_LIVE,
                                                "a.test", NULL, w->p),
                     0);
    put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, OTHER);
    lose_link(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), first);
}

/* Nothing is taken from the archive for a site that served none: what was
 * replaced, deleted or revoked stays there. */
static void the_archive_is_for_a_site_that_served_it(void **state)
{
    world_t *w = make_world(*state);

    put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);
    lose_link(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), "");
    put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);
    start(w);
    lose_link(w, "a.test");
    w->clock->now += 91 * ACME_TIME_DAY;
    start(w);
    assert_string_equal(LIVE("a.test"), "");
}

ACME_T_MAIN(
    ACME_T(a_link_that_is_gone_is_found_in_the_archive),
    ACME_T(the_archive_is_for_a_site_that_served_it),
    ACME_T(the_second_kind_goes_on_with_what_the_site_had),

    ACME_T(one_of_the_wanted_kind_of_key_goes_before_a_longer_living_one),
    ACME_T(a_site_that_goes_and_comes_back_has_its_certificate),
    ACME_T(one_that_loses_tls_is_stashed_and_shown),
    ACME_T(a_renamed_site_keeps_its_certificate),
    ACME_T(what_a_pointer_of_another_name_needs_is_never_removed),
    ACME_T(a_merged_set_goes_on_with_what_covers_its_name),
    ACME_T(both_parts_of_a_split_set_go_on),
    ACME_T(a_site_of_its_own_takes_no_wildcard_of_others),
    ACME_T(a_stashed_one_is_found_by_its_names),
    ACME_T(a_narrow_one_serves_until_a_wider_is_there),
    ACME_T(only_its_own_ca_will_do),
    ACME_T(what_is_live_stays_when_the_ca_is_another),
    ACME_T(the_later_of_import_and_live_is_used),
    ACME_T(the_later_of_import_and_stash_is_used),
    ACME_T(one_that_the_security_level_refuses_is_not_used),
    ACME_T(an_import_waits_in_the_stash),
    ACME_T(what_has_expired_is_deleted_when_all_clocks_agree),
    ACME_T(an_expired_one_is_not_unstashed),
    ACME_T(the_stash_can_be_kept_shorter),
    ACME_T(over_half_of_all_at_once_is_one_notice),
    ACME_T(damage_is_told_and_left_alone),
    ACME_T(a_start_that_is_done_again_changes_nothing))
