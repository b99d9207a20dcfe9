/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_json.h"

static acme_json_t *parse(const char *text, apr_pool_t *p)
{
    acme_json_t *json;
    const char *error = NULL;

    if (acme_json_parse(&json, text, strlen(text), &error, p) != APR_SUCCESS) {
        fail_msg("%s: %s", text, error);
    }
    return json;
}

static void reads_each_type_by_its_getter(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *json =
        parse("{\"s\":\"text\",\"e\":\"\",\"i\":-5,\"big\":9223372036854775807,"
              "\"most\":1000000,\"more\":1000001,"
              "\"t\":true,\"f\":false,\"at\":\"2026-11-20T22:51:07.5Z\","
              "\"l\":[\"a\",\"b\"],\"none\":[],\"o\":{\"k\":\"v\"}}",
              p);
    acme_json_t *child;
    apr_array_header_t *strs;
    const char *s;
    apr_int64_t i;
    apr_time_t t;
    int b;

    assert_true(acme_json_is_object(json));
    assert_int_equal(acme_json_get_str(&s, json, "s"), APR_SUCCESS);
    assert_string_equal(s, "text");
    assert_int_equal(acme_json_get_str(&s, json, "e"), APR_SUCCESS);
    assert_string_equal(s, "");
    assert_int_equal(acme_json_get_int(&i, json, "i"), APR_SUCCESS);
    assert_true(i == -5);
    assert_int_equal(acme_json_get_int(&i, json, "big"), APR_SUCCESS);
    assert_true(i == APR_INT64_MAX);
    b = 7;
    assert_int_equal(acme_json_get_count(&b, json, "i"), APR_EINVAL);
    assert_int_equal(acme_json_get_count(&b, json, "big"), APR_EINVAL);
    assert_int_equal(acme_json_get_count(&b, json, "s"), APR_EINVAL);
    assert_int_equal(acme_json_get_count(&b, json, "more"), APR_EINVAL);
    assert_int_equal(acme_json_get_count(&b, json, "nothing"), APR_NOTFOUND);
    assert_int_equal(b, 7);
    assert_int_equal(acme_json_get_count(&b, json, "most"), APR_SUCCESS);
    assert_int_equal(b, ACME_JSON_COUNT_MAX);
    assert_int_equal(acme_json_get_bool(&b, json, "t"), APR_SUCCESS);
    assert_int_equal(b, 1);
    assert_int_equal(acme_json_get_bool(&b, json, "f"), APR_SUCCESS);
    assert_int_equal(b, 0);
    assert_int_equal(acme_json_get_time(&t, json, "at"), APR_SUCCESS);
    assert_true(t == 1795215067500000LL);
    assert_int_equal(acme_json_get_strs(&strs, json, "l", p), APR_SUCCESS);
    assert_int_equal(strs->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(strs, 1, const char *), "b");
    assert_int_equal(acme_json_get_strs(&strs, json, "none", p), APR_SUCCESS);
    assert_int_equal(strs->nelts, 0);
    assert_int_equal(acme_json_get(&child, json, "o"), APR_SUCCESS);
    assert_int_equal(acme_json_get_str(&s, child, "k"), APR_SUCCESS);
    assert_string_equal(s, "v");
    assert_int_equal(acme_json_get(&child, json, "l"), APR_SUCCESS);
    assert_false(acme_json_is_object(child));
    assert_int_equal(acme_json_count(child), 2);
    assert_non_null(acme_json_at(child, 0));
    assert_null(acme_json_at(child, 2));
    assert_null(acme_json_at(child, -1));
}

