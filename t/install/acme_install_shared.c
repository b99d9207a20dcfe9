/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_install.h"

/* ---- one certificate for several sites ---- */

#define FIVE "a.test b.test c.test d.test e.test"

static const char *const five[] = {"a.test", "b.test", "c.test", "d.test",
                                   "e.test"};

static void five_sites(world_t *w)
{
    int i;

    configure(w);
    for (i = 0; i < 5; ++i) {
        site(w, five[i]);
    }
}

/** Returns non-zero when all of the five are live with files of their own. */
static int all_serve(world_t *w, const char *fingerprint)
{
    acme_certstore_target_t aim;
    acme_certstore_path_t path;
    int i;

    for (i = 0; i < 5; ++i) {
        acme_certstore_path_find(&path, w->certstore, ACME_PLACE_LIVE, five[i],
                                 w->p);
        if (strcmp(LIVE(five[i]), fingerprint) != 0
            || acme_certstore_path_follow(&aim, w->certstore, &path, w->p)
            || strcmp(aim.archive, path.archive) != 0) {
            return 0;
        }
    }
    return 1;
}

static void all_sites_of_an_import_serve_it(void **state)
{
    world_t *w = make_world(*state);
    const char *cert =
        put(w, ACME_PLACE_IMPORT, "c.test", FIVE " f.test", 60, CA);

    five_sites(w);
    start(w);
    assert_true(all_serve(w, cert));
    assert_string_equal(IMPORT("c.test"), "");
    assert_string_equal(STASH("c.test"), "");
    assert_null(strstr(w->said, "no site asks for ACME"));
    start(w);
    assert_true(all_serve(w, cert));
    assert_string_equal(w->said, "");
}

static void a_stashed_set_comes_back_as_several_sites(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", FIVE, 60, CA);
    int i;

    site(w, FIVE);
    start(w);
    configure(w);
    start(w);
    assert_string_equal(STASH("a.test"), cert);
    five_sites(w);
    start(w);
    assert_true(all_serve(w, cert));
    assert_string_equal(STASH("a.test"), "");
    for (i = 0; i < 5; ++i) {
        assert_null(acme_site_cert_at(w->certs, i)->inventory->stashed);
    }
    start(w);
    assert_true(all_serve(w, cert));
}

static void a_wildcard_serves_all_below_it(void **state)
{
    world_t *w = make_world(*state);
    const char *cert =
        put(w, ACME_PLACE_IMPORT, "*.x.test", "*.x.test", 60, CA);

    site(w, "a.x.test");
    site(w, "b.x.test");
    start(w);
    assert_string_equal(LIVE("a.x.test"), cert);
    assert_string_equal(LIVE("b.x.test"), cert);
    assert_string_equal(IMPORT("*.x.test"), "");
}

static void a_better_one_of_one_site_leaves_it_to_the_others(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_IMPORT, "a.test", FIVE, 60, CA);
    const char *own = put(w, ACME_PLACE_LIVE, "a.test", "a.test", 90, CA);

    five_sites(w);
    start(w);
    assert_string_equal(LIVE("a.test"), own);
    assert_string_equal(LIVE("b.test"), cert);
    assert_string_equal(LIVE("e.test"), cert);
    assert_string_equal(IMPORT("a.test"), "");
    assert_null(strstr(w->said, "cannot be used"));
}

/* The store is adopted first, and its sites are configured one by one. */
static void sites_that_come_later_serve_it_too(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_IMPORT, "a.test", FIVE, 60, CA);
    const char *wild =
        put(w, ACME_PLACE_IMPORT, "*.x.test", "*.x.test x.test", 60, CA);
    int i;

    site(w, "x.test");
    for (i = 0; i < 5; ++i) {
        site(w, five[i]);
        start(w);
        assert_string_equal(LIVE(five[i]), cert);
    }
    assert_true(all_serve(w, cert));
    acme_t_contains(w->said, "ACME0160");
    acme_t_contains(w->said, "e.test: is covered by the certificate of ");
    site(w, "a.x.test");
    start(w);
    assert_string_equal(LIVE("a.x.test"), wild);
    start(w);
    assert_string_equal(w->said, "");
}

