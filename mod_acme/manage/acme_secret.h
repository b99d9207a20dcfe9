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
 * @file acme_secret.h
 * @brief The store's secret: 32 random bytes that everything sealed depends
 * on, root's (0600).
 */
#ifndef ACME_SECRET_H
#define ACME_SECRET_H

#include "acme_seal.h"

/**
 * Reads it. One that is there is never replaced, whatever it looks like.
 * @param make nonzero: makes one where there is none
 * @return APR_ENOENT, without a problem, when there is none
 */
apr_status_t acme_secret_open(acme_seal_t **seal, const char *dir, int make,
                              acme_problem_t *problem, apr_pool_t *p);

#endif