static void tells_absent_from_wrong_and_leaves_the_output(void **state)
{
    static const char *const values[] = {
        "1",
        "1.5",
        "true",
        "\"x\"",
        "{}",
        "[]",
        "[1]",
        "[\"a\",null]",
        "[\"a\\u0000b\"]",
        "\"a\\u0000b\"",
        "\"2026-02-30T00:00:00Z\"",
    };
    apr_pool_t *p = *state;
    size_t n;

    for (n = 0; n < sizeof(values) / sizeof(values[0]); ++n) {
        acme_json_t *json =
            parse(apr_pstrcat(p, "{\"k\":", values[n], "}", NULL), p);
        int is_str = !strcmp(values[n], "\"x\"")
                     || !strcmp(values[n], "\"2026-02-30T00:00:00Z\"");
        const char *s = "before";
        apr_int64_t i = 77;
        int b = 77;
        apr_time_t t = 77;
        apr_array_header_t *strs = NULL;

        if (!is_str) {
            assert_int_equal(acme_json_get_str(&s, json, "k"), APR_EINVAL);
            assert_string_equal(s, "before");
        }
        if (n != 0) {
            assert_int_equal(acme_json_get_int(&i, json, "k"), APR_EINVAL);
            assert_true(i == 77);
        }
        if (n != 2) {
            assert_int_equal(acme_json_get_bool(&b, json, "k"), APR_EINVAL);
            assert_int_equal(b, 77);
        }
        assert_int_equal(acme_json_get_time(&t, json, "k"), APR_EINVAL);
        assert_true(t == 77);
        if (n != 5) {
            assert_int_equal(acme_json_get_strs(&strs, json, "k", p),
                             APR_EINVAL);
            assert_null(strs);
        }
    }
}

static void absent_null_and_no_object_are_not_found(void **state)
{
    static const char *const texts[] = {"{}", "{\"k\":null}", "[]", "[\"k\"]"};
    apr_pool_t *p = *state;
    size_t n;

    for (n = 0; n <= sizeof(texts) / sizeof(texts[0]); ++n) {
        acme_json_t *json = NULL;
        acme_json_t *child = NULL;
        const char *s = NULL;
        apr_int64_t i;
        int b;
        apr_time_t t;
        apr_array_header_t *strs;

        if (n < sizeof(texts) / sizeof(texts[0])) {
            json = parse(texts[n], p);
        }
        assert_int_equal(acme_json_get(&child, json, "k"), APR_NOTFOUND);
        assert_null(child);
        assert_int_equal(acme_json_get_str(&s, json, "k"), APR_NOTFOUND);
        assert_null(s);
        assert_int_equal(acme_json_get_int(&i, json, "k"), APR_NOTFOUND);
        assert_int_equal(acme_json_get_bool(&b, json, "k"), APR_NOTFOUND);
        assert_int_equal(acme_json_get_time(&t, json, "k"), APR_NOTFOUND);
        assert_int_equal(acme_json_get_strs(&strs, json, "k", p), APR_NOTFOUND);
    }
    assert_false(acme_json_is_object(NULL));
    assert_int_equal(acme_json_count(NULL), 0);
    assert_null(acme_json_at(NULL, 0));
}

