/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_conftree.h"

#include <http_config.h>
#include <util_cfgtree.h>

#include <apr_strings.h>

#include "acme_ident.h"

/* Deeper sections are ignored, because people write them by hand. */
#define MAX_DEPTH 32

static const char *place_of(const char *file, int line, apr_pool_t *p)
{
    return apr_psprintf(p, "%s:%d", file ? file : "", line);
}

/* Returns the place of the virtual host, "" for the main server. */
static const char *server_key(const server_rec *s, apr_pool_t *p)
{
    return s->is_virtual ? place_of(s->defn_name, (int)s->defn_line_number, p)
                         : "";
}

static const acme_conftree_directive_t *
copy_directive(const ap_directive_t *directive, apr_pool_t *p)
{
    acme_conftree_directive_t *made = apr_palloc(p, sizeof(*made));

    /* httpd splits <MDomainSet a b> into "<MDomainSet" and "a b>". */
    made->text =
        apr_pstrcat(p, directive->directive, " ", directive->args, NULL);
    made->place = place_of(directive->filename, directive->line_num, p);
    return made;
}

static void put(apr_hash_t *hash, const char *key, const void *value)
{
    if (!apr_hash_get(hash, key, APR_HASH_KEY_STRING)) {
        apr_hash_set(hash, key, APR_HASH_KEY_STRING, value);
    }
}

/* Notes the names of MDomain NAME... [auto|manual] or of its section. */
static void note_md(acme_conftree_t *tree, const ap_directive_t *directive)
{
    const acme_conftree_directive_t *found = copy_directive(directive, tree->p);
    char *args = apr_pstrdup(tree->p, directive->args);
    const char *rest = args;
    apr_size_t len = strlen(args);

    if (*directive->directive == '<' && len && args[len - 1] == '>') {
        args[len - 1] = '\0';
    }
    while (*rest) {
        const char *word = ap_getword_conf(tree->p, &rest);
        const char *name;
        const char *why;

        if (!acme_ident_canonical(&name, word, &why, tree->p)) {
            put(tree->md_names, name, found);
        }
    }
}

/* Notes SSLOpenSSLConfCmd with Certificate, PrivateKey or ServerInfoFile. */
static void note_conf_cmd(acme_conftree_t *tree,
                          const ap_directive_t *directive, const char *host)
{
    const char *args = directive->args;
    const char *name = ap_getword_conf(tree->p, &args);

    if (!ap_cstr_casecmp(name, "Certificate")
        || !ap_cstr_casecmp(name, "PrivateKey")) {
        put(tree->conf_cmds, host, copy_directive(directive, tree->p));
    }
    else if (!ap_cstr_casecmp(name, "ServerInfoFile")) {
        put(tree->bound, host, copy_directive(directive, tree->p));
    }
}

static void walk(acme_conftree_t *tree, const ap_directive_t *directive,
                 const char *host, int depth)
{
    for (; directive; directive = directive->next) {
        const char *name = directive->directive;
        const char *inside = host;

        if (!ap_cstr_casecmp(name, "<VirtualHost")) {
            inside =
                place_of(directive->filename, directive->line_num, tree->p);
        }
        else if (!ap_cstr_casecmp(name, "ServerName")) {
            put(tree->named, host, "");
        }
        else if (!ap_cstr_casecmp(name, "MDomain")
                 || !ap_cstr_casecmp(name, "ManagedDomain")
                 || !ap_cstr_casecmp(name, "<MDomainSet")
                 || !ap_cstr_casecmp(name, "<ManagedDomain")) {
            note_md(tree, directive);
        }
        else if (!ap_cstr_casecmp(name, "SSLOpenSSLConfCmd")) {
            note_conf_cmd(tree, directive, host);
        }
        else if (!ap_cstr_casecmp(name, "SSLStaplingForceURL")) {
            put(tree->bound, host, copy_directive(directive, tree->p));
        }
        else if (!ap_cstr_casecmp(name, "RemoteIPHeader") && !tree->remote_ip) {
            tree->remote_ip = copy_directive(directive, tree->p);
        }
        if (directive->first_child && depth < MAX_DEPTH) {
            walk(tree, directive->first_child, inside, depth + 1);
        }
    }
}

acme_conftree_t *mod_acme_conftree_read(apr_pool_t *p)
{
    acme_conftree_t *tree = apr_pcalloc(p, sizeof(*tree));

    tree->p = p;
    tree->named = apr_hash_make(p);
    tree->md_names = apr_hash_make(p);
    tree->conf_cmds = apr_hash_make(p);
    tree->bound = apr_hash_make(p);
    walk(tree, ap_conftree, "", 0);
    return tree;
}

int mod_acme_conftree_is_named(const acme_conftree_t *tree, const server_rec *s)
{
    return apr_hash_get(tree->named, server_key(s, tree->p),
                        APR_HASH_KEY_STRING)
           != NULL;
}

/* Returns the directive of this virtual host, else that of the main server. */
static const acme_conftree_directive_t *
find(const acme_conftree_t *tree, apr_hash_t *hash, const server_rec *s)
{
    const acme_conftree_directive_t *found =
        apr_hash_get(hash, server_key(s, tree->p), APR_HASH_KEY_STRING);

    return found ? found : apr_hash_get(hash, "", 0);
}

const acme_conftree_directive_t *
mod_acme_conftree_conf_cmd(const acme_conftree_t *tree, const server_rec *s)
{
    return find(tree, tree->conf_cmds, s);
}

const acme_conftree_directive_t *
mod_acme_conftree_bound(const acme_conftree_t *tree, const server_rec *s)
{
    return find(tree, tree->bound, s);
}

const acme_conftree_directive_t *
mod_acme_conftree_md(const acme_conftree_t *tree, const char *name)
{
    const acme_conftree_directive_t *found =
        apr_hash_get(tree->md_names, name, APR_HASH_KEY_STRING);
    const char *dot = strchr(name, '.');

    if (!found && dot && *name != '*') {
        found =
            apr_hash_get(tree->md_names, apr_pstrcat(tree->p, "*", dot, NULL),
                         APR_HASH_KEY_STRING);
    }
    return found;
}
