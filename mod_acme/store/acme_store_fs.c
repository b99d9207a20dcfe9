/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_store_fs.h"
#include "acme_store_fs_item.h"
#include "acme_store_fs_later.h"
#include "acme_store_fs_lock.h"
#include "acme_store_fs_spare.h"

#define LOCKS "locks"

/* Spare files are kept in this kind, because each worker lists it and so
 * removes what a killed worker left. */
#define SPARES ACME_STORE_CHALLENGES

/* Age, in seconds, of a temporary file whose writer must have ended. */
#define TEMP_AGE 3600

typedef struct fs_t {
    const char *dir;
    apr_pool_t *p;
    acme_store_fs_later_t *later; /* NULL before the first file */
    acme_store_fs_spare_t *spare; /* NULL before it is busy first */
    int busy;
} fs_t;

typedef struct fs_lease_t {
    acme_lease_t lease;
    apr_pool_t *p;
    const char *name;
    const char *path;
    int fd;
} fs_lease_t;

static const char *path_of(const fs_t *fs, const char *folder,
                           const char *component, apr_pool_t *p)
{
    return apr_pstrcat(p, fs->dir, "/", folder, "/", component, NULL);
}

const char *acme_store_fs_path(const acme_store_t *store, const char *kind,
                               const char *name, apr_pool_t *p)
{
    return path_of(store->self, kind, acme_file_name_encode(name, p), p);
}

/* ---- items ---- */

static apr_status_t fs_get(acme_store_item_t *item, acme_store_t *store,
                           const char *kind, const char *name,
                           acme_problem_t *problem, apr_pool_t *p)
{
    return acme_store_fs_item_read(
        item, acme_store_fs_path(store, kind, name, p), name, problem, p);
}

/* Waits for other writers of the kind, and keeps them out. */
static apr_status_t lock_kind(int *fd, const fs_t *fs, const char *kind,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const char *path =
        path_of(fs, LOCKS, apr_pstrcat(p, "kind.", kind, NULL), p);
    apr_status_t rv = acme_store_fs_lock_wait(fd, path);

    if (rv != APR_SUCCESS) {
        return acme_store_fs_item_failed(problem, rv, "lock", path, p);
    }
    return APR_SUCCESS;
}

/* Returns APR_EEXIST when the item is not at that version. */
static apr_status_t check_version(const char *path, const char *name,
                                  const char *if_version,
                                  acme_problem_t *problem, apr_pool_t *p,
                                  apr_pool_t *ptemp)
{
    acme_store_item_t item;
    apr_status_t rv =
        acme_store_fs_item_read(&item, path, name, problem, ptemp);

    if (rv == APR_ENOENT || rv == ACME_STORE_DAMAGED) {
        item.version = ACME_STORE_ABSENT;
    }
    else if (rv != APR_SUCCESS) {
        if (problem) {
            *problem = *acme_problem_dup(problem, p);
        }
        return rv;
    }
    return strcmp(if_version, item.version) == 0 ? APR_SUCCESS : APR_EEXIST;
}

static void sync_later(fs_t *fs, const char *path)
{
    if (!fs->later) {
        fs->later = acme_store_fs_later_create(fs->p);
    }
    acme_store_fs_later_add(fs->later, path);
}

