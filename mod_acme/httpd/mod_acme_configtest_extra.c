/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_configtest_extra.h"

#include <ap_listen.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <mpm_common.h>
#include <util_cfgtree.h>

#include <stdlib.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_log.h"
#include "acme_pair.h"
#include "mod_acme_certless.h"
#include "mod_acme_config.h"

APLOG_USE_MODULE(acme);

/* Environment variable: " ADDRESS PORT;" for each listener. */
#define VARIABLE "MOD_ACME_DRYRUN"

extern char **environ;

/* SSLCertificateFile and SSLCertificateKeyFile of one virtual host. */
typedef struct files_t {
    apr_array_header_t *certs; /* const char * */
    apr_array_header_t *keys;
} files_t;

static const char *address_of(const ap_listen_rec *listener, apr_pool_t *p)
{
    char *ip = NULL;

    if (!listener->bind_addr
        || apr_sockaddr_ip_get(&ip, listener->bind_addr) != APR_SUCCESS) {
        return NULL;
    }
    return apr_psprintf(p, " %s %d;", ip, (int)listener->bind_addr->port);
}

const char *const *mod_acme_configtest_extra_env(const char *more,
                                                 apr_pool_t *p)
{
    apr_array_header_t *env = apr_array_make(p, 64, sizeof(const char *));
    const char *value = "";
    const ap_listen_rec *listener;
    char **one;

    for (one = environ; *one; one++) {
        APR_ARRAY_PUSH(env, const char *) = *one;
    }
    for (listener = ap_listeners; listener; listener = listener->next) {
        const char *address = address_of(listener, p);

        value = apr_pstrcat(p, value, address ? address : "", NULL);
    }
    APR_ARRAY_PUSH(env, const char *) =
        apr_pstrcat(p, VARIABLE "=", value, NULL);
    if (more) {
        APR_ARRAY_PUSH(env, const char *) = more;
    }
    APR_ARRAY_PUSH(env, const char *) = NULL;
    return (const char *const *)env->elts;
}

/* Returns non-zero for 0.0.0.0 when [::] takes both kinds of addresses, because
 * httpd starts without the one that fails. */
static int is_covered(const ap_listen_rec *listener)
{
    static const char any[16];
    const apr_sockaddr_t *mine = listener->bind_addr;
    const ap_listen_rec *other;

    if (mine->family != APR_INET || memcmp(mine->ipaddr_ptr, any, 4) != 0) {
        return 0;
    }
    for (other = ap_listeners; other; other = other->next) {
        const apr_sockaddr_t *addr = other->bind_addr;

        if (addr && addr->family != APR_INET && addr->port == mine->port
            && addr->ipaddr_len == 16 && !memcmp(addr->ipaddr_ptr, any, 16)) {
            return 1;
        }
    }
    return 0;
}

/* Binds as httpd will. No client can connect meanwhile, because the socket does
 * not listen. */
static apr_status_t try_bind(const ap_listen_rec *listener, apr_pool_t *ptemp)
{
    apr_socket_t *sock;
    apr_status_t rv;

    if (apr_socket_create(&sock, listener->bind_addr->family, SOCK_STREAM, 0,
                          ptemp)
        != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    apr_socket_opt_set(sock, APR_SO_REUSEADDR, 1);
    rv = apr_socket_bind(sock, listener->bind_addr);
    apr_socket_close(sock);
    return rv;
}

static int check_listeners(const server_rec *s, const char *held,
                           apr_pool_t *ptemp)
{
    const ap_listen_rec *listener;
    int errors = 0;

    for (listener = ap_listeners; listener; listener = listener->next) {
        const char *address = address_of(listener, ptemp);
        apr_status_t rv;

        if (!address || strstr(held, address) || is_covered(listener)) {
            continue;
        }
        rv = try_bind(listener, ptemp);
        /* The address may come later, as with IP_FREEBIND. */
        if (rv == APR_SUCCESS || rv == EADDRNOTAVAIL) {
            continue;
        }
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                     ACME_TAG(0194) "Listen%.*s: the server could not listen "
                                    "there: %pm",
                     (int)strlen(address) - 1, address, &rv);
        errors++;
    }
    return errors;
}

static const char *key_of(const char *file, int line, apr_pool_t *p)
{
    return apr_psprintf(p, "%d:%s", line, file ? file : "");
}

