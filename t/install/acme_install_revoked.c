/* SPDX-License-Identifier: Apache-2.0 */

/* Revoked certificates, when sites come, go and change. */

#include "acme_t_bundle.h"

#include "acme_blocklist.h"
#include "acme_install.h"

#define A  "a.test"
#define CA "https://ca.example/dir"

typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    acme_certstore_t *certstore;
    acme_spec_t spec;
    acme_ca_spec_t ca;
    acme_inventory_t *inventory; /* of the last start */
    acme_log_t log;
    const char *said;
} world_t;

static void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    world_t *w = baton;

    (void)rv;
    w->said = apr_psprintf(w->p, "%s%d %s\n", w->said, level, message);
}

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    w->p = p;
    w->dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    APR_ARRAY_PUSH(names, const char *) = A;
    w->ca.url = CA;
    w->ca.label = "ca";
    w->spec.name = A;
    w->spec.names = names;
    w->spec.ca = &w->ca;
    w->log.sink = sink;
    w->log.baton = w;
    w->log.level = ACME_LOG_INFO;
    return w;
}

static const char *put(world_t *w, acme_place_e place, int days)
{
    acme_bundle_t *bundle =
        acme_t_bundle_for(A, A, ACME_T_NOW, days * ACME_TIME_DAY, w->p);

    assert_int_equal(
        acme_certstore_install_at(w->certstore, place, bundle, 3, NULL, w->p),
        0);
    return acme_t_fingerprint(bundle, w->p);
}

static void bar(world_t *w, acme_place_e place, int reason, int done)
{
    acme_certstore_cert_t *cert;
    acme_blocklist_entry_t mark;

    assert_int_equal(
        acme_certstore_get_at(&cert, w->certstore, place, A, NULL, w->p), 0);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = cert->info->fingerprint;
    mark.key_hash = cert->info->key_hash;
    mark.name = A;
    mark.when = ACME_T_NOW;
    mark.reason = reason;
    mark.done = done;
    assert_int_equal(acme_blocklist_put(w->dir, &mark, NULL, w->p), 0);
}

static const char *in(world_t *w, acme_place_e place)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get_at(&cert, w->certstore, place, A, NULL, w->p)
                   == APR_SUCCESS
               ? cert->info->fingerprint
               : "";
}

static acme_wanted_e nobody(void *baton, const apr_array_header_t *names)
{
    (void)baton;
    (void)names;
    return ACME_WANTED_NOTHING;
}

/* Makes a start, with the site or without it. */
static acme_site_decide_serve_e start(world_t *w, int with)
{
    acme_install_config_t *config = apr_pcalloc(w->p, sizeof(*config));
    apr_array_header_t *certs =
        apr_array_make(w->p, 1, sizeof(acme_site_cert_t *));
    acme_site_decide_serve_e serve = ACME_SITE_DECIDE_SERVE_NOTHING;
    acme_install_t *install;
    acme_certstore_cert_t *live;

    w->said = "";
    w->inventory = apr_pcalloc(w->p, sizeof(*w->inventory));
    if (with) {
        acme_site_add(certs, &w->spec, w->inventory);
    }
    config->certstore = w->certstore;
    config->before = acme_deployed_create(w->p);
    config->certs = certs;
    config->now = ACME_T_NOW;
    config->clock_good = 1;
    config->proven = ACME_T_NOW;
    config->archive_keep = 3;
    config->log = &w->log;
    if (acme_certstore_get(&live, w->certstore, A, NULL, w->p) == APR_SUCCESS) {
        w->inventory->live = live;
    }
    install = acme_install_create(config, w->p);
    if (with) {
        serve = acme_install_site(install, acme_site_cert_at(certs, 0),
                                  ACME_WANTED_ACME, 0);
    }
    acme_install_rest(install, nobody, NULL);
    return serve;
}