static void refuses_what_is_no_json_and_says_where(void **state)
{
    static const char *const cases[][2] = {
        {"", "too early"},
        {" ", "too early"},
        {"{", "too early"},
        {"[1,", "too early"},
        {"{\"a\":", "too early"},
        {"\"text\"", "syntax"},
        {"5", "syntax"},
        {"null", "syntax"},
        {"<html>no</html>", "syntax"},
        {"{a:1}", "syntax"},
        {"{\"a\":1,}", "syntax"},
        {"{\"a\":01}", "syntax"},
        {"{'a':1}", "syntax"},
        {"{} x", "follows"},
        {"{}{}", "follows"},
        {"{\"a\":1,\"a\":2}", "twice"},
        {"{\"o\":{\"a\":1,\"b\":2,\"a\":1}}", "twice"},
        {"{\"a\":\"\xff\"}", "UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "UTF-8"},
        {"{\"a\":99999999999999999999}", "too large"},
        {"{\"a\":1e999}", "too large"},
        {"{\"a\\u0000b\":1}", "NUL"},
        {"{\"a\":\"\\ud800\"}", "syntax"},
        {"{\"secret\":\"hunter2\" oops}", "syntax"},
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_json_t *json;
        const char *error = NULL;
        apr_status_t rv =
            acme_json_parse(&json, cases[i][0], strlen(cases[i][0]), &error, p);

        if (rv != APR_EINVAL || json || !error || !strstr(error, cases[i][1])
            || !strstr(error, "line 1")) {
            fail_msg("%s gives %d: %s", cases[i][0], rv,
                     error ? error : "no error");
        }
        /* A damaged file of ours may hold a secret. */
        assert_null(strstr(error, "hunter2"));
        assert_int_equal(
            acme_json_parse(&json, cases[i][0], strlen(cases[i][0]), NULL, p),
            APR_EINVAL);
    }
}

static void reads_no_further_than_it_is_told(void **state)
{
    apr_pool_t *p = *state;
    char *text = malloc(7);
    acme_json_t *json;
    apr_size_t len;

    /* The buffer has no byte more, so that a sanitizer notices a read beyond
     * it. */
    memcpy(text, "{\"a\":1}", 7);
    assert_int_equal(acme_json_parse(&json, text, 7, NULL, p), APR_SUCCESS);
    for (len = 0; len < 7; ++len) {
        assert_int_equal(acme_json_parse(&json, text, len, NULL, p),
                         APR_EINVAL);
    }
    memcpy(text, "{\"a\":\"\\", 7);
    assert_int_equal(acme_json_parse(&json, text, 7, NULL, p), APR_EINVAL);
    free(text);
}

static char *nested(apr_pool_t *p, const char *open, const char *middle,
                    const char *close, int n)
{
    apr_array_header_t *parts = apr_array_make(p, 8, sizeof(const char *));
    int i;

    for (i = 0; i < n; ++i) {
        APR_ARRAY_PUSH(parts, const char *) = open;
    }
    APR_ARRAY_PUSH(parts, const char *) = middle;
    for (i = 0; i < n; ++i) {
        APR_ARRAY_PUSH(parts, const char *) = close;
    }
    return apr_array_pstrcat(p, parts, 0);
}

static void refuses_deep_nesting(void **state)
{
    apr_pool_t *p = *state;
    const char *error = NULL;
    acme_json_t *json;
    char *text;

    parse(nested(p, "[", "", "]", 64), p);
    parse(nested(p, "{\"a\":", "1", "}", 64), p);
    text = nested(p, "[", "", "]", 65);
    assert_int_equal(acme_json_parse(&json, text, strlen(text), &error, p),
                     APR_EINVAL);
    assert_non_null(strstr(error, "64"));
    text = nested(p, "{\"a\":", "1", "}", 65);
    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p),
                     APR_EINVAL);
    text = nested(p, "[", "", "", 500000);
    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, p),
                     APR_EINVAL);
    /* Brackets in a string do not nest. */
    text = apr_pstrcat(p, "{\"a\":\"\\\"", nested(p, "[", "", "", 100), "\"}",
                       NULL);
    parse(text, p);
}

static void prints_members_in_the_order_they_were_set(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *json = acme_json_object(p);
    acme_json_t *list = acme_json_array(p);
    apr_array_header_t *strs = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(strs, const char *) = "x";
    APR_ARRAY_PUSH(strs, const char *) = "y";
    acme_json_append_str(list, "in");
    acme_json_append_str(list, NULL);
    acme_json_append(list, acme_json_object(p));
    acme_json_append(list, NULL);
    acme_json_set_str(json, "z", "last \"of\" all/\n");
    acme_json_set_int(json, "a", -1);
    acme_json_set_bool(json, "m", 5);
    acme_json_set_bool(json, "n", 0);
    acme_json_set_time(json, "t", 1795215067000000LL);
    acme_json_set_time(json, "u", 1795215067000001LL);
    acme_json_set_strs(json, "l", strs);
    acme_json_set(json, "v", list);
    acme_json_set_str(json, "no1", NULL);
    acme_json_set_time(json, "no2", 0);
    acme_json_set_strs(json, "no3", NULL);
    acme_json_set(json, "no4", NULL);
    assert_string_equal(
        acme_json_print(json, 0, p),
        "{\"z\":\"last \\\"of\\\" all/\\n\",\"a\":-1,\"m\":true,\"n\":false,"
        "\"t\":\"2026-11-20T22:51:07Z\",\"u\":\"2026-11-20T22:51:07.000001Z\","
        "\"l\":[\"x\",\"y\"],\"v\":[\"in\",{}]}");
    acme_json_set_str(json, "z", "new");
    assert_non_null(
        strstr(acme_json_print(json, 0, p), "{\"z\":\"new\",\"a\""));
    assert_string_equal(acme_json_print(list, 1, p), "[\n  \"in\",\n  {}\n]\n");
    assert_string_equal(acme_json_print(acme_json_object(p), 1, p), "{}\n");
    assert_string_equal(acme_json_print(acme_json_at(list, 0), 0, p), "\"in\"");
}

