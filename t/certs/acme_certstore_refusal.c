/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_blocklist.h"
#include "acme_certstore.h"

#define NAME "a.example"

typedef struct world_t {
    const char *dir;
    acme_certstore_t *certstore;
    acme_certstore_cert_t *cert;
} world_t;

static world_t make_world(apr_pool_t *p)
{
    world_t w;

    w.dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&w.certstore, w.dir, NULL, p), 0);
    assert_int_equal(acme_certstore_install(w.certstore,
                                            acme_t_bundle(NAME, ACME_T_NOW, p),
                                            3, NULL, p),
                     0);
    assert_int_equal(acme_certstore_get(&w.cert, w.certstore, NAME, NULL, p),
                     0);
    return w;
}

static void put(const world_t *w, int reason, int done, apr_pool_t *p)
{
    acme_blocklist_entry_t revoked;

    memset(&revoked, 0, sizeof(revoked));
    revoked.fingerprint = w->cert->info->fingerprint;
    revoked.key_hash = w->cert->info->key_hash;
    revoked.name = NAME;
    revoked.when = ACME_T_NOW;
    revoked.reason = reason;
    revoked.done = done;
    assert_int_equal(acme_blocklist_put(w->dir, &revoked, NULL, p), 0);
}

static void what_is_asked_for_is_barred_and_not_yet_lost(void **state)
{
    apr_pool_t *p = *state;
    world_t w = make_world(p);
    const char *dir = apr_pstrcat(p, w.dir, "/archive/" NAME "/1", NULL);

    assert_null(acme_certstore_refusal(w.certstore, w.cert->info, p));
    assert_null(acme_certstore_refusal_dir(w.certstore, dir, p));
    assert_null(acme_certstore_revoked(w.certstore, w.cert, p));
    put(&w, 4, 0, p);
    acme_t_contains(acme_certstore_refusal(w.certstore, w.cert->info, p),
                    "asked for");
    assert_non_null(acme_certstore_refusal_dir(w.certstore, dir, p));
    assert_null(acme_certstore_revoked(w.certstore, w.cert, p));
    put(&w, 4, 1, p);
    assert_non_null(acme_certstore_revoked(w.certstore, w.cert, p));
    /* a folder that is not there is not refused */
    assert_null(acme_certstore_refusal_dir(w.certstore, "/nowhere", p));
}

static void a_compromised_one_is_lost_before_any_ca_says_so(void **state)
{
    apr_pool_t *p = *state;
    world_t w = make_world(p);

    put(&w, 1, 0, p);
    assert_non_null(acme_certstore_revoked(w.certstore, w.cert, p));
    acme_t_contains(acme_certstore_refusal(w.certstore, w.cert->info, p),
                    "compromised");
}

static void who_only_looks_sees_it_too(void **state)
{
    apr_pool_t *p = *state;
    world_t w = make_world(p);

    put(&w, 4, 1, p);
    w.certstore = acme_certstore_look(w.dir, p);
    assert_non_null(acme_certstore_revoked(w.certstore, w.cert, p));
}

ACME_T_MAIN(ACME_T(what_is_asked_for_is_barred_and_not_yet_lost),
            ACME_T(a_compromised_one_is_lost_before_any_ca_says_so),
            ACME_T(who_only_looks_sees_it_too))
