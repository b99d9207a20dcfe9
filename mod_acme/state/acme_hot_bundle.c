/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_hot_bundle.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"

#define FOLDER  "/bundles"
#define PURPOSE "bundles"

struct acme_hot_bundle_t {
    const char *folder;
    const acme_seal_t *seal;
};

acme_hot_bundle_t *acme_hot_bundle_open(const char *dir,
                                        const acme_seal_t *seal, apr_pool_t *p)
{
    acme_hot_bundle_t *bundles = apr_pcalloc(p, sizeof(*bundles));

    bundles->folder = apr_pstrcat(p, dir, FOLDER, NULL);
    bundles->seal = seal;
    return bundles;
}

const char *acme_hot_bundle_path(const acme_hot_bundle_t *bundles,
                                 const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, bundles->folder, "/", acme_file_name_encode(name, p),
                       NULL);
}

apr_status_t acme_hot_bundle_get(acme_store_item_t *item,
                                 const acme_hot_bundle_t *bundles,
                                 const char *name, apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = PURPOSE, .name = name};
    apr_size_t sealed_len, len;
    char *sealed, *text;

    if (acme_file_read(&sealed, &sealed_len,
                       acme_hot_bundle_path(bundles, name, p), ACME_FILE_MAX, p)
        || acme_seal_open(&text, &len, bundles->seal, &label, sealed,
                          sealed_len, NULL, p)) {
        return APR_ENOENT;
    }
    memset(item, 0, sizeof(*item));
    item->data = text;
    item->len = len;
    return APR_SUCCESS;
}

apr_status_t acme_hot_bundle_put(const acme_hot_bundle_t *bundles,
                                 const char *name, const char *text,
                                 apr_gid_t gid, acme_problem_t *problem,
                                 apr_pool_t *ptemp)
{
    const acme_seal_label_t label = {.purpose = PURPOSE, .name = name};
    const char *path = acme_hot_bundle_path(bundles, name, ptemp);
    unsigned char *sealed;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_seal(&sealed, &len, bundles->seal, &label, text, strlen(text),
                   problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_file_share(gid, path, sealed, len, ptemp);
    return rv == APR_SUCCESS
               ? rv
               : acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                  ACME_PROBLEM_STORE, ptemp,
                                  "%s cannot be written: %pm", path, &rv);
}

void acme_hot_bundle_clear(const acme_hot_bundle_t *bundles, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    apr_pool_t *each;
    int i;

    if (acme_file_list(&names, bundles->folder, ptemp) != APR_SUCCESS) {
        return;
    }
    apr_pool_create(&each, ptemp);
    for (i = 0; i < names->nelts; ++i) {
        apr_pool_clear(each);
        (void)unlink(apr_pstrcat(each, bundles->folder, "/",
                                 APR_ARRAY_IDX(names, i, const char *), NULL));
    }
    apr_pool_destroy(each);
}
