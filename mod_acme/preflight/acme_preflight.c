/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_preflight.h"

#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include <arpa/inet.h>

#include "acme_domain.h"
#include "acme_ident.h"
#include "acme_preflight_probe.h"
#include "acme_solver_http.h"

/* Names that are looked at at once. */
#define NAMES_AT_ONCE 4

/* Addresses of each family that are probed: a CA takes one of them. */
#define ADDRESSES 4

/* Redirects that are followed, as many as Let's Encrypt does. */
#define HOPS 10

/* How long a probe may take, as long as Let's Encrypt's. */
#define PROBE_TIMEOUT apr_time_from_sec(10)

/* Labels of a name, at most, above which its zone is looked for. */
#define LABELS 12

/* Characters of a server's own name in a finding. */
#define SERVER_MAX 60

typedef enum {
    PHASE_WAIT,    /* not begun */
    PHASE_LOOKUP,  /* its records are asked for */
    PHASE_ZONE,    /* the name servers of its zone are asked for */
    PHASE_SERVER,  /* the address of one of them is asked for */
    PHASE_CONFIRM, /* that one is asked whether the name exists */
    PHASE_PROBE,   /* its addresses are probed */
    PHASE_DONE
} phase_e;

typedef struct one_t one_t;

/* A question to the DNS. */
typedef struct lookup_t {
    one_t *one;
    acme_dns_question_t question;
    acme_dns_done_fn *done;
    int pending;
} lookup_t;

/* A probe of one address, and the redirects behind it. */
typedef struct probe_t {
    one_t *one;
    int index; /* of the address */
    acme_http_request_t request;
    acme_http_probe_t where;
    const char *token;
    int next; /* non-zero: the request is to be sent */
    int pending;
} probe_t;

/* A name. */
struct one_t {
    acme_preflight_t *preflight;
    acme_preflight_facts_t facts;
    phase_e phase;
    int pending;                     /* lookups and probes */
    apr_array_header_t *ipv4, *ipv6; /* const char * */
    apr_array_header_t *lookups;     /* lookup_t * */
    apr_array_header_t *probes;      /* probe_t * */
    const char *identifier;          /* in the order: with the asterisk */
    const char *caa_name;            /* whose CAA records are asked for */
    const char *missing; /* what does not exist: the name, or its alias */
    const char *zone;    /* that may be its zone */
    int labels;
    const char *server; /* name of a name server of the zone, or NULL */
    apr_array_header_t *servers; /* its address, const char *, or NULL */
};

struct acme_preflight_t {
    acme_preflight_config_t config;
    apr_pool_t *p;
    one_t *ones;
    int count;
    int given_up;
    int asked; /* of the DNS */
    int heard; /* answers of it that can be used */
};

/* Tells the owner that there is something to go on with. */
static void note_moved(const acme_preflight_t *preflight)
{
    if (preflight->config.moved) {
        *preflight->config.moved = 1;
    }
}

/* ---- the DNS ---- */

static void ask(one_t *one, const char *name, acme_dns_type_e type,
                acme_dns_done_fn *done)
{
    acme_preflight_t *preflight = one->preflight;
    acme_dns_t *dns = preflight->config.dns;
    lookup_t *lookup = apr_pcalloc(preflight->p, sizeof(*lookup));

    lookup->one = one;
    lookup->question.name = name;
    lookup->question.type = type;
    lookup->question.servers =
        one->phase == PHASE_CONFIRM ? one->servers : NULL;
    lookup->done = done;
    ++preflight->asked;
    lookup->pending = 1;
    ++one->pending;
    APR_ARRAY_PUSH(one->lookups, lookup_t *) = lookup;
    dns->ask(dns, &lookup->question, done, lookup);
}

/* Ends a question. Returns the name that it was for; NULL when nobody wants the
 * answer any more. */
static one_t *take(lookup_t *lookup, const acme_dns_answer_t *answer)
{
    one_t *one = lookup->one;
    acme_preflight_t *preflight = one->preflight;

    lookup->pending = 0;
    --one->pending;
    preflight->heard += answer->outcome != ACME_DNS_FAILED;
    note_moved(preflight);
    return preflight->given_up ? NULL : one;
}

