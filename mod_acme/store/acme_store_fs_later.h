/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_later.h
 * @brief Files that are to be on disk soon, all of them at once.
 *
 * A disk takes about as long for one as for many. Used by acme_store_fs only;
 * belongs to one thread at a time.
 */
#ifndef ACME_STORE_FS_LATER_H
#define ACME_STORE_FS_LATER_H

#include <apr_pools.h>

#include "acme_problem.h"

typedef struct acme_store_fs_later_t acme_store_fs_later_t;

acme_store_fs_later_t *acme_store_fs_later_create(apr_pool_t *p);

/** The file, and its name in its folder. */
void acme_store_fs_later_add(acme_store_fs_later_t *later, const char *path);

/** Waits until all of them are on disk. Those that are gone again are not
 *  missed. On failure none is safe; they are not tried again. */
apr_status_t acme_store_fs_later_flush(acme_store_fs_later_t *later,
                                       acme_problem_t *problem, apr_pool_t *p);

#endif
