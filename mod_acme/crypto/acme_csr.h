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
 * @file acme_csr.h
 * @brief Certificate signing requests (RFC 2986, RFC 8555 7.4).
 */
#ifndef ACME_CSR_H
#define ACME_CSR_H

#include <apr_tables.h>

#include "acme_key.h"

/**
 * A CSR for these names: all in subjectAltName (dNSName or iPAddress), an
 * empty subject, signed with the key.
 * @param names canonical names, at least one
 * @param must_staple asks for the TLS feature extension (RFC 7633)
 * @param csr base64url of the DER, as `finalize` wants it
 */
apr_status_t acme_csr_create(const char **csr, const acme_key_t *key,
                             const apr_array_header_t *names, int must_staple,
                             acme_problem_t *problem, apr_pool_t *p);

#endif
