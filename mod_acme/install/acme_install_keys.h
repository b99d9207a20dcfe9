/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_install_keys.h
 * @brief Leaves the live keys that are to be used again where the worker can
 * read them (acme_key_reuse.h).
 */
#ifndef ACME_INSTALL_KEYS_H
#define ACME_INSTALL_KEYS_H

#include "acme_certstore.h"
#include "acme_key_reuse.h"
#include "acme_log.h"

/**
 * For root at a start, when the live certificates are settled. Removes the keys
 * that no site uses again. A key that cannot be left is logged: the site's next
 * certificate is then for a new key.
 * @param certs acme_site_cert_t *
 * @param gid the worker's group
 */
void acme_install_keys(const acme_key_reuse_t *reuse,
                       const apr_array_header_t *certs,
                       const acme_certstore_t *certstore, apr_gid_t gid,
                       const acme_log_t *log, apr_pool_t *ptemp);

#endif
