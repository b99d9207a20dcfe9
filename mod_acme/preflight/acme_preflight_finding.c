/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_preflight_finding.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_jws.h"
#include "acme_text.h"

/* Most bytes of what a server has said, and of a whole line. */
#define WHAT_MAX 200
#define TEXT_MAX 600

#define TO_FIX_PATH                                           \
    "let nothing in front of this server redirect or answer " \
    "/.well-known/acme-challenge/ itself"
#define TO_FIX_HOST                                                       \
    "have what is in front of this server pass the Host header on "       \
    "(ProxyPreserveHost On; proxy_set_header Host $host), and apachectl " \
    "graceful when the name was added just now"

apr_array_header_t *acme_preflight_finding_make(apr_pool_t *p)
{
    return apr_array_make(p, 8, sizeof(acme_preflight_finding_t));
}

const acme_preflight_finding_t *
acme_preflight_finding_at(const apr_array_header_t *findings, int i)
{
    return &APR_ARRAY_IDX(findings, i, acme_preflight_finding_t);
}

/* A judgement under way. */
typedef struct judge_t {
    apr_array_header_t *findings;
    const acme_preflight_facts_t *facts;
    apr_pool_t *p;
} judge_t;

static void add(const judge_t *judge, acme_preflight_check_e check,
                acme_preflight_state_e state, const char *key,
                const char *detail, const char *to_fix)
{
    acme_preflight_finding_t *finding = apr_array_push(judge->findings);

    finding->check = check;
    finding->state = state;
    finding->name = judge->facts->name;
    finding->key = key;
    finding->detail = detail;
    finding->to_fix = to_fix;
}

/* ---- the DNS ---- */

static void judge_no_name(const judge_t *judge)
{
    const acme_preflight_facts_t *facts = judge->facts;
    const char *what =
        facts->cname ? apr_pstrcat(judge->p, "its CNAME record leads to ",
                                   facts->cname, ", which does not exist", NULL)
                     : "it does not exist in the DNS (NXDOMAIN)";

    add(judge, ACME_PREFLIGHT_NAME,
        facts->is_certain ? ACME_PREFLIGHT_FORBIDS : ACME_PREFLIGHT_FAULT,
        facts->cname ? facts->cname : "",
        facts->is_certain ? what
                          : apr_pstrcat(judge->p, what,
                                        ", as the resolver of this machine "
                                        "says; the CA may see more",
                                        NULL),
        facts->cname
            ? apr_pstrcat(judge->p, "correct the CNAME record of ", facts->name,
                          NULL)
            : apr_pstrcat(judge->p, "publish an A or AAAA record for ",
                          facts->name,
                          ", or remove the name from the configuration", NULL));
}

static const char *which_failed(const acme_preflight_facts_t *facts)
{
    return facts->a != ACME_DNS_FAILED      ? "its AAAA record"
           : facts->aaaa != ACME_DNS_FAILED ? "its A record"
                                            : "its address";
}

static const char *list(const acme_preflight_facts_t *facts, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < facts->addresses->nelts; ++i) {
        text = apr_pstrcat(
            p, text, i ? ", " : "",
            APR_ARRAY_IDX(facts->addresses, i, acme_preflight_address_t)
                .address,
            NULL);
    }
    return text;
}

