/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore_revoked.h"

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_certstore_path.h"

const char *acme_certstore_refusal(const acme_certstore_t *live,
                                   const acme_cert_info_t *info, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked =
        acme_blocklist_find(live->revoked, info, p);

    return revoked ? acme_blocklist_entry_text(revoked, p) : NULL;
}

const char *acme_certstore_refusal_dir(const acme_certstore_t *live,
                                       const char *dir, apr_pool_t *p)
{
    acme_chain_t *chain;
    apr_size_t len;
    char *data;

    if (acme_file_read(&data, &len,
                       apr_pstrcat(p, dir, "/" ACME_CERTSTORE_FULL, NULL),
                       ACME_FILE_MAX, p)
            != APR_SUCCESS
        || acme_cert_chain_parse(&chain, data, len, NULL, p) != APR_SUCCESS) {
        return NULL;
    }
    return acme_certstore_refusal(live, acme_cert_chain_info(chain), p);
}

const acme_blocklist_entry_t *
acme_certstore_revoked(const acme_certstore_t *live,
                       const acme_certstore_cert_t *cert, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked =
        acme_blocklist_find(live->revoked, cert->info, p);

    return revoked && acme_blocklist_entry_is_final(revoked) ? revoked : NULL;
}
