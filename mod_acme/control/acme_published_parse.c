/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_published.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_default.h"
#include "acme_json.h"
#include "acme_ratelimit_policy.h"
#include "acme_str.h"

static apr_status_t damaged(acme_problem_t *problem, const char *what,
                            apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "the settings that the server left in the store "
                            "cannot be read: %s; restart the server",
                            what);
}

static const char *copy_str(const acme_json_t *json, const char *key,
                            apr_pool_t *p)
{
    const char *value;

    return acme_json_get_str(&value, json, key) == APR_SUCCESS
               ? apr_pstrdup(p, value)
               : NULL;
}

static apr_array_header_t *copy_strs(const acme_json_t *json, const char *key,
                                     apr_pool_t *p)
{
    apr_array_header_t *values;

    return acme_json_get_strs(&values, json, key, p) == APR_SUCCESS
               ? acme_str_array_dup(values, p)
               : NULL;
}

static const acme_ca_spec_t *parse_ca(const acme_json_t *json, apr_pool_t *p)
{
    acme_ca_spec_t *ca = apr_pcalloc(p, sizeof(*ca));
    acme_ratelimit_policy_t *rate;
    const char *text, *why;

    ca->url = copy_str(json, "url", p);
    ca->label = copy_str(json, "label", p);
    ca->ca_file = copy_str(json, "ca-file", p);
    ca->contact = copy_str(json, "contact", p);
    (void)acme_json_get_bool(&ca->agreed, json, "agreed");
    text = copy_str(json, "rate-limit", p);
    if (text) {
        rate = apr_pcalloc(p, sizeof(*rate));
        ca->rate = rate;
        if (acme_ratelimit_policy_parse(rate, text, &why, p) != APR_SUCCESS) {
            return NULL;
        }
    }
    text = copy_str(json, "eab-text", p);
    if (text) {
        ca->eab = apr_pcalloc(p, sizeof(*ca->eab));
        ca->eab->key.kid = copy_str(json, "eab-kid", p);
        ca->eab->file = copy_str(json, "eab-file", p);
        ca->eab->text = text;
        (void)acme_json_get_bool(&ca->eab_if_required, json, "eab-if-required");
    }
    return ca->url && ca->label ? ca : NULL;
}

static int parse_key(acme_key_spec_t *key, const acme_json_t *json,
                     apr_pool_t *p)
{
    const char *text, *why;
    char *bits;

    if (acme_json_get_str(&text, json, "key") != APR_SUCCESS) {
        return 0;
    }
    /* Split "RSA 3072", as acme_key_spec_print() writes it. */
    bits = strchr(text, ' ');
    if (bits) {
        text = apr_pstrmemdup(p, text, (apr_size_t)(bits - text));
        ++bits;
    }
    return acme_key_spec_parse(key, text, bits, &why, p) == APR_SUCCESS;
}

static acme_renew_mode_e parse_mode(const char *text)
{
    static const acme_renew_mode_e modes[] = {
        ACME_RENEW_AUTO, ACME_RENEW_ALWAYS, ACME_RENEW_MANUAL};
    int i;

    for (i = 0; text && i < 3; ++i) {
        if (strcmp(text, acme_spec_renew_mode_name(modes[i])) == 0) {
            return modes[i];
        }
    }
    return ACME_RENEW_AUTO;
}

static acme_require_https_e parse_require(const char *text)
{
    static const acme_require_https_e kinds[] = {
        ACME_HTTPS_OFF, ACME_HTTPS_TEMPORARY, ACME_HTTPS_PERMANENT};
    int i;

    for (i = 0; text && i < 3; ++i) {
        if (strcmp(text, acme_spec_require_https_name(kinds[i])) == 0) {
            return kinds[i];
        }
    }
    return ACME_HTTPS_OFF;
}

static acme_inventory_t *parse_inventory(const acme_json_t *json, apr_pool_t *p)
{
    static const acme_serving_e kinds[] = {ACME_SERVING_NOTHING,
                                           ACME_SERVING_PLACEHOLDER,
                                           ACME_SERVING_OKC, ACME_SERVING_LKC};
    acme_inventory_t *inventory = apr_pcalloc(p, sizeof(*inventory));
    const char *text;
    int i;

    if (acme_json_get_str(&text, json, "site") == APR_SUCCESS) {
        for (i = 0; i < 4; ++i) {
            if (strcmp(text, acme_inventory_serving_name(kinds[i])) == 0) {
                inventory->serving = kinds[i];
            }
        }
    }
    return inventory;
}

