/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

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

/** Whether the locked file is still the one that others would lock. */
int acme_store_fs_lock_good(int fd, const char *path);

#endif
