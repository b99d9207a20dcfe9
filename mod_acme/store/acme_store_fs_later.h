/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_later.h
 * @brief Syncs many files at once, later than they are written.
 *
 * It is used because a disk takes about as long to sync many files as to sync
 * one. Used by acme_store_fs only; belongs to one thread at a time.
 */
#ifndef ACME_STORE_FS_LATER_H
#define ACME_STORE_FS_LATER_H

#include <apr_pools.h>

#include "acme_problem.h"

typedef struct acme_store_fs_later_t acme_store_fs_later_t;

acme_store_fs_later_t *acme_store_fs_later_create(apr_pool_t *p);

/** Adds a file, which is synced with its entry in its folder. */
void acme_store_fs_later_add(acme_store_fs_later_t *later, const char *path);

/** Waits until all files that were added are on disk. Ignores files that were
 *  removed meanwhile. After a failure any of them may not be on disk; they are
 *  not tried again. */
apr_status_t acme_store_fs_later_flush(acme_store_fs_later_t *later,
                                       acme_problem_t *problem, apr_pool_t *p);

#endif
