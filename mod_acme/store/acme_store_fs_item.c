/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "acme_b64.h"
#include "acme_file.h"
#include "acme_store_fs_item.h"

#define MAGIC       "acme-store 1 "
#define VERSION_LEN 16

#define ITEM_MODE (APR_FPROT_UREAD | APR_FPROT_UWRITE)

void acme_store_fs_item_advise(acme_problem_t *problem, apr_status_t rv)
{
    if (!problem) {
        return;
    }
    if (rv == EROFS) {
        problem->to_fix = "make the file system of the store writable "
                          "(mount -o remount,rw)";
    }
    else if (rv == ENOSPC || rv == EDQUOT) {
        problem->to_fix = "make room on the file system of the store";
    }
    else if (rv == EPERM) {
        problem->to_fix = "look for files and folders of the store that must "
                          "not be changed (lsattr -R: i or a), and make them "
                          "ordinary ones (chattr -i -a)";
    }
    else if (rv == EACCES) {
        problem->to_fix = "restart the server (apachectl graceful): its start "
                          "gives what is the store's back to the server's user";
    }
}

apr_status_t acme_store_fs_item_failed(acme_problem_t *problem, apr_status_t rv,
                                       const char *what, const char *path,
                                       apr_pool_t *p)
{
    char text[120];

    (void)acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE,
                           p, "cannot %s %s: %s", what, path,
                           apr_strerror(rv, text, sizeof(text)));
    acme_store_fs_item_advise(problem, rv);
    return rv;
}

static apr_status_t damaged(acme_problem_t *problem, const char *path,
                            const char *why, apr_pool_t *p)
{
    return acme_problem_set(problem, ACME_STORE_DAMAGED, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "%s is damaged: %s", path,
                            why);
}

static int is_version(const char *text)
{
    return strspn(text, "0123456789abcdef") >= VERSION_LEN;
}

/* Returns the first line of an item; name is NULL if the file name has it. */
static const char *header(const char *version, const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, MAGIC, version, name ? " " : "",
                       name ? acme_b64_encode(name, strlen(name), p) : "", "\n",
                       NULL);
}

/* Returns the name if the first line must have it, because the file name was
 * shortened, else NULL. */
static const char *name_inside(const char *name, apr_pool_t *p)
{
    return acme_file_name_decode(acme_file_name_encode(name, p), p) ? NULL
                                                                    : name;
}

/* Refuses a first line that differs in any byte from what header() returns. */
apr_status_t acme_store_fs_item_parse(acme_store_item_t *item, char *bytes,
                                      apr_size_t len, const char *path,
                                      const char *name, acme_problem_t *problem,
                                      apr_pool_t *p)
{
    const apr_size_t at = strlen(MAGIC);
    const char *expected;

    if (len < at + VERSION_LEN || memcmp(bytes, MAGIC, at) != 0
        || !is_version(bytes + at)) {
        return damaged(problem, path, "it does not start as an item does", p);
    }
    item->version = apr_pstrmemdup(p, bytes + at, VERSION_LEN);
    expected = header(item->version, name_inside(name, p), p);
    if (strncmp(bytes, expected, strlen(expected)) != 0) {
        return damaged(problem, path, "its first line is not its own", p);
    }
    item->data = bytes + strlen(expected);
    item->len = len - strlen(expected);
    return APR_SUCCESS;
}

apr_status_t acme_store_fs_item_read(acme_store_item_t *item, const char *path,
                                     const char *name, acme_problem_t *problem,
                                     apr_pool_t *p)
{
    char *bytes;
    apr_size_t len;
    apr_status_t rv = acme_file_read(&bytes, &len, path, ACME_FILE_MAX, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv == APR_EINVAL || rv == ELOOP) {
        return damaged(problem, path, "it is no regular file", p);
    }
    if (rv == EFBIG) {
        return damaged(problem, path, "it is too large", p);
    }
    if (rv != APR_SUCCESS) {
        return acme_store_fs_item_failed(problem, rv, "read", path, p);
    }
    return acme_store_fs_item_parse(item, bytes, len, path, name, problem, p);
}