/* Returns the value of the last record of a type, or NULL. */
static const char *last_of(const acme_dns_answer_t *answer,
                           acme_dns_type_e type, apr_pool_t *p)
{
    const char *value = NULL;
    int i;

    for (i = 0; answer->records && i < answer->records->nelts; ++i) {
        const acme_dns_record_t *record =
            &APR_ARRAY_IDX(answer->records, i, acme_dns_record_t);

        if (record->type == type) {
            value = record->value;
        }
    }
    return apr_pstrdup(p, value);
}

/* Adds addresses, as many as are probed. */
static void add_addresses(apr_array_header_t *to,
                          const acme_dns_answer_t *answer, acme_dns_type_e type,
                          apr_pool_t *p)
{
    int i;

    for (i = 0; answer->outcome == ACME_DNS_FOUND && i < answer->records->nelts;
         ++i) {
        const acme_dns_record_t *record =
            &APR_ARRAY_IDX(answer->records, i, acme_dns_record_t);

        if (record->type == type && to->nelts < ADDRESSES) {
            APR_ARRAY_PUSH(to, const char *) = apr_pstrdup(p, record->value);
        }
    }
}

/* Notes what a look-up of addresses says of the name itself. */
static void note_name(one_t *one, const acme_dns_answer_t *answer)
{
    const acme_preflight_t *preflight = one->preflight;
    const char *cname = last_of(answer, ACME_DNS_CNAME, preflight->p);

    if (cname) {
        one->facts.cname = cname;
    }
    if (answer->outcome == ACME_DNS_NO_NAME && answer->authoritative && !cname
        && preflight->config.resolvers_named) {
        one->facts.is_certain = 1;
    }
}

static void a_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);

    if (one) {
        one->facts.a = answer->outcome;
        note_name(one, answer);
        add_addresses(one->ipv4, answer, ACME_DNS_A, one->preflight->p);
    }
}

static void aaaa_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);

    if (one) {
        one->facts.aaaa = answer->outcome;
        note_name(one, answer);
        add_addresses(one->ipv6, answer, ACME_DNS_AAAA, one->preflight->p);
    }
}

/* Takes the look-up of the registered domain for dns-01, where the name itself
 * need not exist. */
static void domain_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);

    if (one) {
        one->facts.a = answer->outcome;
        one->facts.aaaa = answer->outcome;
        note_name(one, answer);
    }
}

static void record_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);

    if (one) {
        one->facts.record = answer->outcome;
    }
}

static void zone_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);

    if (one && answer->outcome == ACME_DNS_FOUND) {
        one->server = last_of(answer, ACME_DNS_NS, one->preflight->p);
    }
}

/* Returns non-zero for an address that anybody can reach: what another name
 * server says may hold only inside (split DNS). */
static int is_public(const char *address)
{
    unsigned char b[16];

    if (inet_pton(AF_INET, address, b) == 1) {
        return b[0] != 0 && b[0] != 10 && b[0] != 127
               && !(b[0] == 100 && (b[1] & 0xc0) == 64)
               && !(b[0] == 169 && b[1] == 254)
               && !(b[0] == 172 && (b[1] & 0xf0) == 16)
               && !(b[0] == 192 && b[1] == 168);
    }
    /* 2000::/3 is all that is public today. */
    return inet_pton(AF_INET6, address, b) == 1 && (b[0] & 0xe0) == 0x20;
}

static void server_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);
    const char *address;

    if (!one || answer->outcome != ACME_DNS_FOUND) {
        return;
    }
    address = last_of(answer, ACME_DNS_A, one->preflight->p);
    if (address && is_public(address)) {
        one->servers = apr_array_make(one->preflight->p, 1, sizeof(char *));
        APR_ARRAY_PUSH(one->servers, const char *) = address;
    }
}

