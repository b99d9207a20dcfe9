/* SPDX-License-Identifier: Apache-2.0 */

/* A site as a start has found it, for tests of what is shown of sites. */
#ifndef ACME_T_SITE_H
#define ACME_T_SITE_H

#include "acme_t_bundle.h"

#include "acme_inventory.h"
#include "acme_spec.h"

#define ACME_T_SITE "a.example.org"

typedef struct acme_t_site_t {
    acme_ca_spec_t *ca;
    acme_spec_t *spec;
    acme_cert_info_t *info;
    acme_certstore_cert_t *live;
    acme_inventory_t *inventory;
} acme_t_site_t;

/* Fills a site with a good certificate, issued a day ago for a hundred days. */
static inline void acme_t_site_fill(const acme_t_site_t *site, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = ACME_T_SITE;
    site->ca->url = "https://ca.example/dir";
    site->ca->label = "ca.example";
    site->spec->name = ACME_T_SITE;
    site->spec->names = names;
    site->spec->ca = site->ca;
    site->spec->key.type = ACME_KEY_P256;
    site->spec->challenge_types = apr_array_make(p, 1, sizeof(const char *));
    site->spec->retry_delay = ACME_TIME_MINUTE;
    site->spec->renew_mode = ACME_RENEW_AUTO;
    site->info->names = names;
    site->info->fingerprint = "c0ffee";
    site->info->serial = "0a1bff";
    site->info->key_type = "P-256";
    site->info->not_before = ACME_T_NOW - ACME_TIME_DAY;
    site->info->not_after = site->info->not_before + 100 * ACME_TIME_DAY;
    site->live->info = site->info;
    site->live->version = 1;
    site->inventory->live = site->live;
    site->inventory->serving = ACME_SERVING_LKC;
}

#endif
