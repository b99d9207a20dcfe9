/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ratelimit_parse.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_str.h"

static const char *const kinds[ACME_RATELIMIT_PARSE_KINDS] = {
    "account", "domain", "set", "name"};

const char *acme_ratelimit_parse_name(acme_ratelimit_parse_e what)
{
    return kinds[what];
}

acme_ratelimit_parse_e acme_ratelimit_parse_find(const char *name)
{
    int i = 0;

    while (i < ACME_RATELIMIT_PARSE_KINDS && strcmp(kinds[i], name) != 0) {
        ++i;
    }
    return (acme_ratelimit_parse_e)i;
}

const char *acme_ratelimit_parse_of(acme_ratelimit_parse_e what,
                                    const char *account, const char *name,
                                    apr_pool_t *p)
{
    switch (what) {
    case ACME_RATELIMIT_PARSE_ACCOUNT:
        return account;
    case ACME_RATELIMIT_PARSE_NAME:
        return apr_pstrcat(p, account, " ", name, NULL);
    case ACME_RATELIMIT_PARSE_DOMAIN:
    case ACME_RATELIMIT_PARSE_SET:
    case ACME_RATELIMIT_PARSE_KINDS:
        break;
    }
    return name;
}

const char *acme_ratelimit_parse_set(const apr_array_header_t *names,
                                     apr_pool_t *p)
{
    apr_array_header_t *sorted = apr_array_copy(p, names);

    acme_str_array_sort(sorted);
    return apr_array_pstrcat(p, sorted, ' ');
}

static void found(apr_array_header_t *limited, acme_ratelimit_parse_e what,
                  const char *of)
{
    acme_ratelimit_parse_t *one = apr_array_push(limited);

    one->what = what;
    one->of = of;
}

/* Returns the name that begins here, with or without quotes; empty: none. */
static const char *name_at(const char *text, apr_pool_t *p)
{
    apr_size_t len;

    text += strspn(text, ": \"");
    len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.");
    while (len > 0 && text[len - 1] == '.') {
        --len;
    }
    return apr_pstrmemdup(p, text, len);
}

static const char *without_asterisk(const char *name)
{
    return acme_ident_is_wildcard(name) ? name + 2 : name;
}

/* Returns non-zero when one of the names is that domain, or below it. A top
 * level domain matches no name. */
static int is_domain_of(const char *domain, const apr_array_header_t *names)
{
    apr_size_t len = strlen(domain), own;
    const char *name;
    int i;

    for (i = 0; i < names->nelts && strchr(domain, '.'); ++i) {
        name = without_asterisk(APR_ARRAY_IDX(names, i, const char *));
        own = strlen(name);
        if (strcmp(name, domain) == 0
            || (own > len && acme_ident_type(name) == ACME_IDENT_DNS
                && name[own - len - 1] == '.'
                && strcmp(name + own - len, domain) == 0)) {
            return 1;
        }
    }
    return 0;
}

static void find_domains(apr_array_header_t *limited, const char *text,
                         const acme_problem_t *problem,
                         const apr_array_header_t *names, apr_pool_t *p)
{
    const char *domain = name_at(text, p);
    int i;

    if (is_domain_of(domain, names)) {
        found(limited, ACME_RATELIMIT_PARSE_DOMAIN, domain);
    }
    for (i = 0; problem->subproblems && i < problem->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t);

        domain = acme_str_lower(sub->identifier ? sub->identifier : "", p);
        if (sub->type && strstr(sub->type, "rateLimited")
            && is_domain_of(domain, names)) {
            found(limited, ACME_RATELIMIT_PARSE_DOMAIN, domain);
        }
    }
}

static void find_name(apr_array_header_t *limited, const char *text,
                      const char *account, const apr_array_header_t *names,
                      apr_pool_t *p)
{
    const char *name = name_at(text, p);
    int i;

    for (i = 0; i < names->nelts; ++i) {
        if (strcmp(without_asterisk(APR_ARRAY_IDX(names, i, const char *)),
                   name)
            == 0) {
            found(limited, ACME_RATELIMIT_PARSE_NAME,
                  acme_ratelimit_parse_of(ACME_RATELIMIT_PARSE_NAME, account,
                                          name, p));
            return;
        }
    }
}

apr_array_header_t *acme_ratelimit_parse_read(const acme_problem_t *problem,
                                              const char *account,
                                              const apr_array_header_t *names,
                                              apr_pool_t *p)
{
    apr_array_header_t *limited =
        apr_array_make(p, 1, sizeof(acme_ratelimit_parse_t));
    const char *text =
        acme_str_lower(problem->detail ? problem->detail : "", p);
    const char *issued = strstr(text, "already issued for");
    const char *failed = strstr(text, "failed authorizations");

    if (problem->status != 429 && !acme_problem_is(problem, "rateLimited")) {
        return limited;
    }
    if (issued && strstr(issued, "exact set of")) {
        found(limited, ACME_RATELIMIT_PARSE_SET,
              acme_ratelimit_parse_set(names, p));
    }
    else if (issued) {
        find_domains(limited, issued + strlen("already issued for"), problem,
                     names, p);
    }
    else if (failed) {
        const char *of = strstr(failed, " for ");

        find_name(limited, of ? of + strlen(" for ") : "", account, names, p);
    }
    else if (strstr(text, "too many new orders")
             || strstr(text, "#new-orders-per-account")) {
        found(limited, ACME_RATELIMIT_PARSE_ACCOUNT, account);
    }
    return limited;
}
