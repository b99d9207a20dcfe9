/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_preflight_finding.h"

/* Facts of a name that exists, with addresses to be added. */
static acme_preflight_facts_t facts_of(const char *type, apr_pool_t *p)
{
    acme_preflight_facts_t facts = {
        .name = "a.example",
        .type = type,
        .port = strcmp(type, "tls-alpn-01") == 0 ? 443 : 80,
        .local_port = strcmp(type, "tls-alpn-01") == 0 ? 443 : 80,
        .looked_up = 1,
        .a = ACME_DNS_FOUND,
        .aaaa = ACME_DNS_NODATA,
        .record = ACME_DNS_NO_NAME,
        .addresses = apr_array_make(p, 2, sizeof(acme_preflight_address_t)),
    };

    return facts;
}

static void add(acme_preflight_facts_t *facts, const char *address,
                acme_preflight_end_e end, const char *what)
{
    acme_preflight_address_t *one = apr_array_push(facts->addresses);

    memset(one, 0, sizeof(*one));
    one->address = address;
    one->is_ipv6 = strchr(address, ':') != NULL;
    one->end = end;
    one->what = what;
}

static apr_array_header_t *judge(const acme_preflight_facts_t *facts,
                                 apr_pool_t *p)
{
    apr_array_header_t *findings = acme_preflight_finding_make(p);

    acme_preflight_finding_judge(findings, facts, p);
    return findings;
}

/* Asserts that there is one fault, of this check and state, whose text has
 * these words, and which has a remedy. */
static void assert_fault(const apr_array_header_t *findings,
                         acme_preflight_check_e check,
                         acme_preflight_state_e state, const char *words)
{
    const acme_preflight_finding_t *one, *found = NULL;
    int i;

    for (i = 0; i < findings->nelts; ++i) {
        one = acme_preflight_finding_at(findings, i);
        if (one->state >= ACME_PREFLIGHT_FAULT) {
            assert_null(found);
            found = one;
        }
        else {
            assert_null(one->to_fix);
        }
    }
    assert_non_null(found);
    assert_string_equal(acme_preflight_finding_check(found->check),
                        acme_preflight_finding_check(check));
    assert_int_equal(found->state, state);
    acme_t_contains(found->detail, words);
    assert_non_null(found->to_fix);
    assert_int_equal(acme_preflight_finding_worst(findings), state);
}

static void what_is_right_is_said_without_a_fault(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);
    apr_array_header_t *findings;
    const char *to_fix = "x";

    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_OURS, NULL);
    add(&facts, "2001:db8::1", ACME_PREFLIGHT_END_OURS, NULL);
    findings = judge(&facts, p);
    assert_int_equal(acme_preflight_finding_worst(findings),
                     ACME_PREFLIGHT_FINE);
    assert_null(acme_preflight_finding_text(findings, &to_fix, p));
    assert_null(to_fix);
    assert_int_equal(
        acme_json_count(acme_preflight_finding_json(findings, 0, p)), 0);
    assert_int_equal(
        acme_json_count(acme_preflight_finding_json(findings, 1, p)), 4);
}

static void each_way_to_fail_at_an_address_has_its_words(void **state)
{
    static const struct {
        acme_preflight_end_e end;
        const char *what;
        acme_preflight_check_e check;
        acme_preflight_state_e state;
        const char *words;
    } rows[] = {
        {ACME_PREFLIGHT_END_HOST, "backend", ACME_PREFLIGHT_HOST,
         ACME_PREFLIGHT_FORBIDS, "asked there for the host backend"},
        {ACME_PREFLIGHT_END_HOST, "a.example", ACME_PREFLIGHT_HOST,
         ACME_PREFLIGHT_FAULT, "no site of its running configuration"},
        {ACME_PREFLIGHT_END_OTHER, "its answer has status 404",
         ACME_PREFLIGHT_SERVER, ACME_PREFLIGHT_FAULT,
         "another server answers at port 80 of 192.0.2.1: its answer has "
         "status 404"},
        {ACME_PREFLIGHT_END_OTHER, "\x1b[31m\n", ACME_PREFLIGHT_SERVER,
         ACME_PREFLIGHT_FAULT, "\\x1b[31m\\x0a"},
        {ACME_PREFLIGHT_END_CLOSED, NULL, ACME_PREFLIGHT_PORT,
         ACME_PREFLIGHT_FAULT, "nothing listens at port 80 of 192.0.2.1"},
        {ACME_PREFLIGHT_END_SILENT, NULL, ACME_PREFLIGHT_PORT,
         ACME_PREFLIGHT_FAULT, "no answer comes from port 80 of 192.0.2.1"},
        {ACME_PREFLIGHT_END_BROKEN, NULL, ACME_PREFLIGHT_PORT,
         ACME_PREFLIGHT_FAULT, "connection to port 80 of 192.0.2.1 fails"},
        {ACME_PREFLIGHT_END_LOOP, "http://a.example/x", ACME_PREFLIGHT_REDIRECT,
         ACME_PREFLIGHT_FAULT, "without end"},
        {ACME_PREFLIGHT_END_AWAY, "https://b.example/", ACME_PREFLIGHT_REDIRECT,
         ACME_PREFLIGHT_FAULT, "redirected to https://b.example/"},
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        acme_preflight_facts_t facts = facts_of("http-01", p);

        add(&facts, "192.0.2.1", rows[i].end, rows[i].what);
        assert_fault(judge(&facts, p), rows[i].check, rows[i].state,
                     rows[i].words);
    }
}