static void what_was_given_outlives_its_pool(void **state)
{
    apr_pool_t *p = *state, *sub;
    acme_json_t *object = acme_json_object(p), *child, *found;
    const char *text;

    apr_pool_create(&sub, p);
    child = acme_json_object(sub);
    acme_json_set_str(child, "b", "c");
    acme_json_give(object, "a", child);
    acme_json_give(object, "none", NULL);
    apr_pool_destroy(sub);
    assert_int_equal(acme_json_get(&found, object, "a"), APR_SUCCESS);
    assert_int_equal(acme_json_get_str(&text, found, "b"), APR_SUCCESS);
    assert_string_equal(text, "c");
    assert_string_equal(acme_json_print(object, 0, p), "{\"a\":{\"b\":\"c\"}}");
}

static void appends_without_a_copy(void **state)
{
    apr_pool_t *p = *state, *sub;
    acme_json_t *array = acme_json_array(p), *item;

    apr_pool_create(&sub, p);
    item = acme_json_object(sub);
    acme_json_set_str(item, "b", "c");
    acme_json_append_given(array, item);
    acme_json_append_given(array, NULL);
    apr_pool_destroy(sub);
    assert_int_equal(acme_json_count(array), 1);
    assert_string_equal(acme_json_print(array, 0, p), "[{\"b\":\"c\"}]");
}

static void prints_texts_of_any_size(void **state)
{
    apr_pool_t *p = *state;
    apr_size_t len;

    for (len = 2000; len < 2100; ++len) {
        acme_json_t *array = acme_json_array(p);
        char *item = apr_pcalloc(p, len + 1);
        const char *text;

        memset(item, 'x', len);
        acme_json_append_str(array, item);
        text = acme_json_print(array, 0, p);
        assert_int_equal(strlen(text), len + 4);
        assert_memory_equal(text + 2, item, len);
        assert_string_equal(text + len + 2, "\"]");
    }
}

static void prints_long_texts_of_many_parts(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *array = acme_json_array(p);
    const char *text;
    int i;

    for (i = 0; i < 20000; ++i) {
        acme_json_append_str(array, "0123456789");
    }
    for (i = 0; i < 2; ++i) {
        acme_json_t *same;

        text = acme_json_print(array, i, p);
        assert_int_equal(acme_json_parse(&same, text, strlen(text), NULL, p),
                         0);
        assert_int_equal(acme_json_count(same), 20000);
        assert_string_equal(acme_json_text(acme_json_at(same, 19999)),
                            "0123456789");
    }
    assert_string_equal(text + strlen(text) - 4, "\"\n]\n");
}

static void setters_copy_what_they_are_given(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *outer = acme_json_object(p);
    acme_json_t *inner = acme_json_object(p);
    char text[] = "before";

    acme_json_set_str(inner, "k", text);
    acme_json_set(outer, "o", inner);
    strcpy(text, "after!");
    acme_json_set_str(inner, "k", "after");
    assert_string_equal(acme_json_print(outer, 0, p),
                        "{\"o\":{\"k\":\"before\"}}");
    /* An object that is set in itself makes no circle. */
    acme_json_set(outer, "self", outer);
    assert_string_equal(
        acme_json_print(outer, 0, p),
        "{\"o\":{\"k\":\"before\"},\"self\":{\"o\":{\"k\":\"before\"}}}");
}

static void a_child_survives_being_replaced(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *json = parse("{\"o\":{\"k\":\"v\"}}", p);
    acme_json_t *child;
    const char *s;

    assert_int_equal(acme_json_get(&child, json, "o"), APR_SUCCESS);
    acme_json_set_int(json, "o", 1);
    assert_int_equal(acme_json_get_str(&s, child, "k"), APR_SUCCESS);
    assert_string_equal(s, "v");
}

