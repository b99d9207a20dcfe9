/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_tls.h
 * @brief Which virtual hosts speak TLS, and with what certificates: as the
 * configuration reads, before mod_ssl tells.
 *
 * mod_ssl keeps this to itself until it asks for certificates at start, which
 * is too late for configtest. So its few directives are read from the tree of
 * the configuration, in one pass; at start both must agree.
 */
#ifndef MOD_ACME_TLS_H
#define MOD_ACME_TLS_H

#include "mod_acme_config.h"

/** Sets expect_tls, expect_certs and expect_inherited of all servers. */
void mod_acme_tls_expect(server_rec *server, apr_pool_t *p);

/** After mod_ssl has asked: says where it disagrees. */
void mod_acme_tls_compare(const acme_setup_t *setup);

#endif
