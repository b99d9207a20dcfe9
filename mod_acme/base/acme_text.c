/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_text.h"

#include <string.h>

#include <apr_strings.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define CUT         "..."
#define CUT_LEN     (sizeof(CUT) - 1)

static int is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Returns the length of the UTF-8 character at s, or 0 when there is none or
 * the text ends. */
static apr_size_t char_len(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;

    if (u[0] < 0x80) {
        return u[0] ? 1 : 0;
    }
    if (u[0] >= 0xc2 && u[0] <= 0xdf) {
        return is_tail(u[1]) ? 2 : 0;
    }
    if ((u[0] & 0xf0) == 0xe0) {
        if (!is_tail(u[1]) || !is_tail(u[2]) || (u[0] == 0xe0 && u[1] < 0xa0)
            || (u[0] == 0xed && u[1] > 0x9f)) {
            return 0;
        }
        return 3;
    }
    if (u[0] >= 0xf0 && u[0] <= 0xf4) {
        if (!is_tail(u[1]) || !is_tail(u[2]) || !is_tail(u[3])
            || (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f)) {
            return 0;
        }
        return 4;
    }
    return 0;
}

/* Returns non-zero when a log viewer or a terminal shows the character, and
 * neither moves nor hides other characters because of it. */
static int is_plain(const char *s, apr_size_t len)
{
    const unsigned char *u = (const unsigned char *)s;

    if (len == 1) {
        return u[0] >= 0x20 && u[0] != 0x7f;
    }
    if (len == 2) {
        /* U+0080 to U+009F are controls, U+061C turns the direction */
        return !(u[0] == 0xc2 && u[1] < 0xa0)
               && !(u[0] == 0xd8 && u[1] == 0x9c);
    }
    if (len == 3 && u[0] == 0xe2 && u[1] == 0x80) {
        /* U+200B to U+200F, U+2028 to U+202E */
        return !(u[2] >= 0x8b && u[2] <= 0x8f)
               && !(u[2] >= 0xa8 && u[2] <= 0xae);
    }
    if (len == 3 && u[0] == 0xe2 && u[1] == 0x81) {
        /* U+2060 to U+206F */
        return u[2] < 0xa0 || u[2] > 0xaf;
    }
    if (len == 3) {
        return !(u[0] == 0xef && u[1] == 0xbb && u[2] == 0xbf);
    }
    /* The tag characters of plane 14 are invisible. */
    return !(u[0] == 0xf3 && u[1] == 0xa0);
}

const char *acme_text_utf8(const char *text, apr_pool_t *p)
{
    const char *s = text;
    char *result;
    char *d;
    apr_size_t n;

    /* Almost all texts are ASCII. */
    while (*s > 0 && *s < 0x7f) {
        ++s;
    }
    for (n = char_len(s); n; n = char_len(s)) {
        s += n;
    }
    if (!*s) {
        return text;
    }
    result = apr_palloc(p, strlen(text) * (sizeof(REPLACEMENT) - 1) + 1);
    d = result;
    for (s = text; *s;) {
        n = char_len(s);
        if (n) {
            memcpy(d, s, n);
            d += n;
            s += n;
        }
        else {
            memcpy(d, REPLACEMENT, sizeof(REPLACEMENT) - 1);
            d += sizeof(REPLACEMENT) - 1;
            ++s;
        }
    }
    *d = '\0';
    return result;
}

const char *acme_text_bound(const char *text, apr_size_t max, apr_pool_t *p)
{
    apr_size_t len = strlen(text);

    if (len <= max) {
        return apr_pstrmemdup(p, text, len);
    }
    len = max - CUT_LEN;
    while (len > 0 && is_tail((unsigned char)text[len])) {
        --len;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, text, len), CUT, NULL);
}

const char *acme_text_escape(const char *text, apr_size_t max, apr_pool_t *p)
{
    static const char hex[] = "0123456789abcdef";
    const char *s = text;
    char *result = apr_palloc(p, max + 1);
    apr_size_t used = 0;
    apr_size_t fits = 0; /* bytes that are kept if CUT follows */

    while (*s) {
        char unit[16];
        apr_size_t n = char_len(s);
        apr_size_t take = n ? n : 1;
        apr_size_t len = 0;
        apr_size_t i;

        if (*s == '\\') {
            unit[len++] = '\\';
            unit[len++] = '\\';
        }
        else if (n && is_plain(s, n)) {
            memcpy(unit, s, n);
            len = n;
        }
        else {
            for (i = 0; i < take; ++i) {
                unit[len++] = '\\';
                unit[len++] = 'x';
                unit[len++] = hex[(unsigned char)s[i] >> 4];
                unit[len++] = hex[(unsigned char)s[i] & 15];
            }
        }
        if (used + len > max) {
            memcpy(result + fits, CUT, CUT_LEN);
            used = fits + CUT_LEN;
            break;
        }
        memcpy(result + used, unit, len);
        used += len;
        if (used + CUT_LEN <= max) {
            fits = used;
        }
        s += take;
    }
    result[used] = '\0';
    return result;
}
