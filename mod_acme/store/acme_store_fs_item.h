/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_item.h
 * @brief An item as a file: one line, then the bytes.
 *
 * The line is "acme-store 1 VERSION", with the item's name in base64url behind
 * it where the file name was shortened. Used by acme_store_fs only.
 */
#ifndef ACME_STORE_FS_ITEM_H
#define ACME_STORE_FS_ITEM_H

#include "acme_store_fs_spare.h"

/** Sets the to_fix of a store's problem by its status: a file system that is
 *  full or read-only, or rights. */
void acme_store_fs_item_advise(acme_problem_t *problem, apr_status_t rv);

/** Sets "cannot WHAT PATH: ..." and returns rv. */
apr_status_t acme_store_fs_item_failed(acme_problem_t *problem, apr_status_t rv,
                                       const char *what, const char *path,
                                       apr_pool_t *p);

/**
 * Reads the item `name` from its file.
 * @return APR_ENOENT, without a problem; ACME_STORE_DAMAGED
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

/** Replaces or creates it, under a new version that lives in p. A folder in its
 *  place goes, or is renamed when there is something in it.
 *  @param put its kind and if_version are not looked at; BATCH is as LAZY here
 *  @param spare files to write into, or NULL */
apr_status_t acme_store_fs_item_write(const char **version, const char *path,
                                      const acme_store_put_t *put,
                                      acme_store_fs_spare_t *spare,
                                      acme_problem_t *problem, apr_pool_t *p,
                                      apr_pool_t *ptemp);

/** Success also when there was none. */
apr_status_t acme_store_fs_item_remove(const char *path, apr_pool_t *ptemp);

/** The name of the item that a file is by its file name and, where that was
 *  shortened, its first line. NULL when it is no item. */
const char *acme_store_fs_item_name(const char *path, const char *component,
                                    apr_pool_t *p, apr_pool_t *ptemp);

#endif
