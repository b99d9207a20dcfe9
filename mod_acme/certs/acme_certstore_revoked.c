/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore_revoked.h"

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_certstore_path.h"

const char *acme_live_barred(const acme_live_t *live,
                             const acme_cert_info_t *info, apr_pool_t *p)
{
    const acme_revoked_t *revoked = acme_revoked_find(live->revoked, info, p);

    return revoked ? acme_revoked_text(revoked, p) : NULL;
}

const char *acme_live_barred_dir(const acme_live_t *live, const char *dir,
                                 apr_pool_t *p)
{
    acme_chain_t *chain;
    apr_size_t len;
    char *data;

    if (acme_file_read(&data, &len,
                       apr_pstrcat(p, dir, "/" ACME_LIVE_FULL, NULL),
                       ACME_FILE_MAX, p)
            != APR_SUCCESS
        || acme_chain_parse(&chain, data, len, NULL, p) != APR_SUCCESS) {
        return NULL;
    }
    return acme_live_barred(live, acme_chain_info(chain), p);
}

const acme_revoked_t *acme_live_lost(const acme_live_t *live,
                                     const acme_live_cert_t *cert,
                                     apr_pool_t *p)
{
    const acme_revoked_t *revoked =
        acme_revoked_find(live->revoked, cert->info, p);

    return revoked && acme_revoked_is_final(revoked) ? revoked : NULL;
}
