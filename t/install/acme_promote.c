/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_clock.h"
#include "acme_t_bundle.h"
#include "acme_t_certstore.h"

#include "acme_promote.h"
#include "acme_blocklist.h"
#include "acme_promote_guard.h"

#define NAME "a.example.org"

/** A site, its store of certificates and its vault. */
typedef struct world_t {
    const char *dir;
    acme_certstore_t *certstore;
    acme_vault_t *vault;
    acme_spec_t *spec;
    acme_problem_t problem;
    const char *fingerprint;
    int pinned;
    apr_time_t staged_at;
    apr_pool_t *p;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    world_t *w = apr_pcalloc(p, sizeof(*w));

    APR_ARRAY_PUSH(names, const char *) = NAME;
    APR_ARRAY_PUSH(names, const char *) = "b.example.org";
    w->p = p;
    w->dir = acme_t_dir(p);
    w->vault = acme_t_vault(NULL, p);
    w->spec = apr_pcalloc(p, sizeof(*w->spec));
    w->spec->name = NAME;
    w->spec->names = names;
    w->problem = none;
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    return w;
}

static void stage_text(world_t *w, const char *text)
{
    acme_t_put(w->vault, ACME_STORE_STAGING, NAME, text, w->p);
}

static void stage(world_t *w, const acme_bundle_t *bundle)
{
    stage_text(w, acme_bundle_print(bundle, w->p));
}

static acme_promote_t promotion_of(const world_t *w, apr_time_t now)
{
    return (acme_promote_t){
        .spec = w->spec,
        .vault = w->vault,
        .certstore = w->certstore,
        .pinned = w->pinned,
        .staged_at = w->staged_at,
        .keep = 3,
        .now = now,
    };
}

static acme_staged_e activate(world_t *w, apr_time_t now)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;
    const acme_promote_t promotion = promotion_of(w, now);

    w->problem = none;
    w->fingerprint = "not set";
    return acme_promote(&w->fingerprint, &promotion, &w->problem, w->p);
}

static acme_bundle_t *install(world_t *w, const char *san, apr_time_t at,
                              apr_interval_time_t life)
{
    acme_bundle_t *bundle = acme_t_bundle_for(NAME, san, at, life, w->p);

    assert_int_equal(
        acme_certstore_install(w->certstore, bundle, 3, NULL, w->p), 0);
    return bundle;
}

static const char *live_fingerprint(world_t *w)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p)
                   == APR_SUCCESS
               ? cert->info->fingerprint
               : "";
}

static void assert_live(world_t *w, const acme_bundle_t *bundle)
{
    assert_string_equal(live_fingerprint(w), acme_t_fingerprint(bundle, w->p));
}

static void assert_refused(world_t *w, const char *why, const char *stays)
{
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_REFUSED);
    acme_t_contains(w->problem.detail, NAME ": the new certificate");
    acme_t_contains(w->problem.detail, why);
    acme_t_contains(w->problem.detail, stays);
    assert_null(strstr(w->problem.detail, NAME ": " NAME));
}

static void bar(world_t *w, const acme_bundle_t *bundle, int reason)
{
    acme_blocklist_entry_t mark;
    acme_chain_t *chain;
    acme_key_t *key;

    assert_int_equal(acme_bundle_open(&key, &chain, bundle, NULL, w->p), 0);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = reason == 1 ? "another certificate"
                                   : acme_cert_chain_info(chain)->fingerprint;
    mark.key_hash = acme_cert_chain_info(chain)->key_hash;
    mark.name = NAME;
    mark.when = ACME_T_NOW;
    mark.reason = reason;
    assert_int_equal(acme_blocklist_put(w->dir, &mark, NULL, w->p), 0);
}

static void what_was_revoked_is_never_activated(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    stage(w, bundle);
    bar(w, bundle, 4);
    assert_refused(w, "its revocation (superseded) was asked for", "without");
    bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    stage(w, bundle);
    bar(w, bundle, 1);
    assert_refused(w, "its key was compromised", "without");
}

static void nothing_staged_changes_nothing(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *old = install(w, NAME, ACME_T_NOW, ACME_TIME_DAY);

    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_NONE);
    assert_null(w->fingerprint);
    assert_null(w->problem.type);
    assert_live(w, old);
}

