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
 * @file mod_acme_quiet.h
 * @brief The shared memory of quiet jobs (acme_quiet.h), which outlives the
 * generations of a server.
 */
#ifndef MOD_ACME_QUIET_H
#define MOD_ACME_QUIET_H

#include "mod_acme_config.h"

/** In the last post_config of a start: setup->quiet, with what the generation
 *  before knew of the sites that are still there. NULL where there is no
 *  memory to share. */
void acme_quiet_prepare(acme_setup_t *setup);

#endif
