/* SPDX-License-Identifier: Apache-2.0 */

/* Answers tls-alpn-01 in handshakes. In a CA's handshake the hooks come in this
 * order: pre_handshake when the connection begins; then, when mod_ssl has found
 * the virtual host by the server name, propose, switch and answer; and at last
 * close, when the handshake is over. */
#include "mod_acme_hooks.h"

#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_ssl.h>

#include <apr_strings.h>

#include "acme_solver_alpn.h"

APLOG_USE_MODULE(acme);

/* A connection with TLS. */
typedef struct alpn_conn_t {
    struct ssl_st *ssl;
    int proposed; /* we, and not another module, have proposed acme-tls/1 */
    int switched; /* the client has asked for it, and got it */
} alpn_conn_t;

static alpn_conn_t *conn_of(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &acme_module);
}

int mod_acme_alpn_pre_handshake(conn_rec *c, struct ssl_st *ssl, int is_proxy)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    alpn_conn_t *conn;

    if (is_proxy || !setup || (!setup->has_alpn && !setup->hot)) {
        return DECLINED;
    }
    conn = apr_pcalloc(c->pool, sizeof(*conn));
    conn->ssl = ssl;
    ap_set_module_config(c->conn_config, &acme_module, conn);
    return OK;
}

struct ssl_st *mod_acme_alpn_ssl(const conn_rec *c)
{
    const alpn_conn_t *conn = conn_of(c);

    return conn ? conn->ssl : NULL;
}

/* Gets the certificates for the server name that the client asks for. */
static apr_status_t find_pairs(acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS],
                               const alpn_conn_t *conn, apr_pool_t *p)
{
    const char *name = acme_alpn_server_name(conn->ssl);
    acme_vault_t *vault =
        name ? mod_acme_config_setup_vault(mod_acme_config_setup_get(), p)
             : NULL;

    return vault ? acme_solver_alpn_answer(pairs, vault, name, p) : APR_ENOENT;
}

/* Takes out the protocol that another module has proposed: mod_md does so for
 * all virtual hosts, because Protocols decides; but we have added it there. */
static void withdraw(apr_array_header_t *proposals)
{
    int i, kept = 0;

    for (i = 0; i < proposals->nelts; i++) {
        const char *protocol = APR_ARRAY_IDX(proposals, i, const char *);

        if (strcmp(protocol, ACME_ALPN_PROTOCOL) != 0) {
            APR_ARRAY_IDX(proposals, kept++, const char *) = protocol;
        }
    }
    proposals->nelts = kept;
}

int mod_acme_alpn_propose(conn_rec *c, request_rec *r, server_rec *s,
                          const apr_array_header_t *offers,
                          apr_array_header_t *proposals)
{
    acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS];
    alpn_conn_t *conn = conn_of(c);
    const acme_config_t *config;

    /* A request cannot switch to it by an Upgrade header. */
    if (r || !conn || !offers
        || !ap_array_str_contains(offers, ACME_ALPN_PROTOCOL)) {
        return DECLINED;
    }
    config = mod_acme_config_get(s ? s : c->base_server);
    if (config->alpn == ACME_ALPN_OWN
        || (config->alpn == ACME_ALPN_PENDING
            && find_pairs(pairs, conn, c->pool) == APR_SUCCESS)) {
        conn->proposed = 1;
        APR_ARRAY_PUSH(proposals, const char *) = ACME_ALPN_PROTOCOL;
        return OK;
    }
    if (config->alpn_added) {
        withdraw(proposals);
    }
    return DECLINED;
}

int mod_acme_alpn_switch(conn_rec *c, request_rec *r, server_rec *s,
                         const char *protocol)
{
    alpn_conn_t *conn = conn_of(c);

    (void)s;
    if (r || !conn || !conn->proposed
        || strcmp(protocol, ACME_ALPN_PROTOCOL) != 0) {
        return DECLINED;
    }
    conn->switched = 1;
    return OK;
}

const char *mod_acme_alpn_get(const conn_rec *c)
{
    const alpn_conn_t *conn = conn_of(c);

    return conn && conn->switched ? ACME_ALPN_PROTOCOL : NULL;
}

