/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_job_cache.h"

#define A "a.example"

/** A site with a certificate, its job in a store, and its slot. */
typedef struct world_t {
    apr_pool_t *p;
    acme_vault_t *vault;
    acme_cert_info_t info;
    acme_job_t *job;
    acme_ari_t ari;
    acme_job_cache_t slot;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->vault = acme_t_vault(NULL, p);
    w->info.fingerprint = "0123456789abcdef0123456789abcdef";
    w->info.ari_id = "cert.id";
    w->job = acme_job_create(A, p);
    w->job->last_run = 7;
    w->ari.cert = "cert.id";
    w->ari.start = 10;
    w->ari.end = 20;
    w->ari.selected = 15;
    w->ari.first = 5;
    w->ari.next = 12;
    w->ari.early = 1;
    w->ari.hasty = 2;
    w->job->ari = &w->ari;
    return w;
}

static void save(world_t *w)
{
    assert_int_equal(
        acme_job_save(w->job, w->vault, ACME_STORE_LAZY, NULL, w->p), 0);
}

static acme_file_stamp_t stamp_of(world_t *w)
{
    acme_file_stamp_t stamp;

    acme_store_stamp(&stamp, acme_vault_store(w->vault), ACME_STORE_JOBS, A,
                     w->p);
    return stamp;
}

/** Returns the job from the slot alone, or NULL. */
static acme_job_t *recall(world_t *w)
{
    acme_file_stamp_t stamp = stamp_of(w);
    acme_job_t *job;

    return acme_job_cache_recall(&job, &w->slot, &stamp, A, &w->info, w->p)
               ? job
               : NULL;
}

static acme_job_t *load(world_t *w)
{
    acme_job_t *job;

    assert_int_equal(
        acme_job_cache_load(&job, &w->slot, w->vault, A, &w->info, NULL, w->p),
        0);
    return job;
}

static void what_was_read_once_is_remembered(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job;

    save(w);
    assert_null(recall(w));
    (void)load(w);
    job = recall(w);
    assert_non_null(job);
    assert_string_equal(job->name, A);
    assert_int_equal(job->last_run, 7);
    assert_string_equal(job->ari->cert, "cert.id");
    assert_int_equal(job->ari->start, 10);
    assert_int_equal(job->ari->end, 20);
    assert_int_equal(job->ari->selected, 15);
    assert_int_equal(job->ari->first, 5);
    assert_int_equal(job->ari->next, 12);
    assert_int_equal(job->ari->early, 1);
    assert_int_equal(job->ari->hasty, 2);
    w->job->ari = NULL;
    save(w);
    (void)load(w);
    assert_null(recall(w)->ari);
}

static void what_has_changed_is_read_again(void **state)
{
    world_t *w = make_world(*state);

    save(w);
    (void)load(w);
    w->job->last_run = 8;
    save(w);
    assert_null(recall(w));
    assert_int_equal(load(w)->last_run, 8);
    assert_int_equal(recall(w)->last_run, 8);
    /* A job that was removed is not remembered. */
    assert_int_equal(acme_store_delete(acme_vault_store(w->vault),
                                       ACME_STORE_JOBS, A, NULL, w->p),
                     0);
    assert_null(recall(w));
}

static void another_certificate_is_another_story(void **state)
{
    world_t *w = make_world(*state);

    save(w);
    (void)load(w);
    w->info.fingerprint = "fedcba9876543210fedcba9876543210";
    w->info.ari_id = "other.id";
    assert_null(recall(w));
    /* Renewal information about the certificate before is not remembered. */
    (void)load(w);
    assert_null(recall(w));
}

static void what_there_is_to_tell_is_not_remembered(void **state)
{
    static const acme_problem_t problem = ACME_PROBLEM_INIT;
    world_t *w = make_world(*state);
    acme_job_t job_cache = *w->job;
    acme_file_stamp_t stamp;
    int i;

    save(w);
    stamp = stamp_of(w);
    for (i = 0; i < 14; ++i) {
        *w->job = job_cache;
        w->job->order = i == 0 ? acme_json_object(w->p) : NULL;
        w->job->staged = i == 1 ? "f00d" : NULL;
        w->job->problem = i == 2 ? &problem : NULL;
        w->job->config = i == 3 ? "digest" : NULL;
        w->job->errors = i == 4;
        w->job->next_run = i == 5;
        w->job->ca = i == 6 ? "https://ca.example/dir" : NULL;
        if (i == 7) {
            (void)acme_job_ca_failed(w->job, "https://ca.example/dir", 1);
        }
        else {
            apr_array_clear(w->job->cas);
        }
        w->job->urgent = i == 8;
        w->job->limit = i == 9 ? "orders" : NULL;
        w->job->signed_pem = i == 10 ? "pem" : NULL;
        w->job->asked = i == 11 ? ACME_ASKED_DUE : ACME_ASKED_NO;
        w->ari.errors = i == 12;
        w->job->hindrance = i == 13 ? &problem : NULL;
        acme_job_cache_remember(&w->slot, &stamp, w->job, &w->info);
        assert_null(recall(w));
    }
    w->ari.errors = 0;
    *w->job = job_cache;
    acme_job_cache_remember(&w->slot, &stamp, w->job, &w->info);
    assert_non_null(recall(w));
}

static void a_slot_that_is_being_written_says_nothing(void **state)
{
    world_t *w = make_world(*state);
    acme_job_cache_t copy;

    save(w);
    (void)load(w);
    acme_job_cache_copy(&copy, &w->slot);
    assert_int_equal(copy.last_run, 7);
    assert_int_equal(copy.sequence % 2, 0);
    ++w->slot.sequence;
    assert_null(recall(w));
    assert_int_equal(load(w)->last_run, 7);
    assert_null(recall(w));
    /* A slot that was being written when its process died is cleared for the
     * next generation. */
    acme_job_cache_copy(&copy, &w->slot);
    assert_int_equal(copy.sequence, 0);
    assert_int_equal(copy.stamp.inode, 0);
}

static void a_store_that_fails_is_said(void **state)
{
    world_t *w = make_world(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job;

    acme_t_plant(w->vault, ACME_STORE_JOBS, A, "no job", w->p);
    assert_int_equal(acme_job_cache_load(&job, &w->slot, w->vault, A, &w->info,
                                         &problem, w->p),
                     0);
    assert_int_equal(job->last_run, 0);
}

ACME_T_MAIN(ACME_T(what_was_read_once_is_remembered),
            ACME_T(what_has_changed_is_read_again),
            ACME_T(another_certificate_is_another_story),
            ACME_T(what_there_is_to_tell_is_not_remembered),
            ACME_T(a_slot_that_is_being_written_says_nothing),
            ACME_T(a_store_that_fails_is_said))