static void confirm_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);

    if (one && answer->outcome == ACME_DNS_NO_NAME && answer->authoritative) {
        one->facts.is_certain = 1;
    }
}

/* Takes the CAA records of a name, or goes on with the one above. */
static void caa_done(void *baton, const acme_dns_answer_t *answer)
{
    one_t *one = take(baton, answer);
    acme_preflight_facts_t *facts;
    acme_caa_verdict_t *verdict;
    acme_caa_order_t order;
    apr_pool_t *p;

    if (!one) {
        return;
    }
    facts = &one->facts;
    p = one->preflight->p;
    if (answer->outcome == ACME_DNS_FAILED) {
        facts->caa_failed = 1;
        return;
    }
    if (answer->outcome != ACME_DNS_FOUND) {
        one->caa_name = acme_caa_parent(one->caa_name);
        if (one->caa_name) {
            ask(one, one->caa_name, ACME_DNS_CAA, caa_done);
            return;
        }
    }
    order = *one->preflight->config.caa;
    order.identifier = one->identifier;
    verdict = apr_pcalloc(p, sizeof(*verdict));
    acme_caa_judge(verdict, &order, answer->records, p);
    facts->caa = verdict;
    facts->caa_at = one->caa_name;
}

static void begin_lookups(one_t *one)
{
    acme_preflight_facts_t *facts = &one->facts;
    apr_pool_t *p = one->preflight->p;

    facts->looked_up = 1;
    one->caa_name =
        one->preflight->config.caa ? acme_caa_first(one->identifier) : NULL;
    if (one->caa_name) {
        ask(one, one->caa_name, ACME_DNS_CAA, caa_done);
    }
    if (strcmp(facts->type, "dns-01") == 0) {
        ask(one, acme_domain_registered(facts->name, p), ACME_DNS_A,
            domain_done);
        ask(one, apr_pstrcat(p, "_acme-challenge.", facts->name, NULL),
            ACME_DNS_TXT, record_done);
        return;
    }
    ask(one, facts->name, ACME_DNS_A, a_done);
    ask(one, facts->name, ACME_DNS_AAAA, aaaa_done);
}

/* Returns the name above this one, or NULL. */
static const char *above(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot && dot[1] ? dot + 1 : NULL;
}

/* ---- probes ---- */

static const char *bracket(const char *name, apr_pool_t *p)
{
    return strchr(name, ':') ? apr_pstrcat(p, "[", name, "]", NULL) : name;
}

static acme_preflight_address_t *address_of(const probe_t *probe)
{
    return &APR_ARRAY_IDX(probe->one->facts.addresses, probe->index,
                          acme_preflight_address_t);
}

static void end_probe(const probe_t *probe, acme_preflight_end_e end,
                      const char *what)
{
    acme_preflight_address_t *address = address_of(probe);

    address->end = end;
    address->what = what;
}

/* Returns the local port behind the port of a redirect; 0 when no CA goes
 * there. */
static int port_of(const acme_preflight_config_t *config, int is_https,
                   const char *port)
{
    int local = is_https ? config->https_port : config->http_port;
    int number = port ? atoi(port) : 0;

    return !port || number == (is_https ? 443 : 80) || number == local ? local
                                                                       : 0;
}

/* Follows a redirect, or ends the probe. */
static void follow(probe_t *probe, const char *location)
{
    one_t *one = probe->one;
    apr_pool_t *p = one->preflight->p;
    acme_preflight_address_t *address = address_of(probe);
    int is_https = strncmp(probe->request.url, "https:", 6) == 0;
    const char *host;
    apr_uri_t uri;
    int port;

    location = apr_pstrdup(p, location);
    if (apr_uri_parse(p, location, &uri) != APR_SUCCESS || !uri.path
        || *uri.path != '/') {
        end_probe(probe, ACME_PREFLIGHT_END_AWAY, location);
        return;
    }
    if (uri.scheme) {
        is_https = apr_cstr_casecmp(uri.scheme, "https") == 0;
        if (!is_https && apr_cstr_casecmp(uri.scheme, "http") != 0) {
            end_probe(probe, ACME_PREFLIGHT_END_AWAY, location);
            return;
        }
    }
    host = uri.hostname ? uri.hostname : one->facts.name;
    port = port_of(&one->preflight->config, is_https, uri.port_str);
    if (!port || apr_cstr_casecmp(host, one->facts.name) != 0) {
        end_probe(probe, ACME_PREFLIGHT_END_AWAY, location);
        return;
    }
    if (++address->hops > HOPS) {
        end_probe(probe, ACME_PREFLIGHT_END_LOOP, location);
        return;
    }
    probe->request.url = apr_pstrcat(
        p, is_https ? "https://" : "http://", bracket(one->facts.name, p),
        uri.path, uri.query ? "?" : "", uri.query ? uri.query : "", NULL);
    probe->where.port = port;
    probe->next = 1;
}

