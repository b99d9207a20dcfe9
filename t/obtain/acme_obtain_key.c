/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_install_keys.h"
#include "acme_t.h"
#include "acme_t_bundle.h"
#include "world.h"

#include <stdlib.h>

#include <apr_file_io.h>

#include "acme_csr.h"
#include "acme_file.h"
#include "acme_key_hash.h"
#include "acme_keygen.h"
#include "acme_obtain_key.h"

#define A "a.example"

static const acme_obtain_key_live_t no_live = {.hash = NULL};

static void ready(void *baton)
{
    (void)baton;
}

static acme_worker_ctx_t *ctx_of(world_t *w)
{
    acme_worker_ctx_t *ctx = apr_pcalloc(w->p, sizeof(*ctx));

    ctx->vault = acme_vault_create(&w->store, w->seal, &w->log, w->p);
    ctx->clock = &w->clock->clock;
    ctx->log = &w->log;
    ctx->keygen = acme_keygen_create(ready, NULL, w->p);
    return ctx;
}

static const char *key_of(world_t *w, acme_worker_ctx_t *ctx,
                          const acme_spec_t *spec)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;
    int made;

    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, spec, &no_live, &problem, w->p),
        APR_SUCCESS);
    assert_int_equal(acme_key_spec(key).type, spec->key.type);
    return pem;
}

/** Leaves a copy of a live certificate's key, as root does. Returns the
 *  folder. */
static const char *leave_key(world_t *w, acme_worker_ctx_t *ctx,
                             const char **pem, const char **hash)
{
    const char *dir = acme_t_dir(w->p);
    acme_bundle_t *bundle = acme_t_bundle("left.example", ACME_T_NOW, w->p);
    apr_array_header_t *certs = apr_array_make(w->p, 1, sizeof(void *));
    acme_inventory_t *inventory = apr_pcalloc(w->p, sizeof(*inventory));
    acme_spec_t *spec = apr_pcalloc(w->p, sizeof(*spec));
    acme_certstore_cert_t *cert;
    acme_certstore_t *live;

    assert_int_equal(acme_certstore_open(&live, dir, NULL, w->p), APR_SUCCESS);
    assert_int_equal(acme_certstore_install(live, bundle, 3, NULL, w->p),
                     APR_SUCCESS);
    assert_int_equal(acme_certstore_get(&cert, live, bundle->name, NULL, w->p),
                     APR_SUCCESS);
    spec->name = bundle->name;
    spec->key_reuse = 1;
    inventory->live = cert;
    acme_site_add(certs, spec, inventory);
    ctx->reuse = acme_key_reuse_open(dir, w->seal, w->p);
    acme_install_keys(ctx->reuse, certs, live, getegid(), &w->log, w->p);
    *pem = bundle->key_pem;
    *hash = cert->info->key_hash;
    return dir;
}

static void it_is_stored_and_found_again(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A), *b = world_add(w, "b.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem = key_of(w, ctx, a);

    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_string_equal(key_of(w, ctx, a), pem);
    assert_string_not_equal(key_of(w, ctx, b), pem);
    assert_int_equal(acme_obtain_key_forget(ctx, A, &problem, w->p),
                     APR_SUCCESS);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_string_not_equal(key_of(w, ctx, a), pem);
}

