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
 * @file acme_key_foreign.h
 * @brief Private keys as other ACME clients keep them.
 */
#ifndef ACME_KEY_FOREIGN_H
#define ACME_KEY_FOREIGN_H

#include "acme_json.h"
#include "acme_key.h"

/** From PEM that is encrypted with a passphrase of any bytes, or is not.
 *  APR_EINVAL when it does not open or holds no supported key. */
apr_status_t acme_key_from_locked_pem(acme_key_t **key, const char *pem,
                                      apr_size_t len, const void *pass,
                                      apr_size_t pass_len,
                                      acme_problem_t *problem, apr_pool_t *p);

/** From a private JWK (RFC 7517, RFC 7518 6): RSA, or EC on P-256 or P-384.
 *  The key must fit its own public part. */
apr_status_t acme_key_from_jwk(acme_key_t **key, const acme_json_t *jwk,
                               acme_problem_t *problem, apr_pool_t *p);

#endif
