/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_import_common.h
 * @brief Functions that the readers of acme_import.h share.
 */
#ifndef ACME_IMPORT_COMMON_H
#define ACME_IMPORT_COMMON_H

#include "acme_import.h"
#include "acme_json.h"

/** Most bytes of a file. */
#define ACME_IMPORT_COMMON_FILE_MAX (256 * 1024)

/** Creates an empty import. */
acme_import_t *acme_import_common_create(apr_pool_t *p);

void acme_import_common_skip(acme_import_t *found, const char *what,
                             const char *why, apr_pool_t *p);

/** Lists the names in a folder that do not begin with ".", sorted. The list is
 *  empty when there is no such folder. */
apr_array_header_t *acme_import_common_list(const char *dir, apr_pool_t *p);

/** Reads a text file, which is wiped with p; NULL: it cannot be read.
 *  @param linked nonzero: a link is followed */
const char *acme_import_common_read(const char *dir, const char *file,
                                    int linked, apr_pool_t *p);

/** Reads a file of JSON; NULL: it is no JSON object. */
acme_json_t *acme_import_common_json(const char *dir, const char *file,
                                     apr_pool_t *p);

/** Returns the text at a.b of an object, or at a when b is NULL; NULL: there is
 *  none. */
const char *acme_import_common_str(const acme_json_t *json, const char *a,
                                   const char *b, apr_pool_t *p);

/** Returns the first text of the array at a.b, or at a when b is NULL; NULL:
 *  there is none. */
const char *acme_import_common_first(const acme_json_t *json, const char *a,
                                     const char *b, apr_pool_t *p);

/** Adds an account, unless there is one for its CA and contact already.
 *  @return nonzero when the import has this account, or the other one */
int acme_import_common_account(acme_import_t *found, const char *what,
                               const acme_export_account_t *account,
                               apr_pool_t *p);

#endif