static void answered(probe_t *probe, const acme_http_response_t *response)
{
    one_t *one = probe->one;
    apr_pool_t *p = one->preflight->p;
    const char *location = apr_table_get(response->headers, "Location");
    const char *server = apr_table_get(response->headers, "Server");
    acme_preflight_probe_e who;
    const char *host;

    if (response->status >= 301 && response->status <= 308 && location
        && response->status != 304) {
        follow(probe, location);
        return;
    }
    who = response->status == 200
              ? acme_preflight_probe_read(&host, one->preflight->config.seal,
                                          probe->token, one->facts.name,
                                          response->body, p)
              : ACME_PREFLIGHT_PROBE_OTHER;
    if (who == ACME_PREFLIGHT_PROBE_OURS) {
        end_probe(probe, ACME_PREFLIGHT_END_OURS, NULL);
    }
    else if (who == ACME_PREFLIGHT_PROBE_HOST) {
        end_probe(probe, ACME_PREFLIGHT_END_HOST, host);
    }
    else {
        end_probe(probe, ACME_PREFLIGHT_END_OTHER,
                  apr_psprintf(p, "its answer has status %d%s%.*s",
                               response->status, server ? ", its name is " : "",
                               SERVER_MAX, server ? server : ""));
    }
}

static void probe_done(void *baton, apr_status_t rv,
                       const acme_http_response_t *response,
                       const acme_problem_t *problem)
{
    probe_t *probe = baton;

    (void)problem;
    probe->pending = 0;
    --probe->one->pending;
    note_moved(probe->one->preflight);
    if (probe->one->preflight->given_up || APR_STATUS_IS_EINTR(rv)) {
        return;
    }
    if (rv == APR_SUCCESS) {
        answered(probe, response);
    }
    else if (rv == EMSGSIZE) {
        end_probe(probe, ACME_PREFLIGHT_END_OTHER, "its answer is too long");
    }
    else if (APR_STATUS_IS_ECONNREFUSED(rv)) {
        end_probe(probe, ACME_PREFLIGHT_END_CLOSED, NULL);
    }
    else if (APR_STATUS_IS_TIMEUP(rv) || APR_STATUS_IS_ETIMEDOUT(rv)) {
        end_probe(probe, ACME_PREFLIGHT_END_SILENT, NULL);
    }
    else if (APR_STATUS_IS_ENETUNREACH(rv) || APR_STATUS_IS_EHOSTUNREACH(rv)
             || rv == EADDRNOTAVAIL) {
        end_probe(probe, ACME_PREFLIGHT_END_NO_WAY, NULL);
    }
    else {
        end_probe(probe, ACME_PREFLIGHT_END_BROKEN, NULL);
    }
}

