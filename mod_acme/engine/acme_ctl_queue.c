/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ctl_queue.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ctl_result.h"
#include "acme_str.h"

struct acme_ctl_queue_t {
    acme_site_table_t *table;
    acme_ca_queue_set_t *queues;
    acme_revoker_t *revoker;
    acme_account_ops_t *account_ops;
    apr_pool_t *prequests; /* of the requests that were read last */
    int is_blind;          /* nonzero: they could not be read the last time */
};

acme_ctl_queue_t *acme_ctl_queue_create(acme_site_table_t *table,
                                        acme_ca_queue_set_t *queues,
                                        acme_revoker_t *revoker,
                                        acme_account_ops_t *account_ops,
                                        apr_pool_t *p)
{
    acme_ctl_queue_t *ctl_queue = apr_pcalloc(p, sizeof(*ctl_queue));

    ctl_queue->table = table;
    ctl_queue->queues = queues;
    ctl_queue->revoker = revoker;
    ctl_queue->account_ops = account_ops;
    apr_pool_create(&ctl_queue->prequests, p);
    return ctl_queue;
}

/* ---- orders for another machine ---- */

/* Returns the spec of an order for another machine: that of the site, with the
 * names of the CSR. */
static const acme_spec_t *sign_spec(const acme_spec_t *of, const char *name,
                                    const apr_array_header_t *names,
                                    const char *csr, apr_pool_t *p)
{
    acme_spec_t *spec = apr_pmemdup(p, of, sizeof(*spec));

    spec->names = acme_str_array_dup(names, p);
    spec->name = name;
    /* A CSR is signed for all its names or not at all. */
    spec->optional = NULL;
    spec->cert_file = NULL;
    spec->cert_key_file = NULL;
    spec->csr = apr_pstrdup(p, csr);
    spec->renew_mode = ACME_RENEW_ALWAYS;
    return spec;
}

/* Returns the site of an order for another machine beside the site `of`, made
 * if there is none yet; NULL when the request makes no sense. A running order
 * keeps its CSR, because its site cannot change meanwhile. */
static acme_site_entry_t *sign_site(acme_site_table_t *table,
                                    const acme_site_entry_t *of,
                                    const acme_ctl_request_t *request)
{
    const char *name =
        acme_ctl_request_sign_name(of->check.spec->name, table->p);
    acme_site_entry_t *site = acme_site_table_find(table, name);
    apr_array_header_t *names;

    if (site && site->check.running) {
        return site;
    }
    if (site && strcmp(site->check.spec->csr, request->csr) == 0) {
        return site;
    }
    if (acme_json_get_strs(&names, request->body, "names", table->p)
        != APR_SUCCESS) {
        return NULL;
    }
    if (!site) {
        site = acme_site_table_add(table, name);
        site->ca_queues = of->ca_queues;
    }
    site->check.spec =
        sign_spec(of->check.spec, name, names, request->csr, table->p);
    return site;
}

/* ---- dry runs ---- */

/* Returns the CA's test service, which is reached as the CA itself is, or
 * NULL. */
static const acme_ca_spec_t *test_ca(const acme_spec_t *spec,
                                     const acme_ctl_request_t *request,
                                     apr_pool_t *p)
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
    ca = apr_pmemdup(p, spec->ca, sizeof(*ca));
    ca->url = apr_pstrdup(p, url);
    ca->label = apr_pstrdup(p, label);
    ca->eab = NULL;
    return ca;
}

/* Returns the spec of a dry run: that of the site, at that CA only. */
static const acme_spec_t *dry_spec(const acme_spec_t *of, const char *name,
                                   const acme_ca_spec_t *ca, apr_pool_t *p)
{
    acme_spec_t *spec = apr_pmemdup(p, of, sizeof(*spec));

    spec->name = name;
    spec->ca = ca;
    spec->more_cas = NULL;
    spec->optional = NULL;
    spec->cert_file = NULL;
    spec->cert_key_file = NULL;
    spec->profile_mandatory = 0;
    spec->preferred_chains = NULL;
    spec->trusted_chain = 0;
    spec->via_ari = 0;
    spec->key_reuse = 0;
    spec->renew_mode = ACME_RENEW_ALWAYS;
    spec->dry_run = 1;
    return spec;
}

/* Returns the site of a dry run beside the site `of`, made if there is none
 * yet; NULL when the request makes no sense, or there are too many CAs. */
