/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ident.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "acme_idn.h"
#include "acme_text.h"

#define MAX_LABEL 63
#define MAX_NAME  253
/* Most bytes of a wrong name that a message repeats. */
#define MAX_SHOWN 300

static const char *const type_names[] = {"dns", "ip"};

const char *acme_ident_type_name(acme_ident_e type)
{
    return type_names[type];
}

static int all_digits(const char *s)
{
    return *s && !s[strspn(s, "0123456789")];
}

static const char *last_label(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

acme_ident_e acme_ident_type(const char *name)
{
    /* no canonical DNS name has a colon or ends in a number */
    if (strchr(name, ':') || all_digits(last_label(name))) {
        return ACME_IDENT_IP;
    }
    return ACME_IDENT_DNS;
}

/* Returns the canonical form of an IP address, or NULL when the text is not
 * one. An IPv6 address may have brackets, as elsewhere in the configuration. */
static const char *canonical_ip(const char *text, apr_pool_t *p)
{
    unsigned char address[sizeof(struct in6_addr)];
    char printed[INET6_ADDRSTRLEN];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    apr_size_t len = strlen(text);

    if (family == AF_INET6 && text[0] == '[' && text[len - 1] == ']') {
        text = apr_pstrmemdup(p, text + 1, len - 2);
    }
    if (inet_pton(family, text, address) != 1
        || !inet_ntop(family, address, printed, sizeof(printed))) {
        return NULL;
    }
    return apr_pstrdup(p, printed);
}

/* Says which A-labels to write instead of U-labels, but does not convert the
 * name, because two ways to write a name would be two names for every other
 * part of the configuration. */
static const char *not_ascii(const char *name, apr_pool_t *p)
{
    const char *ascii;

    if (acme_idn_to_ascii(&ascii, name, p) != APR_SUCCESS) {
        return "write a name with characters outside ASCII as A-labels "
               "(xn--...)";
    }
    return apr_psprintf(p,
                        "characters outside ASCII are written as A-labels: "
                        "write %s",
                        acme_text_escape(ascii, MAX_NAME, p));
}

/* Returns the fault in the characters, or NULL. Names are checked in lower
 * case, without an asterisk as the first label. */
static const char *wrong_character(const char *name, apr_pool_t *p)
{
    /* not ctype.h, which depends on the locale */
    const char *s = name
                    + strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                   "0123456789-.");

    if (!*s) {
        return NULL;
    }
    if (*s == '*') {
        return "an asterisk may only be the whole first label, as in "
               "*.example.org";
    }
    if ((unsigned char)*s >= 0x80) {
        return not_ascii(name, p);
    }
    if (*s == '/') {
        return "write the name alone, without a scheme and a path";
    }
    if (*s == ':') {
        return "write the name alone, without a scheme and a port";
    }
    if (*s > ' ' && *s < 0x7f) {
        return apr_psprintf(p,
                            "'%c' cannot be in a name, only letters, "
                            "digits, hyphens and dots can",
                            *s);
    }
    return "only letters, digits, hyphens and dots can be in a name";
}

/* Returns the fault in the labels, or NULL. */
static const char *wrong_label(const char *name)
{
    const char *s = name;

    while (1) {
        apr_size_t len = strcspn(s, ".");

        if (!len) {
            return "there is nothing before, after or between two dots";
        }
        if (len > MAX_LABEL) {
            return "a label (the part between two dots) may have 63 characters "
                   "at most";
        }
        if (s[0] == '-' || s[len - 1] == '-') {
            return "a label (the part between two dots) cannot begin or end "
                   "with a hyphen";
        }
        s += len;
        if (!*s) {
            return NULL;
        }
        ++s;
    }
}

static const char *wrong_name(const char *name, apr_pool_t *p)
{
    const char *base = acme_ident_is_wildcard(name) ? name + 2 : name;
    const char *why;

    if (strlen(name) > MAX_NAME) {
        return "a name may have 253 characters at most";
    }
    why = wrong_character(base, p);
    if (!why) {
        why = wrong_label(base);
    }
    if (!why && all_digits(last_label(base))) {
        why = base == name ? "its last label is a number, yet it is no IP "
                             "address"
                           : "there are no wildcards for IP addresses";
    }
    if (!why && !strchr(base, '.')) {
        why = "it has a single label; write the full name, as in "
              "www.example.org";
    }
    return why;
}

