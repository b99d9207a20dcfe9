/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_seclevel.h
 * @brief OpenSSL's security level of a virtual host, from its directives.
 *
 * mod_ssl sets the ciphers before it loads the certificate, and with them the
 * security level. OpenSSL refuses a certificate below that level, and then the
 * server does not start.
 */
#ifndef MOD_ACME_SECLEVEL_H
#define MOD_ACME_SECLEVEL_H

#include <httpd.h>
#include <util_cfgtree.h>

/** The levels in one server's own directives; all 0 when there are none. */
typedef struct acme_seclevel_t {
    int has_suite; /**< has SSLCipherSuite, which replaces the main server's */
    int suite;     /**< level in SSLCipherSuite, or 0 */
    int command;   /**< level in SSLOpenSSLConfCmd CipherString, or 0 */
} acme_seclevel_t;

/** Notes the level in one directive, if it has one. */
void mod_acme_seclevel_note(acme_seclevel_t *level,
                            const ap_directive_t *directive, apr_pool_t *ptemp);

/** Returns the level of a virtual host, or 0 when none is written.
 * @param base the levels of the main server */
int mod_acme_seclevel_of(const acme_seclevel_t *level,
                         const acme_seclevel_t *base);

#endif
