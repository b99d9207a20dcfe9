/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_item.h
 * @brief An item as a file: a line, then the bytes.
 *
 * The line is "acme-store 1 VERSION", and if the file name was shortened, the
 * item's name in base64url follows. Used by acme_store_fs only.
 */
#ifndef ACME_STORE_FS_ITEM_H
#define ACME_STORE_FS_ITEM_H

#include "acme_store_fs_spare.h"

/** Sets the to_fix of a store's problem by its status: a file system that is
 *  full or read-only, or rights. */
void acme_store_fs_item_advise(acme_problem_t *problem, apr_status_t rv);

/** Fills a problem with "cannot WHAT PATH: ...". Returns rv. */
apr_status_t acme_store_fs_item_failed(acme_problem_t *problem, apr_status_t rv,
                                       const char *what, const char *path,
                                       apr_pool_t *p);

/**
 * Reads the item `name` from its file.
 * @return APR_ENOENT, which sets no problem; ACME_STORE_DAMAGED
 */
apr_status_t acme_store_fs_item_read(acme_store_item_t *item, const char *path,
                                     const char *name, acme_problem_t *problem,
                                     apr_pool_t *p);

/** Parses the bytes of the item's file; item->data points into them.
 *  @param path for the problem
 *  @return ACME_STORE_DAMAGED */
apr_status_t acme_store_fs_item_parse(acme_store_item_t *item, char *bytes,
                                      apr_size_t len, const char *path,
                                      const char *name, acme_problem_t *problem,
                                      apr_pool_t *p);

/** Writes or replaces an item under a new version, which lives in p. A folder
 *  in its place is removed, or renamed if it is not empty.
 *  @param put kind and if_version are ignored; BATCH is as LAZY here
 *  @param spare files to write into, or NULL */
apr_status_t acme_store_fs_item_write(const char **version, const char *path,
                                      const acme_store_put_t *put,
                                      acme_store_fs_spare_t *spare,
                                      acme_problem_t *problem, apr_pool_t *p,
                                      apr_pool_t *ptemp);

/** Removes an item. Success also when there is none. */
apr_status_t acme_store_fs_item_remove(const char *path, apr_pool_t *ptemp);

/** Returns the name of the item in a file, from the file name or, if that was
 *  shortened, from its first line. NULL when it is not an item. */
const char *acme_store_fs_item_name(const char *path, const char *component,
                                    apr_pool_t *p, apr_pool_t *ptemp);

#endif
