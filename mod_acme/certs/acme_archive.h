/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_archive.h
 * @brief The generations of one site's certificate: numbered folders, each
 * written whole.
 *
 * A generation is filled under a temporary name, synced, and then takes its
 * number in one step; it leaves its number in one step as well. So each
 * numbered folder is complete, whenever a writer is killed.
 */
#ifndef ACME_ARCHIVE_H
#define ACME_ARCHIVE_H

#include <apr_tables.h>

#include "acme_problem.h"

/** Largest number of a generation. */
#define ACME_ARCHIVE_MAX 999999999

typedef struct acme_archive_file_t {
    const char *name;
    const char *data;
} acme_archive_file_t;

/** The number that this text is, 0 when it is none. */
int acme_archive_version(const char *text);

/** Numbers (int) of all generations in a site's folder, ascending; none when
 *  there is no such folder. */
apr_status_t acme_archive_list(apr_array_header_t **numbers, const char *dir,
                               apr_pool_t *p);

/** Removes what a killed writer left behind. */
void acme_archive_tidy(const char *dir, apr_pool_t *ptemp);

/**
 * Writes a generation, files 0600; it and all of its files are on disk when
 * this returns. Leaves nothing behind when it fails.
 * @param files ends with one whose name is NULL
 */
apr_status_t acme_archive_write(const char *dir, int number,
                                const acme_archive_file_t *files,
                                acme_problem_t *problem, apr_pool_t *ptemp);

apr_status_t acme_archive_remove(const char *dir, int number,
                                 apr_pool_t *ptemp);

#endif
