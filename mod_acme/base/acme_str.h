/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_str.h
 * @brief Strings and arrays of strings: comparing, copying, sorting.
 *
 * An array of strings has elements of type const char *, none NULL.
 */
#ifndef ACME_STR_H
#define ACME_STR_H

#include <apr_tables.h>

/** Returns non-zero when both strings are equal, or both are NULL. */
int acme_str_same(const char *a, const char *b);

/** Returns a copy in lower case; only A to Z change. */
char *acme_str_lower(const char *text, apr_pool_t *p);

/** Returns a copy of an array and of its strings. */
apr_array_header_t *acme_str_array_dup(const apr_array_header_t *strings,
                                       apr_pool_t *p);

/** Sorts an array in place, by bytes. */
void acme_str_array_sort(apr_array_header_t *strings);

#endif
