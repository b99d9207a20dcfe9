/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_hooks.h
 * @brief The hook functions of the files of httpd/; mod_acme.c registers
 *  them.
 */
#ifndef MOD_ACME_HOOKS_H
#define MOD_ACME_HOOKS_H

#include "acme_server_state.h"
#include "mod_acme_config.h"

struct ssl_st;

/** check_config: makes specs from directives; refuses every mistake. */
int mod_acme_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s);

/** Creates, claims and opens the store; on an error sets setup->unusable to the
 * reason. */
void mod_acme_store_open(acme_setup_t *setup, apr_pool_t *ptemp);

/** post_config, before mod_ssl's: opens the store, promotes staged
 * certificates, makes the placeholder. */
int mod_acme_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                               apr_pool_t *ptemp, server_rec *s);

/** post_config, after mod_ssl's, when it is known what each site serves. */
int mod_acme_start_served(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s);

/** optional_fn_retrieve, which follows post_config at every start (pre_mpm does
 * not run at a graceful restart): nothing can fail any more, and no child runs
 * yet. */
void mod_acme_start_done(void);

/** ssl_add_cert_files: gives mod_ssl the files of a virtual host. */
int mod_acme_ssl_add_cert_files(server_rec *s, apr_pool_t *p,
                                apr_array_header_t *cert_files,
                                apr_array_header_t *key_files);

/** post_read_request: answers http-01 challenges by the Host header, before
 * everything else. */
int mod_acme_respond_challenge(request_rec *r);

/** Lets a virtual host with TLS know acme-tls/1, if check_config has said so:
 * for mod_acme_ssl_add_cert_files(), which is called for each of them. */
void mod_acme_alpn_allow(server_rec *s, apr_pool_t *p);

/** mod_ssl's optional hook pre_handshake: remembers the connection's SSL. */
int mod_acme_alpn_pre_handshake(conn_rec *c, struct ssl_st *ssl, int is_proxy);

/** Returns what mod_acme_alpn_pre_handshake() has remembered, or NULL. */
struct ssl_st *mod_acme_alpn_ssl(const conn_rec *c);

/** protocol_propose, protocol_switch, protocol_get: acme-tls/1. */
int mod_acme_alpn_propose(conn_rec *c, request_rec *r, server_rec *s,
                          const apr_array_header_t *offers,
                          apr_array_header_t *proposals);
int mod_acme_alpn_switch(conn_rec *c, request_rec *r, server_rec *s,
                         const char *protocol);
const char *mod_acme_alpn_get(const conn_rec *c);

/** ssl_answer_challenge: serves the certificates of tls-alpn-01. */
int mod_acme_alpn_answer(conn_rec *c, const char *server_name,
                         const char **cert_pem, const char **key_pem);

/** process_connection, after mod_ssl's, which is after the handshake: closes a
 * connection with acme-tls/1. */
int mod_acme_alpn_close(conn_rec *c);

/** handler, after the core's: takes acme-tls/1 out of the protocols that a
 * response offers for an upgrade. */
int mod_acme_alpn_unlist(request_rec *r);

/** post_read_request: 503 while a virtual host has no certificate. */
int mod_acme_respond_unavailable(request_rec *r);

/** post_read_request: redirects from http to https once the site serves a CA's
 * certificate. */
int mod_acme_respond_redirect(request_rec *r);

/** access_checker: the same for ACMERequireHttps in a section, which httpd has
 * found by now. */
int mod_acme_respond_redirect_section(request_rec *r);

/** Asks mod_watchdog for the worker's thread. */
apr_status_t mod_acme_watchdog_register(acme_setup_t *setup);
/** child_init, before mod_watchdog's. */
void mod_acme_watchdog_child_init(apr_pool_t *pchild, server_rec *s);
/** child_stopping. */
void mod_acme_watchdog_child_stopping(apr_pool_t *pchild, int graceful);

/** optional_fn_retrieve: remembers that this process makes the children. */
void mod_acme_early_parent(void);
/** child_init, before all others. */
void mod_acme_early_begun(apr_pool_t *pchild, server_rec *s);
/** child_stopping, before all others: ends a child that has not begun. */
void mod_acme_early_stopping(apr_pool_t *pchild, int graceful);

/** The activator: startup prepares it, then the monitor hook runs it. */
apr_status_t mod_acme_restart_prepare(acme_setup_t *setup, int promoted,
                                      apr_pool_t *ptemp);
int mod_acme_restart_monitor(apr_pool_t *p, server_rec *s);

/** For acmectl: reads its stamp and requests before startup changes anything,
 * and publishes the configuration when it is known what is served. */
void mod_acme_control_prepare(acme_setup_t *setup, apr_pool_t *ptemp);
void mod_acme_control_leave(acme_setup_t *setup, apr_pool_t *ptemp);

/** Returns "graceful", "hot" or "manual". */
const char *mod_acme_control_activation(const acme_setup_t *setup);

/** For acmectl: leaves the state of the server.
 *  @param activation has pending, blocked, blocked_at and next */
void mod_acme_control_state(const acme_setup_t *setup,
                            const acme_server_state_t *activation,
                            apr_pool_t *ptemp);

/** Handler acme-status; passes acme-metrics to mod_acme_metrics_handler(). */
int mod_acme_status_handler(request_rec *r);
/** Handler acme-metrics, called by mod_acme_status_handler(). */
int mod_acme_metrics_handler(request_rec *r);
/** mod_status's optional hook: adds the section of managed certificates. */
int mod_acme_status_section(request_rec *r, int flags);

/** Returns a log whose messages go to httpd's error log. */
const acme_log_t *mod_acme_log_httpd(server_rec *s, apr_pool_t *p);

#endif