static void a_compromised_one_is_not_used_again(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    const char *pem = key_of(w, ctx, a), *base;
    acme_blocklist_entry_t mark;
    acme_key_t *key;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, w->p), 0);
    dir = apr_pstrcat(w->p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    ctx->revoked = acme_blocklist_open(dir, w->p);
    assert_string_equal(key_of(w, ctx, a), pem);
    assert_int_equal(acme_key_from_pem(&key, pem, strlen(pem), NULL, w->p), 0);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = "f00d";
    mark.key_hash = acme_key_hash(key, w->p);
    mark.name = A;
    mark.when = w->clock->now;
    mark.reason = 1;
    assert_int_equal(acme_blocklist_put(dir, &mark, NULL, w->p), 0);
    assert_string_not_equal(key_of(w, ctx, a), pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ACME0847: " A), 1);
    acme_file_remove_tree(dir, w->p);
}

static void one_that_root_has_left_is_used_again(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_obtain_key_live_t live = {.again = 1};
    const char *left, *pem, *dir = leave_key(w, ctx, &left, &live.hash);
    acme_key_t *key;
    int made;

    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, a, &live, &problem, w->p),
        APR_SUCCESS);
    assert_string_equal(pem, left);
    assert_true(made);
    /* From now on the order has the key, whatever becomes of root's copy. */
    acme_file_remove_tree(dir, w->p);
    assert_string_equal(key_of(w, ctx, a), left);
    /* Without a copy there is a new key. */
    assert_int_equal(acme_obtain_key_forget(ctx, A, &problem, w->p),
                     APR_SUCCESS);
    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, a, &live, &problem, w->p),
        APR_SUCCESS);
    assert_string_not_equal(pem, left);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ACME0854: " A), 1);
}

/* The certificate was revoked since, or ACMEKeyReuse is off. */
static void one_that_is_not_to_be_used_again_is_not_kept_either(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_obtain_key_live_t live = {.again = 1};
    const char *left, *pem, *other;
    acme_key_t *key;
    int made;

    (void)leave_key(w, ctx, &left, &live.hash);
    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, a, &live, &problem, w->p),
        APR_SUCCESS);
    assert_string_equal(pem, left);
    live.again = 0;
    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, a, &live, &problem, w->p),
        APR_SUCCESS);
    assert_string_not_equal(pem, left);
    assert_true(made);
    /* The order has the new key. */
    assert_int_equal(
        acme_obtain_key(&key, &other, &made, ctx, a, &live, &problem, w->p),
        APR_SUCCESS);
    assert_string_equal(other, pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static const char *the_key; /* the key that is used again */
static const char *the_dir; /* the folder of the blocklist */
static model_ca_sign_fn *the_signer;

static const char *sign_others(void *baton, const char *csr, apr_pool_t *p)
{
    return strcmp(acme_csr_read_key_hash(csr, p), the_key) == 0
               ? NULL
               : the_signer(baton, csr, p);
}

static const char *sign_and_mark(void *baton, const char *csr, apr_pool_t *p)
{
    acme_blocklist_entry_t mark;

    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = "live";
    mark.key_hash = the_key;
    mark.name = A;
    mark.reason = 1;
    assert_int_equal(acme_blocklist_put(the_dir, &mark, NULL, p), 0);
    return the_signer(baton, csr, p);
}

/** Makes a site whose certificate is due, and whose key is used again. */
static void begin(world_t *w, model_ca_sign_fn *sign)
{
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_certstore_cert_t *live = apr_pcalloc(w->p, sizeof(*live));
    acme_cert_info_t *info = apr_pcalloc(w->p, sizeof(*info));
    const char *left;

    the_dir = leave_key(w, ctx, &left, &the_key);
    the_signer = w->ca->sign;
    w->ca->sign = sign;
    a->key_reuse = 1;
    info->names = apr_array_copy(w->p, a->names);
    info->fingerprint = "live";
    info->key_type = "P-256";
    info->key_hash = the_key;
    info->not_before = w->clock->now - 80 * ACME_TIME_DAY;
    info->not_after = w->clock->now + 10 * ACME_TIME_DAY;
    live->info = info;
    world_inventory(w, 0)->live = live;
    world_inventory(w, 0)->serving = ACME_SERVING_LKC;
    world_boot(w);
    w->config.reuse = ctx->reuse;
    w->config.revoked = acme_blocklist_open(the_dir, w->prun);
    w->worker = acme_worker_create(&w->config, w->prun);
    assert_true(world_run(w));
    assert_int_equal(world_job(w, A)->errors, 1);
    assert_true(world_job(w, A)->next_run < w->clock->now + ACME_TIME_HOUR);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 0);
}