static void the_first_certificate_is_promoted(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_string_equal(w->fingerprint, acme_t_fingerprint(bundle, w->p));
    assert_null(w->problem.type);
    assert_live(w, bundle);
}

static void what_is_live_already_is_recognized(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_LIVE);
    assert_string_equal(w->fingerprint, acme_t_fingerprint(bundle, w->p));
    assert_int_equal(acme_t_archived(w->certstore, NAME, w->p), 0);
    /* also when it has expired since */
    assert_int_equal(activate(w, ACME_T_NOW + 365 * ACME_TIME_DAY),
                     ACME_STAGED_LIVE);
}

static void a_newer_one_replaces_and_archives(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *new = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    install(w, NAME, ACME_T_NOW - apr_time_from_sec(1), 90 * ACME_TIME_DAY);
    stage(w, new);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, new);
    assert_int_equal(acme_t_archived(w->certstore, NAME, w->p), 1);
}

static acme_bundle_t *obtained_at(acme_bundle_t *bundle, apr_time_t at)
{
    bundle->obtained = at;
    return bundle;
}

static void an_older_one_never_comes_back(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *live = install(w, NAME, ACME_T_NOW, 90 * ACME_TIME_DAY);

    /* A sealed copy that httpd's user has kept. */
    stage(w, acme_t_bundle(NAME, ACME_T_NOW - ACME_TIME_DAY, w->p));
    assert_refused(w, "was obtained at",
                   "the one that is live stays (valid until");
    assert_non_null(w->fingerprint);
    assert_live(w, live);
    /* A worker that lies. */
    stage(w,
          obtained_at(acme_t_bundle(NAME, ACME_T_NOW - 3 * ACME_TIME_DAY, w->p),
                      ACME_T_NOW + ACME_TIME_DAY));
    assert_refused(w, "more than 48 hours later", "stays");
    assert_live(w, live);
}

/* A CA that dates back further than the one before, or all of a day from
 * midnight. */
static void a_new_one_may_be_dated_back(void **state)
{
    static const apr_time_t froms[] = {ACME_T_NOW, ACME_T_NOW - ACME_TIME_HOUR,
                                       ACME_T_NOW - ACME_TIME_DAY,
                                       ACME_T_NOW - 2 * ACME_TIME_DAY};
    world_t *w = make_world(*state);
    acme_bundle_t *had[5];
    size_t i, k;

    had[0] = install(w, NAME, ACME_T_NOW, 90 * ACME_TIME_DAY);
    for (i = 1; i < 5; ++i) {
        had[i] = obtained_at(acme_t_bundle(NAME, froms[i - 1], w->p),
                             ACME_T_NOW + (apr_time_t)i * ACME_TIME_MINUTE);
        stage(w, had[i]);
        assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
        assert_live(w, had[i]);
        /* None of those before comes back, whatever a worker says. */
        for (k = 0; k < i; ++k) {
            had[k]->obtained = ACME_T_NOW + 99 * ACME_TIME_HOUR;
            stage(w, had[k]);
            assert_refused(w, "the site had it before", "stays");
        }
        assert_live(w, had[i]);
    }
    stage(w,
          obtained_at(acme_t_bundle(NAME, ACME_T_NOW - 3 * ACME_TIME_DAY, w->p),
                      ACME_T_NOW + 9 * ACME_TIME_HOUR));
    assert_refused(w, "more than 48 hours later", "stays");
}

/* The clocks of the machine and of its CA were ahead, and are right now. */
static void a_new_one_follows_one_that_is_still_to_come(void **state)
{
    world_t *w = make_world(*state);
    apr_time_t ahead = ACME_T_NOW + 365 * ACME_TIME_DAY;
    acme_bundle_t *live = install(w, NAME, ahead, 90 * ACME_TIME_DAY);
    acme_bundle_t *fresh = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    /* As long as the CA has not said so, it is our clock that is behind. */
    assert_int_equal(acme_ca_clock_note(w->vault, ahead, NULL, w->p), 0);
    stage(w, fresh);
    assert_refused(w, "more than 48 hours later", "stays");
    assert_live(w, live);
    assert_int_equal(acme_ca_clock_note(w->vault, ACME_T_NOW, NULL, w->p), 0);
    stage(w, acme_t_bundle(NAME, ACME_T_NOW - 3 * ACME_TIME_DAY, w->p));
    assert_refused(w, "which is still to come", "stays");
    stage(w, fresh);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, fresh);
    /* The one that was ahead does not come back, nor does an old one. */
    stage(w, live);
    assert_refused(w, "is not valid before", "stays");
    stage(w, acme_t_bundle(NAME, ACME_T_NOW - 3 * ACME_TIME_DAY, w->p));
    assert_refused(w, "which is still to come", "stays");
}

