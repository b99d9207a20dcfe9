/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_store_fs_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/xattr.h>
#endif
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"

/* Flags to open a folder, and a file, without following a link. */
#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN_FILE   (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

#define SHARED_FOLDER (S_IRWXU | S_IRGRP | S_IXGRP)
#define SHARED_FILE   (S_IRUSR | S_IWUSR | S_IRGRP)

/* Folders are nested no deeper: archive/NAME/N. */
#define DEPTH_MAX 3

/* Most names of a folder that are looked at. */
#define NAMES_MAX 200000

/* The folders that the worker may read. All others but its own are root's
 * alone. */
static const char *const shared[] = {"outbox", "revoked", "reuse", "bundles",
                                     NULL};
static const char *const own[] = {"live",    "stash",   "import",
                                  "archive", "removed", "pinned",
                                  "waiting", "desired", NULL};

/* Folders of certificates. */
static const char *const places[] = {"live", "stash", "import", "archive",
                                     NULL};

static int is_place(const char *name)
{
    int i;

    for (i = 0; places[i] && strcmp(places[i], name) != 0; ++i) {
    }
    return places[i] != NULL;
}

static void note(acme_store_fs_root_t *root, const char *path, apr_pool_t *p)
{
    if (root->taken++ == 0) {
        root->path = apr_pstrdup(p, path);
    }
}

/* Removes the access control list of what is ours. Modes alone say who may do
 * what in a store: a list can keep the worker out of what its group or all may
 * read, and chmod() changes another entry then. A folder's default list would
 * come back with each new file. */
static void drop_acl(acme_store_fs_root_t *root, int fd, const struct stat *st)
{
#ifdef __linux__
    static const char *const kinds[] = {"system.posix_acl_access",
                                        "system.posix_acl_default", NULL};
    int i;

    for (i = 0; kinds[i] && st->st_uid == geteuid(); ++i) {
        if (fgetxattr(fd, kinds[i], NULL, 0) > 0
            && fremovexattr(fd, kinds[i]) == 0) {
            ++root->repaired;
        }
    }
#else
    (void)root;
    (void)fd;
    (void)st;
#endif
}

static int is_workers(const acme_store_fs_root_t *root, const struct stat *st)
{
    return geteuid() == 0 && root->uid != 0 && st->st_uid == root->uid;
}

/* Takes an open file or folder back, and the right to write from others. */
static void take(acme_store_fs_root_t *root, int fd, const struct stat *st,
                 const char *path, apr_pool_t *p)
{
    mode_t mode = S_ISDIR(st->st_mode) ? S_IRWXU : st->st_mode & 0755;

    if (fchown(fd, geteuid(), getegid()) == 0 && fchmod(fd, mode) == 0) {
        note(root, path, p);
    }
}

/* Takes the right to write in what is ours from others. */
static void close_to_others(acme_store_fs_root_t *root, int fd,
                            const struct stat *st)
{
    if (st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH))
        && fchmod(fd, st->st_mode & 0755) == 0) {
        ++root->repaired;
    }
}

/* Takes a file back. One with another name elsewhere is left alone, because it
 * may be somebody's own. */
static void take_file(acme_store_fs_root_t *root, int dirfd, const char *name,
                      const char *path, apr_pool_t *p)
{
    int fd = openat(dirfd, name, OPEN_FILE);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1) {
        if (is_workers(root, &st)) {
            take(root, fd, &st, path, p);
        }
        else {
            close_to_others(root, fd, &st);
        }
    }
    close(fd);
}

static void take_folder(acme_store_fs_root_t *root, int dirfd, const char *name,
                        const char *path, int depth, apr_pool_t *p);

static void take_entry(acme_store_fs_root_t *root, int dirfd, const char *name,
                       const char *path, int depth, apr_pool_t *p)
{
    struct stat st;

    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) {
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        if (depth < DEPTH_MAX) {
            take_folder(root, dirfd, name, path, depth + 1, p);
        }
    }
    else if (S_ISREG(st.st_mode)) {
        if (is_workers(root, &st) || (st.st_mode & (S_IWGRP | S_IWOTH))) {
            take_file(root, dirfd, name, path, p);
        }
    }
    else if (S_ISLNK(st.st_mode) && is_workers(root, &st)
             && fchownat(dirfd, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW)
                    == 0) {
        note(root, path, p);
    }
}

/* Takes what is in an open folder back. */
static void take_all(acme_store_fs_root_t *root, int fd, const char *path,
                     int depth, apr_pool_t *p)
{
    int n = 0, copy = dup(fd);
    const struct dirent *entry;
    apr_pool_t *each;
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);

    if (!dir) {
        if (copy >= 0) {
            close(copy);
        }
        return;
    }
    apr_pool_create(&each, p);
    while (n++ < NAMES_MAX && (entry = readdir(dir)) != NULL) {
        apr_pool_clear(each);
        if (strcmp(entry->d_name, ".") != 0
            && strcmp(entry->d_name, "..") != 0) {
            take_entry(root, fd, entry->d_name,
                       apr_pstrcat(each, path, "/", entry->d_name, NULL), depth,
                       p);
        }
    }
    apr_pool_destroy(each);
    closedir(dir);
}

