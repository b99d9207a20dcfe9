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
 * @file acme_owner.h
 * @brief Which server a store belongs to.
 *
 * A store has one server: two would take each other's sites for ones that are
 * gone. The first one that uses it leaves its name in the file "owner";
 * removing that file, as `acmectl adopt` does, leaves it to the next.
 */
#ifndef ACME_OWNER_H
#define ACME_OWNER_H

#include <apr_pools.h>

#include "acme_problem.h"

#define ACME_OWNER_FILE "owner"

/** What tells one server of a machine from another. */
typedef struct acme_owner_t {
    const char *server_root;
    const char *config;
    const char *pid_file;
} acme_owner_t;

/**
 * Makes the store ours, unless it is somebody else's. Root only.
 * @param dir the store's folder, which exists
 * @return APR_EACCES when it belongs to another server; `problem` says whose,
 *         and what to do
 */
apr_status_t acme_owner_claim(const acme_owner_t *mine, const char *dir,
                              acme_problem_t *problem, apr_pool_t *ptemp);

#endif
