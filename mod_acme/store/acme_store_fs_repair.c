/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_store_fs_repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_store_fs_item.h"

#define LOCKS     "locks"
#define FILE_MODE (S_IRUSR | S_IWUSR)

/* Flags to open a folder of the worker: no link is followed. */
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Most names of a folder that are looked at. */
#define NAMES_MAX 200000

/* ---- the repair ---- */

/* Reads a file that is open. Returns zero when it is too large or cannot be
 * read. */
static int read_all(char **bytes, apr_size_t *len, int fd,
                    const struct stat *st, apr_pool_t *p)
{
    ssize_t got;

    if (st->st_size < 0 || st->st_size > ACME_FILE_MAX) {
        return 0;
    }
    *bytes = apr_palloc(p, (apr_size_t)st->st_size + 1);
    *len = 0;
    while (*len < (apr_size_t)st->st_size) {
        got = read(fd, *bytes + *len, (apr_size_t)st->st_size - *len);
        if (got <= 0) {
            return 0;
        }
        *len += (apr_size_t)got;
    }
    (*bytes)[*len] = '\0';
    return 1;
}

/* Returns non-zero when an open file, which has this name in its folder, is an
 * item of ours. */
static int is_item(const acme_store_fs_repair_t *repair, const char *kind,
                   const char *component, int fd, const struct stat *st,
                   apr_pool_t *ptemp)
{
    const char *path =
        apr_pstrcat(ptemp, repair->dir, "/", kind, "/", component, NULL);
    acme_store_item_t item;
    const char *name;
    apr_size_t len;
    char *bytes;

    if (!read_all(&bytes, &len, fd, st, ptemp)) {
        return 0;
    }
    name = acme_store_fs_item_name(path, component, ptemp, ptemp);
    return name
           && acme_store_fs_item_parse(&item, bytes, len, path, name, NULL,
                                       ptemp)
                  == APR_SUCCESS
           && repair->is_item(repair->baton, kind, name, &item, ptemp);
}

static void leave(acme_store_fs_repair_t *repair, const char *kind,
                  const char *component, apr_pool_t *p)
{
    if (repair->left++ == 0) {
        repair->path =
            apr_pstrcat(p, repair->dir, "/", kind, "/", component, NULL);
    }
}

/* Gives the file to the worker, with the mode that it has made it with. */
static void give(acme_store_fs_repair_t *repair, int fd, const struct stat *st)
{
    if ((st->st_uid != repair->uid || st->st_gid != repair->gid)
        && geteuid() == 0 && fchown(fd, repair->uid, repair->gid) != 0) {
        return;
    }
    if (fchmod(fd, FILE_MODE) == 0) {
        ++repair->repaired;
    }
}

/* Repairs a file of somebody else: root removes its own locks and temporary
 * files, because the worker makes new ones. */
static void repair_other(acme_store_fs_repair_t *repair, int dirfd,
                         const char *kind, const char *component, apr_pool_t *p,
                         apr_pool_t *ptemp)
{
    int fd = openat(dirfd, component,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != 0
        || geteuid() != 0) {
        leave(repair, kind, component, p);
    }
    else if (strcmp(kind, LOCKS) == 0 && (st.st_mode & 0006) == 0006) {
        /* Leave a lock that the worker can use: somebody may hold it. */
    }
    else if (strcmp(kind, LOCKS) == 0
             || strncmp(component, ACME_FILE_TEMP, strlen(ACME_FILE_TEMP))
                    == 0) {
        if (unlinkat(dirfd, component, 0) == 0) {
            ++repair->repaired;
        }
    }
    else if (st.st_nlink == 1
             && is_item(repair, kind, component, fd, &st, ptemp)) {
        give(repair, fd, &st);
    }
    else {
        leave(repair, kind, component, p);
    }
    if (fd >= 0) {
        close(fd);
    }
}

/* Sets the mode of a file of the worker, as the worker could itself. */
static void repair_mode(acme_store_fs_repair_t *repair, int dirfd,
                        const char *component)
{
    int fd = openat(dirfd, component,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
        && st.st_uid == repair->uid) {
        give(repair, fd, &st);
    }
    close(fd);
}

/* Repairs one file, if it needs that. */
static void repair_file(acme_store_fs_repair_t *repair, int dirfd,
                        const char *kind, const char *component, apr_pool_t *p,
                        apr_pool_t *ptemp)
{
    struct stat st;

    if (fstatat(dirfd, component, &st, AT_SYMLINK_NOFOLLOW)
        || !S_ISREG(st.st_mode)) {
        return;
    }
    if (st.st_uid != repair->uid) {
        repair_other(repair, dirfd, kind, component, p, ptemp);
    }
    else if ((st.st_mode & 07777) != FILE_MODE) {
        repair_mode(repair, dirfd, component);
    }
}

/* Reads the names one by one, and not without end, because httpd's user may
 * have made any number of files. */