/* Takes a folder back before what is in it, because its former owner can put
 * nothing more into it then. A folder of certificates that others can write is
 * closed by the caller, who says so. */
static void take_folder(acme_store_fs_root_t *root, int dirfd, const char *name,
                        const char *path, int depth, apr_pool_t *p)
{
    int fd = openat(dirfd, name, OPEN_FOLDER);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &st) == 0) {
        if (is_workers(root, &st)) {
            take(root, fd, &st, path, p);
        }
        else if (depth > 0 || !is_place(name)) {
            close_to_others(root, fd, &st);
        }
        if (depth == 0) {
            drop_acl(root, fd, &st);
        }
    }
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid()) {
        take_all(root, fd, path, depth, p);
    }
    close(fd);
}

/* Sets group and mode of an open file or folder that the worker may read. What
 * acmectl has made before the first start has another group, which is no
 * damage. */
static void share(acme_store_fs_root_t *root, int fd, mode_t mode)
{
    struct stat st;

    if (fstat(fd, &st) || st.st_uid != geteuid()
        || (S_ISREG(st.st_mode) && st.st_nlink != 1)) {
        return;
    }
    if (geteuid() == 0 && st.st_gid != root->gid
        && fchown(fd, (uid_t)-1, root->gid)) {
        return;
    }
    drop_acl(root, fd, &st);
    if ((st.st_mode & 07777) != mode && fchmod(fd, mode) == 0) {
        ++root->repaired;
    }
}

/* Sets groups and modes of a folder that the worker may read, and of the files
 * in it. */
static void share_folder(acme_store_fs_root_t *root, int dirfd,
                         const char *name)
{
    int n = 0, file, fd = openat(dirfd, name, OPEN_FOLDER);
    const struct dirent *entry;
    struct stat st;
    DIR *dir;

    if (fd < 0) {
        return;
    }
    share(root, fd, SHARED_FOLDER);
    dir = fstat(fd, &st) || st.st_uid != geteuid() ? NULL : fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    while (n++ < NAMES_MAX && (entry = readdir(dir)) != NULL) {
        if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW)
            || !S_ISREG(st.st_mode)) {
            continue;
        }
        file = openat(fd, entry->d_name, OPEN_FILE);
        if (file >= 0) {
            share(root, file, SHARED_FILE);
            close(file);
        }
    }
    closedir(dir);
}

/* Removes a lock that others can open, or could have held. No program of ours
 * holds such a one, and the next makes a new one. */
static void repair_lock(acme_store_fs_root_t *root, int dirfd)
{
    struct stat st;

    if (fstatat(dirfd, "lock", &st, AT_SYMLINK_NOFOLLOW) == 0
        && !S_ISDIR(st.st_mode)
        && (!S_ISREG(st.st_mode) || st.st_uid != geteuid()
            || (st.st_mode & (S_IRWXG | S_IRWXO)))
        && unlinkat(dirfd, "lock", 0) == 0) {
        ++root->repaired;
    }
}

/* Takes back the files that stand in the store itself, such as its secret. */
static void take_files(acme_store_fs_root_t *root, int dirfd, apr_pool_t *p)
{
    apr_array_header_t *names;
    struct stat st;
    int i;

    if (acme_file_list(&names, root->dir, p) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && !S_ISDIR(st.st_mode)) {
            take_entry(root, dirfd, name,
                       apr_pstrcat(p, root->dir, "/", name, NULL), 0, p);
        }
    }
}

void acme_store_fs_root_repair(acme_store_fs_root_t *root, apr_pool_t *p)
{
    int i, fd = open(root->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_pool_t *ptemp;
    struct stat st;

    if (fd < 0) {
        return;
    }
    apr_pool_create(&ptemp, p);
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid()) {
        drop_acl(root, fd, &st);
        repair_lock(root, fd);
        take_files(root, fd, p);
        for (i = 0; own[i]; ++i) {
            take_folder(root, fd, own[i],
                        apr_pstrcat(ptemp, root->dir, "/", own[i], NULL), 0, p);
        }
        for (i = 0; shared[i]; ++i) {
            share_folder(root, fd, shared[i]);
            take_folder(root, fd, shared[i],
                        apr_pstrcat(ptemp, root->dir, "/", shared[i], NULL), 0,
                        p);
            share_folder(root, fd, shared[i]);
        }
    }
    apr_pool_destroy(ptemp);
    close(fd);
}
