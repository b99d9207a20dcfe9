/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_key_reuse.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"

#define FOLDER  "/reuse"
#define PURPOSE "reuse"

/* More than the sealed PEM of any key that we make. */
#define MOST (16 * 1024)

struct acme_key_reuse_t {
    const char *folder;
    const acme_seal_t *seal;
};

acme_key_reuse_t *acme_key_reuse_open(const char *dir, const acme_seal_t *seal,
                                      apr_pool_t *p)
{
    acme_key_reuse_t *reuse = apr_pcalloc(p, sizeof(*reuse));

    reuse->folder = apr_pstrcat(p, dir, FOLDER, NULL);
    reuse->seal = seal;
    return reuse;
}

static const char *path_of(const acme_key_reuse_t *reuse, const char *hash,
                           apr_pool_t *p)
{
    return apr_pstrcat(p, reuse->folder, "/", hash, NULL);
}

apr_status_t acme_key_reuse_get(const char **pem, const acme_key_reuse_t *reuse,
                                const char *hash, apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = PURPOSE, .name = hash};
    apr_size_t sealed_len, len;
    char *sealed, *text;

    if (acme_file_read(&sealed, &sealed_len, path_of(reuse, hash, p), MOST, p)
        || acme_seal_open(&text, &len, reuse->seal, &label, sealed, sealed_len,
                          NULL, p)) {
        return APR_ENOENT;
    }
    *pem = text;
    return APR_SUCCESS;
}

/* ---- for root ---- */

/* Returns non-zero when the worker can read the key: it is whole, sealed with
 * the present secret, and of the worker's group. */
static int is_good(const acme_key_reuse_t *reuse, const char *hash,
                   apr_gid_t gid, apr_pool_t *ptemp)
{
    const char *pem;
    struct stat st;

    return !lstat(path_of(reuse, hash, ptemp), &st)
           && (geteuid() != 0 || st.st_gid == gid)
           && acme_key_reuse_get(&pem, reuse, hash, ptemp) == APR_SUCCESS;
}

apr_hash_t *acme_key_reuse_tidy(const acme_key_reuse_t *reuse,
                                apr_hash_t *wanted, apr_gid_t gid,
                                apr_pool_t *ptemp)
{
    apr_hash_t *there = apr_hash_make(ptemp);
    apr_array_header_t *names;
    apr_pool_t *each;
    int i;

    if (acme_file_list(&names, reuse->folder, ptemp) != APR_SUCCESS) {
        return there;
    }
    apr_pool_create(&each, ptemp);
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        apr_pool_clear(each);
        if (!apr_hash_get(wanted, name, APR_HASH_KEY_STRING)) {
            (void)unlink(path_of(reuse, name, each));
        }
        else if (is_good(reuse, name, gid, each)) {
            apr_hash_set(there, name, APR_HASH_KEY_STRING, name);
        }
    }
    apr_pool_destroy(each);
    return there;
}

apr_status_t acme_key_reuse_put(const acme_key_reuse_t *reuse, const char *hash,
                                const char *pem, apr_gid_t gid,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(reuse, hash, ptemp);
    const acme_seal_label_t label = {.purpose = PURPOSE, .name = hash};
    unsigned char *sealed;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_seal(&sealed, &len, reuse->seal, &label, pem, strlen(pem),
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
