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
 * @file acme_live_cert.h
 * @brief A certificate that is live or kept for later, as acme_live.h finds
 * it.
 */
#ifndef ACME_LIVE_CERT_H
#define ACME_LIVE_CERT_H

#include "acme_cert.h"

/** One certificate of one site. */
typedef struct acme_live_cert_t {
    const acme_cert_info_t *info;
    const char *ca_url;    /**< or NULL */
    const char *profile;   /**< that was wanted of it, or NULL */
    apr_time_t obtained;   /**< or 0 */
    int generation;        /**< N */
    const char *cert_path; /**< fullchain.pem, through the pointer */
    const char *key_path;
    apr_time_t moved; /**< when the pointer was put where it is */
} acme_live_cert_t;

#endif