apr_status_t acme_ident_canonical(const char **name, const char *text,
                                  const char **why, apr_pool_t *p)
{
    apr_size_t len = strlen(text);
    const char *unwanted;
    const char *found;
    const char *wrong;
    char *lower;
    apr_size_t i;

    if (!why) {
        why = &unwanted;
    }
    if (!len) {
        *why = "the name is empty";
        return APR_EINVAL;
    }
    found = canonical_ip(text, p);
    if (found) {
        *name = found;
        return APR_SUCCESS;
    }
    lower = apr_pstrmemdup(p, text, len);
    for (i = 0; i < len; ++i) {
        if (lower[i] >= 'A' && lower[i] <= 'Z') {
            lower[i] = (char)(lower[i] - 'A' + 'a');
        }
    }
    if (len > 1 && lower[len - 1] == '.') {
        lower[len - 1] = '\0';
    }
    wrong = wrong_name(lower, p);
    if (wrong) {
        /* With two colons an address was meant, not a name and a port. */
        if (strchr(lower, ':') != strrchr(lower, ':') && !strchr(lower, '/')) {
            wrong = "it is no IP address";
        }
        *why = apr_psprintf(p, "no certificate can name '%s': %s",
                            acme_text_escape(text, MAX_SHOWN, p), wrong);
        return APR_EINVAL;
    }
    *name = lower;
    return APR_SUCCESS;
}

const char *acme_ident_server_name(const char *name, apr_pool_t *p)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char address[sizeof(struct in6_addr)];
    char *text, *at;
    int i;

    if (acme_ident_type(name) != ACME_IDENT_IP) {
        return name;
    }
    if (inet_pton(AF_INET, name, address) == 1) {
        return apr_psprintf(p, "%d.%d.%d.%d.in-addr.arpa", address[3],
                            address[2], address[1], address[0]);
    }
    if (inet_pton(AF_INET6, name, address) != 1) {
        return name;
    }
    at = text = apr_palloc(p, 4 * sizeof(address) + sizeof("ip6.arpa"));
    for (i = (int)sizeof(address) - 1; i >= 0; --i) {
        *at++ = hex[address[i] & 0xf];
        *at++ = '.';
        *at++ = hex[address[i] >> 4];
        *at++ = '.';
    }
    memcpy(at, "ip6.arpa", sizeof("ip6.arpa"));
    return text;
}

int acme_ident_is_wildcard(const char *name)
{
    return name[0] == '*' && name[1] == '.';
}

static int covers(const char *pattern, const char *name)
{
    const char *dot;

    if (!strcmp(pattern, name)) {
        return 1;
    }
    if (!acme_ident_is_wildcard(pattern) || acme_ident_is_wildcard(name)
        || acme_ident_type(name) != ACME_IDENT_DNS) {
        return 0;
    }
    dot = strchr(name, '.');
    return dot && dot != name && !strcmp(pattern + 1, dot);
}

int acme_ident_in(const apr_array_header_t *set, const char *name)
{
    int i;

    for (i = 0; i < set->nelts; ++i) {
        if (!strcmp(APR_ARRAY_IDX(set, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

int acme_ident_covered(const apr_array_header_t *set, const char *name)
{
    int i;

    for (i = 0; i < set->nelts; ++i) {
        if (covers(APR_ARRAY_IDX(set, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

void acme_ident_add(apr_array_header_t *set, const char *name)
{
    if (!acme_ident_in(set, name)) {
        APR_ARRAY_PUSH(set, const char *) = name;
    }
}

int acme_ident_same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    /* Sets of the same size are equal when one contains the other, because they
     * do not repeat a name. */
    if (a->nelts != b->nelts) {
        return 0;
    }
    for (i = 0; i < a->nelts; ++i) {
        if (!acme_ident_in(b, APR_ARRAY_IDX(a, i, const char *))) {
            return 0;
        }
    }
    return 1;
}
