/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_suitable.h
 * @brief The suitability of a kept certificate for a site: pure.
 *
 * acme_certstore_get_at() has checked that it parses, belongs to its key and
 * loads. Here it is compared with the site: CA, names, time. A certificate that
 * is not valid yet counts as valid: no CA issues such, so it is our clock that
 * is slow.
 */
#ifndef ACME_SUITABLE_H
#define ACME_SUITABLE_H

#include "acme_certstore.h"
#include "acme_site_decide.h"
#include "acme_spec.h"

/** Judges a certificate for a site.
 *  @param cert NULL: ABSENT
 *  @param issuer nonzero: its CA is accepted
 *  @param why one clause for people, for anything but FULL, in p; else NULL */
acme_suitable_e acme_suitable(const char **why,
                              const acme_certstore_cert_t *cert,
                              const acme_spec_t *spec, int issuer,
                              apr_time_t now, apr_pool_t *p);

/** Returns non-zero when the certificate is from a CA that the site is
 *  configured for. */
int acme_suitable_issuer(const acme_certstore_cert_t *cert,
                         const acme_spec_t *spec);

/** Returns what changed in the spec since the certificate was ordered, so that
 *  another one is needed now; NULL when nothing did. A certificate without a CA
 *  is left alone until it is due, because the spec that it was made for is not
 *  known. */
const char *acme_suitable_change(const acme_certstore_cert_t *cert,
                                 const acme_spec_t *spec, apr_pool_t *p);

/** Returns non-zero when its key is of the kind of the spec: elliptic, or RSA
 *  of any size. */
int acme_suitable_key(const acme_certstore_cert_t *cert,
                      const acme_spec_t *spec);

#endif
