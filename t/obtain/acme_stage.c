/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_stage.h"

#define A "a.example"

typedef struct bench_t {
    acme_worker_ctx_t ctx;
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_inventory_t inventory;
    acme_job_t *job;
} bench_t;

static apr_time_t now(void *baton)
{
    (void)baton;
    return ACME_T_NOW + ACME_TIME_MINUTE;
}

static bench_t *bench_create(apr_pool_t *p)
{
    static const acme_clock_t clock = {now, NULL};
    bench_t *b = apr_pcalloc(p, sizeof(*b));
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    acme_problem_t problem = ACME_PROBLEM_INIT;

    APR_ARRAY_PUSH(names, const char *) = A;
    b->ctx.vault = acme_t_vault(NULL, p);
    b->ctx.clock = &clock;
    b->ca.url = "https://ca.example/dir";
    b->spec.name = A;
    b->spec.names = names;
    b->spec.ca = &b->ca;
    assert_int_equal(acme_job_load(&b->job, b->ctx.vault, A, &problem, p),
                     APR_SUCCESS);
    return b;
}

static apr_status_t put(bench_t *b, const acme_bundle_t *bundle,
                        acme_problem_t *problem, apr_pool_t *p)
{
    const acme_stage_issued_t issued = {
        .spec = &b->spec,
        .names = b->spec.names,
        .bundle = bundle,
    };
    const acme_cert_info_t *info;

    return acme_stage_put(&info, &b->ctx, &issued, problem, p);
}

/* Returns the fingerprint of the staged certificate, or NULL. */
static const char *staged(bench_t *b, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;
    acme_bundle_t *bundle;
    apr_status_t rv;

    rv =
        acme_vault_get(&item, b->ctx.vault, ACME_STORE_STAGING, A, &problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return NULL;
    }
    assert_int_equal(rv, APR_SUCCESS);
    assert_int_equal(
        acme_bundle_parse(&bundle, item.data, item.len, &problem, p),
        APR_SUCCESS);
    return acme_t_fingerprint(bundle, p);
}

static apr_status_t recover(bench_t *b, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    return acme_stage_recover(b->job, &b->ctx, &b->spec, &b->inventory,
                              &problem, p);
}

static void what_is_put_is_found_until_it_is_cleared(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);
    acme_bundle_t *bundle = acme_t_bundle(A, ACME_T_NOW, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_null(staged(b, p));
    assert_int_equal(put(b, bundle, &problem, p), APR_SUCCESS);
    assert_string_equal(staged(b, p), acme_t_fingerprint(bundle, p));
    assert_int_equal(recover(b, p), APR_SUCCESS);
    assert_string_equal(b->job->staged, acme_t_fingerprint(bundle, p));
    assert_int_equal(acme_stage_clear(&b->ctx, A, &problem, p), APR_SUCCESS);
    assert_null(staged(b, p));
    assert_int_equal(recover(b, p), APR_NOTFOUND);
    assert_int_equal(acme_stage_clear(&b->ctx, A, &problem, p), APR_SUCCESS);
}

static void what_is_of_no_use_is_refused_and_replaces_nothing(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);
    acme_bundle_t *good = acme_t_bundle(A, ACME_T_NOW, p);
    acme_bundle_t *bad[5];
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i;

    assert_int_equal(put(b, good, &problem, p), APR_SUCCESS);
    bad[0] =
        acme_t_bundle_for(A, "b.example", ACME_T_NOW, 90 * ACME_TIME_DAY, p);
    bad[1] = acme_t_bundle(A, ACME_T_NOW, p);
    bad[1]->key_pem = acme_t_key_pem(p);
    bad[2] = acme_t_bundle(A, ACME_T_NOW, p);
    bad[2]->chain_pem = "<html>sorry</html>";
    bad[3] = acme_t_bundle(A, ACME_T_NOW - 100 * ACME_TIME_DAY, p);
    bad[4] = acme_t_bundle(A, ACME_T_NOW + 100 * ACME_TIME_DAY, p);
    for (i = 0; i < 5; ++i) {
        acme_problem_t why = ACME_PROBLEM_INIT;

        assert_int_not_equal(put(b, bad[i], &why, p), APR_SUCCESS);
        assert_string_equal(why.type, ACME_PROBLEM_CERTIFICATE);
        assert_int_equal(why.retry,
                         i < 2 ? ACME_RETRY_CONFIG : ACME_RETRY_BACKOFF);
        assert_non_null(why.detail);
        assert_non_null(why.to_fix);
        assert_string_equal(staged(b, p), acme_t_fingerprint(good, p));
    }
}

