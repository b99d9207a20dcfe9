/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_tls.h
 * @brief Finds out from the configuration which virtual hosts use TLS and with
 *  what certificates, before mod_ssl tells.
 *
 * mod_ssl tells this only when it asks for certificates at start, which is too
 * late for configtest. So its few directives are read from the configuration
 * tree in one pass. At start both must agree.
 */
#ifndef MOD_ACME_TLS_H
#define MOD_ACME_TLS_H

#include "mod_acme_config.h"

/** Sets expect_tls, expect_certs, expect_inherited and chain_file of all
 * servers. */
void mod_acme_tls_expect(server_rec *server, apr_pool_t *p);

/** Logs the virtual hosts where mod_ssl disagrees, after it has asked for
 * certificates. */
void mod_acme_tls_compare(const acme_setup_t *setup);

#endif
