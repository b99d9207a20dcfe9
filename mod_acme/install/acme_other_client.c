/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_other_client.h"

#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_file.h"
#include "acme_ident.h"
#include "acme_owned.h"

/* Most certificates that are read, because this delays a start. */
#define CERTS_MAX 2000

static const struct {
    const char *folder;
    const char *file;
} places[] = {
    {"/live", "fullchain.pem"},
    {"/domains", "pubcert.pem"},
};

/* Reads an unexpired certificate; NULL when there is none. */
static const acme_cert_info_t *read_cert(const char *path, apr_time_t now,
                                         apr_pool_t *p)
{
    const acme_cert_info_t *info;
    acme_chain_t *chain;
    apr_size_t len;
    char *data;

    /* certbot's files are links. */
    if (acme_file_read_linked(&data, &len, path, ACME_FILE_MAX, p)
        || acme_cert_chain_parse(&chain, data, len, NULL, p)) {
        return NULL;
    }
    info = acme_cert_chain_info(chain);
    return info->not_after > now ? info : NULL;
}

apr_array_header_t *acme_other_client_find(acme_other_client_e client,
                                           const char *dir,
                                           const apr_array_header_t *hosts,
                                           apr_time_t now, apr_pool_t *p)
{
    const char *folder = apr_pstrcat(p, dir, places[client].folder, NULL);
    apr_array_header_t *found = apr_array_make(p, 1, sizeof(const char *));
    char *covered = apr_pcalloc(p, (apr_size_t)hosts->nelts + 1);
    apr_array_header_t *names;
    apr_pool_t *ptemp;
    int i, j;

    if (!acme_owned_dir_linked(folder) || acme_file_list(&names, folder, p)) {
        return found;
    }
    apr_pool_create(&ptemp, p);
    for (i = 0; i < names->nelts && i < CERTS_MAX; i++) {
        const acme_cert_info_t *info;

        apr_pool_clear(ptemp);
        info = read_cert(apr_pstrcat(ptemp, folder, "/",
                                     APR_ARRAY_IDX(names, i, const char *), "/",
                                     places[client].file, NULL),
                         now, ptemp);
        for (j = 0; info && j < hosts->nelts; j++) {
            const char *host = APR_ARRAY_IDX(hosts, j, const char *);

            if (!covered[j] && acme_ident_covered(info->names, host)) {
                covered[j] = 1;
                APR_ARRAY_PUSH(found, const char *) = host;
            }
        }
    }
    apr_pool_destroy(ptemp);
    return found;
}
