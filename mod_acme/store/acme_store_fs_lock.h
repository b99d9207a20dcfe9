/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_lock.h
 * @brief Lock files: a lock is held while its descriptor is open.
 *
 * The files stay when nobody holds them, so that all lock the same one. Used
 * by acme_store_fs only.
 */
#ifndef ACME_STORE_FS_LOCK_H
#define ACME_STORE_FS_LOCK_H

#include <apr_errno.h>

/**
 * Opens and locks it, without waiting.
 * @param fd to close in the end; untouched on failure
 * @return APR_EBUSY when somebody else holds it; APR_EINVAL when it is no
 *         regular file
 */
apr_status_t acme_store_fs_lock(int *fd, const char *path);

/** As acme_store_fs_lock(), but waits some seconds before APR_EBUSY. */
apr_status_t acme_store_fs_lock_wait(int *fd, const char *path);

/** Returns non-zero when the locked file is still the one that others would
 *  lock. */
int acme_store_fs_lock_good(int fd, const char *path);

#endif
