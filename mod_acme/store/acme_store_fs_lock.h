/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store_fs_lock.h
 * @brief Lock files: a lock is held while its descriptor is open.
 *
 * The files stay when no lock is held, so that all processes lock the same
 * file. Used by acme_store_fs only.
 */
#ifndef ACME_STORE_FS_LOCK_H
#define ACME_STORE_FS_LOCK_H

#include <apr_errno.h>

/**
 * Opens and locks a file. Does not wait.
 * @param fd set on success; closing it releases the lock
 * @return APR_EBUSY when the lock is held already; APR_EINVAL when it is not a
 *         regular file
 */
apr_status_t acme_store_fs_lock(int *fd, const char *path);

/** Locks as acme_store_fs_lock() does, but waits for some seconds first. */
apr_status_t acme_store_fs_lock_wait(int *fd, const char *path);

/** Returns non-zero when the locked file is still the one of that path, which
 *  others would lock. */
int acme_store_fs_lock_good(int fd, const char *path);

#endif