/** Asserts that the next try has another key. */
static void end(world_t *w)
{
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, A);
    assert_string_not_equal(world_info(w, world_staged(w, A))->key_hash,
                            the_key);
    assert_int_equal(w->ca->orders, 2);
}

static void one_that_the_ca_refuses_is_not_used_for_ever(void **state)
{
    world_t *w = world_create(*state);

    begin(w, sign_others);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ACME0853: " A), 1);
    end(w);
}

static void one_that_is_compromised_meanwhile_is_not_staged(void **state)
{
    world_t *w = world_create(*state);

    begin(w, sign_and_mark);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "compromised meanwhile"),
                     1);
    end(w);
}

static void of_another_kind_it_is_of_no_use(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_obtain_key_live_t live = {.again = 1};
    const char *left, *pem;
    acme_key_t *key;
    int made;

    (void)leave_key(w, ctx, &left, &live.hash);
    a->key.type = ACME_KEY_P384;
    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, a, &live, &problem, w->p),
        APR_SUCCESS);
    assert_int_equal(acme_key_spec(key).type, ACME_KEY_P384);
}

static void another_kind_is_another_key(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    const char *pem = key_of(w, ctx, a);

    a->key.type = ACME_KEY_P384;
    assert_string_not_equal(key_of(w, ctx, a), pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void a_damaged_one_is_made_anew(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    const char *pem = key_of(w, ctx, a);

    acme_t_put(w->vault, ACME_STORE_KEYS, A, "no", w->p);
    assert_string_not_equal(key_of(w, ctx, a), pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "is damaged"), 1);
    world_damage(w, ACME_STORE_KEYS, A);
    pem = key_of(w, ctx, a);
    assert_string_equal(key_of(w, ctx, a), pem);
}

static void one_that_cannot_be_stored_is_not_used(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;
    int made;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    assert_int_equal(
        acme_obtain_key(&key, &pem, &made, ctx, a, &no_live, &problem, w->p),
        APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    (void)key_of(w, ctx, a);
}

static void a_slow_one_comes_later(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;
    int made;
    apr_status_t rv;

    a->key.type = ACME_KEY_RSA;
    a->key.bits = 2048;
    rv = acme_obtain_key(&key, &pem, &made, ctx, a, &no_live, &problem, w->p);
    assert_int_equal(rv, APR_EAGAIN);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    while (APR_STATUS_IS_EAGAIN(rv)) {
        apr_sleep(10000);
        rv = acme_obtain_key(&key, &pem, &made, ctx, a, &no_live, &problem,
                             w->p);
    }
    assert_int_equal(rv, APR_SUCCESS);
    assert_int_equal(acme_key_spec(key).bits, 2048);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_string_equal(key_of(w, ctx, a), pem);
}

static void the_store_never_shows_it(void **state)
{
    world_t *w = world_create(*state);
    acme_worker_ctx_t *ctx = ctx_of(w);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;
    apr_size_t i;

    (void)key_of(w, ctx, world_add(w, A));
    assert_int_equal(
        acme_store_get(&item, w->mem, ACME_STORE_KEYS, A, &problem, w->p),
        APR_SUCCESS);
    for (i = 0; i + 7 < item.len; ++i) {
        assert_int_not_equal(memcmp(item.data + i, "PRIVATE", 7), 0);
    }
}

ACME_T_MAIN(ACME_T(one_that_root_has_left_is_used_again),
            ACME_T(of_another_kind_it_is_of_no_use),
            ACME_T(one_that_is_not_to_be_used_again_is_not_kept_either),
            ACME_T(one_that_the_ca_refuses_is_not_used_for_ever),
            ACME_T(one_that_is_compromised_meanwhile_is_not_staged),
            ACME_T(it_is_stored_and_found_again),
            ACME_T(a_compromised_one_is_not_used_again),
            ACME_T(another_kind_is_another_key),
            ACME_T(a_damaged_one_is_made_anew),
            ACME_T(one_that_cannot_be_stored_is_not_used),
            ACME_T(a_slow_one_comes_later), ACME_T(the_store_never_shows_it))
