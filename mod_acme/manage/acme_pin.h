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
 * @file acme_pin.h
 * @brief A certificate that was rolled back to: kept until it is due.
 *
 * `acmectl rollback` notes the generation in pinned/NAME, root's. A site whose
 * live generation is that one is not renewed before the last tenth of its
 * life, or ACMERenewWindow where that is shorter, unless `acmectl renew` asks.
 * Another generation in its place ends it by itself.
 */
#ifndef ACME_PIN_H
#define ACME_PIN_H

#include "acme_problem.h"

apr_status_t acme_pin_set(const char *dir, const char *name, int generation,
                          acme_problem_t *problem, apr_pool_t *ptemp);

/** Success also when there was none. */
apr_status_t acme_pin_remove(const char *dir, const char *name,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** The generation, 0: none. */
int acme_pin_get(const char *dir, const char *name, apr_pool_t *ptemp);

#endif
