/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_json.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "acme_json_writer.h"
#include "acme_text.h"
#include "acme_time.h"

#define MAX_DEPTH 64

/* Whole numbers are exact as real ones up to here. */
#define WHOLE_MAX 9007199254740992.0

struct acme_json_t {
    json_t *json; /* one reference, dropped with the pool */
    apr_pool_t *p;
};

static apr_status_t json_cleanup(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

/* Ends the process, as a pool does, when memory is exhausted: the only case in
 * which jansson returns NULL. */
static json_t *need(json_t *json, apr_pool_t *p)
{
    apr_abortfunc_t on_abort;

    if (!json) {
        on_abort = apr_pool_abort_get(p);
        if (on_abort) {
            on_abort(APR_ENOMEM);
        }
        abort();
    }
    return json;
}

/* Makes a value that owns the reference. */
static acme_json_t *wrap(json_t *json, apr_pool_t *p)
{
    acme_json_t *result = apr_palloc(p, sizeof(*result));

    result->json = need(json, p);
    result->p = p;
    apr_pool_cleanup_register(p, json, json_cleanup, apr_pool_cleanup_null);
    return result;
}

/* Makes a value with a reference of its own, so that a child stays valid when
 * it is replaced in its parent. */
static acme_json_t *wrap_child(json_t *json, apr_pool_t *p)
{
    return wrap(json_incref(json), p);
}

/* Returns non-zero when a text is nested too deeply. Called before the text is
 * parsed, because jansson recurses for each level, and the stack of a thread
 * may be small. */
static int too_deep(const char *data, apr_size_t len)
{
    int depth = 0;
    int in_string = 0;
    apr_size_t i;

    for (i = 0; i < len; ++i) {
        char c = data[i];

        if (in_string) {
            if (c == '\\') {
                ++i;
            }
            else if (c == '"') {
                in_string = 0;
            }
        }
        else if (c == '"') {
            in_string = 1;
        }
        else if (c == '{' || c == '[') {
            if (++depth > MAX_DEPTH) {
                return 1;
            }
        }
        else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return 0;
}

/* Returns a text for an error. jansson's own text is not shown, because it
 * quotes the input, which may hold a secret. */
static const char *reason(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "something follows its end";
    case json_error_duplicate_key:
        return "a member appears twice";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_null_byte_in_key:
        return "a member's name holds a NUL";
    default:
        return "the syntax is wrong";
    }
}

/* Returns the length of the byte order mark that the text begins with, or 0. */
static apr_size_t mark_len(const char *data, apr_size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    apr_size_t n = sizeof(mark) - 1;

    return len >= n && memcmp(data, mark, n) == 0 ? n : 0;
}

static apr_status_t parse(acme_json_t **json, const char *data, apr_size_t len,
                          size_t flags, const char **error, apr_pool_t *p)
{
    apr_size_t off = mark_len(data, len);
    json_error_t why;
    json_t *parsed;

    *json = NULL;
    data += off;
    len -= off;
    if (too_deep(data, len)) {
        if (error) {
            *error = apr_psprintf(p,
                                  "no JSON that we read: nested more than "
                                  "%d levels deep",
                                  MAX_DEPTH);
        }
        return APR_EINVAL;
    }
    parsed = json_loadb(data, len, flags | JSON_ALLOW_NUL, &why);
    if (!parsed) {
        if (error) {
            *error = apr_psprintf(p, "no valid JSON: %s (line %d, column %d)",
                                  reason(&why), why.line, why.column);
        }
        return APR_EINVAL;
    }
    *json = wrap(parsed, p);
    return APR_SUCCESS;
}

apr_status_t acme_json_parse(acme_json_t **json, const char *data,
                             apr_size_t len, const char **error, apr_pool_t *p)
{
    return parse(json, data, len, JSON_REJECT_DUPLICATES, error, p);
}

apr_status_t acme_json_parse_foreign(acme_json_t **json, const char *data,
                                     apr_size_t len, const char **error,
                                     apr_pool_t *p)
{
    /* As a real number only if it must be, because that is not exact. */
    return parse(json, data, len, 0, NULL, p) == APR_SUCCESS
               ? APR_SUCCESS
               : parse(json, data, len, JSON_DECODE_INT_AS_REAL, error, p);
}

acme_json_t *acme_json_object(apr_pool_t *p)
{
    return wrap(json_object(), p);
}

acme_json_t *acme_json_array(apr_pool_t *p)
{
    return wrap(json_array(), p);
}

const char *acme_json_print(const acme_json_t *json, int pretty, apr_pool_t *p)
{
    return acme_json_writer_print(json->json, pretty, p);
}

int acme_json_is_object(const acme_json_t *json)
{
    return json && json_is_object(json->json);
}

/* Returns a member, or NULL when it is absent or null, or when the value is not
 * an object. */
static json_t *member(const acme_json_t *object, const char *key)
{
    json_t *value = object ? json_object_get(object->json, key) : NULL;

    return json_is_null(value) ? NULL : value;
}

static int is_text(const json_t *value)
{
    return json_is_string(value)
           && strlen(json_string_value(value)) == json_string_length(value);
}

apr_status_t acme_json_get(acme_json_t **value, const acme_json_t *object,
                           const char *key)
{
    json_t *found = member(object, key);

    if (!found) {
        return APR_NOTFOUND;
    }
    *value = wrap_child(found, object->p);
    return APR_SUCCESS;
}

const char *acme_json_text(const acme_json_t *json)
{
    return json && is_text(json->json) ? json_string_value(json->json) : NULL;
}

apr_status_t acme_json_get_str(const char **value, const acme_json_t *object,
                               const char *key)
{
    json_t *found = member(object, key);

    if (!found) {
        return APR_NOTFOUND;
    }
    if (!is_text(found)) {
        return APR_EINVAL;
    }
    *value = json_string_value(found);
    return APR_SUCCESS;
}

apr_status_t acme_json_get_int(apr_int64_t *value, const acme_json_t *object,
                               const char *key)
{
    json_t *found = member(object, key);
    apr_int64_t whole;

    if (!found) {
        return APR_NOTFOUND;
    }
    if (json_is_real(found) && json_real_value(found) >= -WHOLE_MAX
        && json_real_value(found) <= WHOLE_MAX) {
        whole = (apr_int64_t)json_real_value(found);
        if ((double)whole != json_real_value(found)) {
            return APR_EINVAL;
        }
        *value = whole;
        return APR_SUCCESS;
    }
    if (!json_is_integer(found)) {
        return APR_EINVAL;
    }
    *value = json_integer_value(found);
    return APR_SUCCESS;
}

apr_status_t acme_json_get_count(int *value, const acme_json_t *object,
                                 const char *key)
{
    apr_int64_t count;
    apr_status_t rv = acme_json_get_int(&count, object, key);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (count < 0 || count > ACME_JSON_COUNT_MAX) {
        return APR_EINVAL;
    }
    *value = (int)count;
    return APR_SUCCESS;
}

apr_status_t acme_json_get_bool(int *value, const acme_json_t *object,
                                const char *key)
{
    json_t *found = member(object, key);

    if (!found) {
        return APR_NOTFOUND;
    }
    if (!json_is_boolean(found)) {
        return APR_EINVAL;
    }
    *value = json_is_true(found);
    return APR_SUCCESS;
}

apr_status_t acme_json_get_time(apr_time_t *value, const acme_json_t *object,
                                const char *key)
{
    const char *text;
    apr_status_t rv = acme_json_get_str(&text, object, key);

    return rv == APR_SUCCESS ? acme_time_parse(value, text) : rv;
}

apr_status_t acme_json_get_strs(apr_array_header_t **values,
                                const acme_json_t *object, const char *key,
                                apr_pool_t *p)
{
    json_t *found = member(object, key);
    apr_array_header_t *result;
    size_t n;
    size_t i;

    if (!found) {
        return APR_NOTFOUND;
    }
    if (!json_is_array(found)) {
        return APR_EINVAL;
    }
    n = json_array_size(found);
    for (i = 0; i < n; ++i) {
        if (!is_text(json_array_get(found, i))) {
            return APR_EINVAL;
        }
    }
    result = apr_array_make(p, (int)n, sizeof(const char *));
    for (i = 0; i < n; ++i) {
        APR_ARRAY_PUSH(result, const char *) =
            json_string_value(json_array_get(found, i));
    }
    *values = result;
    return APR_SUCCESS;
}

apr_array_header_t *acme_json_keys(const acme_json_t *object, apr_pool_t *p)
{
    apr_array_header_t *keys = apr_array_make(p, 4, sizeof(const char *));
    const char *key;
    json_t *value;

    json_object_foreach(object->json, key, value)
    {
        APR_ARRAY_PUSH(keys, const char *) = apr_pstrdup(p, key);
    }
    return keys;
}

int acme_json_count(const acme_json_t *array)
{
    return array ? (int)json_array_size(array->json) : 0;
}

acme_json_t *acme_json_at(const acme_json_t *array, int i)
{
    if (i < 0 || i >= acme_json_count(array)) {
        return NULL;
    }
    return wrap_child(json_array_get(array->json, (size_t)i), array->p);
}

/* Sets a member and takes over the reference. Does nothing when the value is
 * not an object. jansson need not check the key, because that is UTF-8 now. */
static void set_member(acme_json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object->json, acme_text_utf8(key, object->p),
                                need(value, object->p));
}

