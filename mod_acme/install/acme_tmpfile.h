/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_tmpfile.h
 * @brief Files that another part of this process reads soon, then nobody.
 *
 * A full or read-only file system must not keep them from being there: what
 * cannot be written in one place is written in the next, at last into memory.
 */
#ifndef ACME_TMPFILE_H
#define ACME_TMPFILE_H

#include "acme_problem.h"

/** How the names of its folders begin: a process that was killed leaves one. */
#define ACME_TMPFILE_PREFIX "placeholder."

typedef struct acme_tmpfile_t acme_tmpfile_t;

/** Folders to try, NULL at the end.
 *  @param dir the first, or NULL */
const char *const *acme_tmpfile_places(const char *dir, apr_pool_t *p);

/**
 * Nothing is made yet.
 * @param places folders; memory is the last one
 * @param p all files go when it is cleared
 */
acme_tmpfile_t *acme_tmpfile_create(const char *const *places, apr_pool_t *p);

/**
 * Writes a file, mode 0600.
 * @param path where it is; in p
 * @param name fit for a file's name, another one each time
 * @param problem says why the first place was of no use
 */
apr_status_t acme_tmpfile_write(const char **path, acme_tmpfile_t *tmp,
                                const char *name, const char *text,
                                acme_problem_t *problem, apr_pool_t *p);

#endif
