/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_file_stamp.h
 * @brief What tells one version of a file from the next, by one stat().
 */
#ifndef ACME_FILE_STAMP_H
#define ACME_FILE_STAMP_H

#include <apr_file_info.h>

/** Plain: it may lie in shared memory. */
typedef struct acme_file_stamp_t {
    apr_ino_t inode; /**< 0: there is no such file */
    apr_dev_t device;
    apr_time_t mtime;
    apr_off_t size;
} acme_file_stamp_t;

/** Chooses, where `path` is a link, between its target and the link itself. */
typedef enum { ACME_FILE_STAMP_FOLLOW, ACME_FILE_STAMP_LINK } acme_file_stamp_e;

void acme_file_stamp_read(acme_file_stamp_t *stamp, const char *path,
                          acme_file_stamp_e how, apr_pool_t *ptemp);
int acme_file_stamp_same(const acme_file_stamp_t *a,
                         const acme_file_stamp_t *b);

#endif
