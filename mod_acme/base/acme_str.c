/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_str.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

int acme_str_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Does not use tolower(), because that depends on the locale. */
char *acme_str_lower(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text);
    char *at;

    for (at = copy; *at; ++at) {
        if (*at >= 'A' && *at <= 'Z') {
            *at = (char)(*at - 'A' + 'a');
        }
    }
    return copy;
}

apr_array_header_t *acme_str_array_dup(const apr_array_header_t *strings,
                                       apr_pool_t *p)
{
    apr_array_header_t *copy =
        apr_array_make(p, strings->nelts + 1, sizeof(const char *));
    int i;

    for (i = 0; i < strings->nelts; ++i) {
        APR_ARRAY_PUSH(copy, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(strings, i, const char *));
    }
    return copy;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void acme_str_array_sort(apr_array_header_t *strings)
{
    qsort(strings->elts, (size_t)strings->nelts, sizeof(const char *),
          by_bytes);
}