/* Nor does it where its successor cannot be read. */
static void what_was_replaced_does_not_replace_a_damaged_one(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *first = install(w, NAME, ACME_T_NOW, 90 * ACME_TIME_DAY);

    install(w, NAME, ACME_T_NOW + 1, 90 * ACME_TIME_DAY);
    acme_t_write(apr_pstrcat(w->p, w->dir, "/live/" NAME "/privkey.pem", NULL),
                 "x", w->p);
    stage(w, first);
    assert_refused(w, "the site had it before", "stays");
}

static void one_with_fewer_names_is_refused(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *live = install(
        w, "*.example.org", ACME_T_NOW - ACME_TIME_DAY, 90 * ACME_TIME_DAY);

    stage(w, acme_t_bundle(NAME, ACME_T_NOW, w->p));
    assert_refused(w, "covers 1 of the site's 2 names", "stays");
    assert_live(w, live);
}

static void one_that_misses_a_name_serves_until_a_wider_one(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    install(w, NAME, ACME_T_NOW - ACME_TIME_DAY, 90 * ACME_TIME_DAY);
    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, bundle);
}

static void an_expired_one_is_replaced_by_anything_newer(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    install(w, "*.example.org", ACME_T_NOW - ACME_TIME_DAY, ACME_TIME_HOUR);
    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, bundle);
}

static void a_damaged_one_is_replaced(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle =
        acme_t_bundle(NAME, ACME_T_NOW - 2 * ACME_TIME_DAY, w->p);

    install(w, NAME, ACME_T_NOW, 90 * ACME_TIME_DAY);
    acme_t_write(apr_pstrcat(w->p, w->dir, "/live/" NAME "/privkey.pem", NULL),
                 "x", w->p);
    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, bundle);
}

static void one_of_another_site_is_refused(void **state)
{
    world_t *w = make_world(*state);

    stage(w, acme_t_bundle("b.example.org", ACME_T_NOW, w->p));
    assert_refused(w, "b.example.org", "without a certificate of its own");
    stage(w, acme_t_bundle_for(NAME, "b.example.org", ACME_T_NOW, ACME_TIME_DAY,
                               w->p));
    assert_refused(w, "does not cover", "without a certificate of its own");
    assert_string_equal(live_fingerprint(w), "");
}

static void one_for_another_key_is_refused(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *live =
        install(w, NAME, ACME_T_NOW - ACME_TIME_DAY, 90 * ACME_TIME_DAY);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    bundle->key_pem = acme_t_key_pem(w->p);
    stage(w, bundle);
    assert_refused(w, "another key", "stays");
    assert_live(w, live);
}

static void one_that_is_not_valid_now_is_refused(void **state)
{
    world_t *w = make_world(*state);

    stage(w, acme_t_bundle_for(NAME, NAME, ACME_T_NOW - 9 * ACME_TIME_DAY,
                               8 * ACME_TIME_DAY, w->p));
    assert_refused(w, "expired", "without a certificate of its own");
    stage(w, acme_t_bundle(NAME, ACME_T_NOW + ACME_TIME_DAY, w->p));
    assert_refused(w, "not valid before", "without a certificate of its own");
    assert_string_equal(live_fingerprint(w), "");
}

static void damaged_ones_are_refused(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *live =
        install(w, NAME, ACME_T_NOW - ACME_TIME_DAY, 90 * ACME_TIME_DAY);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    stage_text(w, "");
    assert_refused(w, "damaged", "stays");
    assert_null(w->fingerprint);
    stage_text(w, "{}");
    assert_refused(w, "no \"name\"", "stays");
    bundle->key_pem = "no key";
    stage(w, bundle);
    assert_refused(w, "private key", "stays");
    bundle->key_pem = acme_t_key_pem(w->p);
    bundle->chain_pem = "no chain";
    stage(w, bundle);
    assert_refused(w, "certificate chain", "stays");
    assert_live(w, live);
}

