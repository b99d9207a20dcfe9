/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_key_choice.h"

#define HASH "2222222222222222222222222222222222222222222222222222222222222222"

/** A site with a live certificate whose key is to be used again. */
typedef struct row_t {
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
} row_t;

static row_t *make_row(apr_pool_t *p)
{
    row_t *row = apr_pcalloc(p, sizeof(*row));

    row->spec.name = "a.example";
    row->spec.key_reuse = 1;
    row->info.fingerprint = "fingerprint";
    row->info.key_hash = HASH;
    row->info.key_type = "P-256";
    row->live.info = &row->info;
    row->inventory.live = &row->live;
    return row;
}

static const char *reused(const row_t *row, const acme_job_t *job)
{
    return acme_key_choice_reused(&row->spec, &row->inventory, job);
}

static void the_live_key_is_used_again_where_that_is_wanted(void **state)
{
    row_t *row = make_row(*state);

    assert_string_equal(reused(row, NULL), HASH);
    row->spec.key_reuse = 0;
    assert_null(reused(row, NULL));
}

static void a_key_of_another_kind_is_not(void **state)
{
    row_t *row = make_row(*state);

    row->spec.key.type = ACME_KEY_RSA;
    assert_null(reused(row, NULL));
}

static void a_revoked_ones_is_not(void **state)
{
    row_t *row = make_row(*state);
    acme_blocklist_entry_t revoked;
    acme_job_t job;

    memset(&revoked, 0, sizeof(revoked));
    revoked.fingerprint = row->info.fingerprint;
    memset(&job, 0, sizeof(job));
    assert_string_equal(reused(row, &job), HASH);
    /* The worker knows of it first, then the next start. */
    job.revoked = &revoked;
    assert_null(reused(row, &job));
    row->inventory.revoked = &revoked;
    assert_null(reused(row, NULL));
}

static void a_site_with_none_has_nothing_to_reuse(void **state)
{
    row_t *row = make_row(*state);

    row->info.key_hash = "";
    assert_null(reused(row, NULL));
    row->info.key_hash = NULL;
    assert_null(reused(row, NULL));
    row->inventory.live = NULL;
    assert_null(reused(row, NULL));
}

static void a_ca_refuses_a_key_with_two_types_of_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    (void)state;
    assert_false(acme_key_choice_is_refused(NULL));
    assert_false(acme_key_choice_is_refused(&problem));
    problem.type = ACME_PROBLEM_URN "badPublicKey";
    assert_true(acme_key_choice_is_refused(&problem));
    problem.type = ACME_PROBLEM_URN "badCSR";
    assert_true(acme_key_choice_is_refused(&problem));
    problem.type = ACME_PROBLEM_URN "rateLimited";
    assert_false(acme_key_choice_is_refused(&problem));
}

ACME_T_MAIN(ACME_T(the_live_key_is_used_again_where_that_is_wanted),
            ACME_T(a_key_of_another_kind_is_not), ACME_T(a_revoked_ones_is_not),
            ACME_T(a_site_with_none_has_nothing_to_reuse),
            ACME_T(a_ca_refuses_a_key_with_two_types_of_problem))
