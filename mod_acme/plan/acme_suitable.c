/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_suitable.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_str.h"
#include "acme_time.h"

int acme_suitable_issuer(const acme_certstore_cert_t *cert,
                         const acme_spec_t *spec)
{
    return cert->ca_url && acme_spec_find_ca(spec, cert->ca_url) >= 0;
}

int acme_suitable_key(const acme_certstore_cert_t *cert,
                      const acme_spec_t *spec)
{
    return (strncmp(cert->info->key_type, "RSA", 3) == 0)
           == (spec->key.type == ACME_KEY_RSA);
}

/* Returns non-zero when the key of an imported certificate agrees with what is
 * written in the configuration. Another ACME client has chosen its kind, and
 * only a written directive says that another one is wanted at once. */
static int will_do(const acme_certstore_cert_t *cert, const acme_spec_t *spec)
{
    switch (spec->key_written) {
    case ACME_SPEC_KEY_DEFAULT:
        return 1;
    case ACME_SPEC_KEY_KIND:
        return acme_suitable_key(cert, spec);
    case ACME_SPEC_KEY_EXACT:
        break;
    }
    return 0;
}

const char *acme_suitable_change(const acme_certstore_cert_t *cert,
                                 const acme_spec_t *spec, apr_pool_t *p)
{
    const char *key = acme_key_spec_print(&spec->key, p);

    if (!cert->ca_url) {
        return NULL;
    }
    if (acme_spec_find_ca(spec, cert->ca_url) < 0) {
        return apr_psprintf(p, "another CA: %s", spec->ca->label);
    }
    if (!acme_str_same(cert->info->key_type, key)
        && !(cert->imported && will_do(cert, spec))) {
        return apr_psprintf(p, "another kind of key: %s", key);
    }
    /* The profile of an imported certificate is not known. */
    if ((cert->profile || spec->profile) && !(cert->imported && !cert->profile)
        && !acme_str_same(cert->profile, spec->profile)) {
        return apr_psprintf(p, "another profile: %s",
                            spec->profile ? spec->profile : "the CA's own");
    }
    return NULL;
}

acme_suitable_e acme_suitable(const char **why,
                              const acme_certstore_cert_t *cert,
                              const acme_spec_t *spec, int issuer,
                              apr_time_t now, apr_pool_t *p)
{
    const acme_cert_info_t *info;
    const char *name;

    *why = "there is none";
    if (!cert) {
        return ACME_SUITABLE_ABSENT;
    }
    info = cert->info;
    if (!acme_ident_covered(info->names, acme_spec_host(spec))) {
        *why = apr_psprintf(p, "it does not cover %s", acme_spec_host(spec));
        return ACME_SUITABLE_UNSUITABLE;
    }
    if (!issuer) {
        *why = cert->ca_url
                   ? apr_psprintf(p,
                                  "it is from %s, and the site is "
                                  "configured for %s",
                                  cert->ca_url, spec->ca->url)
                   : apr_psprintf(p,
                                  "nobody knows which CA it is from, and it "
                                  "does not lead to a trusted root (%s)",
                                  info->issuer);
        return ACME_SUITABLE_WRONG_CA;
    }
    if (info->not_after <= now) {
        *why = apr_psprintf(p, "it expired at %s",
                            acme_time_print(info->not_after, p));
        return ACME_SUITABLE_EXPIRED;
    }
    name = acme_spec_missing(spec, info->names, ACME_SPEC_ALL);
    if (name) {
        *why = apr_psprintf(p, "it does not cover %s", name);
        return ACME_SUITABLE_PARTIAL;
    }
    *why = NULL;
    return ACME_SUITABLE_FULL;
}
