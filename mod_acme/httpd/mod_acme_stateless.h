/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_stateless.h
 * @brief ACMEHttp01Stateless: answers http-01 for another node that shares the
 * account.
 *
 * An http-01 answer is the token and the thumbprint of the account's key (RFC
 * 8555 8.1), so whoever knows the account can answer any token. Each child
 * keeps the thumbprints of the accounts in memory and looks at the store at
 * most every few seconds: what becomes of an account counts soon after, without
 * a restart. Only the thumbprint stays in memory, which is public, and not the
 * key.
 */
#ifndef MOD_ACME_STATELESS_H
#define MOD_ACME_STATELESS_H

#include "mod_acme_config.h"
#include "mod_acme_sites.h"

/** Sets whether a site has it, and warns of what that means: for check_config,
 *  after the site's types of challenges are known. */
void mod_acme_stateless_set(acme_sites_t *sites, const acme_config_t *config,
                            acme_spec_t *spec);

/** Finds the accounts, before any child is forked. */
void mod_acme_stateless_prepare(acme_setup_t *setup);

/**
 * Makes the key authorization for a token that the store does not have.
 * @param key_authorization set in p
 * @param vault of the calling thread
 * @param host in canonical form, for which a site was found
 * @return APR_ENOENT when the host's site does not have ACMEHttp01Stateless or
 *        has it by a wildcard only, when it is no token, or while there is no
 *        account
 */
apr_status_t mod_acme_stateless_answer(const char **key_authorization,
                                       const acme_setup_t *setup,
                                       acme_vault_t *vault, const char *host,
                                       const char *token, apr_pool_t *p);

#endif
