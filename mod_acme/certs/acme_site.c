/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_site.h"

#include <string.h>

acme_site_t *acme_site_add(apr_array_header_t *sites, const acme_spec_t *spec,
                           acme_inventory_t *inventory)
{
    acme_site_t *site = apr_pcalloc(sites->pool, sizeof(*site));

    site->spec = spec;
    site->inventory = inventory;
    site->index = sites->nelts;
    APR_ARRAY_PUSH(sites, acme_site_t *) = site;
    return site;
}

acme_site_t *acme_site_at(const apr_array_header_t *sites, int index)
{
    return APR_ARRAY_IDX(sites, index, acme_site_t *);
}

acme_site_t *acme_site_find(const apr_array_header_t *sites, const char *name)
{
    int i;

    for (i = 0; i < sites->nelts; ++i) {
        acme_site_t *site = acme_site_at(sites, i);

        if (strcmp(site->spec->name, name) == 0) {
            return site;
        }
    }
    return NULL;
}