static apr_status_t fs_put(const char **version, acme_store_t *store,
                           const acme_store_put_t *put, acme_problem_t *problem,
                           apr_pool_t *p)
{
    fs_t *fs = store->self;
    const char *path = acme_store_fs_path(store, put->kind, put->name, p);
    const char *written;
    apr_pool_t *ptemp;
    int fd;
    /* Lock for a write in any case, too, because it could get lost between the
     * check and the write of another process. */
    apr_status_t rv = lock_kind(&fd, fs, put->kind, problem, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&ptemp, p);
    if (put->if_version) {
        rv = check_version(path, put->name, put->if_version, problem, p, ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_store_fs_item_write(&written, path, put,
                                      fs->busy ? fs->spare : NULL, problem, p,
                                      ptemp);
    }
    if (rv == APR_SUCCESS && put->sync == ACME_STORE_BATCH) {
        sync_later(fs, path);
    }
    if (rv == APR_SUCCESS && version) {
        *version = written;
    }
    close(fd);
    apr_pool_destroy(ptemp);
    return rv;
}

static apr_status_t fs_del(acme_store_t *store, const char *kind,
                           const char *name, acme_problem_t *problem,
                           apr_pool_t *ptemp)
{
    fs_t *fs = store->self;
    const char *path = acme_store_fs_path(store, kind, name, ptemp);
    int fd;
    apr_status_t rv = lock_kind(&fd, fs, kind, problem, ptemp);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!fs->busy
        || acme_store_fs_spare_keep(fs->spare, path, ptemp) != APR_SUCCESS) {
        rv = acme_store_fs_item_remove(path, ptemp);
    }
    if (rv != APR_SUCCESS) {
        rv = acme_store_fs_item_failed(problem, rv, "remove", path, ptemp);
    }
    close(fd);
    return rv;
}

static apr_status_t fs_flush(acme_store_t *store, acme_problem_t *problem,
                             apr_pool_t *ptemp)
{
    const fs_t *fs = store->self;

    return fs->later ? acme_store_fs_later_flush(fs->later, problem, ptemp)
                     : APR_SUCCESS;
}

static void fs_busy(acme_store_t *store, int busy)
{
    fs_t *fs = store->self;

    if (busy && !fs->spare) {
        fs->spare = acme_store_fs_spare_create(
            apr_pstrcat(fs->p, fs->dir, "/", SPARES, NULL), fs->p);
    }
    if (!busy && fs->spare) {
        acme_store_fs_spare_drop(fs->spare);
    }
    fs->busy = busy;
}

/* ---- listing ---- */

/* Returns the name of the item in a file, or NULL when there is none. Removes
 * what killed writers have left. */
static const char *name_of(const char *path, const char *component,
                           apr_pool_t *p, apr_pool_t *ptemp)
{
    struct stat st;

    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return NULL;
    }
    if (strncmp(component, ACME_FILE_TEMP, strlen(ACME_FILE_TEMP)) == 0) {
        if (st.st_mtime < time(NULL) - TEMP_AGE) {
            (void)unlink(path);
        }
        return NULL;
    }
    return acme_store_fs_item_name(path, component, p, ptemp);
}

static apr_status_t fs_list(apr_array_header_t **names, acme_store_t *store,
                            const char *kind, acme_problem_t *problem,
                            apr_pool_t *p)
{
    const fs_t *fs = store->self;
    const char *folder = apr_pstrcat(p, fs->dir, "/", kind, NULL);
    apr_array_header_t *components;
    apr_array_header_t *result;
    apr_pool_t *ptemp;
    apr_pool_t *pitem;
    apr_status_t rv;
    int i;

    apr_pool_create(&ptemp, p);
    rv = acme_file_list(&components, folder, ptemp);
    if (rv != APR_SUCCESS) {
        rv = acme_store_fs_item_failed(problem, rv, "list", folder, p);
        apr_pool_destroy(ptemp);
        return rv;
    }
    apr_pool_create(&pitem, ptemp);
    result = apr_array_make(p, components->nelts + 1, sizeof(const char *));
    for (i = 0; i < components->nelts; i++) {
        const char *component = APR_ARRAY_IDX(components, i, const char *);
        const char *name =
            name_of(path_of(fs, kind, component, pitem), component, p, pitem);

        if (name && *name) {
            APR_ARRAY_PUSH(result, const char *) = name;
        }
        apr_pool_clear(pitem);
    }
    apr_pool_destroy(ptemp);
    *names = result;
    return APR_SUCCESS;
}

/* ---- leases ---- */

/* Closes the descriptor and does not unlock, because a copy of the process,
 * made by fork(), would end the lease of its parent by that. */
