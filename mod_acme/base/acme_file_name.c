/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_file.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

/* The longest encoded name. A shortened name ends in SHORTENED and the SHA-1,
 * in hex, of the part that was cut off. */
#define MAX_NAME      200
#define SHORTENED     '~'
#define SHORTENED_LEN (1 + 2 * APR_SHA1_DIGESTSIZE)
/* The encoded form of the empty name. */
#define NO_NAME "%"

static int is_kept(unsigned char c, int first)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
           || c == '_' || (c == '.' && !first);
}

/* Replaces the end of an encoded name that is too long by its SHA-1. Does not
 * cut inside a %XX. */
static const char *shorten(const char *encoded, apr_pool_t *p)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    char text[2 * APR_SHA1_DIGESTSIZE + 1];
    apr_size_t keep = MAX_NAME - SHORTENED_LEN;
    apr_sha1_ctx_t sha1;
    const char *rest;
    int i;

    if (encoded[keep - 1] == '%') {
        keep -= 1;
    }
    else if (encoded[keep - 2] == '%') {
        keep -= 2;
    }
    rest = encoded + keep;
    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, rest, (unsigned int)strlen(rest));
    apr_sha1_final(digest, &sha1);
    for (i = 0; i < APR_SHA1_DIGESTSIZE; ++i) {
        text[2 * i] = hex[digest[i] >> 4];
        text[2 * i + 1] = hex[digest[i] & 15];
    }
    text[2 * APR_SHA1_DIGESTSIZE] = '\0';
    return apr_psprintf(p, "%.*s%c%s", (int)keep, encoded, SHORTENED, text);
}

const char *acme_file_name_encode(const char *name, apr_pool_t *p)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *s = (const unsigned char *)name;
    char *encoded;
    char *d;

    if (!*name) {
        return NO_NAME;
    }
    encoded = apr_palloc(p, strlen(name) * 3 + 1);
    d = encoded;
    for (; *s; ++s) {
        if (is_kept(*s, d == encoded)) {
            *d++ = (char)*s;
        }
        else {
            *d++ = '%';
            *d++ = hex[*s >> 4];
            *d++ = hex[*s & 15];
        }
    }
    *d = '\0';
    return d - encoded > MAX_NAME ? shorten(encoded, p) : encoded;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *acme_file_name_decode(const char *component, apr_pool_t *p)
{
    char *name = apr_palloc(p, strlen(component) + 1);
    char *d = name;
    const char *s = component;

    if (!strcmp(component, NO_NAME)) {
        return "";
    }
    while (*s) {
        if (*s == '%') {
            int high = hex_value(s[1]);
            int low = high < 0 ? -1 : hex_value(s[2]);

            if (low < 0) {
                return NULL;
            }
            *d++ = (char)(high << 4 | low);
            s += 3;
        }
        else {
            *d++ = *s++;
        }
    }
    *d = '\0';
    /* Refuse a component that is not the encoded form of the name ("%61"). */
    return strcmp(acme_file_name_encode(name, p), component) ? NULL : name;
}
