/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_conftree.h
 * @brief The configuration as it is written: what server_rec does not tell.
 *
 * httpd gives a virtual host without a ServerName another one's, and other
 * modules keep what was said to them to themselves. One walk over all
 * directives, in check_config, finds what we have to know of that.
 */
#ifndef MOD_ACME_CONFTREE_H
#define MOD_ACME_CONFTREE_H

#include <httpd.h>

#include <apr_hash.h>

/** A directive of somebody else's that concerns us. */
typedef struct acme_remark_t {
    const char *text;  /**< the directive, as it is written */
    const char *place; /**< "FILE:LINE" */
} acme_remark_t;

typedef struct acme_tree_t {
    apr_hash_t *named;    /**< virtual hosts with a ServerName, by place */
    apr_hash_t *md_names; /**< of mod_md: name -> const acme_remark_t * */
    /** SSLOpenSSLConfCmd with a certificate or key: place of the virtual
     *  host, "" outside of them -> const acme_remark_t * */
    apr_hash_t *conf_cmds;
    apr_pool_t *p;
} acme_tree_t;

/** Reads the tree that httpd has just processed. */
acme_tree_t *mod_acme_conftree_read(apr_pool_t *p);

/** Whether a ServerName is written for this server itself. */
int mod_acme_conftree_is_named(const acme_tree_t *tree, const server_rec *s);

/** SSLOpenSSLConfCmd that gives this virtual host a certificate, or NULL. */
const acme_remark_t *mod_acme_conftree_conf_cmd(const acme_tree_t *tree,
                                                const server_rec *s);

/** Where mod_md manages a name, or a wildcard that covers it; or NULL.
 *  @param name canonical */
const acme_remark_t *mod_acme_conftree_md(const acme_tree_t *tree,
                                          const char *name);

#endif
