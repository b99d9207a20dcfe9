/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_scheduler.h"
#include "acme_scheduler_private.h"

static apr_array_header_t *strs_dup(const apr_array_header_t *strs,
                                    apr_pool_t *p)
{
    apr_array_header_t *copy = apr_array_copy(p, strs);
    int i;

    for (i = 0; i < copy->nelts; ++i) {
        APR_ARRAY_IDX(copy, i, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(copy, i, const char *));
    }
    return copy;
}

/* An order for another machine goes beside those of the site: its spec but for
 * the name, which is that of its job. */
static acme_scheduler_site_t *csr_site(acme_scheduler_t *scheduler,
                                       const acme_scheduler_site_t *of,
                                       const acme_ctl_request_t *request)
{
    const char *name =
        acme_ctl_request_sign_name(of->known.spec->name, scheduler->p);
    acme_scheduler_site_t *site =
        apr_hash_get(scheduler->by_name, name, APR_HASH_KEY_STRING);
    apr_array_header_t *names;
    acme_spec_t *spec;

    if (site && site->known.flying) {
        return site;
    }
    if (site && strcmp(site->known.spec->csr, request->csr) == 0) {
        return site;
    }
    if (acme_json_get_strs(&names, request->body, "names", scheduler->p)
        != APR_SUCCESS) {
        return NULL;
    }
    if (!site) {
        site = apr_pcalloc(scheduler->p, sizeof(*site));
        site->known.inventory =
            apr_pcalloc(scheduler->p, sizeof(*site->known.inventory));
        site->ca_queues = of->ca_queues;
        site->index = -1;
        scheduler->sites[scheduler->n_sites++] = site;
        apr_hash_set(scheduler->by_name, name, APR_HASH_KEY_STRING, site);
    }
    spec = apr_pmemdup(scheduler->p, of->known.spec, sizeof(*spec));
    spec->names = strs_dup(names, scheduler->p);
    spec->name = name;
    /* The request has the names that it has. */
    spec->optional = NULL;
    spec->cert_file = NULL;
    spec->cert_key_file = NULL;
    spec->csr = apr_pstrdup(scheduler->p, request->csr);
    spec->renew_mode = ACME_RENEW_ALWAYS;
    site->known.spec = spec;
    return site;
}

static void keep_account(acme_scheduler_t *scheduler,
                         const acme_ctl_request_t *request, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    rv = acme_ca_account_keep(scheduler->work, request->name, request->body,
                              &problem, ptemp);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EEXIST(rv)) {
        acme_log(scheduler->work->log, ACME_LOG_WARNING, rv,
                 ACME_TAG(0361) "an imported account cannot be stored: %s",
                 acme_problem_text(&problem, ptemp));
    }
}

static void take_request(acme_scheduler_t *scheduler,
                         const acme_ctl_request_t *request)
{
    acme_scheduler_site_t *site;

    if (request->what == ACME_CTL_ACCOUNT) {
        if (request->body) {
            keep_account(scheduler, request, scheduler->prequests);
        }
        return;
    }
    if (request->what == ACME_CTL_REVOKE) {
        acme_revoker_take(scheduler->revokes, request);
        return;
    }
    if (acme_ctl_result_is_kept(request)) {
        acme_account_ops_queue_take(scheduler, request);
        return;
    }
    site = apr_hash_get(scheduler->by_name, request->name, APR_HASH_KEY_STRING);
    if (site && request->what == ACME_CTL_SIGN) {
        site = request->csr && request->body && !site->known.spec->csr
                   ? csr_site(scheduler, site, request)
                   : NULL;
    }
    if (site && request->what == ACME_CTL_RENEW && request->body) {
        site = acme_ctl_queue_dry_site(scheduler, site, request);
    }
    if (!site) {
        return;
    }
    site->known.request = request;
    site->known.unseen = 1;
    if (!site->known.flying && !site->known.queued) {
        site->known.next = 0;
        scheduler->look_at = 0;
    }
}

void acme_ctl_queue_read(acme_scheduler_t *scheduler,
                         acme_ctl_request_dir_t *ctl_requests)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *requests;
    int i;

    for (i = 0; i < scheduler->n_sites; ++i) {
        scheduler->sites[i]->known.request = NULL;
        scheduler->sites[i]->known.unseen = 0;
    }
    apr_pool_clear(scheduler->prequests);
    if (acme_ctl_request_read(&requests, ctl_requests, &problem,
                              scheduler->prequests)
        != APR_SUCCESS) {
        acme_log(scheduler->work->log, ACME_LOG_WARNING, problem.rv,
                 ACME_TAG(0360) "requests of acmectl are not seen: %s",
                 acme_problem_text(&problem, scheduler->prequests));
        return;
    }
    acme_revoker_read_begin(scheduler->revokes);
    for (i = 0; i < requests->nelts; ++i) {
        take_request(scheduler,
                     APR_ARRAY_IDX(requests, i, acme_ctl_request_t *));
    }
    acme_revoker_read_end(scheduler->revokes);
}
