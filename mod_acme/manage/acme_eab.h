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
 * @file acme_eab.h
 * @brief The external account that an account at a CA is bound to, as the
 * configuration gives it: written there, or in a file that only root may read.
 *
 * The file is read at start, by root, and kept in memory. The key is shown
 * nowhere.
 */
#ifndef ACME_EAB_H
#define ACME_EAB_H

#include "acme_jws_eab.h"

typedef struct acme_eab_t {
    acme_jws_eab_t key; /**< its kid is NULL while the file was not read */
    const char *file;   /**< JSON, or NULL: it was written inline */
    const acme_problem_t *problem; /**< why the file is of no use, or NULL */
    const char *text; /**< as acme_eab_text(), where the key is not known; or
                           NULL */
} acme_eab_t;

/** Reads the file, if there is one; a failure is its problem. */
void acme_eab_load(acme_eab_t *eab, apr_pool_t *p);

/** Which external account: texts that are equal mean the same. Shows no
 *  secret. */
const char *acme_eab_name(const acme_eab_t *eab, apr_pool_t *p);

/** As acme_eab_name(), but another key for the same account is another text. */
const char *acme_eab_text(const acme_eab_t *eab, apr_pool_t *p);

#endif
