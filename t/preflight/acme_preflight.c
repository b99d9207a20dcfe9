/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_preflight.h"
#include "acme_preflight_probe.h"
#include "acme_solver_http.h"
#include "fake_dns.h"
#include "script_http.h"

typedef struct world_t {
    apr_pool_t *p;
    fake_dns_t *dns;
    script_http_t *script;
    acme_preflight_config_t config;
    acme_preflight_t *preflight;
    apr_array_header_t *findings;
    /* Set by a case: how the servers answer. */
    const char *host;      /* by which our server was asked; NULL: the right */
    const char *elsewhere; /* address of another server, or NULL */
    const char *location;  /* of a redirect, or NULL */
    int redirects;         /* how many, before an answer */
    apr_status_t rv;       /* of connections to `elsewhere` */
    int at_once, most;
} world_t;

static const char *token_of(const char *url)
{
    const char *at = strstr(url, ACME_SOLVER_HTTP_PATH);

    assert_non_null(at);
    return at + sizeof(ACME_SOLVER_HTTP_PATH) - 1;
}

static void respond(void *baton, const script_request_t *request,
                    script_answer_t *answer, apr_pool_t *p)
{
    world_t *w = baton;
    const char *url = request->url;
    const char *host = strstr(url, "://") + 3;

    assert_string_equal(request->method, "GET");
    assert_int_equal(request->repeatable, 1);
    answer->status = 200;
    answer->headers = apr_table_make(p, 2);
    if (w->elsewhere && strcmp(w->elsewhere, request->address) == 0) {
        answer->rv = w->rv;
        answer->status = 404;
        apr_table_setn(answer->headers, "Server", "nginx");
        answer->body = "not here";
        return;
    }
    if (w->redirects > 0) {
        --w->redirects;
        answer->status = 301;
        apr_table_set(answer->headers, "Location",
                      strcmp(w->location, "https") == 0
                          ? apr_pstrcat(p, "https", strstr(url, "://"), NULL)
                          : w->location);
        return;
    }
    host = w->host ? w->host : apr_pstrndup(p, host, strcspn(host, "/"));
    answer->body = acme_preflight_probe_answer(w->config.seal, token_of(url),
                                               host, w->host == NULL, p);
}

static int setup(void **state)
{
    unsigned char secret[ACME_SEAL_SECRET_LEN] = {7};
    apr_array_header_t *names;
    fake_clock_t *clock;
    world_t *w;

    (void)acme_t_setup(state);
    w = apr_pcalloc(*state, sizeof(*w));
    w->p = *state;
    *state = w;
    names = apr_array_make(w->p, 1, sizeof(char *));
    APR_ARRAY_PUSH(names, const char *) = "a.example";
    clock = fake_clock_create(w->p);
    w->dns = fake_dns_create(clock, w->p);
    w->script = script_http_create(clock, w->p);
    script_http_respond(w->script, respond, w);
    w->config.names = names;
    w->config.type = "http-01";
    w->config.dns = fake_dns_client(w->dns);
    w->config.http = script_http_transport(w->script);
    w->config.seal = acme_seal_create(secret, w->p);
    w->config.http_port = 80;
    w->config.https_port = 443;
    return 0;
}

static int teardown(void **state)
{
    world_t *w = *state;

    *state = w->p;
    return acme_t_teardown(state);
}

/* Runs a preflight to its end. */
static void fly(world_t *w)
{
    acme_dns_t *dns = fake_dns_client(w->dns);
    acme_http_t *http = w->config.http;
    int i;

    w->preflight = acme_preflight_create(&w->config, w->p);
    for (i = 0; i < 200 && !acme_preflight_step(w->preflight); ++i) {
        assert_true(acme_preflight_pending(w->preflight));
        (void)dns->run(dns);
        http->run(http, 0);
    }
    assert_true(i < 200);
    assert_false(acme_preflight_pending(w->preflight));
    w->findings = acme_preflight_findings(w->preflight, w->p);
}

/* Asserts the only fault; NULL: there is none. */
static void finds(world_t *w, const char *check, acme_preflight_state_e worst,
                  const char *words)
{
    const char *text;
    int i;

    fly(w);
    text = acme_preflight_finding_text(w->findings, NULL, w->p);
    assert_int_equal(acme_preflight_finding_worst(w->findings), worst);
    if (!check) {
        assert_null(text);
        return;
    }
    assert_non_null(text);
    acme_t_contains(text, words);
    for (i = 0; i < w->findings->nelts; ++i) {
        const acme_preflight_finding_t *one =
            acme_preflight_finding_at(w->findings, i);

        if (one->state >= ACME_PREFLIGHT_FAULT) {
            assert_string_equal(acme_preflight_finding_check(one->check),
                                check);
        }
    }
}

