/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_challenges.h"

#include <apr_strings.h>

#include "acme_default.h"
#include "acme_dns_reply.h"
#include "acme_ident.h"
#include "mod_acme_mistakes.h"

/* Reasons against a type, the worst last. */
typedef enum {
    FAULT_NONE,
    FAULT_SILENT, /* nothing listens on the local port */
    FAULT_NO_TLS, /* no virtual host of the site has TLS there */
    FAULT_CLOSED  /* ACMEPortMap says that the CA cannot come here */
} fault_e;

typedef struct fault_t {
    fault_e what;
    const char *text;
} fault_t;

struct acme_challenges_t {
    acme_sites_t *sites;
    int http;           /* local port behind the public 80; 0: none */
    int https;          /* local port behind the public 443; 0: none */
    int *tls;           /* by index of match.sites: TLS hosts on that port */
    int *alpn;          /* by index of match.sites: tls-alpn-01 is offered */
    apr_hash_t *names;  /* names of managed virtual hosts with TLS there */
    int is_first_asked; /* a name is in none of them, or is an IP address */
};

static int is_on(const server_rec *s, int port)
{
    const server_addr_rec *addr;

    if (!port || !s->is_virtual) {
        return port && mod_acme_mistakes_listens(port);
    }
    for (addr = s->addrs; addr; addr = addr->next) {
        if (addr->host_port == port
            || (!addr->host_port && mod_acme_mistakes_listens(port))) {
            return 1;
        }
    }
    return 0;
}

static void note_names(acme_challenges_t *challenges,
                       const acme_match_host_t *host)
{
    int i;

    if (host->server_name) {
        apr_hash_set(challenges->names, host->server_name, APR_HASH_KEY_STRING,
                     host);
    }
    for (i = 0; i < host->aliases->nelts; i++) {
        apr_hash_set(challenges->names,
                     APR_ARRAY_IDX(host->aliases, i, const char *),
                     APR_HASH_KEY_STRING, host);
    }
}

/* Returns non-zero for a virtual host with TLS where a CA comes to. */
static int is_there(const acme_challenges_t *challenges, const server_rec *s)
{
    return mod_acme_config_get(s)->expect_tls && is_on(s, challenges->https);
}

acme_challenges_t *mod_acme_challenges_find(acme_sites_t *sites)
{
    acme_challenges_t *challenges = apr_pcalloc(sites->p, sizeof(*challenges));
    const acme_port_map_t *map = mod_acme_config_value(
        mod_acme_config_get(sites->server), ACME_SETTING_PORT_MAP);
    apr_size_t n = (apr_size_t)sites->match.sites->nelts + 1;
    int i;

    challenges->sites = sites;
    challenges->http = map ? map->http : ACME_DEFAULT_HTTP_PORT;
    challenges->https = map ? map->https : ACME_DEFAULT_HTTPS_PORT;
    challenges->tls = apr_pcalloc(sites->p, n * sizeof(int));
    challenges->alpn = apr_pcalloc(sites->p, n * sizeof(int));
    challenges->names = apr_hash_make(sites->p);
    for (i = 0; i < sites->match.n_hosts; i++) {
        const acme_match_host_t *host = &sites->match.hosts[i];

        if (host->site >= 0 && is_there(challenges, sites->hosts[i])) {
            challenges->tls[host->site]++;
            note_names(challenges, host);
        }
    }
    return challenges;
}

/* ---- what can be offered ---- */

static fault_t port_fault(const acme_challenges_t *challenges, int port,
                          const char *scheme, const char *public)
{
    fault_t fault = {FAULT_NONE, NULL};

    if (!port) {
        fault.what = FAULT_CLOSED;
        fault.text = apr_psprintf(challenges->sites->p,
                                  "ACMEPortMap %s:- says that the public port "
                                  "%s does not lead here",
                                  scheme, public);
    }
    else if (!mod_acme_mistakes_listens(port)) {
        fault.what = FAULT_SILENT;
        fault.text = apr_psprintf(challenges->sites->p,
                                  "nothing listens on port %d", port);
    }
    return fault;
}

static fault_t fault_http(const acme_challenges_t *challenges, int index,
                          const acme_spec_t *spec)
{
    (void)index;
    (void)spec;
    return port_fault(challenges, challenges->http, "http", "80");
}

static fault_t fault_alpn(const acme_challenges_t *challenges, int index,
                          const acme_spec_t *spec)
{
    fault_t fault = port_fault(challenges, challenges->https, "https", "443");

    (void)spec;
    if (fault.what == FAULT_NONE && !challenges->tls[index]) {
        fault.what = FAULT_NO_TLS;
        fault.text = apr_psprintf(challenges->sites->p,
                                  "none of its virtual hosts has TLS on port "
                                  "%d",
                                  challenges->https);
    }
    return fault;
}