static void what_was_not_seen_is_no_fault(void **state)
{
    static const acme_preflight_end_e ends[] = {ACME_PREFLIGHT_END_NONE,
                                                ACME_PREFLIGHT_END_NO_WAY};
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < 2; ++i) {
        acme_preflight_facts_t facts = facts_of("http-01", p);

        add(&facts, "2001:db8::1", ends[i], NULL);
        assert_int_equal(acme_preflight_finding_worst(judge(&facts, p)),
                         ACME_PREFLIGHT_UNKNOWN);
    }
}

static void a_stale_aaaa_beside_a_right_a_is_named(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);

    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_OURS, NULL);
    add(&facts, "2001:db8::9", ACME_PREFLIGHT_END_CLOSED, NULL);
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_IPV6, ACME_PREFLIGHT_FAULT,
                 "AAAA record is wrong where its A record is right: nothing "
                 "listens at port 80 of 2001:db8::9");
}

static void another_host_at_one_of_two_addresses_only_warns(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);

    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_HOST, "backend");
    add(&facts, "192.0.2.2", ACME_PREFLIGHT_END_OURS, NULL);
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_HOST, ACME_PREFLIGHT_FAULT,
                 "backend");
}

static void a_name_that_does_not_exist_is_certain_or_not(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);

    facts.a = facts.aaaa = ACME_DNS_NO_NAME;
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_NAME, ACME_PREFLIGHT_FAULT,
                 "as the resolver of this machine says");
    facts.is_certain = 1;
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_NAME, ACME_PREFLIGHT_FORBIDS,
                 "does not exist in the DNS (NXDOMAIN)");
    facts.cname = "gone.example";
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_NAME, ACME_PREFLIGHT_FORBIDS,
                 "leads to gone.example, which does not exist");
    facts.type = "dns-01";
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_NAME, ACME_PREFLIGHT_FORBIDS,
                 "gone.example");
}

static void a_name_without_an_address_or_an_answer_is_named(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);

    facts.a = ACME_DNS_NODATA;
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_ADDRESS, ACME_PREFLIGHT_FAULT,
                 "neither an A nor an AAAA record");
    facts.a = facts.aaaa = ACME_DNS_FAILED;
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_DNS, ACME_PREFLIGHT_FAULT,
                 "its address cannot be looked up");
    facts.a = ACME_DNS_FOUND;
    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_OURS, NULL);
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_DNS, ACME_PREFLIGHT_FAULT,
                 "its AAAA record cannot be looked up");
}

static void without_a_dns_client_nothing_is_claimed(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);

    facts.looked_up = 0;
    facts.a = ACME_DNS_FAILED;
    add(&facts, "a.example", ACME_PREFLIGHT_END_OURS, NULL);
    assert_int_equal(acme_preflight_finding_worst(judge(&facts, p)),
                     ACME_PREFLIGHT_UNKNOWN);
}

static void dns01_needs_no_address(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("dns-01", p);

    facts.a = ACME_DNS_NODATA;
    assert_int_equal(acme_preflight_finding_worst(judge(&facts, p)),
                     ACME_PREFLIGHT_FINE);
    facts.record = ACME_DNS_FAILED;
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_DNS01, ACME_PREFLIGHT_FAULT,
                 "_acme-challenge.a.example cannot be looked up");
}

