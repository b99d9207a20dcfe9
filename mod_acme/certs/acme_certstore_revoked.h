/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_revoked.h
 * @brief Whether a certificate must never be put in place again.
 */
#ifndef ACME_CERTSTORE_REVOKED_H
#define ACME_CERTSTORE_REVOKED_H

#include "acme_certstore.h"
#include "acme_blocklist.h"

/** One clause why not; NULL: it may be. */
const char *acme_certstore_refusal(const acme_certstore_t *live,
                                   const acme_cert_info_t *info, apr_pool_t *p);

/** The same of a generation's folder; NULL also when there is nothing that
 *  could be read. */
const char *acme_certstore_refusal_dir(const acme_certstore_t *live,
                                       const char *dir, apr_pool_t *p);

/** The mark of what is live, if another one has to take its place; NULL: it
 *  has not. */
const acme_blocklist_entry_t *
acme_certstore_revoked(const acme_certstore_t *live,
                       const acme_certstore_cert_t *cert, apr_pool_t *p);

#endif
