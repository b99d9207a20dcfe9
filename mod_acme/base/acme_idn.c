/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_idn.h"

#include <string.h>

#include <apr_strings.h>

#include "config.h"

#ifdef HAVE_LIBIDN2
#include <idn2.h>

apr_status_t acme_idn_to_ascii(const char **name, const char *text,
                               apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    char *found = NULL;

    if (idn2_to_ascii_8z(text, &found,
                         IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL
                             | IDN2_USE_STD3_ASCII_RULES)
        != IDN2_OK) {
        return APR_EINVAL;
    }
    /* A label of white space becomes empty instead of being refused. */
    if (found[0] == '.' || strstr(found, "..")) {
        rv = APR_EINVAL;
    }
    else {
        *name = apr_pstrdup(p, found);
    }
    idn2_free(found);
    return rv;
}
#else
apr_status_t acme_idn_to_ascii(const char **name, const char *text,
                               apr_pool_t *p)
{
    (void)name;
    (void)text;
    (void)p;
    return APR_ENOTIMPL;
}
#endif
