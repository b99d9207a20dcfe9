/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_file.h
 * @brief Files as the store and the live set need them.
 *
 * Reading never follows a link, never blocks on a FIFO and never reads more
 * than it is told. Writing makes a temporary file in the same folder, then
 * renames: a reader sees the old bytes or the new, never a mixture.
 */
#ifndef ACME_FILE_H
#define ACME_FILE_H

#include <apr_file_info.h>
#include <apr_pools.h>
#include <apr_tables.h>

/** Most bytes that any file of ours may have. */
#define ACME_FILE_MAX (1024 * 1024)

/** How the names of temporary files and links begin: a crash may leave one
 *  behind. No encoded name (acme_file_name_encode()) begins like this. */
#define ACME_FILE_TEMP ".tmp-"

/**
 * Reads a whole regular file without following a link at its last component.
 * A NUL is put behind the bytes, not counted in len.
 * @return APR_ENOENT; ELOOP when it is a link; APR_EINVAL when it is no regular
 *         file (a folder, a FIFO, a socket, a device);
 *         EFBIG when it has more than max bytes
 */
apr_status_t acme_file_read(char **data, apr_size_t *len, const char *path,
                            apr_size_t max, apr_pool_t *p);

/** As acme_file_read(), but a link is followed: for paths that an
 *  administrator wrote. */
apr_status_t acme_file_read_linked(char **data, apr_size_t *len,
                                   const char *path, apr_size_t max,
                                   apr_pool_t *p);

/** Says whether acme_file_write() waits until the bytes and the folder's entry
 *  are on disk. */
typedef enum { ACME_FILE_LAZY, ACME_FILE_SYNC } acme_file_sync_e;

/**
 * Replaces or creates a file whole. A link at its last component is replaced,
 * not followed. On failure nothing has changed; only where the folder could not
 * be synced the new file is there already.
 * @param mode APR_FPROT_* bits (not octal), set exactly (no umask)
 */
apr_status_t acme_file_write(const char *path, const void *data, apr_size_t len,
                             apr_fileperms_t mode, acme_file_sync_e sync,
                             apr_pool_t *ptemp);

/** The group of who writes it. */
#define ACME_FILE_ANY_GROUP ((apr_gid_t)-1)

/** The same, of a group that may read it from the moment that it has its
 *  name. */
apr_status_t acme_file_write_for(apr_gid_t gid, const char *path,
                                 const void *data, apr_size_t len,
                                 apr_fileperms_t mode, acme_file_sync_e sync,
                                 apr_pool_t *ptemp);

/** Replaces or creates a symbolic link in one step: the pointer that flips. */
apr_status_t acme_file_link(const char *path, const char *target,
                            acme_file_sync_e sync, apr_pool_t *ptemp);

/**
 * Makes a folder, with mode (APR_FPROT_* bits) set exactly. One that is there
 * is success and keeps its mode.
 * @return APR_ENOTDIR when something else is there, be it a link to a folder
 */
apr_status_t acme_file_mkdir(const char *path, apr_fileperms_t mode,
                             apr_pool_t *ptemp);

/** Makes the entries of a folder durable. */
apr_status_t acme_file_sync_dir(const char *path, apr_pool_t *ptemp);

/** Names in a folder, without "." and "..", unsorted; leftovers of temporary
 *  files (ACME_FILE_TEMP) are among them. */
apr_status_t acme_file_list(apr_array_header_t **names, const char *path,
                            apr_pool_t *p);

/**
 * Removes a folder and what is in it; never follows a link.
 * @return APR_ENOENT; APR_ENOTDIR when it is no folder, or a link to one;
 *         APR_ENOTEMPTY when it is nested deeper than anything of ours
 */
apr_status_t acme_file_remove_tree(const char *path, apr_pool_t *ptemp);

/**
 * A name as one path component that can neither collide nor leave its folder:
 * a-z, 0-9, '-', '_' and '.' (but not as the first) stay, all other bytes
 * become %XX, so that file systems without case tell names apart; over 200
 * bytes the rest is replaced by its SHA-1.
 */
const char *acme_file_name_encode(const char *name, apr_pool_t *p);

/** The name behind an encoded component; NULL when it was shortened or is no
 *  encoded name. */
const char *acme_file_name_decode(const char *component, apr_pool_t *p);

#endif
