/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_b64.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_errno.h>
#include <apr_strings.h>

#define BLANKS " \t\r\n"

const char *acme_b64_encode(const void *data, apr_size_t len, apr_pool_t *p)
{
    if (!len) {
        return "";
    }
    return apr_pencode_base64_binary(p, data, (apr_ssize_t)len,
                                     APR_ENCODE_BASE64URL, NULL);
}

static apr_status_t decode(unsigned char **data, apr_size_t *len,
                           const char *text, apr_pool_t *p)
{
    apr_size_t text_len = strlen(text);
    unsigned char *bytes = apr_palloc(p, text_len / 4 * 3 + 4);
    apr_size_t n = 0;

    if (text_len
        && apr_decode_base64_binary(bytes, text, (apr_ssize_t)text_len,
                                    APR_ENCODE_NONE, &n)
               != APR_SUCCESS) {
        return APR_EINVAL;
    }
    bytes[n] = '\0';
    *data = bytes;
    *len = n;
    return APR_SUCCESS;
}

apr_status_t acme_b64_decode(unsigned char **data, apr_size_t *len,
                             const char *text, apr_pool_t *p)
{
    unsigned char *bytes;
    apr_size_t n;

    /* APR takes both alphabets, padding and stray bits in the last character;
     * only the one text that the bytes encode to is right */
    if (decode(&bytes, &n, text, p) != APR_SUCCESS
        || strcmp(acme_b64_encode(bytes, n, p), text)) {
        return APR_EINVAL;
    }
    *data = bytes;
    *len = n;
    return APR_SUCCESS;
}

/* Returns the text as base64url: without blanks around it and padding. */
static const char *as_base64url(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text + strspn(text, BLANKS));
    apr_size_t len = strlen(copy);
    char *c;

    while (len > 0 && strchr("=" BLANKS, copy[len - 1])) {
        copy[--len] = '\0';
    }
    for (c = copy; *c; ++c) {
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    }
    return copy;
}

apr_status_t acme_b64_decode_copied(unsigned char **data, apr_size_t *len,
                                    const char *text, apr_pool_t *p)
{
    const char *right;
    unsigned char *bytes;
    apr_size_t n;

    text = as_base64url(text, p);
    if (decode(&bytes, &n, text, p) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    /* Only the last character may have stray bits. */
    right = acme_b64_encode(bytes, n, p);
    if (strlen(right) != strlen(text)
        || (n > 0 && strncmp(right, text, strlen(text) - 1))) {
        return APR_EINVAL;
    }
    *data = bytes;
    *len = n;
    return APR_SUCCESS;
}