int mod_acme_alpn_answer(conn_rec *c, const char *server_name,
                         const char **cert_pem, const char **key_pem)
{
    acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS];
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const alpn_conn_t *conn = conn_of(c);
    int used = 0;
    int i;

    if (!conn || !conn->switched) {
        return DECLINED;
    }
    if (find_pairs(pairs, conn, c->pool) != APR_SUCCESS) {
        ap_log_cerror(APLOG_MARK, APLOG_INFO, 0, c,
                      ACME_TAG(0612) "%s: no tls-alpn-01 challenge is pending "
                                     "for this name",
                      server_name ? ap_escape_logitem(c->pool, server_name)
                                  : "(no server name)");
        return DECLINED;
    }
    /* mod_ssl takes one certificate, but which kind of key is used is settled
     * by the client as well: before this with TLS 1.2, and after it with
     * TLS 1.3. So all are put in here, and mod_ssl is given one once more. */
    for (i = 0; i < ACME_SOLVER_ALPN_KINDS; i++) {
        if (acme_alpn_use(conn->ssl, &pairs[i], &problem, c->pool)
            == APR_SUCCESS) {
            *cert_pem = pairs[i].cert_pem;
            *key_pem = pairs[i].key_pem;
            used++;
        }
    }
    if (!used) {
        ap_log_cerror(APLOG_MARK, APLOG_WARNING, 0, c,
                      ACME_TAG(0613) "%s: the tls-alpn-01 challenge is not "
                                     "answered: %s",
                      server_name ? ap_escape_logitem(c->pool, server_name)
                                  : "(no server name)",
                      acme_problem_text(&problem, c->pool));
        return DECLINED;
    }
    ap_log_cerror(APLOG_MARK, APLOG_INFO, 0, c,
                  ACME_TAG(0614) "%s: tls-alpn-01 challenge answered",
                  ap_escape_logitem(c->pool, server_name));
    return OK;
}

int mod_acme_alpn_close(conn_rec *c)
{
    const alpn_conn_t *conn = conn_of(c);

    if (!conn || !conn->switched) {
        return DECLINED;
    }
    /* Nothing is said after this handshake (RFC 8737 4). */
    c->keepalive = AP_CONN_CLOSE;
    if (c->cs) {
        c->cs->state = CONN_STATE_LINGER;
    }
    return DONE;
}

int mod_acme_alpn_unlist(request_rec *r)
{
    const char *upgrade;
    const char *kept = NULL;

    /* The core offers an upgrade in the first response of a connection only. */
    if (r->connection->keepalives
        || mod_acme_config_get(r->server)->alpn == ACME_ALPN_NONE) {
        return DECLINED;
    }
    upgrade = apr_table_get(r->headers_out, "Upgrade");
    if (!upgrade || !ap_strstr_c(upgrade, ACME_ALPN_PROTOCOL)) {
        return DECLINED;
    }
    while (*upgrade) {
        const char *protocol = ap_getword(r->pool, &upgrade, ',');

        if (strcmp(protocol, ACME_ALPN_PROTOCOL) != 0) {
            kept = kept ? apr_pstrcat(r->pool, kept, ",", protocol, NULL)
                        : protocol;
        }
    }
    if (kept) {
        apr_table_setn(r->headers_out, "Upgrade", kept);
    }
    else {
        apr_table_unset(r->headers_out, "Upgrade");
        apr_table_unset(r->headers_out, "Connection");
    }
    return DECLINED;
}

void mod_acme_alpn_allow(server_rec *s, apr_pool_t *p)
{
    core_server_config *core = ap_get_core_module_config(s->module_config);
    apr_array_header_t *protocols;

    if (mod_acme_config_get(s)->alpn == ACME_ALPN_NONE
        || ap_array_str_contains(core->protocols, ACME_ALPN_PROTOCOL)) {
        return;
    }
    /* Virtual hosts without Protocols share the main server's array. */
    protocols = apr_array_copy(p, core->protocols);
    if (!protocols->nelts) {
        APR_ARRAY_PUSH(protocols, const char *) = AP_PROTOCOL_HTTP1;
    }
    APR_ARRAY_PUSH(protocols, const char *) = ACME_ALPN_PROTOCOL;
    core->protocols = protocols;
    mod_acme_config_get(s)->alpn_added = 1;
}