static const acme_ca_spec_t *ca_at(const apr_array_header_t *cas,
                                   apr_int64_t number)
{
    return number >= 0 && number < cas->nelts
               ? APR_ARRAY_IDX(cas, number, const acme_ca_spec_t *)
               : NULL;
}

static int parse_spec_cas(acme_spec_t *spec, const acme_json_t *json,
                          const apr_array_header_t *cas, apr_pool_t *p)
{
    apr_array_header_t *numbers = copy_strs(json, "more-cas", p);
    apr_array_header_t *more;
    const acme_ca_spec_t *ca;
    apr_int64_t number = -1;
    int i;

    (void)acme_json_get_int(&number, json, "ca");
    spec->ca = ca_at(cas, number);
    if (!spec->ca || !numbers) {
        return spec->ca != NULL;
    }
    more = apr_array_make(p, numbers->nelts, sizeof(const acme_ca_spec_t *));
    for (i = 0; i < numbers->nelts; ++i) {
        const char *text = APR_ARRAY_IDX(numbers, i, const char *);
        char *end;

        number = apr_strtoi64(text, &end, 10);
        ca = *end || end == text ? NULL : ca_at(cas, number);
        if (!ca) {
            return 0;
        }
        APR_ARRAY_PUSH(more, const acme_ca_spec_t *) = ca;
    }
    spec->more_cas = more;
    return 1;
}

static void parse_order(acme_spec_t *spec, const acme_json_t *json,
                        apr_pool_t *p)
{
    apr_int64_t number;

    if (acme_json_get_int(&number, json, "failover") == APR_SUCCESS) {
        spec->failover = (int)number;
    }
    spec->profile = copy_str(json, "profile", p);
    (void)acme_json_get_bool(&spec->profile_mandatory, json,
                             "profile-mandatory");
    (void)acme_json_get_bool(&spec->must_staple, json, "must-staple");
    spec->preferred_chains = copy_strs(json, "preferred-chains", p);
    (void)acme_json_get_bool(&spec->trusted_chain, json, "trusted-chain");
    (void)acme_json_get_bool(&spec->via_ari, json, "via-ari");
}

static acme_spec_t *parse_spec(const acme_json_t *json,
                               const apr_array_header_t *cas, apr_pool_t *p)
{
    acme_spec_t *spec = apr_pcalloc(p, sizeof(*spec));
    apr_int64_t number;

    spec->name = copy_str(json, "name", p);
    spec->names = copy_strs(json, "names", p);
    spec->optional = copy_strs(json, "optional", p);
    spec->cert_file = copy_str(json, "cert-file", p);
    spec->cert_key_file = copy_str(json, "cert-key-file", p);
    spec->require_https = parse_require(copy_str(json, "require-https", p));
    spec->challenge_types = copy_strs(json, "challenges", p);
    spec->challenge_faults = copy_strs(json, "challenges-left-out", p);
    spec->dns_records = copy_strs(json, "dns-records", p);
    spec->alpn_names = copy_strs(json, "alpn-names", p);
    spec->renew_mode = parse_mode(copy_str(json, "renew-mode", p));
    spec->place = copy_str(json, "place", p);
    spec->mistake = copy_str(json, "mistake", p);
    spec->mistake_fix = copy_str(json, "mistake-fix", p);
    if (!spec->name || !spec->names || spec->names->nelts == 0
        || !spec->cert_file != !spec->cert_key_file || !spec->challenge_types
        || !parse_spec_cas(spec, json, cas, p)
        || !parse_key(&spec->key, json, p)) {
        return NULL;
    }
    if (acme_json_get_int(&number, json, "key-written") == APR_SUCCESS
        && number > ACME_SPEC_KEY_DEFAULT && number <= ACME_SPEC_KEY_EXACT) {
        spec->key_written = (acme_spec_key_e)number;
    }
    (void)acme_json_get_bool(&spec->key_reuse, json, "key-reuse");
    parse_order(spec, json, p);
    if (acme_json_get_int(&number, json, "security-level") == APR_SUCCESS) {
        spec->security_level = (int)number;
    }
    if (acme_json_get_int(&number, json, "renew-percent") == APR_SUCCESS) {
        spec->renew_window.percent = (int)number;
    }
    (void)acme_json_get_int(&spec->renew_window.span, json, "renew-span");
    if (acme_json_get_int(&number, json, "warn-percent") == APR_SUCCESS) {
        spec->warn_window.percent = (int)number;
    }
    (void)acme_json_get_int(&spec->warn_window.span, json, "warn-span");
    (void)acme_json_get_int(&spec->retry_delay, json, "retry-delay");
    return spec;
}

