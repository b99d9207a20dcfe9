/* SPDX-License-Identifier: Apache-2.0 */

/* The module's record, and its hooks in the order that each needs.
 * mod_acme_hooks.h says what each hook does. */
#include "mod_acme_hooks.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>
#include <mod_status.h>
#include <mpm_common.h>

#include "mod_acme_configtest_extra.h"
#include "mod_acme_hot.h"
#include "mod_acme_process.h"
#include "mod_acme_promote.h"
#include "mod_acme_promoter.h"

#if !AP_MODULE_MAGIC_AT_LEAST(20120211, 105)
#error "mod_acme needs httpd 2.4.48 or newer"
#endif

/* mod_ssl's optional hooks; their header is not installed everywhere. */
typedef int ssl_HOOK_pre_handshake_t(conn_rec *c, struct ssl_st *ssl,
                                     int is_proxy);
typedef int ssl_HOOK_init_server_t(server_rec *s, apr_pool_t *p, int is_proxy,
                                   struct ssl_ctx_st *ctx);

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    (void)pconf;
    mod_acme_process_begin(ap_server_conf->process);
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const before_ssl[] = {"mod_ssl.c", NULL};
    static const char *const before_watchdog[] = {"mod_watchdog.c", NULL};
    static const char *const after_ssl[] = {"mod_ssl.c", NULL};
    static const char *const before_http2[] = {"mod_http2.c", NULL};
    static const char *const after_core[] = {"core.c", NULL};

    (void)p;
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_config(mod_acme_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(mod_acme_configtest_extra_check, NULL, NULL,
                         APR_HOOK_LAST);
    ap_hook_check_config(mod_acme_promoter_check, NULL, NULL,
                         APR_HOOK_REALLY_LAST);
    ap_hook_post_config(mod_acme_start_post_config, NULL, before_ssl,
                        APR_HOOK_FIRST);
    ap_hook_post_config(mod_acme_promote_loaded, after_ssl, NULL,
                        APR_HOOK_MIDDLE);
    ap_hook_post_config(mod_acme_start_served, after_ssl, NULL, APR_HOOK_LAST);
    ap_hook_optional_fn_retrieve(mod_acme_start_done, NULL, NULL,
                                 APR_HOOK_REALLY_LAST);
    ap_hook_optional_fn_retrieve(mod_acme_early_parent, NULL, NULL,
                                 APR_HOOK_REALLY_LAST);
    ap_hook_ssl_add_cert_files(mod_acme_ssl_add_cert_files, NULL, NULL,
                               APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, pre_handshake, mod_acme_alpn_pre_handshake, NULL,
                      NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ssl, init_server, mod_acme_hot_init_server, NULL, NULL,
                      APR_HOOK_REALLY_LAST);
    ap_hook_protocol_propose(mod_acme_alpn_propose, NULL, NULL, APR_HOOK_LAST);
    /* Before mod_md's, which takes acme-tls/1 for any virtual host. */
    ap_hook_protocol_switch(mod_acme_alpn_switch, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_protocol_get(mod_acme_alpn_get, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_ssl_answer_challenge(mod_acme_alpn_answer, NULL, NULL,
                                 APR_HOOK_FIRST);
    ap_hook_process_connection(mod_acme_hot_connection, after_ssl, before_http2,
                               APR_HOOK_MIDDLE);
    ap_hook_process_connection(mod_acme_alpn_close, after_ssl, before_http2,
                               APR_HOOK_MIDDLE);
    ap_hook_child_init(mod_acme_early_begun, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_child_init(mod_acme_hot_child_init, NULL, before_watchdog,
                       APR_HOOK_FIRST);
    ap_hook_child_init(mod_acme_watchdog_child_init, NULL, before_watchdog,
                       APR_HOOK_FIRST);
#if AP_MODULE_MAGIC_AT_LEAST(20120211, 110)
    ap_hook_child_stopping(mod_acme_early_stopping, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_child_stopping(mod_acme_watchdog_child_stopping, NULL, NULL,
                           APR_HOOK_FIRST);
#endif
    ap_hook_monitor(mod_acme_restart_monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(mod_acme_respond_challenge, NULL, NULL,
                              APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(mod_acme_respond_unavailable, NULL, NULL,
                              APR_HOOK_FIRST);
    ap_hook_post_read_request(mod_acme_respond_redirect, NULL, NULL,
                              APR_HOOK_MIDDLE);
    ap_hook_access_checker(mod_acme_respond_redirect_section, NULL, NULL,
                           APR_HOOK_FIRST);
    ap_hook_handler(mod_acme_alpn_unlist, after_core, NULL,
                    APR_HOOK_REALLY_FIRST);
    ap_hook_handler(mod_acme_status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, mod_acme_status_section, NULL, NULL,
                      APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(acme) = {STANDARD20_MODULE_STUFF,
                           mod_acme_config_create_dir,
                           mod_acme_config_merge_dir,
                           mod_acme_config_create,
                           mod_acme_config_merge,
                           mod_acme_cmds_table,
                           register_hooks,
                           0};
