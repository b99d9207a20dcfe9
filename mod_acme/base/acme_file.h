/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_file.h
 * @brief Reads and writes files of the store and of certificates.
 *
 * Reading never follows a link at the end of a path (but see
 * acme_file_read_linked()), never blocks on a FIFO and never reads more bytes
 * than the caller allows. Writing makes a temporary file in the same folder and
 * renames it, so that a reader sees the old bytes or the new ones, never a
 * mixture.
 */
#ifndef ACME_FILE_H
#define ACME_FILE_H

#include <apr_file_info.h>
#include <apr_pools.h>
#include <apr_tables.h>

/** Most bytes that are read of a file, unless its reader allows more. */
#define ACME_FILE_MAX (1024 * 1024)

/** Prefix of temporary files and links, which a crash may leave behind. No
 *  encoded name (acme_file_name_encode()) begins with it. */
#define ACME_FILE_TEMP ".tmp-"

/**
 * Reads a whole regular file. Does not follow a link at the last component of
 * the path. A NUL follows the bytes, not counted in len.
 * @return APR_ENOENT when there is no such file; ELOOP when it is a link;
 *         APR_EINVAL when it is not a regular file (a folder, a FIFO, a socket,
 *         a device); EFBIG when it has more than max bytes
 */
apr_status_t acme_file_read(char **data, apr_size_t *len, const char *path,
                            apr_size_t max, apr_pool_t *p);

/** Reads as acme_file_read() does, but follows links: for paths that an
 *  administrator wrote. */
apr_status_t acme_file_read_linked(char **data, apr_size_t *len,
                                   const char *path, apr_size_t max,
                                   apr_pool_t *p);

/** Chooses whether a function waits until the bytes and the folder's entry are
 *  on disk. */
typedef enum { ACME_FILE_LAZY, ACME_FILE_SYNC } acme_file_sync_e;

/**
 * Replaces or creates a whole file. A link at the last component of the path is
 * replaced, not followed. On failure nothing has changed, except that the new
 * file is in place when only the folder could not be synced.
 * @param mode APR_FPROT_* bits (not octal), set exactly (no umask)
 */
apr_status_t acme_file_write(const char *path, const void *data, apr_size_t len,
                             apr_fileperms_t mode, acme_file_sync_e sync,
                             apr_pool_t *ptemp);

/** Leaves the file to the group of the process. */
#define ACME_FILE_ANY_GROUP ((apr_gid_t)-1)

/** Writes as acme_file_write() does, and gives the file to a group before it
 *  gets its name. */
apr_status_t acme_file_write_for(apr_gid_t gid, const char *path,
                                 const void *data, apr_size_t len,
                                 apr_fileperms_t mode, acme_file_sync_e sync,
                                 apr_pool_t *ptemp);

/** Writes a file of root's that a group may read from the moment that it has
 *  its name, and makes its folder, for the same group, if there is none.
 *  Without root both stay the process's own, because there is only one user. */
apr_status_t acme_file_share(apr_gid_t gid, const char *path, const void *data,
                             apr_size_t len, apr_pool_t *ptemp);

/** Replaces or creates a symbolic link in one step. */
apr_status_t acme_file_link(const char *path, const char *target,
                            acme_file_sync_e sync, apr_pool_t *ptemp);

/**
 * Makes a folder, with mode (APR_FPROT_* bits) set exactly. A folder that
 * exists is success and keeps its mode.
 * @return APR_ENOTDIR when something else exists, such as a link to a folder
 */
apr_status_t acme_file_mkdir(const char *path, apr_fileperms_t mode,
                             apr_pool_t *ptemp);

/** Waits until the entries of a folder are on disk. */
apr_status_t acme_file_sync_dir(const char *path, apr_pool_t *ptemp);

/** Lists the names in a folder as const char *, unsorted, without "." and "..".
 *  Leftovers of temporary files (ACME_FILE_TEMP) are among them. */
apr_status_t acme_file_list(apr_array_header_t **names, const char *path,
                            apr_pool_t *p);

/**
 * Removes a folder and all that is in it; never follows a link.
 * @return APR_ENOENT when it does not exist; APR_ENOTDIR when it is not a
 *         folder, or is a link to one; APR_ENOTEMPTY when it is nested deeper
 *         than any folder of the store
 */
apr_status_t acme_file_remove_tree(const char *path, apr_pool_t *ptemp);

/** Removes temporary files, links and folders (ACME_FILE_TEMP) from a folder
 *  that nobody else may write, if they are so old that their writer is gone. A
 *  folder that cannot be read counts as empty. */
void acme_file_sweep(const char *path, apr_pool_t *ptemp);

/**
 * Encodes a name as a single path component. Different names never get the
 * same component, and none leads out of its folder: a-z, 0-9, '-', '_' and '.'
 * (except at the beginning) stay, all other bytes become %XX, so that file
 * systems that ignore case tell names apart. A component has at most 200 bytes:
 * a longer one is cut and ends in the SHA-1 of what was cut off.
 */
const char *acme_file_name_encode(const char *name, apr_pool_t *p);

/** Decodes a component. Returns NULL when it was shortened, or is not an
 *  encoded name. */
const char *acme_file_name_decode(const char *component, apr_pool_t *p);

#endif
