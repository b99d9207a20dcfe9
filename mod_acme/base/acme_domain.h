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
 * @file acme_domain.h
 * @brief The domain that somebody has registered, above a name: CAs count by
 * it.
 */
#ifndef ACME_DOMAIN_H
#define ACME_DOMAIN_H

#include <apr_pools.h>

/**
 * "example.co.uk" for "*.www.example.co.uk", by the public suffix list of
 * libpsl. Without libpsl it is the last two labels, which takes more names for
 * one domain than there are. An IP address is its own.
 * @param name canonical (acme_ident.h)
 */
const char *acme_domain_registered(const char *name, apr_pool_t *p);

/** Whether the public suffix list is there. */
int acme_domain_is_exact(void);

#endif