static apr_status_t make_version(const char **version, apr_pool_t *p)
{
    unsigned char bytes[VERSION_LEN / 2];
    apr_status_t rv = apr_generate_random_bytes(bytes, sizeof(bytes));
    char *text = apr_palloc(p, VERSION_LEN + 1);
    apr_size_t i;

    for (i = 0; rv == APR_SUCCESS && i < sizeof(bytes); i++) {
        apr_snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    *version = text;
    return rv;
}

/* Removes a folder in the place of an item, which only another program can have
 * made. Renames it to a name that no item has, if it is not empty. */
static apr_status_t clear_folder(const char *path, apr_pool_t *ptemp)
{
    const char *aside;
    apr_status_t rv;

    if (rmdir(path) == 0) {
        return APR_SUCCESS;
    }
    if (errno != ENOTEMPTY && errno != EEXIST) {
        return errno;
    }
    rv = make_version(&aside, ptemp);
    if (rv == APR_SUCCESS) {
        aside = apr_pstrcat(
            ptemp,
            apr_pstrmemdup(ptemp, path,
                           (apr_size_t)(strrchr(path, '/') + 1 - path)),
            ACME_FILE_TEMP, "folder-", aside, NULL);
        rv = rename(path, aside) == 0 ? APR_SUCCESS : errno;
    }
    return rv;
}

static int is_folder(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

apr_status_t acme_store_fs_item_remove(const char *path, apr_pool_t *ptemp)
{
    if (is_folder(path)) {
        return clear_folder(path, ptemp);
    }
    return unlink(path) == 0 || errno == ENOENT ? APR_SUCCESS : errno;
}

apr_status_t acme_store_fs_item_write(const char **version, const char *path,
                                      const acme_store_put_t *put,
                                      acme_store_fs_spare_t *spare,
                                      acme_problem_t *problem, apr_pool_t *p,
                                      apr_pool_t *ptemp)
{
    const char *first;
    apr_size_t at;
    char *bytes;
    apr_status_t rv = make_version(version, p);

    if (rv != APR_SUCCESS) {
        return acme_store_fs_item_failed(problem, rv, "draw a version for",
                                         path, p);
    }
    first = header(*version, name_inside(put->name, ptemp), ptemp);
    at = strlen(first);
    bytes = apr_palloc(ptemp, at + put->len + 1);
    memcpy(bytes, first, at);
    if (put->len) {
        memcpy(bytes + at, put->data, put->len);
    }
    rv = is_folder(path) ? clear_folder(path, ptemp) : APR_SUCCESS;
    if (rv != APR_SUCCESS) {
        return acme_store_fs_item_failed(problem, rv, "write", path, p);
    }
    rv = spare ? acme_store_fs_spare_write(spare, path, bytes, at + put->len,
                                           put->sync, ptemp)
               : APR_ENOENT;
    if (rv == APR_ENOENT) {
        rv = acme_file_write(path, bytes, at + put->len, ITEM_MODE,
                             put->sync == ACME_STORE_SYNC ? ACME_FILE_SYNC
                                                          : ACME_FILE_LAZY,
                             ptemp);
    }
    if (rv != APR_SUCCESS) {
        return acme_store_fs_item_failed(problem, rv, "write", path, p);
    }
    return APR_SUCCESS;
}

/* Returns the item's name in the first line of a file whose name was shortened,
 * or NULL. */
static const char *read_name(const char *path, const char *component,
                             apr_pool_t *p, apr_pool_t *ptemp)
{
    const apr_size_t at = strlen(MAGIC) + VERSION_LEN;
    unsigned char *name;
    apr_size_t name_len;
    apr_size_t len;
    char *bytes;
    char *end;

    if (acme_file_read(&bytes, &len, path, ACME_FILE_MAX, ptemp) != APR_SUCCESS
        || len <= at || bytes[at] != ' ') {
        return NULL;
    }
    end = memchr(bytes + at, '\n', len - at);
    if (!end) {
        return NULL;
    }
    *end = '\0';
    if (acme_b64_decode(&name, &name_len, bytes + at + 1, ptemp) != APR_SUCCESS
        || name_len != strlen((char *)name)
        || strcmp(acme_file_name_encode((char *)name, ptemp), component) != 0) {
        return NULL;
    }
    return apr_pstrdup(p, (char *)name);
}

const char *acme_store_fs_item_name(const char *path, const char *component,
                                    apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *name = acme_file_name_decode(component, p);

    return name ? name : read_name(path, component, p, ptemp);
}
