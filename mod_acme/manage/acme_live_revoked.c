/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_live_revoked.h"

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_live_site.h"

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
