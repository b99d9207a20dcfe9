/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_b64.h
 * @brief base64url without padding (RFC 4648 5, RFC 7515 2).
 */
#ifndef ACME_B64_H
#define ACME_B64_H

#include <apr_pools.h>

/** Returns the base64url text of len bytes. */
const char *acme_b64_encode(const void *data, apr_size_t len, apr_pool_t *p);

/** Decodes a text. A NUL follows the bytes, not counted in len.
 *  @return APR_EINVAL when the text has padding, white space or any other
 *          character that is not of base64url */
apr_status_t acme_b64_decode(unsigned char **data, apr_size_t *len,
                             const char *text, apr_pool_t *p);

/** Decodes as acme_b64_decode(), and takes also what people copy: blanks around
 *  the text, padding, the other alphabet (RFC 4648 4), and bits in the last
 *  character that belong to no byte. */
apr_status_t acme_b64_decode_copied(unsigned char **data, apr_size_t *len,
                                    const char *text, apr_pool_t *p);

#endif