static void our_server_at_both_addresses_is_fine(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1 192.0.2.2");
    fake_dns_set(w->dns, "a.example", ACME_DNS_AAAA, "2001:db8::1");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(script_http_count(w->script), 3);
    assert_int_equal(script_http_last(w->script)->port, 80);
    assert_int_equal(fake_dns_count(w->dns), 2);
}

static void an_alias_is_followed(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_CNAME, "b.example");
    fake_dns_set(w->dns, "b.example", ACME_DNS_CNAME, "c.example");
    fake_dns_set(w->dns, "c.example", ACME_DNS_A, "192.0.2.1");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    /* the request is for the name, not for its alias */
    assert_memory_equal(script_http_last(w->script)->url, "http://a.example/",
                        17);
}

static void another_server_is_found_at_its_address(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    w->elsewhere = "192.0.2.1";
    finds(w, "server", ACME_PREFLIGHT_FAULT, "status 404, its name is nginx");
    w->rv = APR_ECONNREFUSED;
    finds(w, "port", ACME_PREFLIGHT_FAULT, "nothing listens");
    w->rv = APR_TIMEUP;
    finds(w, "port", ACME_PREFLIGHT_FAULT, "no answer comes");
    w->rv = ENETUNREACH;
    finds(w, NULL, ACME_PREFLIGHT_UNKNOWN, NULL);
    w->rv = APR_EGENERAL;
    finds(w, "port", ACME_PREFLIGHT_FAULT, "fails");
    w->rv = EMSGSIZE;
    finds(w, "server", ACME_PREFLIGHT_FAULT, "too long");
}

static void a_stale_aaaa_is_found(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    fake_dns_set(w->dns, "a.example", ACME_DNS_AAAA, "2001:db8::9");
    w->elsewhere = "2001:db8::9";
    finds(w, "ipv6", ACME_PREFLIGHT_FAULT, "AAAA record is wrong");
}

static void another_host_is_found(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    w->host = "backend";
    finds(w, "host", ACME_PREFLIGHT_FORBIDS, "for the host backend");
}

static void redirects_are_followed_as_far_as_a_ca_does(void **state)
{
    static const char *const away[] = {"https://b.example/x",
                                       "http://a.example:8080/x",
                                       "ftp://a.example/x",
                                       "mailto:x",
                                       "//b.example/x",
                                       "x",
                                       "https://a.example.evil/x",
                                       "",
                                       "http://[bad"};
    world_t *w = *state;
    size_t i;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    w->redirects = 1;
    w->location = "https";
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(script_http_last(w->script)->port, 443);
    assert_string_equal(script_http_last(w->script)->address, "192.0.2.1");
    w->redirects = 100;
    w->location = "/loop?x=1";
    finds(w, "redirect", ACME_PREFLIGHT_FAULT, "without end");
    assert_int_equal(w->redirects, 100 - 11);
    for (i = 0; i < sizeof(away) / sizeof(away[0]); ++i) {
        w->redirects = 1;
        w->location = away[i];
        finds(w, "redirect", ACME_PREFLIGHT_FAULT, "are redirected to ");
    }
}

static void only_the_authority_says_that_a_name_does_not_exist(void **state)
{
    world_t *w = *state;

    /* nobody knows a name server of the zone */
    finds(w, "name", ACME_PREFLIGHT_FAULT, "the CA may see more");
    /* a server inside, which may know less than others (split DNS) */
    fake_dns_set(w->dns, "example", ACME_DNS_NS, "ns.example");
    fake_dns_set(w->dns, "ns.example", ACME_DNS_A, "10.0.0.1");
    fake_dns_denies(w->dns, "10.0.0.1", "a.example");
    finds(w, "name", ACME_PREFLIGHT_FAULT, "the CA may see more");
    /* the zone's public server does not deny it */
    fake_dns_set(w->dns, "ns.example", ACME_DNS_A, "192.0.2.53");
    finds(w, "name", ACME_PREFLIGHT_FAULT, "the CA may see more");
    fake_dns_denies(w->dns, "192.0.2.53", "a.example");
    finds(w, "name", ACME_PREFLIGHT_FORBIDS, "NXDOMAIN");
    assert_int_equal(script_http_count(w->script), 0);
}

