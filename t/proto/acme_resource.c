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
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_resource_t resource = reading(
        "{\"url\":\"https://x/\",\"text\":\"words\",\"word\":\"two\","
        "\"time\":\"1970-01-01T00:00:01Z\",\"sub\":{\"a\":1},\"error\":"
        "{\"type\":\"urn:ietf:params:acme:error:dns\"},\"said\":\"no way\"}",
        &problem, *state);
    const acme_json_t *sub;
    const char *text;
    apr_time_t t;
    int index;

    assert_int_equal(acme_resource_object(&resource), 0);
    assert_int_equal(
        acme_resource_url(&text, &resource, "url", ACME_RESOURCE_REQUIRED), 0);
    assert_string_equal(text, "https://x/");
    assert_int_equal(
        acme_resource_str(&text, &resource, "text", ACME_RESOURCE_UNUSED), 0);
    assert_string_equal(text, "words");
    assert_int_equal(acme_resource_word(&index, &resource, "word", words, 2,
                                        ACME_RESOURCE_USED),
                     0);
    assert_int_equal(index, 1);
    assert_int_equal(
        acme_resource_time(&t, &resource, "time", ACME_RESOURCE_UNUSED), 0);
    assert_int_equal(t, APR_USEC_PER_SEC);
    assert_int_equal(
        acme_resource_sub(&sub, &resource, "sub", ACME_RESOURCE_REQUIRED), 0);
    assert_non_null(sub);
    assert_true(
        acme_problem_is(acme_resource_error(&resource, "error"), "dns"));
    assert_string_equal(acme_resource_error(&resource, "said")->detail,
                        "no way");
}

/* Each kind of member, as it may look when nobody needs it. */
static void what_is_not_used_may_be_anything(void **state)
{
    static const char *const values[] = {
        "null",   "\"\"", "7",         "true",         "[]",
        "[null]", "{}",   "\"http:\"", "\"tomorrow\"",
    };
    static const char *const words[] = {"one"};
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_resource_t resource = reading(
            apr_psprintf(*state, "{\"x\":%s}", values[i]), &problem, *state);
        const acme_json_t *sub = NULL;
        const char *text = "";
        apr_time_t t = 1;
        int index = 5;

        assert_int_equal(
            acme_resource_url(&text, &resource, "x", ACME_RESOURCE_UNUSED), 0);
        assert_null(text);
        assert_int_equal(
            acme_resource_str(&text, &resource, "x", ACME_RESOURCE_UNUSED), 0);
        assert_int_equal(acme_resource_word(&index, &resource, "x", words, 1,
                                            ACME_RESOURCE_UNUSED),
                         0);
        assert_int_equal(index, 5);
        assert_int_equal(
            acme_resource_time(&t, &resource, "x", ACME_RESOURCE_UNUSED), 0);
        assert_int_equal(t, 0);
        assert_int_equal(
            acme_resource_sub(&sub, &resource, "x", ACME_RESOURCE_UNUSED), 0);
        assert_null(problem.type);
    }
}

static void what_is_used_may_be_absent_and_not_wrong(void **state)
{
    static const struct {
        const char *json;
        apr_status_t rv;
    } cases[] = {{"{}", 0},
                 {"{\"x\":null}", 0},
                 {"{\"x\":\"\"}", 0},
                 {"{\"x\":7}", APR_EINVAL},
                 {"{\"x\":[]}", APR_EINVAL}};
    static const char *const words[] = {"one"};
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_resource_t resource = reading(cases[i].json, &problem, *state);
        const char *text;
        apr_time_t t;
        int index;

        assert_int_equal(
            acme_resource_url(&text, &resource, "x", ACME_RESOURCE_USED),
            cases[i].rv);
        assert_null(text);
        assert_int_equal(
            acme_resource_str(&text, &resource, "x", ACME_RESOURCE_USED),
            cases[i].rv);
        assert_int_equal(acme_resource_word(&index, &resource, "x", words, 1,
                                            ACME_RESOURCE_USED),
                         cases[i].rv);
        assert_int_equal(
            acme_resource_time(&t, &resource, "x", ACME_RESOURCE_USED),
            cases[i].rv);
        assert_int_equal(
            acme_resource_str(&text, &resource, "x", ACME_RESOURCE_REQUIRED),
            APR_EINVAL);
    }
}

