/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

/**
 * @file acme_b64.h
 * @brief base64url without padding (RFC 4648 5, RFC 7515 2).
 */
#ifndef ACME_B64_H
#define ACME_B64_H

#include <apr_pools.h>

/** The text of len bytes. */
const char *acme_b64_encode(const void *data, apr_size_t len, apr_pool_t *p);

/** The bytes of a text; padding, white space and foreign characters are
 *  APR_EINVAL. A NUL follows the bytes, not counted in len. */
apr_status_t acme_b64_decode(unsigned char **data, apr_size_t *len,
                             const char *text, apr_pool_t *p);

#endif
