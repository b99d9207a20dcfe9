/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "acme_json_writer.h"

/* A generator of which each run gives the same numbers. */
static unsigned next_number(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

/** Both forms are those of jansson. */
static void is_as_jansson_prints(json_t *json, apr_pool_t *p)
{
    char *compact = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
    char *pretty = json_dumps(json, JSON_ENCODE_ANY | JSON_INDENT(2));

    assert_non_null(compact);
    assert_non_null(pretty);
    assert_string_equal(acme_json_writer_print(json, 0, p), compact);
    assert_string_equal(acme_json_writer_print(json, 1, p),
                        apr_pstrcat(p, pretty, "\n", NULL));
    free(compact);
    free(pretty);
}

static void each_text_is_as_jansson_prints_it(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "1.0",
        "-0.5",
        "1e300",
        "-1.7976931348623157e+308",
        "2.2250738585072014e-308",
        "\"\"",
        "\"a/b\"",
        "\"\\u0000\\u0001\\u001f\\u007f\\b\\f\\n\\r\\t\\\"\\\\\"",
        "\"a\\u0000b\"",
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "{\"\":{\"\\n\\\"\":[]},\"z\":{},\"a\":[1,[2,[3,{}]],\"x\"]}",
        "[[],{},[[]],[{}],{\"k\":null}]",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        json_t *json =
            json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        assert_non_null(json);
        is_as_jansson_prints(json, *state);
        json_decref(json);
    }
}

static void each_byte_is_escaped_as_jansson_does(void **state)
{
    char bytes[128];
    int len, i;

    for (i = 0; i < (int)sizeof(bytes); ++i) {
        bytes[i] = (char)i;
    }
    for (i = 0; i < (int)sizeof(bytes); ++i) {
        for (len = 0; len < 3 && i + len <= (int)sizeof(bytes); ++len) {
            json_t *json = json_stringn(bytes + i, (size_t)len);

            is_as_jansson_prints(json, *state);
            json_decref(json);
        }
    }
}

static json_t *random_value(unsigned *seed, int depth)
{
    unsigned what = next_number(seed) % (depth > 5 ? 5 : 8);
    unsigned count = next_number(seed) % 6;
    json_t *json;
    char key[32];

    switch (what) {
    case 0:
        return json_integer((json_int_t)next_number(seed) - 30000);
    case 1:
        return json_real(next_number(seed) / 7.0);
    case 2:
        return json_boolean(count > 2);
    case 3:
        return count ? json_string("a \"quoted\" one\n") : json_null();
    case 4:
        json = json_array();
        while (count--) {
            json_array_append_new(json, json_string("x\ty"));
        }
        return json;
    case 5:
        json = json_array();
        while (count--) {
            json_array_append_new(json, random_value(seed, depth + 1));
        }
        return json;
    default:
        json = json_object();
        while (count--) {
            apr_snprintf(key, sizeof(key), "%u", next_number(seed) % 10);
            json_object_set_new(json, key, random_value(seed, depth + 1));
        }
        return json;
    }
}

static void values_of_any_form_are_as_jansson_prints_them(void **state)
{
    apr_pool_t *p;
    unsigned seed = 1;
    int i;

    apr_pool_create(&p, *state);
    for (i = 0; i < 2000; ++i) {
        json_t *json = random_value(&seed, 0);

        is_as_jansson_prints(json, p);
        json_decref(json);
        apr_pool_clear(p);
    }
}

/** Texts that end right before, at and after the end of the room. */
static void texts_of_any_size_are_whole(void **state)
{
    apr_pool_t *p;
    apr_size_t len;

    apr_pool_create(&p, *state);
    for (len = 2030; len < 2070; ++len) {
        char *text = apr_pcalloc(p, 2 * len + 1);
        json_t *json = json_array();

        memset(text, 'x', len);
        json_array_append_new(json, json_string(text));
        is_as_jansson_prints(json, p);
        memset(text, '\n', 2 * len);
        json_array_append_new(json, json_string(text));
        is_as_jansson_prints(json, p);
        json_decref(json);
        apr_pool_clear(p);
    }
}

ACME_T_MAIN(ACME_T(each_text_is_as_jansson_prints_it),
            ACME_T(each_byte_is_escaped_as_jansson_does),
            ACME_T(values_of_any_form_are_as_jansson_prints_them),
            ACME_T(texts_of_any_size_are_whole))
