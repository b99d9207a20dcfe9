/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_site.h"

#include <string.h>

static acme_site_cert_t *add(acme_site_t *site, apr_array_header_t *certs,
                             const acme_spec_t *spec,
                             acme_inventory_t *inventory)
{
    acme_site_cert_t *cert = apr_pcalloc(certs->pool, sizeof(*cert));

    cert->site = site;
    cert->spec = spec;
    cert->inventory = inventory;
    cert->index = certs->nelts;
    APR_ARRAY_PUSH(certs, acme_site_cert_t *) = cert;
    return cert;
}

acme_site_t *acme_site_add(apr_array_header_t *certs, const acme_spec_t *spec,
                           acme_inventory_t *inventory)
{
    acme_site_t *site = apr_pcalloc(certs->pool, sizeof(*site));

    site->certs[ACME_SPEC_FIRST_KEY] = add(site, certs, spec, inventory);
    return site;
}

acme_site_cert_t *acme_site_add_second(acme_site_t *site,
                                       apr_array_header_t *certs,
                                       const acme_spec_t *spec,
                                       acme_inventory_t *inventory)
{
    site->certs[ACME_SPEC_SECOND_KEY] = add(site, certs, spec, inventory);
    return site->certs[ACME_SPEC_SECOND_KEY];
}

int acme_site_has_two(const acme_site_t *site)
{
    return site->certs[ACME_SPEC_SECOND_KEY] != NULL;
}

acme_site_cert_t *acme_site_cert_at(const apr_array_header_t *certs, int index)
{
    return APR_ARRAY_IDX(certs, index, acme_site_cert_t *);
}

acme_site_cert_t *acme_site_cert_find(const apr_array_header_t *certs,
                                      const char *name)
{
    int i;

    for (i = 0; i < certs->nelts; ++i) {
        acme_site_cert_t *cert = acme_site_cert_at(certs, i);

        if (strcmp(cert->spec->name, name) == 0) {
            return cert;
        }
    }
    return NULL;
}