static fault_t fault_dns(const acme_challenges_t *challenges, int index,
                         const acme_spec_t *spec)
{
    fault_t fault = {FAULT_NONE, NULL};

    (void)challenges;
    (void)index;
    if (!spec->dns) {
        fault.what = FAULT_CLOSED;
        fault.text = "there is no ACMEChallengeDns01 that sets a record, no "
                     "ACMEDnsUpdate and no ACMEDnsResponder";
    }
    else if (spec->dns->way == ACME_DNS_RESPONDER && !acme_dns_reply_built()) {
        fault.what = FAULT_CLOSED;
        fault.text = "ACMEDnsResponder needs ldns, and mod_acme was built "
                     "without it";
    }
    return fault;
}

/* The types that are answered here, in the order of the default, and what
 * speaks against each for a site. */
static const struct {
    const char *type;
    fault_t (*fault)(const acme_challenges_t *challenges, int index,
                     const acme_spec_t *spec);
} types[] = {
    {"http-01", fault_http},
    {"tls-alpn-01", fault_alpn},
    {"dns-01", fault_dns},
};

#define N_TYPES ((int)(sizeof(types) / sizeof(types[0])))

static fault_t fault_of(const acme_challenges_t *challenges, const char *type,
                        int index, const acme_spec_t *spec)
{
    fault_t unknown = {FAULT_CLOSED, "it cannot be answered here"};
    int i;

    for (i = 0; i < N_TYPES; i++) {
        if (!strcmp(types[i].type, type)) {
            return types[i].fault(challenges, index, spec);
        }
    }
    return unknown;
}

/* Returns the default: all types. */
static const apr_array_header_t *all_types(apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, N_TYPES, sizeof(const char *));
    int i;

    for (i = 0; i < N_TYPES; i++) {
        APR_ARRAY_PUSH(all, const char *) = types[i].type;
    }
    return all;
}

/* ---- messages ---- */

static void refuse(const acme_challenges_t *challenges, const acme_spec_t *spec)
{
    acme_sites_t *sites = challenges->sites;
    const char *why = "";
    int i;

    for (i = 0; i < spec->challenge_faults->nelts; i++) {
        why = apr_pstrcat(
            sites->p, why, i ? "; " : "",
            APR_ARRAY_IDX(spec->challenge_faults, i, const char *), NULL);
    }
    if (mod_acme_sites_first(sites, "no challenge", why)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0008) "no challenge is left by which the names of the "
                           "site %s (%s) can be proven: %s; name another type "
                           "in ACMECAChallenges, or write ACMEPortMap with the "
                           "local ports behind the public 80 and 443, or "
                           "ACMEChallengeDns01, ACMEDnsUpdate or "
                           "ACMEDnsResponder",
            spec->name, spec->place, why);
    }
}

/* Warns of a type that was asked for and cannot be offered. */
static void say_left_out(const acme_challenges_t *challenges,
                         const acme_setting_t *setting, const char *type,
                         const char *why, const acme_spec_t *spec)
{
    acme_sites_t *sites = challenges->sites;
    const char *subject = apr_pstrcat(sites->p, type, ": ", why, NULL);

    if (mod_acme_sites_first(sites, subject, setting->place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0610) "ACMECAChallenges %s at %s: %s is left out for the "
                           "site %s (%s), since %s; remove it there, or make "
                           "it possible",
            setting->text, setting->place, type, spec->name, spec->place, why);
    }
}

/* Warns that only what cannot be seen here may lead the CA to this server. */
static void say_silent(const acme_challenges_t *challenges,
                       const acme_spec_t *spec)
{
    acme_sites_t *sites = challenges->sites;
    int port = challenges->http;
    const char *lack = mod_acme_mistakes_listens(challenges->https)
                           ? "none of its virtual hosts has TLS on port"
                           : "nothing listens on port";

    if (acme_spec_has_challenge(spec, "http-01")) {
        if (mod_acme_sites_first(sites, "silent", "http")) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0009) "nothing listens on port %d: certificates are "
                               "ordered, but the authority asks for http-01 "
                               "answers at the public port 80, and gets them "
                               "only if something else leads it here; add "
                               "'Listen %d', or 'ACMEPortMap http:PORT' with "
                               "the local port that it arrives at",
                port, port);
        }
        return;
    }
    if (mod_acme_sites_first(sites, "silent", lack)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0611) "%s: its only challenge is tls-alpn-01, and %s %d: "
                           "certificates are ordered, but the authority makes "
                           "its handshakes with the public port 443, and gets "
                           "an answer only if something else leads it here; "
                           "write 'Listen', 'SSLEngine on' and 'ACMEPortMap "
                           "https:PORT' accordingly",
            spec->name, lack, challenges->https);
    }
}

/* ---- sites and virtual hosts ---- */

