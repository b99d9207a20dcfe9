/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_json_writer.h"

#include <string.h>

#include <apr_strings.h>

/* Room for most texts. It doubles when a text is longer, because its size is
 * not known before. */
#define PRINT_SIZE 2048

/* Room for a number. */
#define NUMBER_SIZE 64

/* A text while it is printed. */
typedef struct text_t {
    char *data;
    apr_size_t len;
    apr_size_t size;
    int pretty;
    int depth;
    apr_pool_t *p;
} text_t;

/* Wipes a text that has moved, because it may hold part of a secret, and the
 * caller wipes the whole text only. */
static void wipe(char *text, apr_size_t len)
{
    volatile char *at = text;

    while (len-- > 0) {
        *at++ = '\0';
    }
}

/* Makes room for more bytes. */
static char *room(text_t *text, apr_size_t len)
{
    apr_size_t size = text->size;
    char *larger;

    while (size - text->len < len) {
        size *= 2;
    }
    if (size > text->size) {
        larger = apr_palloc(text->p, size);
        memcpy(larger, text->data, text->len);
        wipe(text->data, text->len);
        text->data = larger;
        text->size = size;
    }
    return text->data + text->len;
}

static void add(text_t *text, const char *data, apr_size_t len)
{
    memcpy(room(text, len), data, len);
    text->len += len;
}

static void add_char(text_t *text, char c)
{
    *room(text, 1) = c;
    text->len++;
}

/* Begins a line, where lines are wanted. */
static void add_line(text_t *text)
{
    apr_size_t blanks = 2 * (apr_size_t)text->depth;

    if (text->pretty) {
        add_char(text, '\n');
        memset(room(text, blanks), ' ', blanks);
        text->len += blanks;
    }
}

/* Adds a character that JSON allows in a string only when it is escaped. */
static void add_escape(text_t *text, unsigned char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char hex[] = "0123456789ABCDEF";
    apr_size_t i;

    for (i = 0; i + 1 < sizeof(named); i += 2) {
        if (c == (unsigned char)named[i]) {
            add_char(text, '\\');
            add_char(text, named[i + 1]);
            return;
        }
    }
    add(text, "\\u00", 4);
    add_char(text, hex[c >> 4]);
    add_char(text, hex[c & 15]);
}

static void add_string(text_t *text, const char *string, apr_size_t len)
{
    apr_size_t begin = 0;
    apr_size_t i;

    add_char(text, '"');
    for (i = 0; i < len; ++i) {
        unsigned char c = (unsigned char)string[i];

        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        add(text, string + begin, i - begin);
        add_escape(text, c);
        begin = i + 1;
    }
    add(text, string + begin, len - begin);
    add_char(text, '"');
}

static void add_value(text_t *text, json_t *json);

static void add_array(text_t *text, const json_t *json)
{
    size_t count = json_array_size(json);
    size_t i;

    add_char(text, '[');
    text->depth++;
    for (i = 0; i < count; ++i) {
        if (i) {
            add_char(text, ',');
        }
        add_line(text);
        add_value(text, json_array_get(json, i));
    }
    text->depth--;
    if (count) {
        add_line(text);
    }
    add_char(text, ']');
}

static void add_object(text_t *text, json_t *json)
{
    void *first = json_object_iter(json);
    void *at;

    add_char(text, '{');
    text->depth++;
    for (at = first; at; at = json_object_iter_next(json, at)) {
        const char *key = json_object_iter_key(at);

        if (at != first) {
            add_char(text, ',');
        }
        add_line(text);
        add_string(text, key, strlen(key));
        add(text, ": ", text->pretty ? 2 : 1);
        add_value(text, json_object_iter_value(at));
    }
    text->depth--;
    if (first) {
        add_line(text);
    }
    add_char(text, '}');
}

static void add_value(text_t *text, json_t *json)
{
    char number[NUMBER_SIZE];

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        add_object(text, json);
        return;
    case JSON_ARRAY:
        add_array(text, json);
        return;
    case JSON_STRING:
        add_string(text, json_string_value(json), json_string_length(json));
        return;
    case JSON_INTEGER:
        apr_snprintf(number, sizeof(number), "%" APR_INT64_T_FMT,
                     (apr_int64_t)json_integer_value(json));
        add(text, number, strlen(number));
        return;
    case JSON_REAL:
        add(text, number,
            json_dumpb(json, number, sizeof(number), JSON_ENCODE_ANY));
        return;
    case JSON_TRUE:
        add(text, "true", 4);
        return;
    case JSON_FALSE:
        add(text, "false", 5);
        return;
    case JSON_NULL:
        add(text, "null", 4);
        return;
    }
}

const char *acme_json_writer_print(json_t *json, int pretty, apr_pool_t *p)
{
    text_t text = {apr_palloc(p, PRINT_SIZE), 0, PRINT_SIZE, pretty, 0, p};

    add_value(&text, json);
    if (pretty) {
        add_char(&text, '\n');
    }
    add_char(&text, '\0');
    return text.data;
}