static void an_error_says_something_or_is_none(void **state)
{
    static const struct {
        const char *error;
        const char *detail; /* NULL: no error */
        const char *type;
    } cases[] = {
        {"null", NULL, NULL},
        {"\"\"", NULL, NULL},
        {"{}", NULL, NULL},
        {"[]", NULL, NULL},
        {"7", NULL, NULL},
        {"{\"type\":7,\"detail\":null}", NULL, NULL},
        {"{\"status\":403}", NULL, NULL},
        {"\"Template not available\"", "Template not available",
         ACME_PROBLEM_REFUSED},
        {"{\"detail\":\"no\"}", "no", ACME_PROBLEM_REFUSED},
        {"{\"status\":\"403\",\"message\":\"no\"}", "no", ACME_PROBLEM_REFUSED},
        {"{\"status\":429,\"detail\":\"no\"}", "no",
         ACME_PROBLEM_URN "rateLimited"},
        {"{\"type\":\"urn:x\"}", "the CA gives no explanation", "urn:x"},
        {"{\"message\":\"urn:ietf:params:acme:error:badCSR\",\"detail\":"
         "\"key too small\"}",
         "key too small", ACME_PROBLEM_URN "badCSR"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_resource_t resource =
            reading(apr_psprintf(*state, "{\"error\":%s}", cases[i].error),
                    &problem, *state);
        const acme_problem_t *error = acme_resource_error(&resource, "error");

        if (!cases[i].detail) {
            assert_null(error);
            continue;
        }
        assert_non_null(error);
        assert_string_equal(error->detail, cases[i].detail);
        assert_string_equal(error->type, cases[i].type);
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const words[] = {"one"};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_resource_t resource =
        reading("{\"n\":1,\"http\":\"http://x/\",\"a\":[],\"t\":\"later\"}",
                &problem, *state);
    const acme_json_t *sub;
    const char *text;
    apr_time_t t;
    int index;

#define NEED ACME_RESOURCE_REQUIRED
#define WRONG(call, words)                                        \
    do {                                                          \
        memset(&problem, 0, sizeof(problem));                     \
        assert_int_equal(call, APR_EINVAL);                       \
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL); \
        assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);      \
        assert_string_equal(problem.detail,                       \
                            "the thing that the CA sent " words); \
    } while (0)

    WRONG(acme_resource_url(&text, &resource, "x", NEED), "has no x");
    WRONG(acme_resource_url(&text, &resource, "n", NEED),
          "cannot be used: its n is no text");
    WRONG(acme_resource_url(&text, &resource, "http", ACME_RESOURCE_USED),
          "cannot be used: its http is no usable https URL: http://x/");
    WRONG(acme_resource_str(&text, &resource, "a", ACME_RESOURCE_USED),
          "cannot be used: its a is no text");
    WRONG(acme_resource_word(&index, &resource, "t", words, 1, NEED),
          "has an unknown t: later");
    WRONG(acme_resource_word(&index, &resource, "x", words, 1, NEED),
          "has no x");
    WRONG(acme_resource_time(&t, &resource, "t", ACME_RESOURCE_USED),
          "cannot be used: its t is no time");
    WRONG(acme_resource_sub(&sub, &resource, "a", NEED),
          "cannot be used: its a is no object");
    resource.json = NULL;
    WRONG(acme_resource_object(&resource), "is no JSON object");
}

ACME_T_MAIN(ACME_T(only_sane_https_urls_are_urls),
            ACME_T(what_is_there_is_read),
            ACME_T(what_is_not_used_may_be_anything),
            ACME_T(what_is_used_may_be_absent_and_not_wrong),
            ACME_T(an_error_says_something_or_is_none),
            ACME_T(what_is_wrong_is_named))
