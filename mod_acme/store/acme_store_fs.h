/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs.h
 * @brief The store in a folder: the default backend.
 *
 * One folder per kind, one file per item, named by acme_file_name_encode(). A
 * file starts with one line, "acme-store 1 VERSION", then the bytes; where the
 * file name had to be shortened, the line also has the item's name in
 * base64url. Leases and the order of writes are flock()s on files in locks/,
 * which the kernel drops with their holder; readers need no lock. What a killed
 * writer left behind is removed by a later acme_store_list().
 *
 * When root opens the store it makes the folders and gives them to the worker
 * (mode 0700); what root sets right inside is in acme_store_fs_repair.h.
 */
#ifndef ACME_STORE_FS_H
#define ACME_STORE_FS_H

#include <apr_user.h>

#include "acme_store.h"

/**
 * Makes the folders that are missing. Called at start, before any worker.
 * @param dir must exist
 * @param uid, gid the worker's, to whom root gives the folders that are still
 *        its own
 * @return APR_EACCES when folders belong to somebody else; the problem names
 *         all of them, and the command that mends it
 */
apr_status_t acme_store_fs_prepare(const char *dir, apr_uid_t uid,
                                   apr_gid_t gid, acme_problem_t *problem,
                                   apr_pool_t *ptemp);

/** A handle; touches nothing yet. */
apr_status_t acme_store_fs_open(acme_store_t **store, const char *dir,
                                acme_problem_t *problem, apr_pool_t *p);

/** The path of an item, for who only wants to stat() it. */
const char *acme_store_fs_path(const acme_store_t *store, const char *kind,
                               const char *name, apr_pool_t *p);

#endif
