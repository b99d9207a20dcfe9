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
 * @file mod_acme_trust.h
 * @brief Who else may write in the folders that root reads certificates from.
 */
#ifndef MOD_ACME_TRUST_H
#define MOD_ACME_TRUST_H

#include "mod_acme_config.h"

/** Whether this folder is there, is ours, and ours alone to write. */
int acme_trust_is_ours(const char *dir);

/** Takes the right to write in it from all others, and says so. What is not
 *  there or not ours is left as it is. */
void acme_trust_close(const acme_setup_t *setup, const char *dir);

#endif