static apr_status_t parse_cas(apr_array_header_t **cas, const acme_json_t *json,
                              apr_pool_t *p)
{
    acme_json_t *list;
    const acme_ca_spec_t *ca;
    int i;

    if (acme_json_get(&list, json, "cas") != APR_SUCCESS) {
        return APR_EINVAL;
    }
    *cas = apr_array_make(p, 4, sizeof(const acme_ca_spec_t *));
    for (i = 0; i < acme_json_count(list); ++i) {
        ca = parse_ca(acme_json_at(list, i), p);
        if (!ca) {
            return APR_EINVAL;
        }
        APR_ARRAY_PUSH(*cas, const acme_ca_spec_t *) = ca;
    }
    return APR_SUCCESS;
}

/* Returns NULL when the site of a second certificate is not among the certs. */
static acme_site_cert_t *add_cert(apr_array_header_t *certs, acme_spec_t *spec,
                                  const acme_json_t *json, apr_pool_t *p)
{
    acme_inventory_t *inventory = parse_inventory(json, p);
    acme_site_cert_t *first;
    const char *of;

    if (acme_json_get_str(&of, json, "of") != APR_SUCCESS) {
        return acme_site_add(certs, spec, inventory)
            ->certs[ACME_SPEC_FIRST_KEY];
    }
    first = acme_site_cert_find(certs, of);
    spec->kind = ACME_SPEC_SECOND_KEY;
    return first ? acme_site_add_second(first->site, certs, spec, inventory)
                 : NULL;
}

/* Returns a port; the one that an older version has not written is the
 * default. */
static int parse_port(const acme_json_t *json, const char *key, int otherwise)
{
    apr_int64_t port;

    return acme_json_get_int(&port, json, key) == APR_SUCCESS && port >= 0
                   && port <= 65535
               ? (int)port
               : otherwise;
}

static apr_status_t parse(acme_published_t *published, const acme_json_t *json,
                          acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *cas;
    acme_spec_t *spec;
    acme_json_t *sites;
    apr_int64_t format = 0;
    int i;

    if (acme_json_get_int(&format, json, "format") != APR_SUCCESS
        || format != ACME_PUBLISHED_FORMAT) {
        return damaged(problem, "they were written by another version", p);
    }
    published->activation = copy_str(json, "activation", p);
    published->http_port =
        parse_port(json, "http-port", ACME_DEFAULT_HTTP_PORT);
    published->dns_servers = copy_strs(json, "dns-servers", p);
    published->https_port =
        parse_port(json, "https-port", ACME_DEFAULT_HTTPS_PORT);
    if (!published->activation || parse_cas(&cas, json, p) != APR_SUCCESS
        || acme_json_get(&sites, json, "sites") != APR_SUCCESS) {
        return damaged(problem, "something is missing", p);
    }
    for (i = 0; i < acme_json_count(sites); ++i) {
        spec = parse_spec(acme_json_at(sites, i), cas, p);
        if (!spec) {
            return damaged(problem, apr_psprintf(p, "site number %d", i + 1),
                           p);
        }
        if (!add_cert(published->certs, spec, acme_json_at(sites, i), p)) {
            return damaged(problem, apr_psprintf(p, "site number %d", i + 1),
                           p);
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_published_parse(acme_published_t **published,
                                  const char *text, apr_size_t len,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_published_t *read = apr_pcalloc(p, sizeof(*read));
    acme_json_t *json;
    const char *error;
    apr_pool_t *ptemp;
    apr_status_t rv;

    read->certs = apr_array_make(p, 16, sizeof(acme_site_cert_t *));
    apr_pool_create(&ptemp, p);
    if (acme_json_parse(&json, text, len, &error, ptemp) != APR_SUCCESS) {
        rv = damaged(problem, apr_pstrdup(p, error), p);
    }
    else {
        rv = parse(read, json, problem, p);
    }
    apr_pool_destroy(ptemp);
    if (rv == APR_SUCCESS) {
        *published = read;
    }
    return rv;
}