static void what_is_live_serves_on_and_is_known_to_be_revoked(void **state)
{
    world_t *w = make_world(*state);
    const char *live = put(w, ACME_PLACE_LIVE, 90);

    assert_int_equal(start(w, 1), ACME_SITE_DECIDE_SERVE_LKC);
    assert_null(w->inventory->revoked);
    bar(w, ACME_PLACE_LIVE, 4, 0);
    assert_int_equal(start(w, 1), ACME_SITE_DECIDE_SERVE_LKC);
    assert_null(w->inventory->revoked);
    bar(w, ACME_PLACE_LIVE, 4, 1);
    assert_int_equal(start(w, 1), ACME_SITE_DECIDE_SERVE_LKC);
    assert_non_null(w->inventory->revoked);
    assert_string_equal(in(w, ACME_PLACE_LIVE), live);
}

static void another_that_is_kept_takes_its_place(void **state)
{
    world_t *w = make_world(*state);
    const char *stashed;

    put(w, ACME_PLACE_LIVE, 90);
    bar(w, ACME_PLACE_LIVE, 4, 1);
    stashed = put(w, ACME_PLACE_STASH, 20);
    assert_int_equal(start(w, 1), ACME_SITE_DECIDE_SERVE_LKC);
    assert_string_equal(in(w, ACME_PLACE_LIVE), stashed);
    assert_null(w->inventory->revoked);
    /* or one that was imported, however short it lives */
    bar(w, ACME_PLACE_LIVE, 1, 0);
    stashed = put(w, ACME_PLACE_IMPORT, 10);
    start(w, 1);
    assert_string_equal(in(w, ACME_PLACE_LIVE), stashed);
}

static void who_goes_leaves_none_in_the_stash(void **state)
{
    world_t *w = make_world(*state);

    put(w, ACME_PLACE_LIVE, 90);
    bar(w, ACME_PLACE_LIVE, 4, 1);
    start(w, 0);
    assert_string_equal(in(w, ACME_PLACE_LIVE), "");
    assert_string_equal(in(w, ACME_PLACE_STASH), "");
    acme_t_contains(w->said, "ACME0846: " A);
    assert_int_equal(start(w, 1), ACME_SITE_DECIDE_SERVE_PLACEHOLDER);
}

static void none_comes_back_from_the_stash(void **state)
{
    static const int reasons[] = {4, 1};
    int i;

    for (i = 0; i < 2; ++i) {
        world_t *w = make_world(*state);

        put(w, ACME_PLACE_STASH, 90);
        bar(w, ACME_PLACE_STASH, reasons[i], 0);
        assert_int_equal(start(w, 1), ACME_SITE_DECIDE_SERVE_PLACEHOLDER);
        assert_string_equal(in(w, ACME_PLACE_LIVE), "");
        assert_string_equal(in(w, ACME_PLACE_STASH), "");
        acme_t_contains(w->said, "ACME0561: " A);
        assert_null(w->inventory->live);
    }
}

static void none_is_imported(void **state)
{
    world_t *w = make_world(*state);
    const char *live = put(w, ACME_PLACE_LIVE, 20);

    put(w, ACME_PLACE_IMPORT, 90);
    bar(w, ACME_PLACE_IMPORT, 4, 1);
    start(w, 1);
    assert_string_equal(in(w, ACME_PLACE_LIVE), live);
    assert_string_equal(in(w, ACME_PLACE_IMPORT), "");
    acme_t_contains(w->said, "ACME0572: " A);
    acme_t_contains(w->said, "it was revoked (superseded)");
    /* nor kept for a site that comes later */
    put(w, ACME_PLACE_IMPORT, 91);
    bar(w, ACME_PLACE_IMPORT, 4, 1);
    acme_certstore_move_archive(w->certstore, ACME_PLACE_LIVE, A, NULL, w->p);
    start(w, 0);
    assert_string_equal(in(w, ACME_PLACE_IMPORT), "");
    assert_string_equal(in(w, ACME_PLACE_STASH), "");
}

ACME_T_MAIN(ACME_T(what_is_live_serves_on_and_is_known_to_be_revoked),
            ACME_T(another_that_is_kept_takes_its_place),
            ACME_T(who_goes_leaves_none_in_the_stash),
            ACME_T(none_comes_back_from_the_stash), ACME_T(none_is_imported))
