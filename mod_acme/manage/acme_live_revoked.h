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
 * @file acme_live_revoked.h
 * @brief Whether a certificate must never be put in place again.
 */
#ifndef ACME_LIVE_REVOKED_H
#define ACME_LIVE_REVOKED_H

#include "acme_live.h"
#include "acme_revoked.h"

/** One clause why not; NULL: it may be. */
const char *acme_live_barred(const acme_live_t *live,
                             const acme_cert_info_t *info, apr_pool_t *p);

/** The same of a generation's folder; NULL also when there is nothing that
 *  could be read. */
const char *acme_live_barred_dir(const acme_live_t *live, const char *dir,
                                 apr_pool_t *p);

/** The mark of what is live, if another one has to take its place; NULL: it
 *  has not. */
const acme_revoked_t *acme_live_lost(const acme_live_t *live,
                                     const acme_live_cert_t *cert,
                                     apr_pool_t *p);

#endif
