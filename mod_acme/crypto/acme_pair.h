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
 * @file acme_pair.h
 * @brief Whether the files of a certificate and its key load: files that are
 * none of ours, as mod_ssl will load them.
 */
#ifndef ACME_PAIR_H
#define ACME_PAIR_H

#include "acme_problem.h"

/**
 * A key that needs a pass phrase passes: nothing can be said of it.
 * @param key_file or cert_file again
 * @param level security level of OpenSSL that is asked for; with 0 nothing is
 *        refused for being weak
 */
apr_status_t acme_pair_check(const char *cert_file, const char *key_file,
                             int level, acme_problem_t *problem, apr_pool_t *p);

#endif
