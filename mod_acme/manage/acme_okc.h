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
 * @file acme_okc.h
 * @brief An "other key and certificate": files that an administrator brings.
 */
#ifndef ACME_OKC_H
#define ACME_OKC_H

#include "acme_cert.h"

/**
 * Reads both files as mod_ssl will read them. Other things than certificates
 * may stand in the first; it may have expired; its names are not looked at.
 * @return APR_EINVAL and others, with what is wrong: mod_ssl, given these
 *         files, would stop the server
 */
apr_status_t acme_okc_read(const acme_cert_info_t **info, const char *cert_path,
                           const char *key_path, acme_problem_t *problem,
                           apr_pool_t *p);

#endif