static void add_probe(one_t *one, const char *text, int is_ipv6)
{
    const acme_preflight_config_t *config = &one->preflight->config;
    apr_pool_t *p = one->preflight->p;
    acme_preflight_address_t *address = apr_array_push(one->facts.addresses);
    int is_https = one->facts.port == 443;
    probe_t *probe = apr_pcalloc(p, sizeof(*probe));

    memset(address, 0, sizeof(*address));
    address->address = text;
    address->is_ipv6 = is_ipv6;
    probe->one = one;
    probe->index = one->facts.addresses->nelts - 1;
    probe->token = acme_preflight_probe_token(p);
    probe->where.address = text;
    probe->where.port = is_https ? config->https_port : config->http_port;
    probe->where.timeout = PROBE_TIMEOUT;
    probe->request.method = "GET";
    probe->request.repeatable = 1;
    probe->request.probe = &probe->where;
    probe->next = probe->token && probe->where.port;
    probe->request.url = apr_pstrcat(
        p, is_https ? "https://" : "http://", bracket(one->facts.name, p),
        ACME_SOLVER_HTTP_PATH, probe->token ? probe->token : "", NULL);
    APR_ARRAY_PUSH(one->probes, probe_t *) = probe;
}

static void begin_probes(one_t *one)
{
    int i;

    one->phase = PHASE_PROBE;
    if (strcmp(one->facts.type, "dns-01") == 0) {
        return;
    }
    if (!one->facts.looked_up) {
        /* An address, or a name that libcurl looks up. */
        add_probe(one, one->facts.name, strchr(one->facts.name, ':') != NULL);
    }
    for (i = 0; i < one->ipv4->nelts; ++i) {
        add_probe(one, APR_ARRAY_IDX(one->ipv4, i, const char *), 0);
    }
    for (i = 0; i < one->ipv6->nelts; ++i) {
        add_probe(one, APR_ARRAY_IDX(one->ipv6, i, const char *), 1);
    }
}

/* Sends the requests that are to be sent. Returns how many probes are not
 * over. */
static int send_probes(one_t *one)
{
    acme_http_t *http = one->preflight->config.http;
    int i, open = 0;

    for (i = 0; i < one->probes->nelts; ++i) {
        probe_t *probe = APR_ARRAY_IDX(one->probes, i, probe_t *);

        if (probe->next) {
            probe->next = 0;
            probe->pending = 1;
            ++one->pending;
            http->submit(http, &probe->request, probe_done, probe);
        }
        open += probe->pending;
    }
    return open;
}

/* ---- a name ---- */

/* Goes on when the records of the name are there. */
static void looked_up(one_t *one)
{
    acme_preflight_facts_t *facts = &one->facts;

    if ((facts->a != ACME_DNS_NO_NAME && facts->aaaa != ACME_DNS_NO_NAME)
        || facts->is_certain) {
        begin_probes(one);
        return;
    }
    one->missing = facts->cname ? facts->cname
                   : strcmp(facts->type, "dns-01") == 0
                       ? acme_domain_registered(facts->name, one->preflight->p)
                       : facts->name;
    one->zone = one->missing;
    one->phase = PHASE_ZONE;
    one->server = NULL;
    one->zone = above(one->zone);
    if (one->zone) {
        ask(one, one->zone, ACME_DNS_NS, zone_done);
    }
}

/* Looks for the zone one label higher. */
static void search_zone(one_t *one)
{
    if (one->server) {
        one->phase = PHASE_SERVER;
        ask(one, one->server, ACME_DNS_A, server_done);
        return;
    }
    one->zone = one->zone && ++one->labels < LABELS ? above(one->zone) : NULL;
    if (one->zone) {
        ask(one, one->zone, ACME_DNS_NS, zone_done);
    }
    else {
        begin_probes(one);
    }
}

/* Returns non-zero when the name is done. */
static int step(one_t *one)
{
    while (one->pending == 0 && one->phase < PHASE_PROBE) {
        switch (one->phase) {
        case PHASE_WAIT:
            one->phase = PHASE_LOOKUP;
            if (one->preflight->config.dns && !one->facts.is_ip) {
                begin_lookups(one);
            }
            else {
                begin_probes(one);
            }
            break;
        case PHASE_LOOKUP:
            looked_up(one);
            break;
        case PHASE_ZONE:
            search_zone(one);
            break;
        case PHASE_SERVER:
            if (one->servers) {
                one->phase = PHASE_CONFIRM;
                ask(one, one->missing, ACME_DNS_A, confirm_done);
            }
            else {
                begin_probes(one);
            }
            break;
        case PHASE_CONFIRM:
            begin_probes(one);
            break;
        case PHASE_PROBE:
        case PHASE_DONE:
            break;
        }
    }
    if (one->phase == PHASE_PROBE && send_probes(one) == 0) {
        one->phase = PHASE_DONE;
    }
    return one->phase == PHASE_DONE;
}

