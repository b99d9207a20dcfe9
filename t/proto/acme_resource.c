/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_resource.h"

static acme_resource_t reading(const char *text, acme_problem_t *problem,
                               apr_pool_t *p)
{
    acme_resource_t resource = {"thing", NULL, problem, p};
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p), 0);
    resource.json = json;
    return resource;
}

static void only_sane_https_urls_are_urls(void **state)
{
    static const char *const good[] = {
        "https://ca.test",
        "https://ca.test:14000/dir?x=1&y=%20",
        "https://[::1]/",
        "https://1.2.3.4/a/b;c=d~e_f-g",
    };
    static const char *const bad[] = {
        "",
        "https://",
        "http://ca.test/",
        "HTTPS",
        "ftp://ca.test/",
        "/order/1",
        "//ca.test/order",
        "https:///x",
        "https://ca.test/a b",
        "https://ca.test/\n",
        "https://ca.test/\x7f",
        "https://ca.test/\xc3\xa4",
        "https://ca.test/#x",
        "https://ca.test/\"",
        "https://ca.test/<script>",
        "https://ca.test/\\",
        "https://-x/",
        "javascript:alert(1)",
        " https://ca.test/",
    };
    apr_pool_t *p = *state;
    char *text;
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        assert_true(acme_resource_is_url(good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        if (acme_resource_is_url(bad[i])) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_false(acme_resource_is_url(NULL));
    text = apr_palloc(p, 1000000);
    memset(text, 'a', 999999);
    text[999999] = '\0';
    memcpy(text, "https://", 8);
    assert_false(acme_resource_is_url(text));
    text[ACME_RESOURCE_URL_MAX + 1] = '\0';
    assert_false(acme_resource_is_url(text));
    text[ACME_RESOURCE_URL_MAX] = '\0';
    assert_true(acme_resource_is_url(text));
}

static void what_is_there_is_read(void **state)
{
    static const char *const words[] = {"one", "two"};
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_resource_t resource = reading(
        "{\"url\":\"https://ca.test/\",\"text\":\"x\",\"word\":\"two\","
        "\"time\":\"2030-01-01T00:00:00Z\",\"sub\":{},\"error\":{\"type\":"
        "\"urn:ietf:params:acme:error:dns\",\"detail\":\"no\"}}",
        &problem, p);
    const acme_problem_t *error;
    const acme_json_t *sub;
    const char *text;
    apr_time_t t;
    int index;

    assert_int_equal(acme_resource_object(&resource), 0);
    assert_int_equal(acme_resource_url(&text, &resource, "url", 1), 0);
    assert_string_equal(text, "https://ca.test/");
    assert_int_equal(acme_resource_str(&text, &resource, "text", 1), 0);
    assert_string_equal(text, "x");
    assert_int_equal(acme_resource_word(&index, &resource, "word", words, 2),
                     0);
    assert_int_equal(index, 1);
    assert_int_equal(acme_resource_time(&t, &resource, "time"), 0);
    assert_int_equal(t, apr_time_from_sec(1893456000));
    assert_int_equal(acme_resource_sub(&sub, &resource, "sub", 1), 0);
    assert_non_null(sub);
    assert_int_equal(acme_resource_error(&error, &resource, "error"), 0);
    assert_true(acme_problem_is(error, "dns"));
}

static void what_may_be_absent_is_nothing(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_resource_t resource = reading("{\"url\":null}", &problem, *state);
    const acme_problem_t *error = &problem;
    const acme_json_t *sub = resource.json;
    const char *text = "x";
    apr_time_t t = 1;

    assert_int_equal(acme_resource_url(&text, &resource, "url", 0), 0);
    assert_null(text);
    text = "x";
    assert_int_equal(acme_resource_str(&text, &resource, "text", 0), 0);
    assert_null(text);
    assert_int_equal(acme_resource_time(&t, &resource, "time"), 0);
    assert_int_equal(t, 0);
    assert_int_equal(acme_resource_sub(&sub, &resource, "sub", 0), 0);
    assert_null(sub);
    assert_int_equal(acme_resource_error(&error, &resource, "error"), 0);
    assert_null(error);
    assert_null(problem.type);
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const words[] = {"one"};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_resource_t resource =
        reading("{\"n\":1,\"http\":\"http://x/\",\"a\":[],\"t\":\"later\"}",
                &problem, *state);
    const acme_problem_t *error;
    const acme_json_t *sub;
    const char *text;
    apr_time_t t;
    int index;

#define WRONG(call, words)                                        \
    do {                                                          \
        memset(&problem, 0, sizeof(problem));                     \
        assert_int_equal(call, APR_EINVAL);                       \
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL); \
        assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);      \
        assert_string_equal(problem.detail,                       \
                            "the thing that the CA sent " words); \
    } while (0)

    WRONG(acme_resource_url(&text, &resource, "x", 1), "has no x");
    WRONG(acme_resource_url(&text, &resource, "n", 1),
          "has a n that is no string");
    WRONG(acme_resource_url(&text, &resource, "http", 0),
          "has a http that is no usable https URL: http://x/");
    WRONG(acme_resource_str(&text, &resource, "a", 0),
          "has a a that is no string");
    WRONG(acme_resource_word(&index, &resource, "t", words, 1),
          "has an unknown t: later");
    WRONG(acme_resource_word(&index, &resource, "x", words, 1), "has no x");
    WRONG(acme_resource_time(&t, &resource, "t"), "has a t that is no time");
    WRONG(acme_resource_sub(&sub, &resource, "a", 1),
          "has a a that is no object");
    WRONG(acme_resource_error(&error, &resource, "n"),
          "has a n that is no object");
    resource.json = NULL;
    WRONG(acme_resource_object(&resource), "is no JSON object");
}

ACME_T_MAIN(ACME_T(only_sane_https_urls_are_urls),
            ACME_T(what_is_there_is_read),
            ACME_T(what_may_be_absent_is_nothing),
            ACME_T(what_is_wrong_is_named))
