/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_swapped.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_bundle.h"

/* Reads the staged certificate. The key in it is wiped with p. */
static acme_certstore_cert_t *read_cert(const acme_job_t *job,
                                        acme_vault_t *vault, apr_pool_t *p)
{
    acme_certstore_cert_t *cert = apr_pcalloc(p, sizeof(*cert));
    acme_store_item_t item;
    acme_bundle_t *bundle;
    acme_chain_t *chain;

    if (acme_vault_get(&item, vault, ACME_STORE_STAGING, job->name, NULL, p)
            != APR_SUCCESS
        || acme_bundle_parse(&bundle, item.data, item.len, NULL, p)
               != APR_SUCCESS
        || acme_cert_chain_parse(&chain, bundle->chain_pem,
                                 strlen(bundle->chain_pem), NULL, p)
               != APR_SUCCESS) {
        return NULL;
    }
    cert->info = acme_cert_chain_info(chain);
    cert->ca_url = bundle->ca_url;
    cert->profile = bundle->profile;
    cert->obtained = bundle->obtained;
    return strcmp(cert->info->fingerprint, job->staged) == 0 ? cert : NULL;
}

acme_inventory_t *acme_swapped_with(const acme_inventory_t *inventory,
                                    const acme_certstore_cert_t *cert,
                                    apr_pool_t *p)
{
    acme_inventory_t *swapped = apr_pmemdup(p, inventory, sizeof(*inventory));

    swapped->live = cert;
    if (inventory->serving != ACME_SERVING_NOTHING) {
        swapped->serving = ACME_SERVING_LKC;
    }
    swapped->problem = NULL;
    swapped->revoked = NULL;
    swapped->pinned = 0;
    swapped->foreign = 0;
    swapped->aged = 0;
    return swapped;
}

const acme_inventory_t *
acme_swapped_inventory(const acme_spec_t *spec,
                       const acme_inventory_t *inventory, const acme_job_t *job,
                       acme_vault_t *vault, apr_pool_t *p)
{
    const acme_certstore_cert_t *cert;

    if (!job || !job->staged || !job->swapped || !vault || spec->cert_file) {
        return inventory;
    }
    cert = read_cert(job, vault, p);
    if (!cert) {
        return inventory;
    }
    return acme_swapped_with(inventory, cert, p);
}
