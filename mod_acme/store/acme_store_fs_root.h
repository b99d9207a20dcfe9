/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_root.h
 * @brief Owners and modes of what is root's in a store, set right at a start.
 *
 * A chown -R or a chmod -R inside of the store also meets the folders that root
 * keeps for itself, and those that the worker may only read. The store's own
 * folder must be root's before this is called: nobody else can have put other
 * folders into it then. No link is followed.
 */
#ifndef ACME_STORE_FS_ROOT_H
#define ACME_STORE_FS_ROOT_H

#include <apr_user.h>

#include "acme_store.h"

/** The repair: the first three members are given. */
typedef struct acme_store_fs_root_t {
    const char *dir;
    apr_uid_t uid; /**< the worker's */
    apr_gid_t gid;

    int repaired;     /**< files and folders whose mode was set, and locks that
                           others could have held */
    int taken;        /**< files and folders that belonged to the worker */
    const char *path; /**< of the first of these, or NULL */
} acme_store_fs_root_t;

/** Repairs the folders of root, and its files beside them. */
void acme_store_fs_root_repair(acme_store_fs_root_t *root, apr_pool_t *p);

#endif