static files_t *files_of(apr_hash_t *all, const char *key, apr_pool_t *p)
{
    files_t *files = apr_hash_get(all, key, APR_HASH_KEY_STRING);

    if (!files) {
        files = apr_palloc(p, sizeof(*files));
        files->certs = apr_array_make(p, 2, sizeof(const char *));
        files->keys = apr_array_make(p, 2, sizeof(const char *));
        apr_hash_set(all, key, APR_HASH_KEY_STRING, files);
    }
    return files;
}

static void walk(const ap_directive_t *d, apr_hash_t *all, const char *key,
                 apr_pool_t *p)
{
    for (; d; d = d->next) {
        const char *args = d->args;

        if (!ap_cstr_casecmp(d->directive, "<VirtualHost")) {
            walk(d->first_child, all, key_of(d->filename, d->line_num, p), p);
        }
        else if (!ap_cstr_casecmp(d->directive, "SSLCertificateFile")) {
            APR_ARRAY_PUSH(files_of(all, key, p)->certs, const char *) =
                ap_getword_conf(p, &args);
        }
        else if (!ap_cstr_casecmp(d->directive, "SSLCertificateKeyFile")) {
            APR_ARRAY_PUSH(files_of(all, key, p)->keys, const char *) =
                ap_getword_conf(p, &args);
        }
        else if (d->first_child) {
            walk(d->first_child, all, key, p);
        }
    }
}

/* Returns non-zero for the URI of a key in hardware. */
static int is_uri(const char *file)
{
    return !ap_cstr_casecmpn(file, "pkcs11:", 7);
}

static int check_files(server_rec *s, const files_t *files, apr_pool_t *ptemp)
{
    int errors = 0;
    int i;

    for (i = 0; i < files->certs->nelts; i++) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *cert = APR_ARRAY_IDX(files->certs, i, const char *);
        const char *key = i < files->keys->nelts
                              ? APR_ARRAY_IDX(files->keys, i, const char *)
                              : cert;

        if (is_uri(cert) || is_uri(key)
            || acme_pair_check(ap_server_root_relative(ptemp, cert),
                               ap_server_root_relative(ptemp, key),
                               mod_acme_config_get(s)->expect_level, &problem,
                               ptemp)
                   == APR_SUCCESS) {
            continue;
        }
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                     ACME_TAG(0195) "%s (%s:%u): the server could not serve "
                                    "with its files: %s",
                     s->server_hostname ? s->server_hostname : "a server",
                     s->defn_name ? s->defn_name : "", s->defn_line_number,
                     problem.detail);
        errors++;
    }
    return errors;
}

/* Refuses a virtual host for which there is no certificate at all, because
 * mod_ssl would end the server. */
static int check_certless(const server_rec *s, apr_pool_t *ptemp)
{
    if (!mod_acme_config_get(s)->certless
        || mod_acme_certless_is_saved(s, ptemp)) {
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                 ACME_TAG(0053) "%s (%s:%u): the server could not start "
                                "without a certificate for it",
                 s->server_hostname ? s->server_hostname : "a server",
                 s->defn_name ? s->defn_name : "", s->defn_line_number);
    return 1;
}

int mod_acme_configtest_extra_check(apr_pool_t *pconf, apr_pool_t *plog,
                                    apr_pool_t *ptemp, server_rec *s)
{
    const char *held = getenv(VARIABLE);
    apr_hash_t *all;
    int errors = 0;

    (void)pconf;
    (void)plog;
    if (!held || ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_CONFIG_TEST) {
        return OK;
    }
    /* Skip listeners that systemd has opened. */
    if (!getenv("LISTEN_FDS")) {
        errors += check_listeners(s, held, ptemp);
    }
    all = apr_hash_make(ptemp);
    walk(ap_conftree, all, "", ptemp);
    for (; s; s = s->next) {
        const char *key =
            s->is_virtual
                ? key_of(s->defn_name, (int)s->defn_line_number, ptemp)
                : "";
        const files_t *files = apr_hash_get(all, key, APR_HASH_KEY_STRING);

        errors += check_certless(s, ptemp);
        /* Skip managed virtual hosts, because mod_acme provides their files. */
        if (files && mod_acme_config_get(s)->expect_tls
            && mod_acme_config_get(s)->site < 0) {
            errors += check_files(s, files, ptemp);
        }
    }
    return errors ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