static void what_was_not_sealed_here_is_not_there(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    acme_t_plant(w->vault, ACME_STORE_STAGING, NAME,
                 acme_bundle_print(bundle, w->p), w->p);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_NONE);
    assert_string_equal(live_fingerprint(w), "");
}

static void what_cannot_be_written_stays_staged(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    const char *archive = apr_pstrcat(w->p, w->dir, "/archive/" NAME, NULL);

    acme_t_write(archive, "in the way", w->p);
    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_FAILED);
    acme_t_contains(w->problem.detail, NAME ": the new certificate could not");
    assert_string_equal(w->problem.type, ACME_PROBLEM_STORE);
    assert_null(w->fingerprint);
    assert_int_equal(unlink(archive), 0);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, bundle);
}

static void what_a_newer_version_has_staged_stays_staged(void **state)
{
    world_t *w = make_world(*state);
    acme_store_item_t item;

    stage_text(w, "{\"format\":2}");
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_FAILED);
    acme_t_contains(w->problem.detail, "newer version of mod_acme");
    assert_null(w->fingerprint);
    assert_int_equal(
        acme_vault_get(&item, w->vault, ACME_STORE_STAGING, NAME, NULL, w->p),
        0);
}

static void nobody_needs_the_problem(void **state)
{
    world_t *w = make_world(*state);
    const acme_promote_t promotion = promotion_of(w, ACME_T_NOW);
    const char *fingerprint;

    stage_text(w, "{}");
    assert_int_equal(acme_promote(&fingerprint, &promotion, NULL, w->p),
                     ACME_STAGED_REFUSED);
}

static void one_without_a_name_that_may_be_left_out_is_promoted(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    apr_array_header_t *optional =
        apr_array_make(w->p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(optional, const char *) =
        APR_ARRAY_IDX(w->spec->names, 1, const char *);
    w->spec->optional = optional;
    install(w, "*.example.org", ACME_T_NOW - ACME_TIME_DAY, 90 * ACME_TIME_DAY);
    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_live(w, bundle);
}

static void what_ended_the_server_waits_for_a_human_in_the_end(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    const char *line = apr_pstrcat(
        w->p, NAME " ", acme_t_fingerprint(bundle, w->p), "\n", NULL);
    const char *path = apr_pstrcat(w->p, w->dir, "/refused", NULL);
    int i;

    stage(w, bundle);
    for (i = 0; i < 2; i++) {
        line = apr_pstrcat(w->p, i ? NAME " another\n" : "", line, NULL);
        acme_file_write(path, line, strlen(line), APR_FPROT_UREAD,
                        ACME_FILE_LAZY, w->p);
        acme_promote_guard_read(w->certstore, w->dir, w->p);
        assert_refused(w, "the server ended", "without");
        assert_int_equal(w->problem.retry,
                         i ? ACME_RETRY_CONFIG : ACME_RETRY_BACKOFF);
    }
}

static void one_below_the_security_level_is_refused(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_certstore_cert_t *cert;

    stage(w, bundle);
    w->spec->security_level = 4;
    assert_refused(w, "with SECLEVEL=4 no server could serve", "without");
    w->spec->security_level = 3;
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_int_equal(acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p),
                     0);
    assert_int_equal(acme_certstore_loads(cert, 0, NULL, w->p), 0);
    assert_int_equal(acme_certstore_loads(cert, 3, NULL, w->p), 0);
    assert_int_equal(acme_certstore_loads(cert, 4, &w->problem, w->p),
                     APR_EINVAL);
    acme_t_contains(w->problem.detail, "SECLEVEL=4");
}

/* The staged item is still there, because the worker has not cleared it before
 * the next start. */
static void what_was_rolled_back_from_does_not_come_back(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *old =
        install(w, NAME, ACME_T_NOW - ACME_TIME_DAY, 90 * ACME_TIME_DAY);
    acme_bundle_t *staged = acme_t_bundle(NAME, ACME_T_NOW, w->p);

    stage(w, staged);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_int_equal(
        acme_certstore_move_point(w->certstore, NAME, 1, NULL, w->p), 0);
    w->pinned = 1;
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_LIVE);
    assert_string_equal(w->fingerprint, acme_t_fingerprint(staged, w->p));
    assert_live(w, old);
    /* A newer one is promoted, as when acmectl has asked for it. */
    staged = acme_t_bundle(NAME, ACME_T_NOW + ACME_TIME_HOUR, w->p);
    stage(w, staged);
    assert_int_equal(activate(w, ACME_T_NOW + ACME_TIME_HOUR),
                     ACME_STAGED_PROMOTED);
    /* Without a pin, a promotion that was cut short is done again. */
    w->pinned = 0;
    assert_int_equal(
        acme_certstore_move_point(w->certstore, NAME, 1, NULL, w->p), 0);
    assert_int_equal(activate(w, ACME_T_NOW + ACME_TIME_HOUR),
                     ACME_STAGED_PROMOTED);
    assert_live(w, staged);
}

