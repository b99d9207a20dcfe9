/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

static apr_status_t parse(acme_bundle_t **bundle, const char *text,
                          acme_problem_t *problem, apr_pool_t *p)
{
    return acme_bundle_parse(bundle, text, strlen(text), problem, p);
}

static void what_is_printed_is_parsed(void **state)
{
    apr_pool_t *p = *state;
    acme_bundle_t *in = acme_t_bundle("a.example", ACME_T_NOW, p);
    acme_bundle_t *out;

    assert_int_equal(parse(&out, acme_bundle_print(in, p), NULL, p), 0);
    assert_string_equal(out->name, in->name);
    assert_string_equal(out->key_pem, in->key_pem);
    assert_string_equal(out->chain_pem, in->chain_pem);
    assert_string_equal(out->ca_url, in->ca_url);
    assert_string_equal(out->order_url, in->order_url);
    assert_string_equal(out->profile, in->profile);
    assert_int_equal(out->obtained, in->obtained);
}

static void what_is_not_known_stays_unknown(void **state)
{
    apr_pool_t *p = *state;
    acme_bundle_t *in = acme_t_bundle("a.example", ACME_T_NOW, p);
    acme_bundle_t *out;

    in->ca_url = NULL;
    in->order_url = NULL;
    in->profile = NULL;
    in->obtained = 0;
    assert_int_equal(parse(&out, acme_bundle_print(in, p), NULL, p), 0);
    assert_null(out->ca_url);
    assert_null(out->order_url);
    assert_null(out->profile);
    assert_int_equal(out->obtained, 0);
}

static const struct {
    const char *text;
    const char *says;
} bad[] = {
    {"", "damaged"},
    {"x", "damaged"},
    {"[]", "no JSON object"},
    {"{\"name\":\"a\"", "damaged"},
    {"{}", "no \"name\""},
    {"{\"name\":\"a\",\"chain\":\"c\"}", "no \"key\""},
    {"{\"name\":\"a\",\"key\":\"k\"}", "no \"chain\""},
    {"{\"name\":1,\"key\":\"k\",\"chain\":\"c\"}", "\"name\" is no text"},
    {"{\"name\":\"\",\"key\":\"k\",\"chain\":\"c\"}", "\"name\" is no text"},
    {"{\"name\":\"a\",\"key\":[],\"chain\":\"c\"}", "\"key\" is no text"},
    {"{\"name\":\"a\",\"key\":\"k\",\"chain\":true}", "\"chain\" is no text"},
    {"{\"name\":\"a\",\"key\":null,\"chain\":\"c\"}", "no \"key\""},
    {"{\"name\":\"a\\u0000b\",\"key\":\"k\",\"chain\":\"c\"}", "name"},
    {"{\"name\":\"a\",\"key\":\"k\",\"chain\":\"c\",\"ca-url\":7}",
     "\"ca-url\" is no text"},
    {"{\"name\":\"a\",\"key\":\"k\",\"chain\":\"c\",\"order-url\":{}}",
     "\"order-url\" is no text"},
    {"{\"name\":\"a\",\"key\":\"k\",\"chain\":\"c\",\"obtained\":\"soon\"}",
     "\"obtained\" is no time"},
    {"{\"format\":0,\"name\":\"a\",\"key\":\"k\",\"chain\":\"c\"}",
     "\"format\" is wrong"},
    {"{\"name\":\"a\",\"key\":\"k\",\"chain\":\"c\",\"obtained\":1}",
     "\"obtained\" is no time"},
};

static void a_damaged_one_is_told_by_what_is_wrong(void **state)
{
    apr_pool_t *p = *state;
    int i;

    for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_bundle_t *bundle = NULL;

        assert_int_not_equal(parse(&bundle, bad[i].text, &problem, p), 0);
        assert_null(bundle);
        assert_string_equal(problem.type, ACME_PROBLEM_STORE);
        acme_t_contains(problem.detail, bad[i].says);
        assert_int_not_equal(parse(&bundle, bad[i].text, NULL, p), 0);
    }
}

static void it_says_its_format(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *text =
        acme_bundle_print(acme_t_bundle("a.example", ACME_T_NOW, p), p);
    const char *rest = text + strlen("{\"format\":1");
    acme_bundle_t *bundle = NULL;

    assert_memory_equal(text, "{\"format\":1,", strlen("{\"format\":1,"));
    assert_int_equal(
        parse(&bundle, apr_pstrcat(p, "{", rest + 1, NULL), NULL, p), 0);
    bundle = NULL;
    assert_int_equal(parse(&bundle, apr_pstrcat(p, "{\"format\":2", rest, NULL),
                           &problem, p),
                     APR_ENOTIMPL);
    assert_null(bundle);
    acme_t_contains(problem.detail, "newer version of mod_acme");
}

static void each_cut_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *text =
        acme_bundle_print(acme_t_bundle("a.example", ACME_T_NOW, p), p);
    apr_size_t len;

    for (len = 0; len < strlen(text); ++len) {
        acme_bundle_t *bundle;

        assert_int_not_equal(acme_bundle_parse(&bundle, text, len, NULL, p), 0);
    }
}

static void key_and_chain_are_opened(void **state)
{
    apr_pool_t *p = *state;
    acme_bundle_t *bundle = acme_t_bundle("a.example", ACME_T_NOW, p);
    acme_key_t *key;
    acme_chain_t *chain;
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = "a.example";
    assert_int_equal(acme_bundle_open(&key, &chain, bundle, NULL, p), 0);
    assert_int_equal(acme_cert_check(chain, key, names, ACME_T_NOW, NULL, p),
                     0);
}

static void what_does_not_open_names_the_site(void **state)
{
    apr_pool_t *p = *state;
    acme_bundle_t *bundle = acme_t_bundle("a.example", ACME_T_NOW, p);
    acme_bundle_t broken = *bundle;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    acme_chain_t *chain;

    broken.key_pem = "no key";
    assert_int_not_equal(acme_bundle_open(&key, &chain, &broken, &problem, p),
                         0);
    acme_t_contains(problem.detail, "a.example: private key: ");
    broken = *bundle;
    broken.chain_pem = bundle->key_pem;
    assert_int_not_equal(acme_bundle_open(&key, &chain, &broken, &problem, p),
                         0);
    acme_t_contains(problem.detail, "a.example: certificate chain: ");
    assert_int_not_equal(acme_bundle_open(&key, &chain, &broken, NULL, p), 0);
}

ACME_T_MAIN(ACME_T(what_is_printed_is_parsed),
            ACME_T(what_is_not_known_stays_unknown),
            ACME_T(a_damaged_one_is_told_by_what_is_wrong),
            ACME_T(it_says_its_format), ACME_T(each_cut_is_refused),
            ACME_T(key_and_chain_are_opened),
            ACME_T(what_does_not_open_names_the_site))
