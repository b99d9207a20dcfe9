/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_install.h
 * @brief Startup's side of acme_install.h: what the configuration wants of each
 * site, and the record of what was deployed.
 *
 * post_config opens it; a site is decided upon when mod_ssl asks for the
 * certificate of the first of its virtual hosts, which is how we learn that it
 * has TLS; when mod_ssl has asked for all, what is left is decided; the record
 * is written when nothing can fail any more. NULL, and so everything left as
 * it is, where the store is of no use or somebody works on it.
 */
#ifndef MOD_ACME_INSTALL_H
#define MOD_ACME_INSTALL_H

#include "acme_lock.h"
#include "mod_acme_config.h"

typedef struct mod_acme_install_t mod_acme_install_t;

/** What a virtual host gets that has no certificate of ours. */
typedef struct acme_fallback_t {
    const apr_array_header_t *cert_files; /**< NULL: a placeholder */
    const apr_array_header_t *key_files;
    int former; /**< it is not what the configuration says any more */
} acme_fallback_t;

/** Takes the lock, and what is left of the past.
 *  @param vault or NULL */
void mod_acme_install_open(acme_setup_t *setup, acme_vault_t *vault,
                           apr_time_t now, apr_pool_t *ptemp);

/**
 * A managed virtual host with TLS: decides upon its site, if that is not done.
 * @param cert_files, key_files what the configuration gives it
 * @return nonzero: it gets what is live; else `fallback` says what
 */
int mod_acme_install_host(acme_fallback_t *fallback, acme_setup_t *setup,
                          server_rec *s, const apr_array_header_t *cert_files,
                          const apr_array_header_t *key_files,
                          apr_pool_t *ptemp);

/** Its site's certificate for the further kind of key, by index of sites.
 *  @return nonzero: it is served too */
int mod_acme_install_second_key(acme_setup_t *setup, int index);

/**
 * One whose site has a certificate of the administrator's own: what was
 * obtained for it is put away.
 * @param cert_files, key_files what it gets
 */
void mod_acme_install_file(acme_setup_t *setup, server_rec *s,
                           const apr_array_header_t *cert_files,
                           const apr_array_header_t *key_files);

/** A virtual host with TLS that is not managed. */
void mod_acme_install_other(acme_setup_t *setup, server_rec *s,
                            const apr_array_header_t *cert_files,
                            const apr_array_header_t *key_files);

/** All that mod_ssl has not asked for. */
void mod_acme_install_rest(acme_setup_t *setup);

/** The start has succeeded: writes the record, gives the lock back. */
void mod_acme_install_done(acme_setup_t *setup);

#endif
