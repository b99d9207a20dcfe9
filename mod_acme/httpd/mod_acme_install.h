/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_install.h
 * @brief Runs acme_install.h at startup: tells it what the configuration wants
 * of each site, and writes the record of what was deployed.
 *
 * post_config opens it. A site is decided when mod_ssl asks for the certificate
 * of its first virtual host, because that shows that the site has TLS. The
 * remaining sites are decided after mod_ssl has asked for all. The record is
 * written when nothing can fail any more. setup->install is NULL, and
 * nothing is changed, when the store cannot be used or another process
 * holds its lock.
 */
#ifndef MOD_ACME_INSTALL_H
#define MOD_ACME_INSTALL_H

#include "acme_lock.h"
#include "mod_acme_config.h"
#include "mod_acme_former.h"

typedef struct mod_acme_install_t mod_acme_install_t;

/** Takes the lock and reads the record of the last start.
 * @param vault or NULL */
void mod_acme_install_open(acme_setup_t *setup, acme_vault_t *vault,
                           apr_time_t now, apr_pool_t *ptemp);

/**
 * Handles a managed virtual host with TLS: decides its site unless that is
 * done.
 * @param cert_files, key_files the files in the configuration
 * @return non-zero: it gets the live certificate; else `fallback` is set
 */
int mod_acme_install_host(acme_fallback_t *fallback, acme_setup_t *setup,
                          server_rec *s, const apr_array_header_t *cert_files,
                          const apr_array_header_t *key_files,
                          apr_pool_t *ptemp);

/** Decides the site's certificate with the second kind of key.
 * @return non-zero: it is served too */
int mod_acme_install_second_key(acme_setup_t *setup,
                                const acme_site_cert_t *cert);

/**
 * Handles a virtual host whose site has ACMECertificateFile: stashes what was
 * obtained for the site.
 * @param cert_files, key_files the files that it serves
 */
void mod_acme_install_file(acme_setup_t *setup, server_rec *s,
                           const apr_array_header_t *cert_files,
                           const apr_array_header_t *key_files);

/** Handles a virtual host with TLS that is not managed. */
void mod_acme_install_other(acme_setup_t *setup, server_rec *s,
                            const apr_array_header_t *cert_files,
                            const apr_array_header_t *key_files);

/** Decides all sites that mod_ssl has not asked for. */
void mod_acme_install_rest(acme_setup_t *setup);

/** Writes the record and releases the lock, when the start has succeeded. */
void mod_acme_install_done(acme_setup_t *setup);

#endif
