/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_order.h"

#define AUTHZ    "\"authorizations\":[\"https://c/z/1\",\"https://c/z/2\"]"
#define FINALIZE "\"finalize\":\"https://c/f\""

static apr_status_t read_text(acme_order_t **order, const char *text,
                              acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p), 0);
    return acme_order_read(order, json, problem, p);
}

static void each_status_is_read(void **state)
{
    static const acme_order_status_e all[] = {
        ACME_ORDER_PENDING, ACME_ORDER_READY,   ACME_ORDER_PROCESSING,
        ACME_ORDER_VALID,   ACME_ORDER_INVALID,
    };
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_order_t *order;

        assert_int_equal(
            read_text(&order,
                      apr_psprintf(*state,
                                   "{\"status\":\"%s\"," AUTHZ "," FINALIZE
                                   ",\"certificate\":\"https://c/c\"}",
                                   acme_order_status_name(all[i])),
                      &problem, *state),
            0);
        assert_int_equal(order->status, all[i]);
        assert_int_equal(order->authorizations->nelts, 2);
        assert_string_equal(
            APR_ARRAY_IDX(order->authorizations, 1, const char *),
            "https://c/z/2");
        assert_string_equal(order->finalize, "https://c/f");
        assert_string_equal(order->certificate, "https://c/c");
        assert_null(order->error);
        assert_int_equal(order->expires, 0);
    }
}

static void expiry_and_error_are_read(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order;

    assert_int_equal(
        read_text(&order,
                  "{\"status\":\"invalid\"," AUTHZ "," FINALIZE
                  ",\"expires\":\"2030-01-01T01:00:00+01:00\",\"error\":"
                  "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":"
                  "\"forbidden\"}}",
                  &problem, *state),
        0);
    assert_int_equal(order->expires, apr_time_from_sec(1893456000));
    assert_true(acme_problem_is(order->error, "caa"));
    assert_string_equal(order->error->detail, "forbidden");
}

static void what_the_status_needs_has_to_be_right(void **state)
{
    static const struct {
        const char *text;
        const char *named;
    } cases[] = {
        {"[]", "JSON object"},
        {"{" AUTHZ "," FINALIZE "}", "status"},
        {"{\"status\":200," AUTHZ "," FINALIZE "}", "status"},
        {"{\"status\":\"Readied\"," AUTHZ "," FINALIZE "}", "status: Readied"},
        {"{\"status\":\"deactivated\"," AUTHZ "," FINALIZE "}", "status"},
        {"{\"status\":\"\"," AUTHZ "," FINALIZE "}", "status"},
        {"{\"status\":\"pending\",\"authorizations\":[1]," FINALIZE "}",
         "authorizations"},
        {"{\"status\":\"pending\",\"authorizations\":[\"http://c/\"]," FINALIZE
         "}",
         "authorization"},
        {"{\"status\":\"ready\"," AUTHZ ",\"finalize\":\"http://c/\"}",
         "finalize"},
        {"{\"status\":\"ready\"," AUTHZ ",\"finalize\":true}", "finalize"},
        {"{\"status\":\"valid\"," AUTHZ "," FINALIZE ",\"certificate\":\"c\"}",
         "certificate"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_order_t *order = NULL;

        assert_int_equal(read_text(&order, cases[i].text, &problem, *state),
                         APR_EINVAL);
        assert_null(order);
        assert_string_equal(problem.type, ACME_PROBLEM_PROTOCOL);
        if (!strstr(problem.detail, cases[i].named)) {
            fail_msg("%s: %s", cases[i].text, problem.detail);
        }
    }
}

/* Every member in every status that does not need it, in every form of what is
 * not there, and no member at all. */
static void what_the_status_does_not_need_is_left_out(void **state)
{
    static const char *const members[] = {
        "authorizations", "finalize",  "certificate", "error",
        "expires",        "notBefore", "identifiers",
    };
    static const char *const values[] = {
        "null", "\"\"", "7", "false", "[]", "[7]", "{}", "\"/x\"",
    };
    static const acme_order_status_e all[] = {
        ACME_ORDER_PENDING, ACME_ORDER_READY,   ACME_ORDER_PROCESSING,
        ACME_ORDER_VALID,   ACME_ORDER_INVALID,
    };
    static const char *const needed[] = {
        [ACME_ORDER_PENDING] = "authorizations",
        [ACME_ORDER_READY] = "finalize",
        [ACME_ORDER_PROCESSING] = "",
        [ACME_ORDER_VALID] = "certificate",
        [ACME_ORDER_INVALID] = "",
    };
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order;
    size_t i, j, k;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); ++i) {
        const char *status = acme_order_status_name(all[i]);

        assert_int_equal(
            read_text(&order,
                      apr_psprintf(*state, "{\"status\":\"%s\"}", status),
                      &problem, *state),
            0);
        assert_int_equal(order->status, all[i]);
        assert_null(order->authorizations);
        assert_null(order->finalize);
        assert_null(order->certificate);
        for (j = 0; j < sizeof(members) / sizeof(members[0]); ++j) {
            for (k = 0; k < sizeof(values) / sizeof(values[0]); ++k) {
                const char *text =
                    apr_psprintf(*state, "{\"status\":\"%s\",\"%s\":%s}",
                                 status, members[j], values[k]);

                if (strcmp(members[j], needed[all[i]]) == 0) {
                    continue;
                }
                if (read_text(&order, text, &problem, *state) != 0) {
                    fail_msg("%s: %s", text, problem.detail);
                }
            }
        }
    }
}

