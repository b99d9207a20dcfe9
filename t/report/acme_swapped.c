/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_site.h"

#include "acme_swapped.h"

#define NAME ACME_T_SITE

/** A site as root found it, and what is staged for it. */
typedef struct world_t {
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_vault_t *vault;
    acme_job_t *job;
    const char *fingerprint;
    apr_pool_t *p;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, p);

    acme_t_site_fill(
        &(acme_t_site_t){&w->ca, &w->spec, &w->info, &w->live, &w->inventory},
        p);
    w->p = p;
    w->vault = acme_t_vault(NULL, p);
    w->fingerprint = acme_t_fingerprint(bundle, p);
    acme_t_put(w->vault, ACME_STORE_STAGING, NAME, acme_bundle_print(bundle, p),
               p);
    w->job = acme_job_create(NAME, p);
    acme_job_staged(w->job, w->fingerprint, ACME_T_NOW);
    acme_job_swapped(w->job, 1);
    return w;
}

static const acme_inventory_t *look(const world_t *w)
{
    return acme_swapped_inventory(&w->spec, &w->inventory, w->job, w->vault,
                                  w->p);
}

static void the_staged_certificate_is_served(void **state)
{
    world_t *w = make_world(*state);
    const acme_inventory_t *shown;

    w->inventory.serving = ACME_SERVING_PLACEHOLDER;
    w->inventory.live = NULL;
    shown = look(w);
    assert_ptr_not_equal(shown, &w->inventory);
    assert_int_equal(shown->serving, ACME_SERVING_LKC);
    assert_string_equal(shown->live->info->fingerprint, w->fingerprint);
    assert_string_equal(shown->live->ca_url, "https://ca.example/dir");
    assert_int_equal(shown->live->obtained, ACME_T_NOW);
    /* No virtual host has TLS. */
    w->inventory.serving = ACME_SERVING_NOTHING;
    assert_int_equal(look(w)->serving, ACME_SERVING_NOTHING);
}

static void else_the_inventory_stays(void **state)
{
    world_t *w = make_world(*state);
    acme_vault_t *vault = w->vault;
    acme_job_t *job = w->job;

    w->job = NULL;
    assert_ptr_equal(look(w), &w->inventory);
    w->job = job;
    w->vault = NULL;
    assert_ptr_equal(look(w), &w->inventory);
    w->vault = acme_t_vault(NULL, w->p);
    assert_ptr_equal(look(w), &w->inventory);
    w->vault = vault;
    acme_job_swapped(w->job, 0);
    assert_ptr_equal(look(w), &w->inventory);
    /* Another one is staged by now. */
    acme_job_staged(w->job, "c0ffee", ACME_T_NOW);
    acme_job_swapped(w->job, 1);
    assert_ptr_equal(look(w), &w->inventory);
    acme_job_settled(w->job, ACME_JOB_LIVE);
    assert_ptr_equal(look(w), &w->inventory);
}

ACME_T_MAIN(ACME_T(the_staged_certificate_is_served),
            ACME_T(else_the_inventory_stays))