static void one_of_another_ca_or_expired_is_not_lent(void **state)
{
    world_t *w = make_world(*state);
    acme_ca_spec_t other = {.url = OTHER, .label = "other"};

    put(w, ACME_PLACE_LIVE, "a.test", "a.test b.test", 60, CA);
    site(w, "a.test");
    start(w);
    site(w, "b.test")->ca = &other;
    start(w);
    assert_string_equal(LIVE("b.test"), "");
    /* an expired one is not, either */
    w->clock->now += 61 * ACME_TIME_DAY;
    configure(w);
    site(w, "a.test");
    site(w, "b.test");
    start(w);
    assert_string_equal(LIVE("b.test"), "");
}

static void what_no_site_can_use_is_said_once(void **state)
{
    world_t *w = make_world(*state);
    const char *first;

    put(w, ACME_PLACE_IMPORT, "a.test", FIVE, 60, OTHER);
    five_sites(w);
    start(w);
    assert_string_equal(LIVE("b.test"), "");
    assert_string_equal(IMPORT("a.test"), "");
    first = strstr(w->said, "ACME0572");
    assert_non_null(first);
    assert_null(strstr(first + 1, "ACME0572"));
}

/* A start is killed when some of the sites are decided. */
static void a_killed_start_is_done_again_for_all_of_them(void **state)
{
    static const acme_place_e places[] = {ACME_PLACE_IMPORT, ACME_PLACE_STASH};
    int place, decided, i;

    for (place = 0; place < 2; ++place) {
        for (decided = 0; decided <= 5; ++decided) {
            world_t *w = make_world(*state);
            const char *cert = put(w, places[place], "a.test", FIVE, 60, CA);

            five_sites(w);
            w->config.certstore = w->certstore;
            w->config.before = w->before;
            w->config.certs = w->certs;
            w->config.now = ACME_T_NOW;
            w->config.archive_keep = 3;
            w->config.log = &w->log;
            w->install = acme_install_create(&w->config, w->p);
            for (i = 0; i < decided; ++i) {
                acme_install_site(w->install, acme_site_cert_at(w->certs, i),
                                  ACME_WANTED_ACME, 0);
            }
            five_sites(w);
            start(w);
            assert_true(all_serve(w, cert));
            assert_string_equal(in(w, places[place], "a.test"), "");
            assert_string_equal(STASH("a.test"), "");
        }
    }
}

static acme_bundle_t *issue_rsa(world_t *w, const char *filed,
                                const char *names, int days)
{
    acme_key_spec_t rsa = {ACME_KEY_RSA, 2048};
    acme_key_t *key;
    const char *pem;

    assert_int_equal(acme_key_generate(&key, &rsa, NULL, NULL, NULL, w->p), 0);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, w->p), 0);
    return issue_for(w, pem, filed, names, days, CA);
}

static void each_part_of_a_split_site_has_both_kinds_of_keys(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", FIVE, 60, CA);
    acme_bundle_t *rsa = issue_rsa(w, "a.test-rsa", FIVE, 60);

    assert_int_equal(acme_certstore_install(w->certstore, rsa, 3, NULL, w->p),
                     0);
    second_key_of(w, site(w, FIVE))->key.type = ACME_KEY_RSA;
    start(w);
    configure(w);
    second_key_of(w, site(w, "c.test a.test"))->key.type = ACME_KEY_RSA;
    second_key_of(w, site(w, "b.test d.test"))->key.type = ACME_KEY_RSA;
    start(w);
    assert_string_equal(LIVE("b.test"), cert);
    assert_string_equal(LIVE("c.test"), cert);
    assert_string_equal(LIVE("b.test-rsa"), acme_t_fingerprint(rsa, w->p));
    assert_string_equal(LIVE("c.test-rsa"), acme_t_fingerprint(rsa, w->p));
}

/* The elliptic one of two stashed ones went to the site that came first. */
static void a_lent_one_that_need_not_be_replaced_goes_before(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_LIVE, "a.test", FIVE, 60, CA);
    acme_bundle_t *rsa = issue_rsa(w, "b.test", FIVE, 60);

    assert_int_equal(acme_certstore_install_at(w->certstore, ACME_PLACE_STASH,
                                               rsa, 3, NULL, w->p),
                     0);
    site(w, "a.test");
    start(w);
    site(w, "b.test");
    start(w);
    assert_string_equal(LIVE("b.test"), cert);
    assert_string_equal(STASH("b.test"), acme_t_fingerprint(rsa, w->p));
}