static void what_is_told_twice_is_read_once(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order;

    assert_int_equal(
        read_text(&order,
                  "{\"status\":\"pending\",\"authorizations\":[\"https://c/2\","
                  "\"https://c/1\",\"https://c/2\"]}",
                  &problem, *state),
        0);
    assert_int_equal(order->authorizations->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(order->authorizations, 0, const char *),
                        "https://c/2");
}

static const char *many(int n, apr_pool_t *p)
{
    apr_array_header_t *urls = apr_array_make(p, n, sizeof(const char *));
    int i;

    for (i = 0; i < n; ++i) {
        APR_ARRAY_PUSH(urls, const char *) =
            apr_psprintf(p, "\"https://c/z/%d\"%s", i, i + 1 < n ? "," : "");
    }
    return apr_psprintf(
        p, "{\"status\":\"pending\",\"authorizations\":[%s]," FINALIZE "}",
        apr_array_pstrcat(p, urls, 0));
}

static void a_thousand_authorizations_are_the_most(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_order_t *order;

    assert_int_equal(read_text(&order, many(1000, *state), &problem, *state),
                     0);
    assert_int_equal(order->authorizations->nelts, 1000);
    assert_int_equal(read_text(&order, many(1001, *state), &problem, *state),
                     APR_EINVAL);
    assert_non_null(strstr(problem.detail, "1001"));
}

static void an_order_outlives_the_answer(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *text = "{\"status\":\"valid\"," AUTHZ "," FINALIZE
                       ",\"certificate\":\"https://c/c\",\"error\":{\"type\":"
                       "\"urn:x\",\"detail\":\"d\"}}";
    acme_order_t *order;
    acme_json_t *json;
    apr_pool_t *p;

    apr_pool_create(&p, *state);
    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p), 0);
    assert_int_equal(acme_order_read(&order, json, &problem, *state), 0);
    apr_pool_destroy(p);
    assert_string_equal(order->finalize, "https://c/f");
    assert_string_equal(order->certificate, "https://c/c");
    assert_string_equal(APR_ARRAY_IDX(order->authorizations, 0, const char *),
                        "https://c/z/1");
    assert_string_equal(order->error->detail, "d");
}

static void payloads_are_as_rfc_8555_has_them(void **state)
{
    apr_array_header_t *names = apr_array_make(*state, 3, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = "example.org";
    APR_ARRAY_PUSH(names, const char *) = "*.example.org";
    APR_ARRAY_PUSH(names, const char *) = "192.0.2.1";
    assert_string_equal(
        acme_order_payload(names, NULL, NULL, *state),
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"},"
        "{\"type\":\"dns\",\"value\":\"*.example.org\"},"
        "{\"type\":\"ip\",\"value\":\"192.0.2.1\"}]}");
    names->nelts = 1;
    assert_string_equal(
        acme_order_payload(names, "key.serial", "shortlived", *state),
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"}],"
        "\"replaces\":\"key.serial\",\"profile\":\"shortlived\"}");
    assert_string_equal(acme_order_finalize_payload("MII_-", *state),
                        "{\"csr\":\"MII_-\"}");
}

ACME_T_MAIN(ACME_T(each_status_is_read), ACME_T(expiry_and_error_are_read),
            ACME_T(what_the_status_needs_has_to_be_right),
            ACME_T(what_the_status_does_not_need_is_left_out),
            ACME_T(what_is_told_twice_is_read_once),
            ACME_T(a_thousand_authorizations_are_the_most),
            ACME_T(an_order_outlives_the_answer),
            ACME_T(payloads_are_as_rfc_8555_has_them))