/* Returns the names of a site that its virtual hosts with TLS have. */
static const apr_array_header_t *alpn_names(const acme_challenges_t *challenges,
                                            const acme_spec_t *spec)
{
    apr_array_header_t *names = apr_array_make(
        challenges->sites->p, spec->names->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < spec->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (apr_hash_get(challenges->names, name, APR_HASH_KEY_STRING)) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    return names;
}

/* Notes a site that tls-alpn-01 is offered for. The server name by which a CA
 * asks for an IP address is that of no virtual host. */
static void note_alpn(acme_challenges_t *challenges, int index,
                      acme_spec_t *spec)
{
    int i;

    challenges->alpn[index] = 1;
    spec->alpn_names = alpn_names(challenges, spec);
    for (i = 0; i < spec->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (acme_ident_type(name) == ACME_IDENT_IP
            || !apr_hash_get(challenges->names, name, APR_HASH_KEY_STRING)) {
            challenges->is_first_asked = 1;
        }
    }
}

/* Returns the least that speaks against any of the types. */
static fault_e least_fault(const acme_challenges_t *challenges,
                           const apr_array_header_t *asked, int index,
                           const acme_spec_t *spec)
{
    fault_e least = FAULT_CLOSED;
    int i;

    for (i = 0; i < asked->nelts; i++) {
        fault_e what =
            fault_of(challenges, APR_ARRAY_IDX(asked, i, const char *), index,
                     spec)
                .what;

        least = what < least ? what : least;
    }
    return least;
}

void mod_acme_challenges_set(acme_challenges_t *challenges, int index,
                             const acme_config_t *config, acme_spec_t *spec)
{
    const acme_setting_t *setting = &config->settings[ACME_SETTING_CHALLENGES];
    const apr_array_header_t *written =
        mod_acme_config_value(config, ACME_SETTING_CHALLENGES);
    apr_pool_t *p = challenges->sites->p;
    const apr_array_header_t *asked = written ? written : all_types(p);
    apr_array_header_t *offered =
        apr_array_make(p, asked->nelts, sizeof(const char *));
    apr_array_header_t *faults =
        apr_array_make(p, asked->nelts, sizeof(const char *));
    fault_e least = least_fault(challenges, asked, index, spec);
    int i;

    for (i = 0; i < asked->nelts; i++) {
        const char *type = APR_ARRAY_IDX(asked, i, const char *);
        fault_t fault = fault_of(challenges, type, index, spec);

        if (fault.what == least && least != FAULT_CLOSED) {
            APR_ARRAY_PUSH(offered, const char *) = type;
            continue;
        }
        APR_ARRAY_PUSH(faults, const char *) =
            apr_pstrcat(p, type, ": ", fault.text, NULL);
        if (written && !spec->cert_file && least != FAULT_CLOSED) {
            say_left_out(challenges, setting, type, fault.text, spec);
        }
    }
    spec->challenge_types = offered;
    spec->challenge_faults = faults->nelts ? faults : NULL;
    /* Nothing is ordered for a site with files of its own. */
    if (spec->cert_file) {
        return;
    }
    if (least == FAULT_CLOSED) {
        refuse(challenges, spec);
        return;
    }
    if (least != FAULT_NONE) {
        say_silent(challenges, spec);
    }
    if (acme_spec_has_challenge(spec, "tls-alpn-01")) {
        note_alpn(challenges, index, spec);
    }
}

/* Returns non-zero for the first virtual host of an address, which gets the
 * connections whose server name no virtual host has.
 * @param taken addresses that have one */
static int is_first(const acme_challenges_t *challenges, apr_hash_t *taken,
                    const server_rec *s)
{
    const server_addr_rec *addr;
    int first = 0;
    char *ip;

    for (addr = s->addrs; addr; addr = addr->next) {
        if ((addr->host_port && addr->host_port != challenges->https)
            || apr_sockaddr_ip_get(&ip, addr->host_addr)
            || apr_hash_get(taken, ip, APR_HASH_KEY_STRING)) {
            continue;
        }
        apr_hash_set(taken, apr_pstrdup(challenges->sites->p, ip),
                     APR_HASH_KEY_STRING, s);
        first = 1;
    }
    return first;
}

int mod_acme_challenges_mark(const acme_challenges_t *challenges)
{
    const acme_sites_t *sites = challenges->sites;
    apr_hash_t *taken = apr_hash_make(sites->p);
    int any = 0;
    int i;

    for (i = 0; i < sites->match.n_hosts; i++) {
        server_rec *s = sites->hosts[i];
        acme_config_t *config = mod_acme_config_get(s);
        int site = sites->match.hosts[i].site;

        if (!config->expect_tls) {
            continue;
        }
        if (site >= 0 && challenges->alpn[site]) {
            config->alpn = ACME_ALPN_OWN;
            any = 1;
        }
        /* A virtual host with a wildcard gets connections for names that are
         * not its own, too. */
        if (challenges->is_first_asked && s->is_virtual
            && (is_first(challenges, taken, s)
                || (s->wild_names && s->wild_names->nelts))
            && config->alpn == ACME_ALPN_NONE) {
            config->alpn = ACME_ALPN_PENDING;
            any = 1;
        }
    }
    if (challenges->is_first_asked && is_there(challenges, sites->server)
        && mod_acme_config_get(sites->server)->alpn == ACME_ALPN_NONE) {
        mod_acme_config_get(sites->server)->alpn = ACME_ALPN_PENDING;
        any = 1;
    }
    return any;
}
