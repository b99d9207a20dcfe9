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
 * @file acmectl_revoke.h
 * @brief Which certificate acmectl revoke is about.
 */
#ifndef ACMECTL_REVOKE_H
#define ACMECTL_REVOKE_H

#include "acmectl.h"

typedef struct ctl_revoke_t {
    ctl_t *ctl;
    const char *name;        /**< it is filed under */
    const acme_spec_t *spec; /**< of its site, or NULL */
    const char *where;       /**< for people: "live" */
    int is_live;
    acme_chain_t *chain;
    const acme_cert_info_t *info;
    const char *ca_url; /**< or NULL */
    const char *key_path;
} ctl_revoke_t;

/** By name, --generation and --serial; zero: said why there is none. */
int ctl_revoke_find(ctl_revoke_t *revoke, const char *word);

/** Its key, which stays here; NULL: the problem says why. */
acme_key_t *ctl_revoke_key(const ctl_revoke_t *revoke, acme_problem_t *problem);

#endif
