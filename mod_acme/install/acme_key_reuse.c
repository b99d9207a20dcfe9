/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_key_reuse.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_suitable.h"

#define FOLDER  "/reuse"
#define PURPOSE "reuse"

/* More than the PEM of any key that we make. */
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

const char *acme_key_reuse_hash(const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                const acme_job_t *job)
{
    const acme_certstore_cert_t *live = inventory->live;

    return spec->key_reuse && live && live->info->key_hash
                   && *live->info->key_hash && acme_suitable_key(live, spec)
                   && !acme_plan_revoked(inventory, job)
               ? live->info->key_hash
               : NULL;
}

int acme_key_reuse_is_refused(const acme_problem_t *problem)
{
    return problem
           && (acme_problem_is(problem, "badPublicKey")
               || acme_problem_is(problem, "badCSR"));
}

static const char *path_of(const acme_key_reuse_t *reuse, const char *hash,
                           apr_pool_t *p)
{
    return apr_pstrcat(p, reuse->folder, "/", hash, NULL);
}

apr_status_t acme_key_reuse_get(const char **pem, const acme_key_reuse_t *reuse,
                                const char *hash, apr_pool_t *p)
{
    apr_size_t sealed_len, len;
    char *sealed, *text;

    if (acme_file_read(&sealed, &sealed_len, path_of(reuse, hash, p), MOST, p)
        || acme_seal_open(&text, &len, reuse->seal, PURPOSE, hash, sealed,
                          sealed_len, NULL, p)) {
        return APR_ENOENT;
    }
    *pem = text;
    return APR_SUCCESS;
}

/* ---- root's side ---- */

/* Whether the worker gets it: it is sealed with the secret that counts, whole,
 * and of the worker's group. */
static int is_good(const acme_key_reuse_t *reuse, const char *hash,
                   apr_gid_t gid, apr_pool_t *ptemp)
{
    const char *pem;
    struct stat st;

    return !lstat(path_of(reuse, hash, ptemp), &st)
           && (geteuid() != 0 || st.st_gid == gid)
           && acme_key_reuse_get(&pem, reuse, hash, ptemp) == APR_SUCCESS;
}

/* Those that are there and wanted, and good; what nobody wants is removed. */
static apr_hash_t *tidy(const acme_key_reuse_t *reuse, apr_hash_t *wanted,
                        apr_gid_t gid, apr_pool_t *ptemp)
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

/* Where we are not root there is only one user. */
static apr_status_t give(const char *path, apr_gid_t gid)
{
    return geteuid() == 0 && lchown(path, (uid_t)-1, gid) ? errno : APR_SUCCESS;
}

static apr_status_t prepare(const acme_key_reuse_t *reuse, apr_gid_t gid,
                            apr_pool_t *ptemp)
{
    apr_status_t rv =
        acme_file_mkdir(reuse->folder,
                        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                            | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                        ptemp);

    return rv == APR_SUCCESS ? give(reuse->folder, gid) : rv;
}

static apr_status_t write_key(const acme_key_reuse_t *reuse, const char *hash,
                              const char *pem, apr_gid_t gid,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(reuse, hash, ptemp);
    unsigned char *sealed;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_seal(&sealed, &len, reuse->seal, PURPOSE, hash, pem, strlen(pem),
                   problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = prepare(reuse, gid, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_file_write(path, sealed, len,
                             APR_FPROT_UREAD | APR_FPROT_UWRITE
                                 | APR_FPROT_GREAD,
                             ACME_FILE_LAZY, ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = give(path, gid);
    }
    return rv == APR_SUCCESS
               ? rv
               : acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                  ACME_PROBLEM_STORE, ptemp,
                                  "%s cannot be written: %pm", path, &rv);
}

static void leave(const acme_key_reuse_t *reuse, const acme_spec_t *spec,
                  const char *hash, const acme_certstore_t *live, apr_gid_t gid,
                  const acme_log_t *log, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_bundle_t *bundle;

    if (acme_certstore_bundle(&bundle, live, ACME_PLACE_LIVE, spec->name,
                              &problem, ptemp)
        || write_key(reuse, hash, bundle->key_pem, gid, &problem, ptemp)) {
        acme_log(log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0852) "%s: its next certificate gets a new key, "
                                "although ACMEKeyReuse is on: %s",
                 spec->name, acme_problem_text(&problem, ptemp));
    }
}

void acme_key_reuse_leave(const acme_key_reuse_t *reuse,
                          const apr_array_header_t *specs,
                          const apr_array_header_t *inventories,
                          const acme_certstore_t *live, apr_gid_t gid,
                          const acme_log_t *log, apr_pool_t *ptemp)
{
    apr_hash_t *wanted = apr_hash_make(ptemp);
    apr_hash_t *there;
    apr_hash_index_t *hi;
    apr_pool_t *each;
    const char *hash;
    int i;

    for (i = 0; i < specs->nelts; ++i) {
        const acme_spec_t *spec = APR_ARRAY_IDX(specs, i, const acme_spec_t *);

        hash = acme_key_reuse_hash(
            spec, APR_ARRAY_IDX(inventories, i, const acme_inventory_t *),
            NULL);
        if (hash) {
            apr_hash_set(wanted, hash, APR_HASH_KEY_STRING, spec);
        }
    }
    there = tidy(reuse, wanted, gid, ptemp);
    apr_pool_create(&each, ptemp);
    for (hi = apr_hash_first(ptemp, wanted); hi; hi = apr_hash_next(hi)) {
        hash = apr_hash_this_key(hi);
        if (!apr_hash_get(there, hash, APR_HASH_KEY_STRING)) {
            leave(reuse, apr_hash_this_val(hi), hash, live, gid, log, each);
            apr_pool_clear(each);
        }
    }
    apr_pool_destroy(each);
}
