/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_spare.h
 * @brief Files of items that are gone, kept for the next items.
 *
 * While many sites get their certificates, most items live for a second, and
 * making and removing files costs most of the time, because a file system may
 * look through all recently removed files before it makes one. So a removed
 * file is kept under a name that no item has, written anew, and put in its
 * place by a rename: a reader still sees an item whole or not at all. A reader
 * that has opened the old item meanwhile may read a mixture, which the seal
 * detects. Used
 * by acme_store_fs only; belongs to one thread at a time.
 */
#ifndef ACME_STORE_FS_SPARE_H
#define ACME_STORE_FS_SPARE_H

#include <apr_pools.h>

#include "acme_store.h"

typedef struct acme_store_fs_spare_t acme_store_fs_spare_t;

/** @param folder where they are kept; what a killed process leaves there goes
 *         with a later listing */
acme_store_fs_spare_t *acme_store_fs_spare_create(const char *folder,
                                                  apr_pool_t *p);

/** Instead of removing the file of an item. Fails when there is none, when it
 *  is no file that only we know, and when there are enough. */
apr_status_t acme_store_fs_spare_keep(acme_store_fs_spare_t *spare,
                                      const char *path, apr_pool_t *ptemp);

/** The file of an item, written into one that was kept. APR_ENOENT when none is
 *  there; on failure the item has not changed.
 *  @param sync BATCH is as LAZY here */
apr_status_t acme_store_fs_spare_write(acme_store_fs_spare_t *spare,
                                       const char *path, const void *data,
                                       apr_size_t len, acme_store_sync_e sync,
                                       apr_pool_t *ptemp);

/** Removes all of them. */
void acme_store_fs_spare_drop(acme_store_fs_spare_t *spare);

#endif
