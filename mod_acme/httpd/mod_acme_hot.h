/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_hot.h
 * @brief Serves new certificates with no restart (ACMEActivation hot).
 *
 * Startup makes the shared table (acme_hot_table.h) and sets OpenSSL's
 * certificate callback in the SSL_CTX of each managed virtual host. When the
 * worker has staged a certificate, it checks and announces it; each child then
 * takes it from the store at the site's next handshake or request, checks it as
 * root would (acme_hot_check.h), and keeps it in memory. Root makes it live
 * meanwhile (mod_acme_promoter.h). A certificate that a child cannot serve is
 * left for a graceful restart, and the status says why.
 */
#ifndef MOD_ACME_HOT_H
#define MOD_ACME_HOT_H

#include "acme_json.h"
#include "mod_acme_config.h"

struct ssl_st;
struct ssl_ctx_st;

/** For startup, when it is known what each site has: makes the table. */
void mod_acme_hot_prepare(acme_setup_t *setup, apr_pool_t *ptemp);

/** mod_ssl's optional hook init_server, after all others: sets the callback. */
int mod_acme_hot_init_server(server_rec *s, apr_pool_t *p, int is_proxy,
                             struct ssl_ctx_st *ctx);

/** child_init. */
void mod_acme_hot_child_init(apr_pool_t *pchild, server_rec *s);

/** process_connection, after mod_ssl's: notices when OpenSSL does not call the
 *  callback. */
int mod_acme_hot_connection(conn_rec *c);

/** For the worker: lets children serve the staged certificate with that
 *  fingerprint. Returns zero when it waits for a restart.
 *  @param baton acme_setup_t * */
int mod_acme_hot_swap(void *baton, int index, const char *fingerprint);

/** Returns non-zero when this process serves a certificate of the site that is
 *  not live yet. It takes it over first, if there is one. */
int mod_acme_hot_serves(const acme_setup_t *setup, const acme_site_t *site);

/** For the activator, which trusts nothing in it: returns non-zero when
 *  children serve the staged certificate. */
int mod_acme_hot_is_served(const acme_setup_t *setup, int index);

/** For the activator: returns non-zero while it is not settled yet whether
 *  children will serve a certificate that was staged just now.
 *  @param staged when it was staged */
int mod_acme_hot_is_pending(const acme_setup_t *setup, int index,
                            apr_time_t staged, apr_time_t now);

/** For the activator: returns a number that changes when a certificate is left
 *  for a restart. */
apr_uint32_t mod_acme_hot_refusals(const acme_setup_t *setup);

/** For the activator: the certificate is live by now; or root has not made it
 *  live, so that it waits for a restart. */
void mod_acme_hot_promoted(acme_setup_t *setup, int index);
void mod_acme_hot_refused(acme_setup_t *setup, int index);

/** For the worker: returns the site's inventory when root has made another
 *  certificate live since the last call, else NULL. It lives until root does so
 *  twice more.
 *  @param baton acme_setup_t * */
const acme_inventory_t *mod_acme_hot_look_again(void *baton, int index);

/** For pages: returns the site's inventory with the certificate that this
 *  process serves, in p. It takes it over first, if there is one. */
const acme_inventory_t *mod_acme_hot_inventory(const acme_setup_t *setup,
                                               int index, apr_pool_t *p);

/** For the status: the processes and what they serve, and a site; NULL when
 *  nothing is served so. */
acme_json_t *mod_acme_hot_report(const acme_setup_t *setup, apr_pool_t *p);
acme_json_t *mod_acme_hot_report_site(const acme_setup_t *setup, int index,
                                      apr_pool_t *p);

#endif
