/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_tls.h"

#include <http_log.h>
#include <util_cfgtree.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "mod_acme_seclevel.h"

APLOG_USE_MODULE(acme);

/* The most virtual hosts that one message names. */
#define MAX_NAMED 5

typedef enum { ENGINE_UNSET, ENGINE_ON, ENGINE_OFF } engine_e;

typedef struct facts_t {
    engine_e engine;
    const ap_directive_t *where; /* SSLEngine */
    int certs;
    const char *chain_file; /* the path in the configuration, or NULL */
    acme_seclevel_t level;
    struct facts_t *again; /* the next server from the same line */
    acme_config_t *config;
} facts_t;

static const char *line_of(const char *file, unsigned int line, apr_pool_t *p)
{
    return apr_psprintf(p, "%u:%s", line, file ? file : "");
}

/* Parses SSLEngine. `optional` (RFC 2817) counts as off, because mod_ssl asks
 * for no certificate then. */
static engine_e parse_engine(const char *args, apr_pool_t *p)
{
    const char *word = ap_getword_conf(p, &args);

    return ap_cstr_casecmp(word, "on") ? ENGINE_OFF : ENGINE_ON;
}

/* Returns the facts of the next virtual host from this line: a file that is
 * included twice has each virtual host twice, in the same order. */
static facts_t *take_host(apr_hash_t *hosts, const ap_directive_t *d,
                          apr_pool_t *p)
{
    const char *key = line_of(d->filename, (unsigned int)d->line_num, p);
    facts_t *facts = apr_hash_get(hosts, key, APR_HASH_KEY_STRING);

    if (facts && facts->again) {
        apr_hash_set(hosts, key, APR_HASH_KEY_STRING, facts->again);
    }
    return facts;
}

static void walk(const ap_directive_t *d, facts_t *facts, apr_hash_t *hosts,
                 apr_pool_t *p)
{
    for (; d; d = d->next) {
        if (!ap_cstr_casecmp(d->directive, "<VirtualHost")) {
            facts_t *host = take_host(hosts, d, p);

            if (host) {
                walk(d->first_child, host, hosts, p);
            }
        }
        else if (!ap_cstr_casecmp(d->directive, "SSLEngine")) {
            facts->engine = parse_engine(d->args, p);
            facts->where = d;
        }
        else if (!ap_cstr_casecmp(d->directive, "SSLCertificateFile")) {
            facts->certs++;
        }
        else if (!ap_cstr_casecmp(d->directive, "SSLCertificateChainFile")) {
            const char *args = d->args;

            facts->chain_file = ap_getword_conf(p, &args);
        }
        else if (!d->first_child) {
            mod_acme_seclevel_note(&facts->level, d, p);
        }
        else {
            walk(d->first_child, facts, hosts, p);
        }
    }
}

void mod_acme_tls_expect(server_rec *server, apr_pool_t *p)
{
    apr_hash_t *hosts;
    facts_t *base;
    server_rec *s;
    apr_array_header_t *all;
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, p);
    hosts = apr_hash_make(ptemp);
    all = apr_array_make(ptemp, 64, sizeof(facts_t *));
    for (s = server; s; s = s->next) {
        facts_t *facts = apr_pcalloc(ptemp, sizeof(*facts));
        const char *key = line_of(s->defn_name, s->defn_line_number, ptemp);
        facts_t *first =
            s == server ? NULL : apr_hash_get(hosts, key, APR_HASH_KEY_STRING);

        facts->config = mod_acme_config_get(s);
        APR_ARRAY_PUSH(all, facts_t *) = facts;
        /* Link to the later one, because httpd lists the last server first. */
        facts->again = first;
        if (s != server) {
            apr_hash_set(hosts, key, APR_HASH_KEY_STRING, facts);
        }
    }
    base = APR_ARRAY_IDX(all, 0, facts_t *);
    walk(ap_conftree, base, hosts, ptemp);
    for (s = server, i = 0; s; s = s->next, i++) {
        const facts_t *facts = APR_ARRAY_IDX(all, i, facts_t *);
        engine_e engine = facts->engine ? facts->engine : base->engine;
        const char *chain =
            facts->chain_file ? facts->chain_file : base->chain_file;

        facts->config->expect_tls = engine == ENGINE_ON;
        facts->config->engine = facts->engine ? facts->where : base->where;
        facts->config->expect_certs = facts->certs;
        facts->config->expect_level =
            engine == ENGINE_ON
                ? mod_acme_seclevel_of(&facts->level, &base->level)
                : 0;
        facts->config->expect_inherited = s == server ? 0 : base->certs;
        facts->config->chain_file =
            chain ? ap_server_root_relative(p, chain) : NULL;
    }
    apr_pool_destroy(ptemp);
}

void mod_acme_tls_compare(const acme_setup_t *setup)
{
    const char *named = "";
    const server_rec *s;
    int count = 0;

    for (s = setup->server; s; s = s->next) {
        const acme_config_t *config = mod_acme_config_get(s);

        if (config->tls == config->expect_tls) {
            continue;
        }
        if (count++ < MAX_NAMED) {
            named = apr_psprintf(
                setup->pconf, "%s%s%s (%s)", named, count > 1 ? ", " : "",
                s->defn_name ? apr_psprintf(setup->pconf, "%s:%u", s->defn_name,
                                            s->defn_line_number)
                             : "the main server",
                config->tls ? "it does" : "it does not");
        }
    }
    if (count) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0130) "mod_ssl and mod_acme disagree whether %d "
                                "virtual host%s https: %s%s; ACMEAutoDomains "
                                "may have left them out, or taken them for "
                                "nothing: write SSLEngine and ACMEDomain "
                                "into them",
                 count, count == 1 ? " serves" : "s serve", named,
                 count > MAX_NAMED ? ", and more" : "");
    }
}