static apr_status_t lease_cleanup(void *data)
{
    fs_lease_t *own = data;

    if (own->fd >= 0) {
        close(own->fd);
        own->fd = -1;
    }
    return APR_SUCCESS;
}

static apr_status_t held_elsewhere(acme_problem_t *problem, const char *name,
                                   const char *path, apr_pool_t *p)
{
    return acme_problem_set(
        problem, APR_EBUSY, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
        "somebody else holds the lease \"%s\", a lock on %s", name, path);
}

static apr_status_t fs_lease(acme_lease_t **lease, acme_store_t *store,
                             const char *name, apr_interval_time_t ttl,
                             acme_problem_t *problem, apr_pool_t *p)
{
    const char *component =
        apr_pstrcat(p, "lease.", acme_file_name_encode(name, p), NULL);
    const char *path = path_of(store->self, LOCKS, component, p);
    fs_lease_t *own;
    apr_status_t rv;
    int fd;

    (void)ttl;
    rv = acme_store_fs_lock(&fd, path);
    if (rv == APR_EBUSY) {
        return held_elsewhere(problem, name, path, p);
    }
    if (rv != APR_SUCCESS) {
        return acme_store_fs_item_failed(problem, rv, "lock", path, p);
    }
    own = apr_pcalloc(p, sizeof(*own));
    own->lease.store = store;
    own->lease.self = own;
    own->p = p;
    own->name = apr_pstrdup(p, name);
    own->path = path;
    own->fd = fd;
    apr_pool_cleanup_register(p, own, lease_cleanup, apr_pool_cleanup_null);
    *lease = &own->lease;
    return APR_SUCCESS;
}

static apr_status_t fs_renew(acme_lease_t *lease, acme_problem_t *problem)
{
    const fs_lease_t *own = lease->self;

    /* The kernel keeps the lock of a file that was removed, but others then
     * lock a new file of that name. */
    if (own->fd < 0 || !acme_store_fs_lock_good(own->fd, own->path)) {
        return held_elsewhere(problem, own->name, own->path, own->p);
    }
    return APR_SUCCESS;
}

static void fs_release(acme_lease_t *lease)
{
    fs_lease_t *own = lease->self;

    apr_pool_cleanup_run(own->p, own, lease_cleanup);
}

/* ---- the handle ---- */

static void fs_stamp(acme_file_stamp_t *stamp, acme_store_t *store,
                     const char *kind, const char *name, apr_pool_t *ptemp)
{
    acme_file_stamp_read(stamp, acme_store_fs_path(store, kind, name, ptemp),
                         ACME_FILE_STAMP_LINK, ptemp);
}

static const acme_store_backend_t fs_backend = {
    "fs",     fs_get,     fs_put,   fs_del,  fs_list,  fs_lease,
    fs_renew, fs_release, fs_flush, fs_busy, fs_stamp,
};

apr_status_t acme_store_fs_open(acme_store_t **store, const char *dir,
                                acme_problem_t *problem, apr_pool_t *p)
{
    fs_t *fs;

    if (*dir == '\0') {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p,
                                "the store has no folder");
    }
    fs = apr_pcalloc(p, sizeof(*fs));
    fs->dir = apr_pstrdup(p, dir);
    fs->p = p;
    *store = apr_pcalloc(p, sizeof(**store));
    (*store)->backend = &fs_backend;
    (*store)->self = fs;
    return APR_SUCCESS;
}

/* ---- making room ---- */

/* Folders of the worker that belong to other users, for one message about all
 * of them. */
typedef struct strangers_t {
    const char *names; /* "accounts, jobs", or NULL */
    const char *paths;
    apr_uid_t uid; /* of the first */
    int several;   /* they do not all belong to the same user */
} strangers_t;

static void add_stranger(strangers_t *strangers, const char *dir,
                         const char *name, apr_uid_t uid, apr_pool_t *p)
{
    if (strangers->names && uid != strangers->uid) {
        strangers->several = 1;
    }
    if (!strangers->names) {
        strangers->uid = uid;
    }
    strangers->names = apr_pstrcat(p, strangers->names ? strangers->names : "",
                                   strangers->names ? ", " : "", name, NULL);
    strangers->paths = apr_pstrcat(p, strangers->paths ? strangers->paths : "",
                                   " ", dir, "/", name, NULL);
}

