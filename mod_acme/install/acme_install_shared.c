/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_install.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_install_private.h"
#include "acme_certstore.h"

void acme_install_shared_index(acme_install_t *install)
{
    const apr_array_header_t *certs = install->config->certs;
    int i;

    install->hosts = apr_hash_make(install->p);
    install->below = apr_hash_make(install->p);
    for (i = 0; i < certs->nelts; ++i) {
        const acme_site_cert_t *cert = acme_site_cert_at(certs, i);
        const char *host = acme_spec_host(cert->spec);
        const char *dot = strchr(host, '.');
        int *count;

        if (cert->spec->kind != ACME_SPEC_FIRST_KEY) {
            continue;
        }
        apr_hash_set(install->hosts, host, APR_HASH_KEY_STRING, cert->site);
        if (!dot || *host == '*') {
            continue;
        }
        count = apr_hash_get(install->below, dot + 1, APR_HASH_KEY_STRING);
        if (!count) {
            count = apr_pcalloc(install->p, sizeof(*count));
            apr_hash_set(install->below, dot + 1, APR_HASH_KEY_STRING, count);
        }
        ++*count;
    }
}

static void index_lender(acme_install_t *install, const acme_site_cert_t *cert)
{
    const apr_array_header_t *names = cert->inventory->live->info->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        apr_array_header_t *certs =
            apr_hash_get(install->lenders, name, APR_HASH_KEY_STRING);

        if (!certs) {
            certs =
                apr_array_make(install->p, 2, sizeof(const acme_site_cert_t *));
            apr_hash_set(install->lenders, name, APR_HASH_KEY_STRING, certs);
        }
        APR_ARRAY_PUSH(certs, const acme_site_cert_t *) = cert;
    }
}

static void visit_lenders(const acme_install_t *install, const char *name,
                          acme_install_shared_lender_fn *visit, void *baton)
{
    const apr_array_header_t *certs =
        apr_hash_get(install->lenders, name, APR_HASH_KEY_STRING);
    int i;

    for (i = 0; certs && i < certs->nelts; ++i) {
        visit(baton, APR_ARRAY_IDX(certs, i, const acme_site_cert_t *));
    }
}

void acme_install_shared_lenders(acme_install_t *install, const char *host,
                                 acme_install_shared_lender_fn *visit,
                                 void *baton, apr_pool_t *ptemp)
{
    const apr_array_header_t *certs = install->config->certs;
    const char *dot = strchr(host, '.');
    int i;

    if (!install->lenders) {
        install->lenders = apr_hash_make(install->p);
        for (i = 0; i < certs->nelts; ++i) {
            if (acme_site_cert_at(certs, i)->inventory->live) {
                index_lender(install, acme_site_cert_at(certs, i));
            }
        }
    }
    visit_lenders(install, host, visit, baton);
    if (dot && *host != '*') {
        visit_lenders(install, apr_pstrcat(ptemp, "*", dot, NULL), visit,
                      baton);
    }
}

int acme_install_shared_by_others(const acme_install_t *install,
                                  const acme_cert_index_item_t *item,
                                  const acme_site_t *site, apr_pool_t *ptemp)
{
    const char *host = acme_spec_host(site->certs[ACME_SPEC_FIRST_KEY]->spec);
    const char *dot = strchr(host, '.');
    const char *wildcard = dot ? apr_pstrcat(ptemp, "*", dot, NULL) : "";
    const apr_array_header_t *names = item->cert->info->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const int *count;

        if (strcmp(name, host) != 0
            && apr_hash_get(install->hosts, name, APR_HASH_KEY_STRING)) {
            return 1;
        }
        if (name[0] != '*' || name[1] != '.') {
            continue;
        }
        count = apr_hash_get(install->below, name + 2, APR_HASH_KEY_STRING);
        if (count && *count > (*host != '*' && strcmp(name, wildcard) == 0)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t acme_install_shared_copy(const acme_install_t *install,
                                      acme_cert_index_item_t *item,
                                      const acme_spec_t *spec,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    acme_bundle_t *bundle;
    apr_status_t rv =
        acme_certstore_bundle(&bundle, install->config->certstore, item->place,
                              item->name, problem, ptemp);

    if (rv == APR_SUCCESS) {
        bundle->name = spec->name;
        rv = acme_certstore_install(install->config->certstore, bundle,
                                    install->config->archive_keep, problem,
                                    ptemp);
    }
    if (rv == APR_SUCCESS) {
        item->taken = 1;
    }
    return rv;
}

/* Returns non-zero when a site serves this certificate for either kind of
 * key. */
static int has(const acme_site_t *site, const char *fingerprint)
{
    int kind;

    for (kind = 0; kind < ACME_SPEC_KINDS; ++kind) {
        const acme_site_cert_t *cert = site->certs[kind];

        if (cert && cert->inventory->live
            && strcmp(cert->inventory->live->info->fingerprint, fingerprint)
                   == 0) {
            return 1;
        }
    }
    return 0;
}

int acme_install_shared_is_live(const acme_install_t *install,
                                const acme_cert_index_item_t *item)
{
    const apr_array_header_t *names = item->cert->info->names;
    int i;

    if (item->place == ACME_PLACE_LIVE || item->taken) {
        return item->taken;
    }
    for (i = 0; i < names->nelts; ++i) {
        const acme_site_t *site =
            apr_hash_get(install->hosts, APR_ARRAY_IDX(names, i, const char *),
                         APR_HASH_KEY_STRING);

        if (site && has(site, item->cert->info->fingerprint)) {
            return 1;
        }
    }
    return 0;
}

void acme_install_shared_finish(const acme_install_t *install,
                                acme_cert_index_item_t *item, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_certstore_move_remove(install->config->certstore, item->place,
                                   item->name, &problem, ptemp)) {
        acme_log(install->config->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0831) "%s: its certificate is live, and could not be "
                                "removed from %s, which the next start tries "
                                "again: %s",
                 item->name, acme_certstore_place_name(item->place),
                 acme_problem_text(&problem, ptemp));
        return;
    }
    item->gone = 1;
    acme_log(install->config->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0830) "%s: the certificate in %s is live for the sites "
                            "that it covers, each with files of its own",
             item->name, acme_certstore_place_name(item->place));
}
