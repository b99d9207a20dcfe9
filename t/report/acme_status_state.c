/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_status_state.h"

typedef struct site_t {
    acme_spec_t spec;
    acme_inventory_t inventory;
    acme_certstore_cert_t live;
    acme_cert_info_t info;
    acme_blocklist_entry_t mark;
    acme_job_t *job;
} site_t;

static site_t *make_site(apr_pool_t *p)
{
    site_t *site = apr_pcalloc(p, sizeof(*site));

    site->info.fingerprint = "f00d";
    site->live.info = &site->info;
    site->inventory.live = &site->live;
    site->mark.fingerprint = "f00d";
    site->mark.key_hash = "beef";
    site->mark.name = "a.example";
    site->mark.serial = "0a";
    site->mark.reason = 4;
    site->mark.when = ACME_T_NOW;
    site->mark.done = 1;
    site->job = acme_job_create("a.example", p);
    return site;
}

static const char *text(const site_t *site, apr_pool_t *p)
{
    return acme_status_state_revoked(&site->spec, &site->inventory, site->job,
                                     p);
}

static void a_mark_of_the_start_and_of_the_job_are_said(void **state)
{
    apr_pool_t *p = *state;
    site_t *site = make_site(p);

    assert_null(text(site, p));
    assert_null(
        acme_status_state_revoked(&site->spec, &site->inventory, NULL, p));
    site->job->revoked = &site->mark;
    acme_t_contains(text(site, p), "it was revoked (superseded)");
    acme_t_contains(text(site, p), "is served until");
    site->inventory.serving = ACME_SERVING_OKC;
    acme_t_contains(text(site, p), "is not served");
    site->job->revoked = NULL;
    site->inventory.revoked = &site->mark;
    assert_non_null(text(site, p));
    site->spec.renew_mode = ACME_RENEW_MANUAL;
    acme_t_contains(text(site, p), "acmectl renew");
}

static void one_that_is_not_served_any_more_is_past(void **state)
{
    apr_pool_t *p = *state;
    site_t *site = make_site(p);

    site->job->revoked = &site->mark;
    site->info.fingerprint = "another";
    assert_null(text(site, p));
    site->inventory.live = NULL;
    site->inventory.revoked = &site->mark;
    assert_null(text(site, p));
}

ACME_T_MAIN(ACME_T(a_mark_of_the_start_and_of_the_job_are_said),
            ACME_T(one_that_is_not_served_any_more_is_past))
