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
 * @file mod_acme_surroundings.h
 * @brief Who else is in this server, and where it runs: check_config refuses
 * what cannot work beside us.
 */
#ifndef MOD_ACME_SURROUNDINGS_H
#define MOD_ACME_SURROUNDINGS_H

#include "mod_acme_sites.h"

/** Before the sites are collected; leaves sites->tree. */
void acme_surroundings_check(acme_sites_t *sites);

/** When the sites are known: who else wants their names. */
void acme_surroundings_check_sites(acme_sites_t *sites);

/** A path as httpd's children see it: inside of ChrootDir. What is not below
 *  it stands for the same path inside. NULL stays NULL. */
const char *acme_surroundings_inside(const char *path, apr_pool_t *p);

#endif
