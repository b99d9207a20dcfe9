/* SPDX-License-Identifier: Apache-2.0 */

/* A dry run goes beside the orders of the site, as one for another machine
 * does: its spec but for the name, which is that of its job, and the CA. */

#include <string.h>

#include <apr_strings.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

/* The CA's test service, reached as the CA itself is. */
static const acme_ca_spec_t *test_ca(acme_scheduler_t *scheduler,
                                     const acme_spec_t *spec,
                                     const acme_ctl_request_t *request)
{
    const char *url, *label;
    acme_ca_spec_t *ca;
    int known;

    if (acme_json_get_str(&url, request->body, "ca") != APR_SUCCESS
        || acme_json_get_str(&label, request->body, "label") != APR_SUCCESS) {
        return NULL;
    }
    known = acme_spec_find_ca(spec, url);
    if (known >= 0) {
        return acme_spec_ca(spec, known);
    }
    ca = apr_pmemdup(scheduler->p, spec->ca, sizeof(*ca));
    ca->url = apr_pstrdup(scheduler->p, url);
    ca->label = apr_pstrdup(scheduler->p, label);
    ca->eab = NULL;
    return ca;
}

static void set_spec(acme_scheduler_t *scheduler, acme_scheduler_site_t *site,
                     const acme_scheduler_site_t *of, const char *name,
                     const acme_ca_spec_t *ca)
{
    acme_spec_t *spec =
        apr_pmemdup(scheduler->p, of->known.spec, sizeof(*spec));

    spec->name = name;
    spec->ca = ca;
    spec->more_cas = NULL;
    spec->optional = NULL;
    spec->cert_file = NULL;
    spec->cert_key_file = NULL;
    spec->profile_mandatory = 0;
    spec->preferred_chain = NULL;
    spec->via_ari = 0;
    spec->key_reuse = 0;
    spec->renew_mode = ACME_RENEW_ALWAYS;
    spec->dry_run = 1;
    site->known.spec = spec;
}

acme_scheduler_site_t *
acme_ctl_queue_dry_site(acme_scheduler_t *scheduler,
                        const acme_scheduler_site_t *of,
                        const acme_ctl_request_t *request)
{
    const char *name =
        acme_ctl_request_dry_name(of->known.spec->name, scheduler->p);
    acme_scheduler_site_t *site =
        apr_hash_get(scheduler->by_name, name, APR_HASH_KEY_STRING);
    const acme_ca_spec_t *ca = test_ca(scheduler, of->known.spec, request);
    acme_ca_queue_t *ca_queue;

    if ((site && site->known.flying) || !ca) {
        return site;
    }
    if (site && strcmp(site->known.spec->ca->url, ca->url) == 0) {
        return site;
    }
    ca_queue = acme_ca_queue_make(scheduler, of->known.spec, ca);
    if (!ca_queue) {
        return NULL;
    }
    if (!site) {
        site = apr_pcalloc(scheduler->p, sizeof(*site));
        site->known.inventory =
            apr_pcalloc(scheduler->p, sizeof(*site->known.inventory));
        site->index = -1;
        scheduler->sites[scheduler->n_sites++] = site;
        apr_hash_set(scheduler->by_name, name, APR_HASH_KEY_STRING, site);
    }
    site->ca_queues =
        apr_pmemdup(scheduler->p, &ca_queue, sizeof(acme_ca_queue_t *));
    set_spec(scheduler, site, of, name, ca);
    return site;
}
