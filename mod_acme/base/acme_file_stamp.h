/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_file_stamp.h
 * @brief Stamps of files: notices with a stat() that a file has changed.
 */
#ifndef ACME_FILE_STAMP_H
#define ACME_FILE_STAMP_H

#include <apr_file_info.h>

/** Stamp of a file. It has no pointers, so that it can be in shared memory. */
typedef struct acme_file_stamp_t {
    apr_ino_t inode; /**< 0: the file does not exist */
    apr_dev_t device;
    apr_time_t mtime;
    apr_off_t size;
} acme_file_stamp_t;

/** Chooses between a link and its target. */
typedef enum { ACME_FILE_STAMP_FOLLOW, ACME_FILE_STAMP_LINK } acme_file_stamp_e;

/** Reads the stamp of a file; all members are 0 when it cannot be read. */
void acme_file_stamp_read(acme_file_stamp_t *stamp, const char *path,
                          acme_file_stamp_e how, apr_pool_t *ptemp);

/** Returns non-zero when both stamps are of the same version of a file. */
int acme_file_stamp_same(const acme_file_stamp_t *a,
                         const acme_file_stamp_t *b);

#endif
