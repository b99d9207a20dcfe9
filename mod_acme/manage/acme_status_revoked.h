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
 * @file acme_status_revoked.h
 * @brief What the status says of a certificate that has to be replaced since
 * it is revoked.
 */
#ifndef ACME_STATUS_REVOKED_H
#define ACME_STATUS_REVOKED_H

#include "acme_plan.h"

/** For `state-descr`; NULL: the site's is not one. */
const char *acme_status_revoked_text(const acme_spec_t *spec,
                                     const acme_holding_t *holding,
                                     const acme_job_t *job, apr_pool_t *p);

/** The member `revoked`, or NULL: when, its reason, whether the CA has
 *  confirmed it. */
acme_json_t *acme_status_revoked(const acme_holding_t *holding,
                                 const acme_job_t *job, apr_pool_t *p);

#endif