static acme_site_entry_t *dry_site(acme_ctl_queue_t *ctl_queue,
                                   const acme_site_entry_t *of,
                                   const acme_ctl_request_t *request)
{
    acme_site_table_t *table = ctl_queue->table;
    const char *name =
        acme_ctl_request_dry_name(of->check.spec->name, table->p);
    acme_site_entry_t *site = acme_site_table_find(table, name);
    const acme_ca_spec_t *ca = test_ca(of->check.spec, request, table->p);
    acme_ca_queue_t *queue;

    if ((site && site->check.running) || !ca) {
        return site;
    }
    if (site && strcmp(site->check.spec->ca->url, ca->url) == 0) {
        return site;
    }
    queue = acme_ca_queue_make(ctl_queue->queues, of->check.spec, ca);
    if (!queue) {
        return NULL;
    }
    if (!site) {
        site = acme_site_table_add(table, name);
    }
    site->ca_queues = apr_pmemdup(table->p, &queue, sizeof(acme_ca_queue_t *));
    site->check.spec = dry_spec(of->check.spec, name, ca, table->p);
    return site;
}

/* ---- requests ---- */

static void keep_account(const acme_ctl_queue_t *ctl_queue,
                         const acme_ctl_request_t *request)
{
    acme_worker_ctx_t *ctx = ctl_queue->table->ctx;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv;

    rv = acme_ca_account_keep(ctx, request->name, request->body, &problem,
                              ctl_queue->prequests);
    if (APR_STATUS_IS_EEXIST(rv)) {
        if (acme_ca_account_keep_is_news(ctx, request->name, request->body,
                                         ctl_queue->prequests)) {
            acme_account_ops_take(ctl_queue->account_ops, request,
                                  ctl_queue->prequests);
        }
    }
    else if (rv != APR_SUCCESS) {
        acme_log(ctx->log, ACME_LOG_WARNING, rv,
                 ACME_TAG(0361) "an imported account cannot be stored: %s",
                 acme_problem_text(&problem, ctl_queue->prequests));
    }
}

/* Returns the site that a request is about, or NULL. */
static acme_site_entry_t *find_site(acme_ctl_queue_t *ctl_queue,
                                    const acme_ctl_request_t *request)
{
    acme_site_table_t *table = ctl_queue->table;
    acme_site_entry_t *site = acme_site_table_find(table, request->name);

    if (site && request->what == ACME_CTL_SIGN) {
        return request->csr && request->body && !site->check.spec->csr
                   ? sign_site(table, site, request)
                   : NULL;
    }
    if (site && request->what == ACME_CTL_RENEW && request->body) {
        return dry_site(ctl_queue, site, request);
    }
    return site;
}

/* Returns non-zero when a check has met this request and the store has failed:
 * the site waits then, because all requests are read again when any changes. */
static int is_known_to_fail(const acme_site_entry_t *site,
                            const acme_ctl_request_t *request)
{
    return site->check.store_failures
           && site->check.failed_request == request->when;
}

static void take(acme_ctl_queue_t *ctl_queue, const acme_ctl_request_t *request)
{
    acme_site_entry_t *site;

    if (request->what == ACME_CTL_ACCOUNT) {
        if (request->body) {
            keep_account(ctl_queue, request);
        }
        return;
    }
    if (request->what == ACME_CTL_REVOKE) {
        acme_revoker_take(ctl_queue->revoker, request);
        return;
    }
    if (acme_ctl_result_is_kept(request)) {
        acme_account_ops_take(ctl_queue->account_ops, request,
                              ctl_queue->prequests);
        return;
    }
    site = find_site(ctl_queue, request);
    if (!site) {
        return;
    }
    site->check.request = request;
    site->check.request_is_new = 1;
    if (!site->check.running && !site->check.queued
        && !is_known_to_fail(site, request)) {
        acme_site_table_set_due(ctl_queue->table, site, 0);
    }
}

void acme_ctl_queue_read(acme_ctl_queue_t *ctl_queue,
                         acme_ctl_request_dir_t *ctl_requests)
{
    const acme_site_table_t *table = ctl_queue->table;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *requests;
    int i;

    for (i = 0; i < table->sites->nelts; ++i) {
        acme_site_entry_t *site = acme_site_table_at(table, i);

        site->check.request = NULL;
        site->check.request_is_new = 0;
    }
    apr_pool_clear(ctl_queue->prequests);
    if (acme_ctl_request_read(&requests, ctl_requests, &problem,
                              ctl_queue->prequests)
        != APR_SUCCESS) {
        /* Say it once, because this is tried again at every turn. */
        acme_log(table->ctx->log,
                 ctl_queue->is_blind ? ACME_LOG_DEBUG : ACME_LOG_WARNING,
                 problem.rv,
                 ACME_TAG(0360) "requests of acmectl are not seen until the "
                                "server is restarted (apachectl graceful), "
                                "which repairs the folder: %s",
                 acme_problem_text(&problem, ctl_queue->prequests));
        ctl_queue->is_blind = 1;
        return;
    }
    ctl_queue->is_blind = 0;
    acme_revoker_read_begin(ctl_queue->revoker);
    for (i = 0; i < requests->nelts; ++i) {
        take(ctl_queue, APR_ARRAY_IDX(requests, i, acme_ctl_request_t *));
    }
    acme_revoker_read_end(ctl_queue->revoker);
}