static void what_is_below_the_security_level_is_refused(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    b->spec.security_level = 4;
    assert_int_equal(put(b, acme_t_bundle(A, ACME_T_NOW, p), &problem, p),
                     APR_EINVAL);
    assert_int_equal(problem.retry, ACME_RETRY_CONFIG);
    b->spec.security_level = 3;
    assert_int_equal(put(b, acme_t_bundle(A, ACME_T_NOW, p), &problem, p), 0);
}

static void a_staged_certificate_for_other_names_is_not_taken(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(put(b, acme_t_bundle(A, ACME_T_NOW, p), &problem, p),
                     APR_SUCCESS);
    APR_ARRAY_PUSH((apr_array_header_t *)b->spec.names, const char *) =
        "b.example";
    assert_int_equal(recover(b, p), APR_SUCCESS);
    assert_null(b->job->staged);
    /* the job must know of it, once root has decided on it */
    b->inventory.staged = ACME_STAGED_REFUSED;
    b->inventory.staged_fingerprint = staged(b, p);
    assert_int_equal(recover(b, p), APR_SUCCESS);
    assert_string_equal(b->job->staged, staged(b, p));
}

static void a_lost_job_finds_what_is_staged(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);
    acme_bundle_t *bundle = acme_t_bundle(A, ACME_T_NOW, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(recover(b, p), APR_SUCCESS);
    assert_null(b->job->staged);
    assert_int_equal(put(b, bundle, &problem, p), APR_SUCCESS);
    assert_int_equal(recover(b, p), APR_SUCCESS);
    assert_string_equal(b->job->staged, acme_t_fingerprint(bundle, p));
    assert_int_equal(recover(b, p), APR_SUCCESS);
    assert_int_equal(b->job->log->nelts, 1);
}

static void a_job_hears_of_its_loss(void **state)
{
    static const char *const damaged[] = {"", "{}", "no", "{\"name\":1}"};
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);
    int i;

    b->job->staged = "f00d";
    assert_int_equal(recover(b, p), APR_NOTFOUND);
    for (i = 0; i < 4; ++i) {
        acme_t_put(b->ctx.vault, ACME_STORE_STAGING, A, damaged[i], p);
        assert_int_equal(recover(b, p), APR_NOTFOUND);
    }
    acme_t_plant(b->ctx.vault, ACME_STORE_STAGING, A, "planted", p);
    assert_int_equal(recover(b, p), APR_NOTFOUND);
}

static void what_a_newer_version_has_staged_is_no_loss(void **state)
{
    apr_pool_t *p = *state;
    bench_t *b = bench_create(p);

    b->job->staged = "f00d";
    acme_t_put(b->ctx.vault, ACME_STORE_STAGING, A, "{\"format\":2}", p);
    assert_int_equal(recover(b, p), APR_ENOTIMPL);
    assert_string_equal(b->job->staged, "f00d");
}

ACME_T_MAIN(ACME_T(what_is_put_is_found_until_it_is_cleared),
            ACME_T(what_is_of_no_use_is_refused_and_replaces_nothing),
            ACME_T(what_is_below_the_security_level_is_refused),
            ACME_T(a_staged_certificate_for_other_names_is_not_taken),
            ACME_T(a_lost_job_finds_what_is_staged),
            ACME_T(a_job_hears_of_its_loss),
            ACME_T(what_a_newer_version_has_staged_is_no_loss))
