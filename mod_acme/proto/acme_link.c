/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_link.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_resource.h"

#define BLANKS " \t"

/* ---- references ---- */

static const char *upto(const char *text, const char *end, apr_pool_t *p)
{
    return apr_pstrmemdup(p, text, (apr_size_t)(end - text));
}

/* Returns the length of a scheme with its colon, 0 when there is none. */
static apr_size_t scheme_len(const char *reference)
{
    apr_size_t len = 0;

    if (!apr_isalpha(*reference)) {
        return 0;
    }
    while (apr_isalnum(reference[len])
           || (reference[len] && strchr("+-.", reference[len]))) {
        ++len;
    }
    return reference[len] == ':' ? len + 1 : 0;
}

/* Removes "." and ".." from a path that begins with a slash (RFC 3986
 * 5.2.4). */
static const char *without_dots(const char *path, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(path) + 2);
    apr_size_t len = 0;
    const char *at = path;

    while (*at) {
        apr_size_t segment = 1 + strcspn(at + 1, "/");
        int last = at[segment] == '\0';

        if (segment == 3 && strncmp(at, "/..", 3) == 0) {
            while (len > 0 && out[--len] != '/') {
                continue;
            }
        }
        else if (segment != 2 || strncmp(at, "/.", 2) != 0) {
            memcpy(out + len, at, segment);
            len += segment;
            last = 0;
        }
        if (last) {
            out[len++] = '/';
        }
        at += segment;
    }
    out[len] = '\0';
    return out;
}

/* Returns the path and query that a relative reference means.
 *  @param path of the base, from its first slash, or "" */
static const char *merged(const char *reference, const char *path,
                          apr_pool_t *p)
{
    const char *end = path + strcspn(path, "?");
    const char *query = strchr(reference, '?');
    const char *slash;

    if (!*reference) {
        return path;
    }
    if (query == reference) {
        return apr_pstrcat(p, upto(path, end, p), query, NULL);
    }
    if (*reference != '/') {
        for (slash = end; slash > path && slash[-1] != '/'; --slash) {
            continue;
        }
        reference = apr_pstrcat(p, slash > path ? upto(path, slash, p) : "/",
                                reference, NULL);
        query = strchr(reference, '?');
    }
    if (!query) {
        return without_dots(reference, p);
    }
    return apr_pstrcat(p, without_dots(upto(reference, query, p), p), query,
                       NULL);
}

const char *acme_link_resolve(const char *reference, const char *base,
                              apr_pool_t *p)
{
    apr_size_t scheme;
    const char *host, *path, *url;

    if (!reference) {
        return NULL;
    }
    reference = upto(reference, reference + strcspn(reference, "#"), p);
    scheme = scheme_len(reference);
    if (scheme > 0) {
        /* Only the scheme is compared without regard to case. */
        url = scheme == sizeof("https:") - 1
                      && apr_cstr_casecmp(
                             upto(reference, reference + scheme, p), "https:")
                             == 0
                  ? apr_pstrcat(p, "https:", reference + scheme, NULL)
                  : reference;
    }
    else if (!acme_resource_is_url(base)) {
        return NULL;
    }
    else if (strncmp(reference, "//", 2) == 0) {
        url = apr_pstrcat(p, "https:", reference, NULL);
    }
    else {
        host = base + sizeof("https://") - 1;
        path = host + strcspn(host, "/?");
        url = apr_pstrcat(p, upto(base, path, p), merged(reference, path, p),
                          NULL);
    }
    return acme_resource_is_url(url) ? url : NULL;
}

/* ---- the header ---- */

static const char *skip(const char *at, const char *set)
{
    return at + strspn(at, set);
}

/* Returns the comma that ends a link, or the end of the header. A comma in a
 * quoted text ends nothing. */
static const char *end_of_link(const char *at)
{
    int quoted = 0;

    for (; *at && (quoted || *at != ','); ++at) {
        if (quoted && *at == '\\' && at[1]) {
            ++at;
        }
        else if (*at == '"') {
            quoted = !quoted;
        }
    }
    return at;
}

/* Reads a token or a quoted text. Returns what follows it, or NULL when the
 * quotes are not closed. */
static const char *read_value(const char **value, const char *at, apr_pool_t *p)
{
    const char *end = at + strcspn(at, ";," BLANKS);
    char *text, *to;

    if (*at != '"') {
        *value = upto(at, end, p);
        return end;
    }
    to = text = apr_palloc(p, strlen(at));
    for (++at; *at && *at != '"'; ++at) {
        if (*at == '\\' && at[1]) {
            ++at;
        }
        *to++ = *at;
    }
    *to = '\0';
    *value = text;
    return *at ? at + 1 : NULL;
}

/* Reads the next parameter of a link. Returns what follows it, or NULL when
 * there is none or it is malformed.
 *  @param value "" for a parameter that has none */
static const char *read_param(const char **name, const char **value,
                              const char *at, apr_pool_t *p)
{
    const char *end;

    at = skip(at, BLANKS);
    if (*at != ';') {
        return NULL;
    }
    at = skip(at, ";" BLANKS);
    end = at + strcspn(at, "=;,\"" BLANKS);
    if (end == at) {
        return NULL;
    }
    *name = upto(at, end, p);
    *value = "";
    at = skip(end, BLANKS);
    return *at == '=' ? read_value(value, skip(at + 1, BLANKS), p) : end;
}

/* Returns non-zero when the relation is one of those in a rel. */
static int is_in(const char *rel, const char *relation)
{
    apr_size_t len = strlen(relation);

    for (rel = skip(rel, BLANKS); *rel; rel = skip(rel, BLANKS)) {
        apr_size_t n = strcspn(rel, BLANKS);

        if (n == len && apr_cstr_casecmpn(rel, relation, len) == 0) {
            return 1;
        }
        rel += n;
    }
    return 0;
}

/* Returns non-zero when the parameters say that the link has the relation and
 * is of this resource. Of several rel the first counts (RFC 8288 3.3). */
static int is_wanted(const char *at, const char *base, const char *relation,
                     apr_pool_t *p)
{
    const char *name, *value, *rel = NULL, *anchor = NULL;

    while ((at = read_param(&name, &value, at, p)) != NULL) {
        if (!rel && apr_cstr_casecmp(name, "rel") == 0) {
            rel = value;
        }
        else if (!anchor && apr_cstr_casecmp(name, "anchor") == 0) {
            anchor = value;
        }
    }
    if (!rel || !is_in(rel, relation)) {
        return 0;
    }
    if (anchor) {
        anchor = acme_link_resolve(anchor, base, p);
        return anchor && base && strcmp(anchor, base) == 0;
    }
    return 1;
}

apr_array_header_t *acme_link_targets(const char *header, const char *base,
                                      const char *relation, int most,
                                      apr_pool_t *p)
{
    apr_array_header_t *urls = apr_array_make(p, 2, sizeof(const char *));
    const char *at = skip(header ? header : "", "," BLANKS);

    while (*at && urls->nelts < most) {
        const char *end = *at == '<' ? strchr(at, '>') : NULL;
        const char *url;

        if (end && is_wanted(end + 1, base, relation, p)) {
            url = acme_link_resolve(upto(at + 1, end, p), base, p);
            if (url) {
                APR_ARRAY_PUSH(urls, const char *) = url;
            }
        }
        at = skip(end_of_link(end ? end + 1 : at), "," BLANKS);
    }
    return urls;
}
