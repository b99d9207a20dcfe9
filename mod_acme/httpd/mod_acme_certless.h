/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_certless.h
 * @brief Virtual hosts with TLS for which nobody has a certificate.
 *
 * mod_ssl ends the server at the next restart, a graceful one as well, when a
 * virtual host has SSLEngine on and no certificate. That is what is left when
 * ACMEDomain is removed from a site that had no SSLCertificateFile. configtest
 * warns of it, and such a virtual host goes on with the certificate that was
 * obtained for it before, which is not renewed. Where that was revoked, or is
 * damaged, it goes on with a placeholder and 503.
 */
#ifndef MOD_ACME_CERTLESS_H
#define MOD_ACME_CERTLESS_H

#include "mod_acme_sites.h"

/** Sets `certless` of all servers, and warns of them. The sites, if there are
 * any, were collected. */
void mod_acme_certless_check(acme_sites_t *sites);

/** Returns non-zero when a server without a certificate can go on, because it
 * had one. */
int mod_acme_certless_is_saved(const server_rec *s, apr_pool_t *ptemp);

/** ssl_add_cert_files: gives a server without a certificate its former one,
 * or a placeholder.
 * @param setup or NULL */
int mod_acme_certless_give(const acme_setup_t *setup, server_rec *s,
                           apr_pool_t *p, apr_array_header_t *cert_files,
                           apr_array_header_t *key_files);

#endif