/* Returns zero when the name does not exist. */
static int judge_lookup(const judge_t *judge)
{
    const acme_preflight_facts_t *facts = judge->facts;
    int by_dns = strcmp(facts->type, "dns-01") == 0;

    if (!facts->looked_up) {
        add(judge, ACME_PREFLIGHT_DNS, ACME_PREFLIGHT_UNKNOWN, "",
            "the DNS was not asked, because there is no DNS client here", NULL);
        return 1;
    }
    if (facts->a == ACME_DNS_NO_NAME || facts->aaaa == ACME_DNS_NO_NAME) {
        judge_no_name(judge);
        return 0;
    }
    if (facts->a == ACME_DNS_FAILED || facts->aaaa == ACME_DNS_FAILED) {
        add(judge, ACME_PREFLIGHT_DNS, ACME_PREFLIGHT_FAULT,
            which_failed(facts),
            apr_pstrcat(judge->p, which_failed(facts),
                        " cannot be looked up: no name server gives a usable "
                        "answer",
                        NULL),
            "check the name servers of the zone and its DNSSEC signatures, and "
            "that this machine reaches a resolver");
    }
    else {
        add(judge, ACME_PREFLIGHT_NAME, ACME_PREFLIGHT_FINE, "",
            facts->cname ? apr_pstrcat(judge->p, "it exists, as an alias of ",
                                       facts->cname, NULL)
                         : "it exists",
            NULL);
    }
    if (by_dns) {
        return 1;
    }
    if (facts->addresses->nelts) {
        add(judge, ACME_PREFLIGHT_ADDRESS, ACME_PREFLIGHT_FINE, "",
            apr_pstrcat(judge->p, "it has ", list(facts, judge->p), NULL),
            NULL);
    }
    else if (facts->a == ACME_DNS_NODATA && facts->aaaa == ACME_DNS_NODATA) {
        add(judge, ACME_PREFLIGHT_ADDRESS, ACME_PREFLIGHT_FAULT, "",
            "it has neither an A nor an AAAA record",
            apr_pstrcat(judge->p, "publish an A or AAAA record for ",
                        facts->cname ? facts->cname : facts->name, NULL));
    }
    return 1;
}

static void judge_record(const judge_t *judge)
{
    const acme_preflight_facts_t *facts = judge->facts;

    if (strcmp(facts->type, "dns-01") != 0 || !facts->looked_up) {
        return;
    }
    if (facts->record == ACME_DNS_FAILED) {
        add(judge, ACME_PREFLIGHT_DNS01, ACME_PREFLIGHT_FAULT, "",
            apr_pstrcat(judge->p, "_acme-challenge.", facts->name,
                        " cannot be looked up: no name server gives a usable "
                        "answer for it",
                        NULL),
            apr_pstrcat(judge->p,
                        "check the NS or CNAME record of "
                        "_acme-challenge.",
                        facts->name,
                        ", and that the name servers it leads to answer",
                        NULL));
        return;
    }
    add(judge, ACME_PREFLIGHT_DNS01, ACME_PREFLIGHT_FINE, "",
        apr_pstrcat(judge->p, "name servers answer for _acme-challenge.",
                    facts->name, NULL),
        NULL);
}

/* ---- CAA ---- */

