/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_spare.h
 * @brief Files of items that are gone, kept for the next items.
 *
 * While many sites get their certificates, most items live for a second, and
 * making and removing files costs most of the time, because a file system may
 * look through all recently removed files before it makes one. So a removed
 * file is kept under a name that no item has, and written again and renamed for
 * the next item. A reader that opens an item reads all of it or finds none. A
 * reader that opened the old item before may read a mixture, which the seal
 * detects. Used by acme_store_fs only; belongs to one thread at a time.
 */
#ifndef ACME_STORE_FS_SPARE_H
#define ACME_STORE_FS_SPARE_H

#include <apr_pools.h>

#include "acme_store.h"

typedef struct acme_store_fs_spare_t acme_store_fs_spare_t;

/** Makes an empty set of spare files.
 *  @param folder for the files; a later listing removes what a killed process
 *         leaves there */
acme_store_fs_spare_t *acme_store_fs_spare_create(const char *folder,
                                                  apr_pool_t *p);

/** Keeps the file of an item as a spare file, instead of removing it. Fails
 *  when there is no such file, when it has another link or is not a regular
 *  file of ours, and when there are enough spare files. */
apr_status_t acme_store_fs_spare_keep(acme_store_fs_spare_t *spare,
                                      const char *path, apr_pool_t *ptemp);

/** Writes the file of an item into a spare file. APR_ENOENT when there is none;
 *  on failure the item has not changed.
 *  @param sync BATCH is as LAZY here */
apr_status_t acme_store_fs_spare_write(acme_store_fs_spare_t *spare,
                                       const char *path, const void *data,
                                       apr_size_t len, acme_store_sync_e sync,
                                       apr_pool_t *ptemp);

/** Removes all spare files. */
void acme_store_fs_spare_drop(acme_store_fs_spare_t *spare);

#endif