/* Sets the owner of a folder. Root gives away only a folder that belongs to
 * root: it was made just now, or by a start that was killed here, or the store
 * was given to root by a chown. */
static apr_status_t give(int fd, const char *path, apr_uid_t uid, apr_gid_t gid,
                         acme_problem_t *problem, apr_pool_t *p)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return acme_store_fs_item_failed(problem, errno, "look at", path, p);
    }
    if (geteuid() == 0 && (st.st_uid != uid || st.st_gid != gid)
        && fchown(fd, uid, gid) != 0) {
        return acme_store_fs_item_failed(problem, errno, "give away", path, p);
    }
    if ((st.st_mode & 07777) != S_IRWXU && fchmod(fd, S_IRWXU) != 0) {
        return acme_store_fs_item_failed(problem, errno, "set the mode of",
                                         path, p);
    }
    return APR_SUCCESS;
}

/* The worker's folders, while they are prepared. */
typedef struct rooms_t {
    const char *dir;
    apr_uid_t uid;
    apr_gid_t gid;
    strangers_t strangers;
    int made; /* a folder was made */
} rooms_t;

static apr_status_t prepare_folder(rooms_t *rooms, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, rooms->dir, "/", name, NULL);
    apr_status_t rv = APR_SUCCESS;
    struct stat st;
    int fd;

    if (mkdir(path, S_IRWXU) == 0) {
        rooms->made = 1;
    }
    else if (errno != EEXIST) {
        return acme_store_fs_item_failed(problem, errno, "make", path, p);
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return acme_store_fs_item_failed(problem, errno, "open", path, p);
    }
    if (geteuid() == 0 && fstat(fd, &st) == 0 && st.st_uid != 0
        && st.st_uid != rooms->uid) {
        add_stranger(&rooms->strangers, rooms->dir, name, st.st_uid, p);
    }
    else {
        rv = give(fd, path, rooms->uid, rooms->gid, problem, p);
    }
    close(fd);
    return rv;
}

static apr_status_t refuse_strangers(const rooms_t *rooms,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    const strangers_t *strangers = &rooms->strangers;

    (void)acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
        "in %s, %s belongs to user %lu%s, but the server runs as user %lu",
        rooms->dir, strangers->names, (unsigned long)strangers->uid,
        strangers->several ? " and others" : "", (unsigned long)rooms->uid);
    if (problem) {
        problem->to_fix = apr_psprintf(
            p, "chown -R %lu:%lu%s, then restart (apachectl graceful)",
            (unsigned long)rooms->uid, (unsigned long)rooms->gid,
            strangers->paths);
    }
    return APR_EACCES;
}

apr_status_t acme_store_fs_prepare(const char *dir, apr_uid_t uid,
                                   apr_gid_t gid, acme_problem_t *problem,
                                   apr_pool_t *ptemp)
{
    apr_status_t rv = APR_SUCCESS;
    rooms_t rooms;
    int i;

    memset(&rooms, 0, sizeof(rooms));
    rooms.dir = dir;
    rooms.uid = uid;
    rooms.gid = gid;
    for (i = 0; rv == APR_SUCCESS && acme_store_kinds[i]; i++) {
        rv = prepare_folder(&rooms, acme_store_kinds[i], problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = prepare_folder(&rooms, LOCKS, problem, ptemp);
    }
    if (rv == APR_SUCCESS && rooms.strangers.names) {
        rv = refuse_strangers(&rooms, problem, ptemp);
    }
    if (rv == APR_SUCCESS && rooms.made) {
        rv = acme_file_sync_dir(dir, ptemp);
        if (rv != APR_SUCCESS) {
            return acme_store_fs_item_failed(problem, rv, "sync", dir, ptemp);
        }
    }
    return rv;
}