/* httpd's user has kept a copy of the sealed item. */
static void what_was_deleted_does_not_come_back(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *older =
        acme_t_bundle(NAME, ACME_T_NOW - ACME_TIME_DAY, w->p);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_bundle_t *next = acme_t_bundle(NAME, ACME_T_NOW + ACME_TIME_DAY, w->p);

    stage(w, bundle);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_PROMOTED);
    assert_int_equal(acme_certstore_move_remove(w->certstore, ACME_PLACE_LIVE,
                                                NAME, NULL, w->p),
                     0);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_REFUSED);
    assert_non_null(strstr(w->problem.detail, "replaced or removed"));
    /* Somebody has put it back after that. */
    w->staged_at = apr_time_now() + ACME_TIME_HOUR;
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_REFUSED);
    /* It was there all the time: nothing is wrong, and it stays removed. */
    w->staged_at = apr_time_now() - ACME_TIME_HOUR;
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_LIVE);
    assert_string_equal(live_fingerprint(w), "");
    stage(w, older);
    assert_int_equal(activate(w, ACME_T_NOW), ACME_STAGED_REFUSED);
    assert_string_equal(live_fingerprint(w), "");
    stage(w, next);
    assert_int_equal(activate(w, ACME_T_NOW + 2 * ACME_TIME_DAY),
                     ACME_STAGED_PROMOTED);
    assert_live(w, next);
}

/* An older certificate may live longer than the live one did. */
static void an_older_one_does_not_replace_one_that_has_expired(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *older =
        acme_t_bundle(NAME, ACME_T_NOW - ACME_TIME_DAY, w->p);
    acme_bundle_t *live = install(w, NAME, ACME_T_NOW, 2 * ACME_TIME_DAY);

    stage(w, older);
    assert_int_equal(activate(w, ACME_T_NOW + 3 * ACME_TIME_DAY),
                     ACME_STAGED_REFUSED);
    assert_live(w, live);
}

ACME_T_MAIN(ACME_T(what_was_deleted_does_not_come_back),
            ACME_T(an_older_one_does_not_replace_one_that_has_expired),
            ACME_T(what_was_rolled_back_from_does_not_come_back),
            ACME_T(what_was_revoked_is_never_activated),
            ACME_T(nothing_staged_changes_nothing),
            ACME_T(the_first_certificate_is_promoted),
            ACME_T(what_is_live_already_is_recognized),
            ACME_T(a_newer_one_replaces_and_archives),
            ACME_T(an_older_one_never_comes_back),
            ACME_T(a_new_one_may_be_dated_back),
            ACME_T(a_new_one_follows_one_that_is_still_to_come),
            ACME_T(what_was_replaced_does_not_replace_a_damaged_one),
            ACME_T(one_with_fewer_names_is_refused),
            ACME_T(one_that_misses_a_name_serves_until_a_wider_one),
            ACME_T(an_expired_one_is_replaced_by_anything_newer),
            ACME_T(a_damaged_one_is_replaced),
            ACME_T(one_of_another_site_is_refused),
            ACME_T(one_for_another_key_is_refused),
            ACME_T(one_that_is_not_valid_now_is_refused),
            ACME_T(damaged_ones_are_refused),
            ACME_T(what_was_not_sealed_here_is_not_there),
            ACME_T(what_cannot_be_written_stays_staged),
            ACME_T(what_a_newer_version_has_staged_stays_staged),
            ACME_T(nobody_needs_the_problem),
            ACME_T(what_ended_the_server_waits_for_a_human_in_the_end),
            ACME_T(one_below_the_security_level_is_refused),
            ACME_T(one_without_a_name_that_may_be_left_out_is_promoted))
