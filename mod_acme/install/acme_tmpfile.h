/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_tmpfile.h
 * @brief Files that another part of this process reads soon, and nobody after
 * that.
 *
 * A full or read-only file system must not prevent them: a file that cannot be
 * written in one place is written in the next. Memory is the last place,
 * because each file there needs a file descriptor as long as it lives, and a
 * start may need thousands of files.
 */
#ifndef ACME_TMPFILE_H
#define ACME_TMPFILE_H

#include "acme_problem.h"

/** How the names of its folders begin. A killed process leaves such a folder
 *  behind. */
#define ACME_TMPFILE_PREFIX "placeholder."

/** A set of files. */
typedef struct acme_tmpfile_t acme_tmpfile_t;

/** Returns the folders to try, NULL at the end.
 *  @param dir the first of them, or NULL */
const char *const *acme_tmpfile_places(const char *dir, apr_pool_t *p);

/**
 * Makes an empty set; nothing is written yet.
 * @param places folders to try, NULL at the end, before memory
 * @param p all files are removed when it is cleared
 */
acme_tmpfile_t *acme_tmpfile_create(const char *const *places, apr_pool_t *p);

/**
 * Writes a file, mode 0600.
 * @param path of the file, in p
 * @param name a valid file name, another one each time
 * @param problem says what was wrong with the first place
 */
apr_status_t acme_tmpfile_write(const char **path, acme_tmpfile_t *tmp,
                                const char *name, const char *text,
                                acme_problem_t *problem, apr_pool_t *p);

#endif