static void the_authority_is_asked_about_the_end_of_an_alias(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_CNAME, "x.y.other");
    fake_dns_set(w->dns, "other", ACME_DNS_NS, "ns.other");
    fake_dns_set(w->dns, "ns.other", ACME_DNS_A, "192.0.2.53");
    fake_dns_denies(w->dns, "192.0.2.53", "x.y.other");
    finds(w, "name", ACME_PREFLIGHT_FORBIDS, "leads to x.y.other");
}

static void named_resolvers_count_where_they_are_the_authority(void **state)
{
    world_t *w = *state;

    w->config.resolvers_named = 1;
    finds(w, "name", ACME_PREFLIGHT_FAULT, "the CA may see more");
    fake_dns_has_authority(w->dns);
    finds(w, "name", ACME_PREFLIGHT_FORBIDS, "NXDOMAIN");
    /* the machine's own resolver does not count, whatever it says */
    w->config.resolvers_named = 0;
    finds(w, "name", ACME_PREFLIGHT_FAULT, "the CA may see more");
}

static void a_failing_dns_only_warns(void **state)
{
    world_t *w = *state;

    fake_dns_end(w->dns, "a.example", ACME_DNS_A, ACME_DNS_FAILED);
    fake_dns_end(w->dns, "a.example", ACME_DNS_AAAA, ACME_DNS_FAILED);
    finds(w, "dns", ACME_PREFLIGHT_FAULT, "cannot be looked up");
}

static void without_a_dns_client_the_name_itself_is_probed(void **state)
{
    world_t *w = *state;

    w->config.dns = NULL;
    finds(w, NULL, ACME_PREFLIGHT_UNKNOWN, NULL);
    assert_string_equal(script_http_last(w->script)->address, "a.example");
}

static void an_address_is_probed_as_it_is(void **state)
{
    world_t *w = *state;

    APR_ARRAY_IDX(w->config.names, 0, const char *) = "192.0.2.7";
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(fake_dns_count(w->dns), 0);
    assert_string_equal(script_http_last(w->script)->address, "192.0.2.7");
}

static void tls_alpn_is_probed_by_https_at_its_port(void **state)
{
    world_t *w = *state;

    w->config.type = "tls-alpn-01";
    w->config.https_port = 8443;
    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_memory_equal(script_http_last(w->script)->url, "https://a.example/",
                        18);
    assert_int_equal(script_http_last(w->script)->port, 8443);
}

static void a_port_that_does_not_exist_is_not_probed(void **state)
{
    world_t *w = *state;

    w->config.http_port = 0;
    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    finds(w, NULL, ACME_PREFLIGHT_UNKNOWN, NULL);
    assert_int_equal(script_http_count(w->script), 0);
}

static void a_wildcard_goes_by_dns_01_beside_other_types(void **state)
{
    world_t *w = *state;
    apr_array_header_t *names = apr_array_copy(w->p, w->config.names);

    APR_ARRAY_PUSH(names, const char *) = "*.www.a.example";
    w->config.names = names;
    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    fake_dns_set(w->dns, "www.a.example", ACME_DNS_A, "192.0.2.2");
    w->elsewhere = "192.0.2.2";
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(script_http_count(w->script), 1);
}

static void dns01_asks_for_domain_and_record_only(void **state)
{
    world_t *w = *state;

    w->config.type = "dns-01";
    APR_ARRAY_IDX(w->config.names, 0, const char *) = "*.www.a.example";
    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(script_http_count(w->script), 0);
    fake_dns_end(w->dns, "_acme-challenge.www.a.example", ACME_DNS_TXT,
                 ACME_DNS_FAILED);
    finds(w, "dns-01", ACME_PREFLIGHT_FAULT, "_acme-challenge.www.a.example");
}

