/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_blocklist.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_revoke.h"

#define FOLDER       "/revoked"
#define CTL_REQUESTS "/outbox"

/* How the name of a key's entry begins. */
#define OF_KEY "key-"

/* Most bytes of an entry. */
#define MARK_MAX 16384

/* Seconds in which a folder may change again without getting another time. */
#define UNSURE 2

struct acme_blocklist_t {
    const char *folder;
    apr_pool_t *p;
    apr_pool_t *pnames;
    apr_hash_t *names; /* of the files */
    struct timespec seen;
    ino_t inode;
    int unsure; /* the folder may have changed since `seen` */
};

/* ---- for root ---- */

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "%s cannot be read or written: %pm", path, &rv);
}

static apr_status_t give(const char *path, apr_gid_t gid)
{
    return geteuid() == 0 && lchown(path, (uid_t)-1, gid) && errno != ENOENT
               ? errno
               : APR_SUCCESS;
}

apr_status_t acme_blocklist_prepare(const char *dir, apr_gid_t gid,
                                    acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    apr_array_header_t *names;
    struct stat st;
    apr_status_t rv;
    int i;

    if (lstat(folder, &st) || st.st_gid == gid) {
        return APR_SUCCESS;
    }
    rv = give(folder, gid);
    if (rv == APR_SUCCESS) {
        rv = acme_file_list(&names, folder, ptemp);
    }
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        rv = give(apr_pstrcat(ptemp, folder, "/",
                              APR_ARRAY_IDX(names, i, const char *), NULL),
                  gid);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, rv, folder, ptemp);
}

static apr_status_t write_entry(const char *folder, const char *name,
                                const char *text, apr_gid_t gid,
                                acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, folder, "/", name, NULL);
    apr_status_t rv =
        acme_file_write(path, text, strlen(text),
                        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD,
                        ACME_FILE_SYNC, p);

    if (rv == APR_SUCCESS) {
        rv = give(path, gid);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, rv, path, p);
}

apr_status_t acme_blocklist_put(const char *dir,
                                const acme_blocklist_entry_t *revoked,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    const char *text =
        acme_json_print(acme_blocklist_entry_to_json(revoked, ptemp), 1, ptemp);
    apr_gid_t gid = (apr_gid_t)-1;
    struct stat st;
    apr_status_t rv;

    /* The worker's group is that of the requests' folder. */
    if (stat(apr_pstrcat(ptemp, dir, CTL_REQUESTS, NULL), &st) == 0) {
        gid = st.st_gid;
    }
    rv = acme_file_mkdir(folder,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                             | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                         ptemp);
    if (rv == APR_SUCCESS) {
        rv = give(folder, gid);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_file_sync_dir(dir, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, folder, ptemp);
    }
    /* The key comes first, because its entry refuses more: it is there when we
     * are killed between the two. */
    if (acme_blocklist_entry_is_compromised(revoked)) {
        rv = write_entry(folder,
                         apr_pstrcat(ptemp, OF_KEY, revoked->key_hash, NULL),
                         text, gid, problem, ptemp);
    }
    return rv == APR_SUCCESS ? write_entry(folder, revoked->fingerprint, text,
                                           gid, problem, ptemp)
                             : rv;
}

apr_status_t acme_blocklist_withdraw(const char *dir,
                                     const acme_blocklist_entry_t *revoked,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path;
    apr_status_t rv;

    if (acme_blocklist_entry_is_compromised(revoked)) {
        return APR_SUCCESS;
    }
    path = apr_pstrcat(ptemp, dir, FOLDER "/", revoked->fingerprint, NULL);
    rv = apr_file_remove(path, ptemp);
    return rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)
               ? APR_SUCCESS
               : failed(problem, rv, path, ptemp);
}

/* ---- for all processes ---- */

acme_blocklist_t *acme_blocklist_open(const char *dir, apr_pool_t *p)
{
    acme_blocklist_t *list = apr_pcalloc(p, sizeof(*list));

    list->p = p;
    list->folder = apr_pstrcat(p, dir, FOLDER, NULL);
    list->unsure = 1;
    apr_pool_create(&list->pnames, p);
    list->names = apr_hash_make(list->pnames);
    return list;
}

/* Reads the names of all entries, or makes one stat() when the folder has not
 * changed. */
static void look(acme_blocklist_t *list)
{
    apr_array_header_t *names;
    struct stat st;
    time_t now;
    int i;

    if (stat(list->folder, &st)) {
        memset(&st, 0, sizeof(st));
    }
    if (!list->unsure && st.st_ino == list->inode
        && st.st_mtim.tv_sec == list->seen.tv_sec
        && st.st_mtim.tv_nsec == list->seen.tv_nsec) {
        return;
    }
    now = time(NULL);
    list->seen = st.st_mtim;
    list->inode = st.st_ino;
    list->unsure = st.st_mtim.tv_sec <= now && now - st.st_mtim.tv_sec < UNSURE;
    apr_pool_clear(list->pnames);
    list->names = apr_hash_make(list->pnames);
    if (st.st_ino == 0
        || acme_file_list(&names, list->folder, list->pnames) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        apr_hash_set(list->names, name, APR_HASH_KEY_STRING, name);
    }
}

static int has(const acme_blocklist_t *list, const char *name)
{
    return apr_hash_get(list->names, name, APR_HASH_KEY_STRING) != NULL;
}

/* Reads an entry. A damaged one counts as confirmed, because the file's name
 * alone says that the certificate or key is listed. */
static const acme_blocklist_entry_t *read_entry(const acme_blocklist_t *list,
                                                const char *name,
                                                const acme_cert_info_t *info,
                                                int of_key, apr_pool_t *p)
{
    acme_blocklist_entry_t *revoked = NULL;
    acme_json_t *json;
    apr_size_t len;
    char *text;

    if (acme_file_read(&text, &len,
                       apr_pstrcat(p, list->folder, "/", name, NULL), MARK_MAX,
                       p)
            == APR_SUCCESS
        && acme_json_parse(&json, text, len, NULL, p) == APR_SUCCESS) {
        revoked = acme_blocklist_entry_from_json(json, p);
    }
    if (!revoked) {
        revoked = apr_pcalloc(p, sizeof(*revoked));
        revoked->name = "";
        revoked->fingerprint = info->fingerprint;
        revoked->key_hash = info->key_hash;
        revoked->reason = of_key ? ACME_REVOKE_KEY_COMPROMISE : 0;
        revoked->done = 1;
    }
    return revoked;
}

static const char *of_key(const char *key_hash, apr_pool_t *p)
{
    return key_hash && *key_hash ? apr_pstrcat(p, OF_KEY, key_hash, NULL) : "";
}

const acme_blocklist_entry_t *acme_blocklist_find(acme_blocklist_t *list,
                                                  const acme_cert_info_t *info,
                                                  apr_pool_t *p)
{
    const char *name;

    if (!list) {
        return NULL;
    }
    look(list);
    if (apr_hash_count(list->names) == 0) {
        return NULL;
    }
    if (has(list, info->fingerprint)) {
        return read_entry(list, info->fingerprint, info, 0, p);
    }
    name = of_key(info->key_hash, p);
    return has(list, name) ? read_entry(list, name, info, 1, p) : NULL;
}

int acme_blocklist_has_key(acme_blocklist_t *list, const char *key_hash)
{
    apr_pool_t *ptemp;
    int found;

    if (!list) {
        return 0;
    }
    look(list);
    apr_pool_create(&ptemp, list->p);
    found = has(list, of_key(key_hash, ptemp));
    apr_pool_destroy(ptemp);
    return found;
}
