/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_punycode.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#define MAX_LABEL 63

/* RFC 3492 5 */
#define BASE         36
#define TMIN         1
#define TMAX         26
#define SKEW         38
#define DAMP         700
#define INITIAL_BIAS 72
#define INITIAL_N    0x80

/* Upper case from first to last: each `step`th, `add` below its lower case. */
static const struct {
    apr_uint32_t first;
    apr_uint32_t last;
    unsigned int step;
    int add;
} upper[] = {
    {'A', 'Z', 1, 0x20},     {0xc0, 0xd6, 1, 0x20},
    {0xd8, 0xde, 1, 0x20},   {0x100, 0x12e, 2, 1},
    {0x132, 0x136, 2, 1},    {0x139, 0x147, 2, 1},
    {0x14a, 0x176, 2, 1},    {0x178, 0x178, 1, 0xff - 0x178},
    {0x179, 0x17d, 2, 1},    {0x386, 0x386, 1, 0x26},
    {0x388, 0x38a, 1, 0x25}, {0x38c, 0x38c, 1, 0x40},
    {0x38e, 0x38f, 1, 0x3f}, {0x391, 0x3a1, 1, 0x20},
    {0x3a3, 0x3ab, 1, 0x20}, {0x400, 0x40f, 1, 0x50},
    {0x410, 0x42f, 1, 0x20}, {0x460, 0x480, 2, 1},
    {0x48a, 0x4be, 2, 1},    {0x4d0, 0x52e, 2, 1},
    {0x531, 0x556, 1, 0x30}, {0x1e00, 0x1e94, 2, 1},
    {0x1ea0, 0x1efe, 2, 1},
};

static apr_uint32_t lower(apr_uint32_t c)
{
    size_t i;

    for (i = 0; i < sizeof(upper) / sizeof(upper[0]); ++i) {
        if (c >= upper[i].first && c <= upper[i].last
            && (c - upper[i].first) % upper[i].step == 0) {
            return (apr_uint32_t)((int)c + upper[i].add);
        }
    }
    return c;
}

/* Combining marks would have to be composed first; the others are dots, joiners
 * and forms that IDNA maps to something else. */
static int is_doubtful(apr_uint32_t c)
{
    return (c >= 0x80 && c < 0xa1) || (c >= 0x300 && c <= 0x36f) || c == 0x130
           || c == 0x1e9e || (c >= 0x2000 && c <= 0x206f) || c == 0x3002
           || (c >= 0xfe00 && c <= 0xfe0f) || c >= 0xff00;
}

/* Reads one character. Returns 0 at the end, and when it is no UTF-8. */
static apr_uint32_t decode(const char **text)
{
    static const apr_uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)*text;
    apr_uint32_t c = *s;
    int more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    int i;

    if (c >= 0x80 && (c < 0xc2 || c > 0xf4)) {
        return 0;
    }
    c &= more ? 0x3fU >> more : 0x7fU;
    for (i = 1; i <= more; ++i) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 0;
    }
    *text += more + 1;
    return c;
}

static apr_uint32_t adapt(apr_uint32_t delta, apr_uint32_t points, int first)
{
    apr_uint32_t k = 0;

    delta = first ? delta / DAMP : delta / 2;
    delta += delta / points;
    while (delta > (BASE - TMIN) * TMAX / 2) {
        delta /= BASE - TMIN;
        k += BASE;
    }
    return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static char digit(apr_uint32_t d)
{
    return "abcdefghijklmnopqrstuvwxyz0123456789"[d];
}

/* A generalized variable-length integer; returns where it ends. */
static char *put_number(char *out, apr_uint32_t q, apr_uint32_t bias)
{
    apr_uint32_t k;

    for (k = BASE;; k += BASE) {
        apr_uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

        if (q < t) {
            *out++ = digit(q);
            return out;
        }
        *out++ = digit(t + (q - t) % (BASE - t));
        q = (q - t) / (BASE - t);
    }
}

/* With 63 characters at most nothing overflows: delta stays below
 * 0x110000 * 64, and a number has seven digits at most. */
static const char *encode(const apr_uint32_t *c, int n, apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)n * 8 + 2);
    char *out = text;
    apr_uint32_t next = INITIAL_N, bias = INITIAL_BIAS, delta = 0, m;
    int basic = 0, done, i;

    for (i = 0; i < n; ++i) {
        if (c[i] < 0x80) {
            *out++ = (char)c[i];
            ++basic;
        }
    }
    done = basic;
    if (basic) {
        *out++ = '-';
    }
    while (done < n) {
        for (m = 0x110000, i = 0; i < n; ++i) {
            m = c[i] >= next && c[i] < m ? c[i] : m;
        }
        delta += (m - next) * (apr_uint32_t)(done + 1);
        for (i = 0; i < n; ++i) {
            delta += c[i] < m;
            if (c[i] == m) {
                out = put_number(out, delta, bias);
                bias = adapt(delta, (apr_uint32_t)done + 1, done == basic);
                delta = 0;
                ++done;
            }
        }
        ++delta;
        next = m + 1;
    }
    *out = '\0';
    return text;
}

apr_status_t acme_punycode_encode(const char **label, const char *text,
                                  apr_pool_t *p)
{
    apr_uint32_t c[MAX_LABEL];
    int n = 0;

    while (*text) {
        if (n == MAX_LABEL) {
            return APR_EINVAL;
        }
        c[n] = decode(&text);
        if (!c[n]) {
            return APR_EINVAL;
        }
        ++n;
    }
    *label = encode(c, n, p);
    return APR_SUCCESS;
}

/* The A-label, or the label itself in lower case. */
static apr_status_t one_label(const char **label, const char *text,
                              apr_size_t len, apr_pool_t *p)
{
    const char *s = apr_pstrmemdup(p, text, len);
    apr_uint32_t c[MAX_LABEL];
    int n = 0, wide = 0;

    while (*s) {
        apr_uint32_t one = decode(&s);

        if (!one || is_doubtful(one) || n == MAX_LABEL) {
            return APR_EINVAL;
        }
        wide |= one >= 0x80;
        c[n++] = lower(one);
    }
    if (!wide) {
        char *plain = apr_pstrmemdup(p, text, len);
        int i;

        for (i = 0; i < n; ++i) {
            plain[i] = (char)c[i];
        }
        *label = plain;
        return APR_SUCCESS;
    }
    *label = apr_pstrcat(p, "xn--", encode(c, n, p), NULL);
    return strlen(*label) <= MAX_LABEL ? APR_SUCCESS : APR_EINVAL;
}

apr_status_t acme_punycode_name(const char **name, const char *text,
                                apr_pool_t *p)
{
    apr_array_header_t *labels = apr_array_make(p, 4, sizeof(const char *));
    const char *label;
    apr_size_t len;

    while (1) {
        len = strcspn(text, ".");
        if (one_label(&label, text, len, p) != APR_SUCCESS) {
            return APR_EINVAL;
        }
        APR_ARRAY_PUSH(labels, const char *) = label;
        text += len;
        if (!*text) {
            break;
        }
        ++text;
    }
    *name = apr_array_pstrcat(p, labels, '.');
    return APR_SUCCESS;
}
