/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_hooks.h
 * @brief What each unit of httpd/ hangs into the server; mod_acme.c registers
 * it all.
 */
#ifndef MOD_ACME_HOOKS_H
#define MOD_ACME_HOOKS_H

#include "mod_acme_config.h"

/** check_config: directives to specs; refuses every mistake. */
int mod_acme_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s);

/** Makes, claims and opens the store; setup->unusable says why it is of no
 *  use. */
void mod_acme_store_open(acme_setup_t *setup, apr_pool_t *ptemp);

/** post_config, before mod_ssl's: the store, what is staged, placeholder. */
int mod_acme_start_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                               apr_pool_t *ptemp, server_rec *s);

/** post_config, after mod_ssl's: what is served is known. */
int mod_acme_start_served(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *s);

/** optional_fn_retrieve, which follows post_config at every start (pre_mpm does
 *  not at a graceful one): nothing can fail any more, no child runs yet. */
void mod_acme_start_done(void);

/** ssl_add_cert_files: gives mod_ssl the files of a virtual host. */
int mod_acme_ssl_add_cert_files(server_rec *s, apr_pool_t *p,
                                apr_array_header_t *cert_files,
                                apr_array_header_t *key_files);

/** post_read_request: http-01, by Host, before everything else. */
int mod_acme_respond_challenge(request_rec *r);

/** post_read_request: 503 while a virtual host has no certificate. */
int mod_acme_respond_unavailable(request_rec *r);

/** post_read_request: from http to https, once the certificate is a CA's. */
int mod_acme_respond_redirect(request_rec *r);

/** Asks mod_watchdog for the worker's thread. */
apr_status_t mod_acme_watchdog_register(acme_setup_t *setup);
/** child_init, before mod_watchdog's. */
void mod_acme_watchdog_child_init(apr_pool_t *pchild, server_rec *s);
/** child_stopping. */
void mod_acme_watchdog_child_stopping(apr_pool_t *pchild, int graceful);

/** optional_fn_retrieve: this process makes the children. */
void mod_acme_early_parent(void);
/** child_init, the first. */
void mod_acme_early_begun(apr_pool_t *pchild, server_rec *s);
/** child_stopping, the first: ends a child that has not begun. */
void mod_acme_early_stopping(apr_pool_t *pchild, int graceful);

/** The activator: prepared by startup, then called by the monitor hook. */
apr_status_t mod_acme_restart_prepare(acme_setup_t *setup, int promoted,
                                      apr_pool_t *ptemp);
int mod_acme_restart_monitor(apr_pool_t *p, server_rec *s);

/** For acmectl: what startup looks at before it changes anything, and what it
 *  leaves when it knows what is served. */
void mod_acme_control_prepare(acme_setup_t *setup, apr_pool_t *ptemp);
void mod_acme_control_leave(acme_setup_t *setup, apr_pool_t *ptemp);

/** Handlers acme-status and acme-metrics. */
int mod_acme_status_handler(request_rec *r);
/** Handler acme-metrics, called where that is the handler. */
int mod_acme_metrics_handler(request_rec *r);
/** mod_status's optional hook. */
int mod_acme_status_section(request_rec *r, int flags);

/** A log whose messages go to httpd's error log. */
const acme_log_t *mod_acme_log_httpd(server_rec *s, apr_pool_t *p);

#endif
