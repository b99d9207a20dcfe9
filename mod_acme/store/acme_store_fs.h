/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs.h
 * @brief The store in a folder: the default backend.
 *
 * One folder per kind, one file per item, named by acme_file_name_encode(). A
 * file starts with a line, "acme-store 1 VERSION", then come the bytes. If the
 * file name was shortened, the line also has the item's name in base64url.
 * Leases, and locks that put writes of a kind in order, are flock()s on files
 * in locks/, which the kernel releases when their holder ends; readers need no
 * lock. A later acme_store_list() removes what a killed writer has left.
 *
 * When root opens the store it makes the folders and gives them to the worker
 * (mode 0700); what root sets right inside is in acme_store_fs_repair.h.
 */
#ifndef ACME_STORE_FS_H
#define ACME_STORE_FS_H

#include <apr_user.h>

#include "acme_store.h"

/**
 * Makes the folders that are missing. Called at start, before there is a
 * worker.
 * @param dir must exist
 * @param uid, gid the worker's; root gives it the folders that still belong to
 *        root
 * @return APR_EACCES when folders belong to another user; the problem names all
 *         of them, and the command that puts it right
 */
apr_status_t acme_store_fs_prepare(const char *dir, apr_uid_t uid,
                                   apr_gid_t gid, acme_problem_t *problem,
                                   apr_pool_t *ptemp);

/** Makes a handle. Does not access any file yet. */
apr_status_t acme_store_fs_open(acme_store_t **store, const char *dir,
                                acme_problem_t *problem, apr_pool_t *p);

/** Returns the path of an item, for callers that only stat() it. */
const char *acme_store_fs_path(const acme_store_t *store, const char *kind,
                               const char *name, apr_pool_t *p);

#endif
