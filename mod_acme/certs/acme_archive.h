/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_archive.h
 * @brief The versions of one site's certificate: numbered folders, each
 * written whole.
 *
 * A version is filled under a temporary name, synced, and then gets its number
 * by one rename; it loses its number by one rename as well. So each numbered
 * folder is complete, whenever a writer is killed.
 */
#ifndef ACME_ARCHIVE_H
#define ACME_ARCHIVE_H

#include <apr_tables.h>

#include "acme_problem.h"

/** Largest number of a version. */
#define ACME_ARCHIVE_MAX 999999999

/** A file of a version. */
typedef struct acme_archive_file_t {
    const char *name;
    const char *data;
} acme_archive_file_t;

/** Reads a number as it stands in a folder's name or a link. Returns 0 when the
 *  text is no number of a version. */
int acme_archive_version(const char *text);

/** Lists the numbers (int) of all versions in a site's folder, ascending; an
 *  empty list when there is no such folder. */
apr_status_t acme_archive_list(apr_array_header_t **numbers, const char *dir,
                               apr_pool_t *p);

/** Removes the temporary files and folders of killed writers. */
void acme_archive_tidy(const char *dir, apr_pool_t *ptemp);

/**
 * Writes a version, files 0600; the folder and all of its files are on disk
 * when this returns. Leaves nothing behind when it fails.
 * @param files an entry whose name is NULL ends them
 */
apr_status_t acme_archive_write(const char *dir, int number,
                                const acme_archive_file_t *files,
                                acme_problem_t *problem, apr_pool_t *ptemp);

/** Removes a version. APR_ENOENT when there is none of that number. */
apr_status_t acme_archive_remove(const char *dir, int number,
                                 apr_pool_t *ptemp);

#endif