/* Returns non-zero when the records allow the type that is tried. */
static int has_type(const acme_preflight_facts_t *facts)
{
    int i;

    for (i = 0; facts->caa->types && i < facts->caa->types->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(facts->caa->types, i, const char *),
                   facts->type)
            == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *records_of(const judge_t *judge)
{
    return apr_pstrcat(judge->p, "the CAA record of ", judge->facts->caa_at,
                       NULL);
}

static void judge_caa(const judge_t *judge)
{
    const acme_preflight_facts_t *facts = judge->facts;
    const acme_caa_verdict_t *caa = facts->caa;
    apr_pool_t *p = judge->p;

    if (facts->caa_failed && facts->a == ACME_DNS_FAILED
        && facts->aaaa == ACME_DNS_FAILED) {
        return; /* because it is the same fault */
    }
    if (facts->caa_failed) {
        add(judge, ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FAULT, "failed",
            "its CAA records cannot be looked up, for which CAs refuse a name",
            "check that the name servers of the zone answer questions for "
            "CAA, and its DNSSEC signatures");
    }
    else if (!caa) {
        return;
    }
    else if (!facts->caa_at) {
        add(judge, ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FINE, "",
            "it has no CAA records, so every CA may issue for it", NULL);
    }
    else if (caa->what == ACME_CAA_FORBIDDEN) {
        add(judge, ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FORBIDS, caa->reason,
            apr_pstrcat(p, records_of(judge), " ", caa->reason, NULL),
            caa->to_fix);
    }
    else if (caa->what == ACME_CAA_UNKNOWN) {
        add(judge, ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_UNKNOWN, "",
            apr_pstrcat(p, records_of(judge),
                        " cannot be judged: ", caa->reason, NULL),
            NULL);
    }
    else if (!has_type(facts)) {
        add(judge, ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FAULT, "methods",
            apr_pstrcat(p, records_of(judge), " allows ",
                        apr_array_pstrcat(p, caa->types, ' '), ", and not ",
                        facts->type, NULL),
            apr_pstrcat(p, "write ACMECAChallenges ",
                        apr_array_pstrcat(p, caa->types, ' '), ", or add ",
                        facts->type, " to its validationmethods", NULL));
    }
    else {
        add(judge, ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FINE, "",
            apr_pstrcat(p, records_of(judge), " permits this CA", NULL), NULL);
    }
}

/* ---- addresses ---- */

static const char *where(const judge_t *judge,
                         const acme_preflight_address_t *one)
{
    const acme_preflight_facts_t *facts = judge->facts;
    const char *mapped =
        facts->port == facts->local_port
            ? ""
            : apr_psprintf(judge->p, " (%d here)", facts->local_port);

    return apr_psprintf(judge->p, "port %d%s of %s", facts->port, mapped,
                        one->address);
}

/* Returns what is wrong at an address; NULL when nothing is. */
static const char *wrong(const judge_t *judge,
                         const acme_preflight_address_t *one,
                         acme_preflight_check_e *check)
{
    const char *at = where(judge, one);
    const char *what =
        one->what ? acme_text_escape(one->what, WHAT_MAX, judge->p) : "";
    apr_pool_t *p = judge->p;

    switch (one->end) {
    case ACME_PREFLIGHT_END_NONE:
    case ACME_PREFLIGHT_END_NO_WAY:
    case ACME_PREFLIGHT_END_OURS:
        return NULL;
    case ACME_PREFLIGHT_END_HOST:
        *check = ACME_PREFLIGHT_HOST;
        return apr_pstrcat(p, "this server answers at ", at,
                           ", but is asked there for the host ", what,
                           strcmp(what, judge->facts->name) == 0
                               ? ", which no site of its running configuration "
                                 "has"
                               : "",
                           NULL);
    case ACME_PREFLIGHT_END_OTHER:
        *check = ACME_PREFLIGHT_SERVER;
        return apr_pstrcat(p, "another server answers at ", at, ": ", what,
                           NULL);
    case ACME_PREFLIGHT_END_CLOSED:
        *check = ACME_PREFLIGHT_PORT;
        return apr_pstrcat(p, "nothing listens at ", at,
                           ": the connection is refused", NULL);
    case ACME_PREFLIGHT_END_SILENT:
        *check = ACME_PREFLIGHT_PORT;
        return apr_pstrcat(p, "no answer comes from ", at, NULL);
    case ACME_PREFLIGHT_END_BROKEN:
        *check = ACME_PREFLIGHT_PORT;
        return apr_pstrcat(p, "the connection to ", at, " fails", NULL);
    case ACME_PREFLIGHT_END_LOOP:
        *check = ACME_PREFLIGHT_REDIRECT;
        return apr_pstrcat(p, "requests to ", at,
                           " are redirected without end, at last to ", what,
                           NULL);
    case ACME_PREFLIGHT_END_AWAY:
        *check = ACME_PREFLIGHT_REDIRECT;
        return apr_pstrcat(p, "requests to ", at, " are redirected to ", what,
                           ", where this server is not asked for the name",
                           NULL);
    }
    return NULL;
}

static const char *remedy(const judge_t *judge,
                          const acme_preflight_address_t *one,
                          acme_preflight_check_e check)
{
    const acme_preflight_facts_t *facts = judge->facts;

    switch (check) {
    case ACME_PREFLIGHT_HOST:
        return TO_FIX_HOST;
    case ACME_PREFLIGHT_REDIRECT:
        return TO_FIX_PATH;
    case ACME_PREFLIGHT_SERVER:
        return facts->is_ip
                   ? TO_FIX_PATH
                   : apr_pstrcat(judge->p, "let the ",
                                 one->is_ipv6 ? "AAAA" : "A", " record of ",
                                 facts->name, " lead to this server, and ",
                                 TO_FIX_PATH, NULL);
    case ACME_PREFLIGHT_PORT:
    case ACME_PREFLIGHT_NAME:
    case ACME_PREFLIGHT_DNS:
    case ACME_PREFLIGHT_ADDRESS:
    case ACME_PREFLIGHT_IPV6:
    case ACME_PREFLIGHT_CAA:
    case ACME_PREFLIGHT_DNS01:
        break;
    }
    return apr_psprintf(
        judge->p,
        "let port %d of %s reach this httpd (Listen, firewall, port "
        "forwarding); a router may also refuse to lead this machine back to "
        "itself, which the CA does not notice",
        facts->port, one->address);
}

/* Returns how many addresses have this end. */
static int count(const acme_preflight_facts_t *facts, acme_preflight_end_e end)
{
    int i, found = 0;

    for (i = 0; i < facts->addresses->nelts; ++i) {
        found +=
            APR_ARRAY_IDX(facts->addresses, i, acme_preflight_address_t).end
            == end;
    }
    return found;
}

/* Returns non-zero when an IPv4 address is right. */
static int has_right_ipv4(const acme_preflight_facts_t *facts)
{
    int i;

    for (i = 0; i < facts->addresses->nelts; ++i) {
        const acme_preflight_address_t *one =
            &APR_ARRAY_IDX(facts->addresses, i, acme_preflight_address_t);

        if (!one->is_ipv6 && one->end == ACME_PREFLIGHT_END_OURS) {
            return 1;
        }
    }
    return 0;
}

static void judge_address(const judge_t *judge,
                          const acme_preflight_address_t *one)
{
    const acme_preflight_facts_t *facts = judge->facts;
    acme_preflight_check_e check = ACME_PREFLIGHT_SERVER;
    const char *text = wrong(judge, one, &check);
    acme_preflight_state_e state = ACME_PREFLIGHT_FAULT;

    if (one->end == ACME_PREFLIGHT_END_NONE
        || one->end == ACME_PREFLIGHT_END_NO_WAY) {
        add(judge, check, ACME_PREFLIGHT_UNKNOWN, one->address,
            apr_pstrcat(judge->p, where(judge, one),
                        one->end == ACME_PREFLIGHT_END_NONE
                            ? " was not looked at"
                            : " cannot be looked at: this machine has no way "
                              "there",
                        NULL),
            NULL);
        return;
    }
    if (!text) {
        add(judge, check, ACME_PREFLIGHT_FINE, one->address,
            apr_pstrcat(judge->p, "this server answers at ", where(judge, one),
                        one->hops ? ", after a redirect" : "", NULL),
            NULL);
        return;
    }
    if (one->is_ipv6 && !facts->is_ip && has_right_ipv4(facts)) {
        add(judge, ACME_PREFLIGHT_IPV6, state, one->address,
            apr_pstrcat(judge->p,
                        "its AAAA record is wrong where its A record "
                        "is right: ",
                        text, NULL),
            "correct or remove the AAAA record, because CAs take it first");
        return;
    }
    /* Certain only where no other address may do better. The name itself may be
     * unknown for a moment only, to a child that a graceful restart ends. */
    if (check == ACME_PREFLIGHT_HOST && strcmp(one->what, facts->name) != 0
        && count(facts, ACME_PREFLIGHT_END_HOST) == facts->addresses->nelts) {
        state = ACME_PREFLIGHT_FORBIDS;
    }
    add(judge, check, state, one->address, text, remedy(judge, one, check));
}

void acme_preflight_finding_judge(apr_array_header_t *findings,
                                  const acme_preflight_facts_t *facts,
                                  apr_pool_t *p)
{
    const judge_t judge = {findings, facts, p};
    int i;

    if (!facts->is_ip && !judge_lookup(&judge)) {
        return;
    }
    for (i = 0; i < facts->addresses->nelts; ++i) {
        judge_address(&judge, &APR_ARRAY_IDX(facts->addresses, i,
                                             acme_preflight_address_t));
    }
    judge_record(&judge);
    judge_caa(&judge);
}

/* ---- as words ---- */

const char *acme_preflight_finding_check(acme_preflight_check_e check)
{
    static const char *const names[] = {"name",   "dns",   "address",  "port",
                                        "server", "ipv6",  "redirect", "host",
                                        "caa",    "dns-01"};

    return names[check];
}

const char *acme_preflight_finding_state(acme_preflight_state_e state)
{
    static const char *const names[] = {"ok", "unknown", "fault", "forbids"};

    return names[state];
}

acme_preflight_state_e
acme_preflight_finding_worst(const apr_array_header_t *findings)
{
    acme_preflight_state_e worst = ACME_PREFLIGHT_FINE;
    int i;

    for (i = 0; i < findings->nelts; ++i) {
        acme_preflight_state_e state =
            acme_preflight_finding_at(findings, i)->state;

        worst = state > worst ? state : worst;
    }
    return worst;
}

const char *acme_preflight_finding_text(const apr_array_header_t *findings,
                                        const char **to_fix, apr_pool_t *p)
{
    const acme_preflight_finding_t *one;
    const char *text = NULL;
    int state, i;

    if (to_fix) {
        *to_fix = NULL;
    }
    for (state = ACME_PREFLIGHT_FORBIDS; state >= ACME_PREFLIGHT_FAULT;
         --state) {
        for (i = 0; i < findings->nelts; ++i) {
            one = acme_preflight_finding_at(findings, i);
            if ((int)one->state != state) {
                continue;
            }
            if (!text && to_fix) {
                *to_fix = one->to_fix;
            }
            text = apr_pstrcat(p, text ? text : "", text ? "; " : "", one->name,
                               ": ", one->detail, NULL);
        }
    }
    return text ? acme_text_bound(text, TEXT_MAX, p) : NULL;
}

const char *acme_preflight_finding_digest(const apr_array_header_t *findings,
                                          apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < findings->nelts; ++i) {
        const acme_preflight_finding_t *one =
            acme_preflight_finding_at(findings, i);

        if (one->state >= ACME_PREFLIGHT_FAULT) {
            text = apr_psprintf(p, "%s%d %d %s %s\n", text, one->check,
                                one->state, one->name, one->key);
        }
    }
    return acme_jws_sha256_hex(text, p);
}

acme_json_t *acme_preflight_finding_json(const apr_array_header_t *findings,
                                         int all, apr_pool_t *p)
{
    acme_json_t *list = acme_json_array(p);
    int i;

    for (i = 0; i < findings->nelts; ++i) {
        const acme_preflight_finding_t *one =
            acme_preflight_finding_at(findings, i);
        acme_json_t *item;

        if (!all && one->state < ACME_PREFLIGHT_FAULT) {
            continue;
        }
        item = acme_json_object(p);
        acme_json_set_str(item, "name", one->name);
        acme_json_set_str(item, "check",
                          acme_preflight_finding_check(one->check));
        acme_json_set_str(item, "state",
                          acme_preflight_finding_state(one->state));
        acme_json_set_str(item, "detail", one->detail);
        acme_json_set_str(item, "to-fix", one->to_fix);
        acme_json_append_given(list, item);
    }
    return list;
}