static void repair_folder(acme_store_fs_repair_t *repair, const char *kind,
                          apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *path = apr_pstrcat(ptemp, repair->dir, "/", kind, NULL);
    const struct dirent *entry;
    apr_pool_t *each;
    struct stat st;
    int n = 0, fd = open(path, OPEN_FOLDER);
    DIR *dir;

    if (fd < 0) {
        return;
    }
    dir = fstat(fd, &st) || (st.st_uid != 0 && st.st_uid != repair->uid)
              ? NULL
              : fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    apr_pool_create(&each, ptemp);
    while (n++ < NAMES_MAX && (entry = readdir(dir)) != NULL) {
        apr_pool_clear(each);
        repair_file(repair, fd, kind, entry->d_name, p, each);
    }
    closedir(dir);
}

void acme_store_fs_repair(acme_store_fs_repair_t *repair, apr_pool_t *p)
{
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, p);
    for (i = 0; acme_store_kinds[i]; ++i) {
        repair_folder(repair, acme_store_kinds[i], p, ptemp);
        apr_pool_clear(ptemp);
    }
    repair_folder(repair, LOCKS, p, ptemp);
    apr_pool_destroy(ptemp);
}

/* ---- the check ---- */

static apr_status_t bad(acme_problem_t *problem, apr_status_t rv, apr_pool_t *p,
                        const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static apr_status_t bad(acme_problem_t *problem, apr_status_t rv, apr_pool_t *p,
                        const char *fmt, ...)
{
    va_list args;
    const char *text;

    va_start(args, fmt);
    text = apr_pvsprintf(p, fmt, args);
    va_end(args);
    (void)acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE,
                           p, "%s", text);
    acme_store_fs_item_advise(problem, rv);
    return rv;
}

static apr_status_t check_folder(const char *path, apr_uid_t uid,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    struct stat st;

    if (lstat(path, &st)) {
        /* The check may run as a user who must not look here. */
        return errno == ENOENT ? bad(problem, EACCES, p, "%s is missing", path)
                               : APR_SUCCESS;
    }
    if (!S_ISDIR(st.st_mode)) {
        return bad(problem, ENOTDIR, p, "%s is no folder", path);
    }
    if (st.st_uid != uid) {
        return bad(problem, EACCES, p,
                   "%s belongs to user %lu, not to the server's user %lu", path,
                   (unsigned long)st.st_uid, (unsigned long)uid);
    }
    if ((st.st_mode & S_IRWXU) != S_IRWXU) {
        return bad(problem, EACCES, p,
                   "%s has the mode %o, so the server cannot write there", path,
                   (unsigned int)st.st_mode & 07777);
    }
    return APR_SUCCESS;
}

/* Judges the files in locks/, of which there are few: whoever cannot open them
 * can write nothing. */
static apr_status_t check_locks(const char *folder, apr_uid_t uid,
                                acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *names;
    struct stat st;
    int i;

    if (acme_file_list(&names, folder, p)) {
        return APR_SUCCESS;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *path = apr_pstrcat(
            p, folder, "/", APR_ARRAY_IDX(names, i, const char *), NULL);

        /* A lock that all may open is as good. */
        if (lstat(path, &st) || !S_ISREG(st.st_mode)
            || (st.st_mode & 0006) == 0006) {
            continue;
        }
        if (st.st_uid != uid) {
            return bad(problem, EACCES, p,
                       "%s belongs to user %lu, not to the server's user %lu",
                       path, (unsigned long)st.st_uid, (unsigned long)uid);
        }
        if ((st.st_mode & FILE_MODE) != FILE_MODE) {
            return bad(problem, EACCES, p,
                       "%s has the mode %o, so the server cannot open it", path,
                       (unsigned int)st.st_mode & 07777);
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_store_fs_repair_check(const char *dir, apr_uid_t uid,
                                        acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    struct statvfs fs;
    int i;

    if (statvfs(dir, &fs) == 0) {
        if (fs.f_flag & ST_RDONLY) {
            return bad(problem, EROFS, p, "the file system of %s is read-only",
                       dir);
        }
        if (fs.f_blocks > 0 && fs.f_bavail == 0) {
            return bad(problem, ENOSPC, p, "the file system of %s is full",
                       dir);
        }
    }
    for (i = 0; rv == APR_SUCCESS && acme_store_kinds[i]; ++i) {
        rv = check_folder(apr_pstrcat(p, dir, "/", acme_store_kinds[i], NULL),
                          uid, problem, p);
    }
    if (rv == APR_SUCCESS) {
        const char *locks = apr_pstrcat(p, dir, "/" LOCKS, NULL);

        rv = check_folder(locks, uid, problem, p);
        if (rv == APR_SUCCESS) {
            rv = check_locks(locks, uid, problem, p);
        }
    }
    return rv;
}
