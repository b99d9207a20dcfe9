/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_b64.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_errno.h>
#include <apr_strings.h>

const char *acme_b64_encode(const void *data, apr_size_t len, apr_pool_t *p)
{
    if (!len) {
        return "";
    }
    return apr_pencode_base64_binary(p, data, (apr_ssize_t)len,
                                     APR_ENCODE_BASE64URL, NULL);
}

apr_status_t acme_b64_decode(unsigned char **data, apr_size_t *len,
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
    /* APR accepts both alphabets, padding and stray bits in the last character,
     * so compare with the only text that these bytes encode to. */
    if (strcmp(acme_b64_encode(bytes, n, p), text)) {
        return APR_EINVAL;
    }
    bytes[n] = '\0';
    *data = bytes;
    *len = n;
    return APR_SUCCESS;
}