static void set_name(one_t *one, acme_preflight_t *preflight, const char *name)
{
    const acme_preflight_config_t *config = &preflight->config;
    apr_pool_t *p = preflight->p;

    one->preflight = preflight;
    one->identifier = name;
    one->facts.name = acme_ident_is_wildcard(name) ? name + 2 : name;
    /* A CA takes nothing else for a wildcard (RFC 8555 7.1.3, 8.4), so that
     * nobody has to reach the name below it. */
    one->facts.type = acme_ident_is_wildcard(name) ? "dns-01" : config->type;
    one->facts.is_ip = acme_ident_type(name) == ACME_IDENT_IP;
    one->facts.port = strcmp(one->facts.type, "tls-alpn-01") == 0 ? 443 : 80;
    one->facts.local_port =
        one->facts.port == 443 ? config->https_port : config->http_port;
    one->facts.addresses =
        apr_array_make(p, 2, sizeof(acme_preflight_address_t));
    one->ipv4 = apr_array_make(p, 1, sizeof(char *));
    one->ipv6 = apr_array_make(p, 1, sizeof(char *));
    one->lookups = apr_array_make(p, 4, sizeof(lookup_t *));
    one->probes = apr_array_make(p, 2, sizeof(probe_t *));
}

acme_preflight_t *acme_preflight_create(const acme_preflight_config_t *config,
                                        apr_pool_t *p)
{
    acme_preflight_t *preflight = apr_pcalloc(p, sizeof(*preflight));
    int i;

    preflight->config = *config;
    preflight->p = p;
    preflight->count = config->names->nelts;
    preflight->ones =
        apr_pcalloc(p, sizeof(one_t) * ((apr_size_t)preflight->count + 1));
    for (i = 0; i < preflight->count; ++i) {
        set_name(&preflight->ones[i], preflight,
                 APR_ARRAY_IDX(config->names, i, const char *));
    }
    return preflight;
}

int acme_preflight_step(acme_preflight_t *preflight)
{
    int i, open = 0;

    for (i = 0;
         i < preflight->count && open < NAMES_AT_ONCE && !preflight->given_up;
         ++i) {
        open += !step(&preflight->ones[i]);
    }
    return open == 0;
}

int acme_preflight_pending(const acme_preflight_t *preflight)
{
    int i, pending = 0;

    for (i = 0; i < preflight->count; ++i) {
        pending += preflight->ones[i].pending;
    }
    return pending > 0;
}

int acme_preflight_has_heard(const acme_preflight_t *preflight)
{
    return preflight->asked == 0 || preflight->heard > 0;
}

void acme_preflight_give_up(acme_preflight_t *preflight)
{
    acme_dns_t *dns = preflight->config.dns;
    int i, j;

    preflight->given_up = 1;
    for (i = 0; i < preflight->count; ++i) {
        const one_t *one = &preflight->ones[i];

        for (j = 0; j < one->lookups->nelts; ++j) {
            lookup_t *lookup = APR_ARRAY_IDX(one->lookups, j, lookup_t *);

            if (lookup->pending) {
                dns->cancel(dns, lookup);
            }
        }
    }
}

apr_array_header_t *acme_preflight_findings(const acme_preflight_t *preflight,
                                            apr_pool_t *p)
{
    apr_array_header_t *findings = acme_preflight_finding_make(p);
    int i;

    for (i = 0; i < preflight->count; ++i) {
        if (preflight->ones[i].phase >= PHASE_PROBE) {
            acme_preflight_finding_judge(findings, &preflight->ones[i].facts,
                                         p);
        }
    }
    return findings;
}
