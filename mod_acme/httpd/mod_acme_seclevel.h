/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_seclevel.h
 * @brief OpenSSL's security level of a virtual host, as it is written.
 *
 * mod_ssl sets the ciphers before it loads the certificate, and with them the
 * level below which OpenSSL loads none: what does not meet it ends the server.
 */
#ifndef MOD_ACME_SECLEVEL_H
#define MOD_ACME_SECLEVEL_H

#include <httpd.h>
#include <util_cfgtree.h>

/** What one server's own directives say; all 0: nothing. */
typedef struct acme_seclevel_t {
    int has_suite; /**< SSLCipherSuite is written: the main one is replaced */
    int suite;     /**< and asks for this level, or 0 */
    int command;   /**< of SSLOpenSSLConfCmd CipherString, or 0 */
} acme_seclevel_t;

/** Takes in what one directive says of it, if anything. */
void mod_acme_seclevel_note(acme_seclevel_t *level,
                            const ap_directive_t *directive, apr_pool_t *ptemp);

/** The level of a virtual host, 0: none is written.
 *  @param base of the main server */
int mod_acme_seclevel_of(const acme_seclevel_t *level,
                         const acme_seclevel_t *base);

#endif
