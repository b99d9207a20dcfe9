/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_repair.h
 * @brief Owners and modes of the worker's folders, as root sets them right at a
 * start, and as anybody can judge them.
 *
 * A copy of a store, or a chown -R, leaves files that the worker cannot open.
 * Root gives a file away only when it is proved to be an item of the store,
 * because httpd's user can rename any file into its folders: a file that root
 * owns there may be root's own. No link is followed, and a file with another
 * name elsewhere is left alone.
 */
#ifndef ACME_STORE_FS_REPAIR_H
#define ACME_STORE_FS_REPAIR_H

#include <apr_user.h>

#include "acme_store.h"

/** Returns non-zero when the bytes are an item that the store's owner has
 *  put. */
typedef int acme_store_fs_repair_is_item_fn(void *baton, const char *kind,
                                            const char *name,
                                            const acme_store_item_t *item,
                                            apr_pool_t *ptemp);

/** The repair of a store: the first five members are given. */
typedef struct acme_store_fs_repair_t {
    const char *dir;
    apr_uid_t uid; /**< the worker's */
    apr_gid_t gid;
    acme_store_fs_repair_is_item_fn *is_item;
    void *baton;

    int repaired;     /**< files whose owner or mode was set */
    int left;         /**< files of others that are no items of ours */
    const char *path; /**< of the first file that was left, or NULL */
} acme_store_fs_repair_t;

/** Repairs the files in all folders of the worker. For the start, before
 *  acme_store_fs_prepare() gives the folders away. A folder that belongs
 *  neither to root nor to the worker is passed over. */
void acme_store_fs_repair(acme_store_fs_repair_t *repair, apr_pool_t *p);

/**
 * Judges whether the worker could use the store now: owners and modes of its
 * folders and locks, a read-only file system, free space. Changes nothing, and
 * costs about twenty stat().
 * @param uid the worker's
 * @return an error with a problem whose to_fix is one command
 */
apr_status_t acme_store_fs_repair_check(const char *dir, apr_uid_t uid,
                                        acme_problem_t *problem, apr_pool_t *p);

#endif
