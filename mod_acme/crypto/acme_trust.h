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
 * @file acme_trust.h
 * @brief Whether the world trusts a chain: the roots of this machine.
 */
#ifndef ACME_TRUST_H
#define ACME_TRUST_H

#include "acme_cert.h"

/**
 * Whether the chain leads to a root that OpenSSL trusts by default here (its
 * folder, or SSL_CERT_FILE and SSL_CERT_DIR), at `now`. APR_EACCES, and a
 * problem that says why, when it does not: a test CA's never does.
 */
apr_status_t acme_trust_check(const acme_chain_t *chain, apr_time_t now,
                              acme_problem_t *problem, apr_pool_t *ptemp);

#endif
