/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_suitable.h
 * @brief What a kept certificate is worth to a site: pure.
 *
 * That it parses, fits its key and loads is seen by who read it
 * (acme_certstore_get_at()); here it is about the site: its CA, its names, the
 * time. One that is not valid yet is taken for good: no CA issues such, so it
 * is our clock that is slow.
 */
#ifndef ACME_SUITABLE_H
#define ACME_SUITABLE_H

#include "acme_certstore.h"
#include "acme_site_decide.h"
#include "acme_spec.h"

/**
 * @param cert NULL: ABSENT
 * @param issuer nonzero: its CA will do
 * @param why one clause, for anything but FULL
 */
acme_suitable_e acme_suitable(const char **why,
                              const acme_certstore_cert_t *cert,
                              const acme_spec_t *spec, int issuer,
                              apr_time_t now, apr_pool_t *p);

/** Whether it is from the CA that the site is configured for. */
int acme_suitable_issuer(const acme_certstore_cert_t *cert,
                         const acme_spec_t *spec);

/** Whether its key is of the spec's kind: elliptic, or RSA of any size. */
int acme_suitable_key(const acme_certstore_cert_t *cert,
                      const acme_spec_t *spec);

#endif