static void caa_forbids_or_permits(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);
    acme_caa_verdict_t verdict = {0};

    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_OURS, NULL);
    verdict.types = apr_array_make(p, 1, sizeof(char *));
    APR_ARRAY_PUSH(verdict.types, const char *) = "http-01";
    facts.caa = &verdict;
    assert_int_equal(acme_preflight_finding_worst(judge(&facts, p)),
                     ACME_PREFLIGHT_FINE);
    facts.caa_at = "example";
    assert_int_equal(acme_preflight_finding_worst(judge(&facts, p)),
                     ACME_PREFLIGHT_FINE);
    APR_ARRAY_IDX(verdict.types, 0, const char *) = "dns-01";
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FAULT,
                 "the CAA record of example allows dns-01, and not http-01");
    verdict.what = ACME_CAA_FORBIDDEN;
    verdict.reason = "allows only other.test";
    verdict.to_fix = "add the CAA record";
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FORBIDS,
                 "the CAA record of example allows only other.test");
    verdict.what = ACME_CAA_UNKNOWN;
    assert_int_equal(acme_preflight_finding_worst(judge(&facts, p)),
                     ACME_PREFLIGHT_UNKNOWN);
    facts.caa = NULL;
    facts.caa_failed = 1;
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_CAA, ACME_PREFLIGHT_FAULT,
                 "CAA records cannot be looked up");
}

static void the_port_here_is_named_where_it_is_another(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("tls-alpn-01", p);

    facts.local_port = 8443;
    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_CLOSED, NULL);
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_PORT, ACME_PREFLIGHT_FAULT,
                 "port 443 (8443 here) of 192.0.2.1");
}

static void an_address_is_not_looked_up(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);

    facts.name = "192.0.2.1";
    facts.is_ip = 1;
    facts.looked_up = 0;
    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_OTHER, "x");
    assert_fault(judge(&facts, p), ACME_PREFLIGHT_SERVER, ACME_PREFLIGHT_FAULT,
                 "another server");
}

static void the_line_begins_with_what_forbids(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t closed = facts_of("http-01", p);
    acme_preflight_facts_t gone = facts_of("http-01", p);
    apr_array_header_t *findings = acme_preflight_finding_make(p);
    const char *to_fix, *text;

    closed.name = "b.example";
    add(&closed, "192.0.2.1", ACME_PREFLIGHT_END_CLOSED, NULL);
    gone.a = ACME_DNS_NO_NAME;
    gone.is_certain = 1;
    acme_preflight_finding_judge(findings, &closed, p);
    acme_preflight_finding_judge(findings, &gone, p);
    text = acme_preflight_finding_text(findings, &to_fix, p);
    assert_memory_equal(text, "a.example: it does not exist", 28);
    acme_t_contains(text, "; b.example: nothing listens");
    acme_t_contains(to_fix, "publish an A or AAAA record for a.example");
}

static void the_digest_tells_whether_anything_has_changed(void **state)
{
    apr_pool_t *p = *state;
    acme_preflight_facts_t facts = facts_of("http-01", p);
    acme_preflight_facts_t other = facts_of("http-01", p);
    const char *fine, *closed;

    add(&facts, "192.0.2.1", ACME_PREFLIGHT_END_OURS, NULL);
    add(&other, "192.0.2.2", ACME_PREFLIGHT_END_OURS, NULL);
    fine = acme_preflight_finding_digest(judge(&facts, p), p);
    assert_string_equal(fine,
                        acme_preflight_finding_digest(judge(&other, p), p));
    APR_ARRAY_IDX(facts.addresses, 0, acme_preflight_address_t).end =
        ACME_PREFLIGHT_END_CLOSED;
    APR_ARRAY_IDX(other.addresses, 0, acme_preflight_address_t).end =
        ACME_PREFLIGHT_END_CLOSED;
    closed = acme_preflight_finding_digest(judge(&facts, p), p);
    assert_string_not_equal(fine, closed);
    assert_string_not_equal(closed,
                            acme_preflight_finding_digest(judge(&other, p), p));
}

ACME_T_MAIN(ACME_T(what_is_right_is_said_without_a_fault),
            ACME_T(each_way_to_fail_at_an_address_has_its_words),
            ACME_T(what_was_not_seen_is_no_fault),
            ACME_T(a_stale_aaaa_beside_a_right_a_is_named),
            ACME_T(another_host_at_one_of_two_addresses_only_warns),
            ACME_T(a_name_that_does_not_exist_is_certain_or_not),
            ACME_T(a_name_without_an_address_or_an_answer_is_named),
            ACME_T(without_a_dns_client_nothing_is_claimed),
            ACME_T(dns01_needs_no_address), ACME_T(caa_forbids_or_permits),
            ACME_T(the_port_here_is_named_where_it_is_another),
            ACME_T(an_address_is_not_looked_up),
            ACME_T(the_line_begins_with_what_forbids),
            ACME_T(the_digest_tells_whether_anything_has_changed))