static json_t *text_value(const char *text, apr_pool_t *p)
{
    return json_string_nocheck(acme_text_utf8(text, p));
}

void acme_json_set(acme_json_t *object, const char *key,
                   const acme_json_t *value)
{
    if (value) {
        set_member(object, key, json_deep_copy(value->json));
    }
}

void acme_json_give(acme_json_t *object, const char *key,
                    const acme_json_t *value)
{
    if (value) {
        set_member(object, key, json_incref(value->json));
    }
}

void acme_json_set_str(acme_json_t *object, const char *key, const char *value)
{
    if (value) {
        set_member(object, key, text_value(value, object->p));
    }
}

void acme_json_set_int(acme_json_t *object, const char *key, apr_int64_t value)
{
    set_member(object, key, json_integer(value));
}

void acme_json_set_bool(acme_json_t *object, const char *key, int value)
{
    set_member(object, key, json_boolean(value));
}

void acme_json_set_time(acme_json_t *object, const char *key, apr_time_t value)
{
    if (value) {
        acme_json_set_str(object, key, acme_time_print_exact(value, object->p));
    }
}

void acme_json_set_strs(acme_json_t *object, const char *key,
                        const apr_array_header_t *values)
{
    json_t *array;
    int i;

    if (!values) {
        return;
    }
    array = need(json_array(), object->p);
    for (i = 0; i < values->nelts; ++i) {
        json_array_append_new(
            array,
            need(text_value(APR_ARRAY_IDX(values, i, const char *), object->p),
                 object->p));
    }
    set_member(object, key, array);
}

void acme_json_append(acme_json_t *array, const acme_json_t *value)
{
    if (value) {
        json_array_append_new(array->json,
                              need(json_deep_copy(value->json), array->p));
    }
}

void acme_json_append_given(acme_json_t *array, const acme_json_t *value)
{
    if (value) {
        json_array_append_new(array->json, json_incref(value->json));
    }
}

void acme_json_append_str(acme_json_t *array, const char *value)
{
    if (value) {
        json_array_append_new(array->json,
                              need(text_value(value, array->p), array->p));
    }
}
