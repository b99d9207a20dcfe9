/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_import_common.h
 * @brief What the readers of acme_import.h share.
 */
#ifndef ACME_IMPORT_COMMON_H
#define ACME_IMPORT_COMMON_H

#include "acme_import.h"
#include "acme_json.h"

/** Most bytes of one file of theirs. */
#define ACME_IMPORT_COMMON_FILE_MAX (256 * 1024)

/** An empty one. */
acme_import_t *acme_import_common_create(apr_pool_t *p);

void acme_import_common_skip(acme_import_t *found, const char *what,
                             const char *why, apr_pool_t *p);

/** Names in a folder that could be entries, sorted: no "." first. None where
 *  there is no such folder. */
apr_array_header_t *acme_import_common_list(const char *dir, apr_pool_t *p);

/** A file whose text is wiped with p; NULL: it cannot be read.
 *  @param linked nonzero: a link is followed */
const char *acme_import_common_read(const char *dir, const char *file,
                                    int linked, apr_pool_t *p);

/** The same, parsed; NULL: it is no JSON object. */
acme_json_t *acme_import_common_json(const char *dir, const char *file,
                                     apr_pool_t *p);

/** The text at a.b of an object, or NULL. */
const char *acme_import_common_str(const acme_json_t *json, const char *a,
                                   const char *b, apr_pool_t *p);

/** The first text of the array at a.b, or NULL; b may be NULL. */
const char *acme_import_common_first(const acme_json_t *json, const char *a,
                                     const char *b, apr_pool_t *p);

/**
 * Adds an account, unless there is one for its CA and contact already.
 * @return nonzero when it, or that one, is there
 */
int acme_import_common_account(acme_import_t *found, const char *what,
                               const acme_export_account_t *account,
                               apr_pool_t *p);

#endif