static void caa_records_are_searched_upwards(void **state)
{
    world_t *w = *state;
    acme_caa_order_t order = {0};
    apr_array_header_t *types = apr_array_make(w->p, 1, sizeof(char *));
    apr_array_header_t *ids = apr_array_make(w->p, 1, sizeof(char *));

    APR_ARRAY_PUSH(types, const char *) = "http-01";
    APR_ARRAY_PUSH(ids, const char *) = "ca.test";
    order.types = types;
    order.identities = ids;
    w->config.caa = &order;
    APR_ARRAY_IDX(w->config.names, 0, const char *) = "x.a.example";
    fake_dns_set(w->dns, "x.a.example", ACME_DNS_A, "192.0.2.1");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    fake_dns_set_caa(w->dns, "example", "issue", "other.test");
    finds(w, "caa", ACME_PREFLIGHT_FORBIDS,
          "the CAA record of example allows only other.test");
    fake_dns_set_caa(w->dns, "a.example", "issue", "ca.test");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    fake_dns_end(w->dns, "x.a.example", ACME_DNS_CAA, ACME_DNS_FAILED);
    finds(w, "caa", ACME_PREFLIGHT_FAULT, "cannot be looked up");
}

static void few_of_many_names_are_looked_at_at_once(void **state)
{
    world_t *w = *state;
    apr_array_header_t *names = apr_array_make(w->p, 100, sizeof(char *));
    int i;

    for (i = 0; i < 100; ++i) {
        const char *name = apr_psprintf(w->p, "n%d.example", i);

        APR_ARRAY_PUSH(names, const char *) = name;
        fake_dns_set(w->dns, name, ACME_DNS_A, "192.0.2.1 192.0.2.2");
    }
    w->config.names = names;
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(script_http_count(w->script), 200);
    assert_true(script_http_most_pending(w->script) <= 8);
    assert_int_equal(fake_dns_count(w->dns), 200);
}

static void many_addresses_of_a_name_are_not_all_probed(void **state)
{
    world_t *w = *state;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A,
                 "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 "
                 "192.0.2.6");
    finds(w, NULL, ACME_PREFLIGHT_FINE, NULL);
    assert_int_equal(script_http_count(w->script), 4);
}

static void what_is_given_up_ends_and_claims_nothing(void **state)
{
    world_t *w = *state;
    acme_dns_t *dns = fake_dns_client(w->dns);
    acme_preflight_t *hung, *probing;

    fake_dns_set(w->dns, "a.example", ACME_DNS_A, "192.0.2.1");
    fake_dns_hang(w->dns, 1);
    hung = acme_preflight_create(&w->config, w->p);
    assert_false(acme_preflight_step(hung));
    (void)dns->run(dns);
    assert_false(acme_preflight_step(hung));
    acme_preflight_give_up(hung);
    assert_false(acme_preflight_pending(hung));
    assert_true(acme_preflight_step(hung));
    assert_int_equal(acme_preflight_findings(hung, w->p)->nelts, 0);

    fake_dns_hang(w->dns, 0);
    probing = acme_preflight_create(&w->config, w->p);
    assert_false(acme_preflight_step(probing));
    (void)dns->run(dns);
    assert_false(acme_preflight_step(probing));
    acme_preflight_give_up(probing);
    assert_true(acme_preflight_pending(probing));
    w->config.http->cancel(w->config.http, 0);
    assert_false(acme_preflight_pending(probing));
    assert_int_equal(
        acme_preflight_finding_worst(acme_preflight_findings(probing, w->p)),
        ACME_PREFLIGHT_UNKNOWN);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

ACME_T_MAIN(T(our_server_at_both_addresses_is_fine), T(an_alias_is_followed),
            T(another_server_is_found_at_its_address), T(a_stale_aaaa_is_found),
            T(another_host_is_found),
            T(redirects_are_followed_as_far_as_a_ca_does),
            T(only_the_authority_says_that_a_name_does_not_exist),
            T(the_authority_is_asked_about_the_end_of_an_alias),
            T(named_resolvers_count_where_they_are_the_authority),
            T(a_failing_dns_only_warns),
            T(without_a_dns_client_the_name_itself_is_probed),
            T(an_address_is_probed_as_it_is),
            T(tls_alpn_is_probed_by_https_at_its_port),
            T(a_port_that_does_not_exist_is_not_probed),
            T(dns01_asks_for_domain_and_record_only),
            T(a_wildcard_goes_by_dns_01_beside_other_types),
            T(caa_records_are_searched_upwards),
            T(few_of_many_names_are_looked_at_at_once),
            T(many_addresses_of_a_name_are_not_all_probed),
            T(what_is_given_up_ends_and_claims_nothing))
