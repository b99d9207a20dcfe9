/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_conftree.h
 * @brief Facts of the configuration as it stands written that server_rec does
 * not have.
 *
 * httpd gives a virtual host without a ServerName the name of another server,
 * and other modules keep their settings private. check_config walks over all
 * directives once and collects what mod_acme needs.
 */
#ifndef MOD_ACME_CONFTREE_H
#define MOD_ACME_CONFTREE_H

#include <httpd.h>

#include <apr_hash.h>

/** A directive of another module that concerns mod_acme. */
typedef struct acme_conftree_directive_t {
    const char *text;  /**< the directive, as it stands written */
    const char *place; /**< "FILE:LINE" */
} acme_conftree_directive_t;

typedef struct acme_conftree_t {
    /** by place of the virtual host, if it has a ServerName */
    apr_hash_t *named;
    apr_hash_t
        *md_names; /**< names of mod_md -> const acme_conftree_directive_t * */
    /** SSLOpenSSLConfCmd with a certificate or key: place of the virtual host,
     * "" outside of them -> const acme_conftree_directive_t * */
    apr_hash_t *conf_cmds;
    /** SSLStaplingForceURL and SSLOpenSSLConfCmd ServerInfoFile, which belong
     * to one certificate, by the same places */
    apr_hash_t *bound;
    /** the first RemoteIPHeader, which says that a proxy is in front, or
     * NULL */
    const acme_conftree_directive_t *remote_ip;
    apr_pool_t *p;
} acme_conftree_t;

/** Reads the tree that httpd has just processed. */
acme_conftree_t *mod_acme_conftree_read(apr_pool_t *p);

/** Returns non-zero when this server itself has a ServerName directive. */
int mod_acme_conftree_is_named(const acme_conftree_t *tree,
                               const server_rec *s);

/** Returns the SSLOpenSSLConfCmd that gives this virtual host a certificate, or
 * NULL. */
const acme_conftree_directive_t *
mod_acme_conftree_conf_cmd(const acme_conftree_t *tree, const server_rec *s);

/** Returns a directive of this virtual host, or of the main server, that
 * belongs to the certificate in the configuration alone, or NULL. */
const acme_conftree_directive_t *
mod_acme_conftree_bound(const acme_conftree_t *tree, const server_rec *s);

/** Returns mod_md's directive that manages this name or a wildcard that covers
 * it, or NULL.
 * @param name canonical */
const acme_conftree_directive_t *
mod_acme_conftree_md(const acme_conftree_t *tree, const char *name);

#endif