static void writes_valid_json_whatever_the_bytes(void **state)
{
    apr_pool_t *p = *state;
    acme_json_t *json = acme_json_object(p);
    acme_json_t *list = acme_json_array(p);
    const char *s;

    acme_json_set_str(json, "path", "/x/\xff\x01/\xc3\xbc");
    acme_json_set_str(json, "\xff", "key");
    acme_json_append_str(list, "\xc3");
    json = parse(acme_json_print(json, 0, p), p);
    assert_int_equal(acme_json_get_str(&s, json, "path"), APR_SUCCESS);
    assert_string_equal(s, "/x/\xef\xbf\xbd\x01/\xc3\xbc");
    assert_int_equal(acme_json_get_str(&s, json, "\xef\xbf\xbd"), APR_SUCCESS);
    assert_string_equal(acme_json_print(list, 0, p), "[\"\xef\xbf\xbd\"]");
}

static void names_of_members_are_listed(void **state)
{
    acme_json_t *list;
    acme_json_t *json = parse("{\"b\":1,\"a\":{\"c\":2},\"l\":[1]}", *state);

    assert_string_equal(
        apr_array_pstrcat(*state, acme_json_keys(json, *state), ' '), "b a l");
    assert_int_equal(acme_json_keys(acme_json_object(*state), *state)->nelts,
                     0);
    assert_int_equal(acme_json_get(&list, json, "l"), APR_SUCCESS);
    assert_int_equal(acme_json_keys(list, *state)->nelts, 0);
}

static void skips_a_byte_order_mark(void **state)
{
    static const char text[] = "\xef\xbb\xbf{\"a\":1}";
    acme_json_t *json;
    apr_size_t len;

    for (len = 0; len < sizeof(text); ++len) {
        assert_int_equal(acme_json_parse(&json, text, len, NULL, *state),
                         len == sizeof(text) - 1 ? APR_SUCCESS : APR_EINVAL);
    }
    assert_int_equal(
        acme_json_parse(&json, "\xef\xbb\xbf\xef\xbb\xbf{}", 8, NULL, *state),
        APR_EINVAL);
}

static void what_others_write_is_read_as_others_do(void **state)
{
    static const struct {
        const char *text;
        apr_status_t rv;
        int value;
    } cases[] = {
        {"{\"a\":1}", APR_SUCCESS, 1},
        {"{\"a\":1,\"a\":2}", APR_SUCCESS, 2},
        {"\xef\xbb\xbf{\"a\":3}", APR_SUCCESS, 3},
        {"{\"a\":403,\"b\":99999999999999999999}", APR_SUCCESS, 403},
        {"{\"a\":-5.0}", APR_SUCCESS, -5},
        {"{\"a\":1.5}", APR_EINVAL, 0},
        {"{\"a\":1e300}", APR_EINVAL, 0},
        {"{\"a\":-1e300}", APR_EINVAL, 0},
        {"{\"a\":99999999999999999999}", APR_EINVAL, 0},
    };
    static const char *const bad[] = {"", "{\"a\":1e999}", "{\"a\":1,}",
                                      "{\"a\":\"\xff\"}"};
    const char *error;
    acme_json_t *json;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_int64_t value = 0;

        assert_int_equal(acme_json_parse_foreign(&json, cases[i].text,
                                                 strlen(cases[i].text), NULL,
                                                 *state),
                         0);
        assert_int_equal(acme_json_get_int(&value, json, "a"), cases[i].rv);
        assert_int_equal(value, cases[i].value);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        error = NULL;
        assert_int_equal(acme_json_parse_foreign(&json, bad[i], strlen(bad[i]),
                                                 &error, *state),
                         APR_EINVAL);
        assert_non_null(error);
        assert_null(json);
    }
}

ACME_T_MAIN(ACME_T(names_of_members_are_listed),
            ACME_T(reads_each_type_by_its_getter),
            ACME_T(tells_absent_from_wrong_and_leaves_the_output),
            ACME_T(absent_null_and_no_object_are_not_found),
            ACME_T(refuses_what_is_no_json_and_says_where),
            ACME_T(reads_no_further_than_it_is_told),
            ACME_T(skips_a_byte_order_mark), ACME_T(refuses_deep_nesting),
            ACME_T(prints_members_in_the_order_they_were_set),
            ACME_T(setters_copy_what_they_are_given),
            ACME_T(what_was_given_outlives_its_pool),
            ACME_T(appends_without_a_copy), ACME_T(prints_texts_of_any_size),
            ACME_T(prints_long_texts_of_many_parts),
            ACME_T(a_child_survives_being_replaced),
            ACME_T(writes_valid_json_whatever_the_bytes),
            ACME_T(what_others_write_is_read_as_others_do))
