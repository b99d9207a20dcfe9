/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_install_keys.h"

#include "acme_key_choice.h"
#include "acme_site.h"

static void leave(const acme_key_reuse_t *reuse, const acme_spec_t *spec,
                  const char *hash, const acme_certstore_t *certstore,
                  apr_gid_t gid, const acme_log_t *log, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_bundle_t *bundle;

    if (acme_certstore_bundle(&bundle, certstore, ACME_PLACE_LIVE, spec->name,
                              &problem, ptemp)
        || acme_key_reuse_put(reuse, hash, bundle->key_pem, gid, &problem,
                              ptemp)) {
        acme_log(log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0852) "%s: its next certificate gets a new key, "
                                "although ACMEKeyReuse is on: %s",
                 spec->name, acme_problem_text(&problem, ptemp));
    }
}

void acme_install_keys(const acme_key_reuse_t *reuse,
                       const apr_array_header_t *certs,
                       const acme_certstore_t *certstore, apr_gid_t gid,
                       const acme_log_t *log, apr_pool_t *ptemp)
{
    apr_hash_t *wanted = apr_hash_make(ptemp);
    apr_hash_t *there;
    apr_hash_index_t *hi;
    apr_pool_t *each;
    const char *hash;
    int i;

    for (i = 0; i < certs->nelts; ++i) {
        const acme_spec_t *spec = acme_site_cert_at(certs, i)->spec;

        hash = acme_key_choice_reused(
            spec, acme_site_cert_at(certs, i)->inventory, NULL);
        if (hash) {
            apr_hash_set(wanted, hash, APR_HASH_KEY_STRING, spec);
        }
    }
    there = acme_key_reuse_tidy(reuse, wanted, gid, ptemp);
    apr_pool_create(&each, ptemp);
    for (hi = apr_hash_first(ptemp, wanted); hi; hi = apr_hash_next(hi)) {
        hash = apr_hash_this_key(hi);
        if (!apr_hash_get(there, hash, APR_HASH_KEY_STRING)) {
            leave(reuse, apr_hash_this_val(hi), hash, certstore, gid, log,
                  each);
            apr_pool_clear(each);
        }
    }
    apr_pool_destroy(each);
}