static void both_kinds_of_keys_are_shared(void **state)
{
    world_t *w = make_world(*state);
    const char *cert = put(w, ACME_PLACE_IMPORT, "a.test", FIVE, 60, CA);
    acme_bundle_t *rsa = issue_rsa(w, "a.test-rsa", FIVE, 60);
    int i;

    assert_int_equal(acme_certstore_install_at(w->certstore, ACME_PLACE_IMPORT,
                                               rsa, 3, NULL, w->p),
                     0);
    configure(w);
    for (i = 0; i < 5; ++i) {
        second_key_of(w, site(w, five[i]))->key.type = ACME_KEY_RSA;
    }
    start(w);
    assert_true(all_serve(w, cert));
    for (i = 0; i < 5; ++i) {
        assert_string_equal(LIVE(apr_pstrcat(w->p, five[i], "-rsa", NULL)),
                            acme_t_fingerprint(rsa, w->p));
    }
    assert_string_equal(IMPORT("a.test-rsa"), "");
}

/* ---- of several, the best ---- */

static void the_one_that_covers_more_is_used(void **state)
{
    world_t *w = make_world(*state);
    const char *wide =
        put(w, ACME_PLACE_IMPORT, "b.test", "a.test b.test", 30, CA);

    put(w, ACME_PLACE_IMPORT, "a.test", "a.test", 90, CA);
    site(w, "a.test b.test c.test");
    start(w);
    assert_string_equal(LIVE("a.test"), wide);
    acme_t_contains(w->said, "does not cover c.test");
}

static void an_imported_rsa_key_will_do_until_it_is_due(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *rsa = issue_rsa(w, "a.test", "a.test", 60);

    rsa->imported = 1;
    assert_int_equal(acme_certstore_install_at(w->certstore, ACME_PLACE_IMPORT,
                                               rsa, 3, NULL, w->p),
                     0);
    site(w, "a.test");
    start(w);
    assert_string_equal(LIVE("a.test"), acme_t_fingerprint(rsa, w->p));
    acme_t_contains(w->said, "none has to be ordered");
    /* it lives longer, and neither has to be ordered anew */
    rsa = issue_rsa(w, "a.test-rsa", "a.test", 80);
    rsa->imported = 1;
    put(w, ACME_PLACE_IMPORT, "a.test", "a.test", 70, CA);
    assert_int_equal(acme_certstore_install_at(w->certstore, ACME_PLACE_IMPORT,
                                               rsa, 3, NULL, w->p),
                     0);
    start(w);
    assert_string_equal(LIVE("a.test"), acme_t_fingerprint(rsa, w->p));
    /* written, the kind of key counts at once */
    configure(w);
    rsa = issue_rsa(w, "a.test", "a.test", 85);
    rsa->imported = 1;
    assert_int_equal(acme_certstore_install_at(w->certstore, ACME_PLACE_IMPORT,
                                               rsa, 3, NULL, w->p),
                     0);
    site(w, "a.test")->key_written = ACME_SPEC_KEY_EXACT;
    start(w);
    assert_string_equal(LIVE("a.test"), acme_t_fingerprint(rsa, w->p));
    acme_t_contains(w->said,
                    "another one is ordered: another kind of key: P-256");
}

ACME_T_MAIN(ACME_T(all_sites_of_an_import_serve_it),
            ACME_T(a_stashed_set_comes_back_as_several_sites),
            ACME_T(a_wildcard_serves_all_below_it),
            ACME_T(a_better_one_of_one_site_leaves_it_to_the_others),
            ACME_T(sites_that_come_later_serve_it_too),
            ACME_T(one_of_another_ca_or_expired_is_not_lent),
            ACME_T(what_no_site_can_use_is_said_once),
            ACME_T(a_killed_start_is_done_again_for_all_of_them),
            ACME_T(each_part_of_a_split_site_has_both_kinds_of_keys),
            ACME_T(a_lent_one_that_need_not_be_replaced_goes_before),
            ACME_T(both_kinds_of_keys_are_shared),
            ACME_T(the_one_that_covers_more_is_used),
            ACME_T(an_imported_rsa_key_will_do_until_it_is_due))
