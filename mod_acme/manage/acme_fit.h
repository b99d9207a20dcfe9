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
 * @file acme_fit.h
 * @brief What a kept certificate is worth to a site: pure.
 *
 * That it parses, fits its key and loads is seen by who read it
 * (acme_live_get_at()); here it is about the site: its CA, its names, the time.
 * One that is not valid yet is taken for good: no CA issues such, so it is our
 * clock that is slow.
 */
#ifndef ACME_FIT_H
#define ACME_FIT_H

#include "acme_live.h"
#include "acme_site.h"
#include "acme_spec.h"

/**
 * @param cert NULL: ABSENT
 * @param issuer nonzero: its CA will do
 * @param why one clause, for anything but FULL
 */
acme_fit_e acme_fit(const char **why, const acme_live_cert_t *cert,
                    const acme_spec_t *spec, int issuer, apr_time_t now,
                    apr_pool_t *p);

/** Whether it is from the CA that the site is configured for. */
int acme_fit_issuer(const acme_live_cert_t *cert, const acme_spec_t *spec);

/** Whether its key is of the spec's kind: elliptic, or RSA of any size. */
int acme_fit_key(const acme_live_cert_t *cert, const acme_spec_t *spec);

#endif
