/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_spec.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_default.h"
#include "acme_ident.h"
#include "acme_jws.h"
#include "acme_str.h"
#include "acme_time.h"

/* The suffix of the name of the second certificate, which is the one with the
 * RSA key. */
#define SECOND_KEY "-rsa"

const char *acme_spec_renew_mode_name(acme_renew_mode_e mode)
{
    switch (mode) {
    case ACME_RENEW_AUTO:
        return "auto";
    case ACME_RENEW_ALWAYS:
        return "always";
    case ACME_RENEW_MANUAL:
        return "manual";
    }
    return "auto";
}

const char *acme_spec_require_https_name(acme_require_https_e require)
{
    switch (require) {
    case ACME_HTTPS_OFF:
        return "off";
    case ACME_HTTPS_TEMPORARY:
        return "temporary";
    case ACME_HTTPS_PERMANENT:
        return "permanent";
    }
    return "off";
}

const char *acme_spec_window_print(const acme_window_t *window, apr_pool_t *p)
{
    if (window->percent > 0) {
        return apr_psprintf(p, "%d%%", window->percent);
    }
    if (window->span > 0) {
        return acme_time_print_duration(window->span, p);
    }
    return apr_psprintf(
        p, "%d%% (%d%% below %s)", ACME_DEFAULT_RENEW_PERCENT,
        ACME_DEFAULT_RENEW_PERCENT_SHORT,
        acme_time_print_duration(ACME_DEFAULT_RENEW_SHORT_LIFE, p));
}

const char *acme_spec_host(const acme_spec_t *spec)
{
    return APR_ARRAY_IDX(spec->names, 0, const char *);
}

const char *acme_spec_of(const acme_spec_t *spec)
{
    return spec->kind == ACME_SPEC_SECOND_KEY ? acme_spec_host(spec) : NULL;
}

const char *acme_spec_filed_name(const char *site, acme_spec_kind_e kind,
                                 apr_pool_t *p)
{
    return kind == ACME_SPEC_SECOND_KEY ? apr_pstrcat(p, site, SECOND_KEY, NULL)
                                        : site;
}

/* Takes a name in the store apart. Returns the kind that a certificate of this
 * name has, by its name alone, because a site can be called NAME-rsa, too. */
static acme_spec_kind_e parse_filed(const char **site, const char *filed,
                                    apr_pool_t *p)
{
    apr_size_t len = strlen(filed), end = strlen(SECOND_KEY);

    if (len <= end || strcmp(filed + len - end, SECOND_KEY) != 0) {
        *site = filed;
        return ACME_SPEC_FIRST_KEY;
    }
    *site = apr_pstrmemdup(p, filed, len - end);
    return ACME_SPEC_SECOND_KEY;
}

apr_status_t acme_spec_name_parse(const char **name, const char *text,
                                  const char **why, apr_pool_t *p)
{
    apr_status_t rv = acme_ident_canonical(name, text, why, p);
    const char *site, *canonical, *unused;

    if (rv != APR_SUCCESS && parse_filed(&site, text, p) == ACME_SPEC_SECOND_KEY
        && acme_ident_canonical(&canonical, site, &unused, p) == APR_SUCCESS) {
        *name = acme_spec_filed_name(canonical, ACME_SPEC_SECOND_KEY, p);
        rv = APR_SUCCESS;
    }
    return rv;
}

const char *acme_spec_filed_for(const char *name,
                                const apr_array_header_t *held, apr_pool_t *p)
{
    const char *site;

    return parse_filed(&site, name, p) == ACME_SPEC_SECOND_KEY
                   && !acme_ident_covered(held, name)
               ? site
               : name;
}

const acme_ca_spec_t *acme_spec_ca(const acme_spec_t *spec, int i)
{
    if (i <= 0) {
        return i == 0 ? spec->ca : NULL;
    }
    return spec->more_cas && i <= spec->more_cas->nelts
               ? APR_ARRAY_IDX(spec->more_cas, i - 1, const acme_ca_spec_t *)
               : NULL;
}

int acme_spec_find_ca(const acme_spec_t *spec, const char *url)
{
    const acme_ca_spec_t *ca;
    int i;

    for (i = 0, ca = spec->ca; url && ca; ca = acme_spec_ca(spec, ++i)) {
        if (strcmp(ca->url, url) == 0) {
            return i;
        }
    }
    return -1;
}

int acme_spec_is_optional(const acme_spec_t *spec, const char *name)
{
    return spec->optional && acme_ident_in(spec->optional, name);
}

const char *acme_spec_missing(const acme_spec_t *spec,
                              const apr_array_header_t *held,
                              acme_spec_names_e which)
{
    int i;

    for (i = 0; i < spec->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (!acme_ident_covered(held, name)
            && (which == ACME_SPEC_ALL || !acme_spec_is_optional(spec, name))) {
            return name;
        }
    }
    return NULL;
}

const apr_array_header_t *acme_spec_required(const acme_spec_t *spec,
                                             apr_pool_t *p)
{
    apr_array_header_t *names;
    int i;

    if (!spec->optional) {
        return spec->names;
    }
    names = apr_array_make(p, spec->names->nelts, sizeof(const char *));
    for (i = 0; i < spec->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (!acme_spec_is_optional(spec, name)) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    return names;
}

int acme_spec_has_challenge(const acme_spec_t *spec, const char *type)
{
    return acme_ident_in(spec->challenge_types, type);
}

const apr_array_header_t *
acme_spec_challenges(const acme_spec_t *spec, const char *failed, apr_pool_t *p)
{
    const apr_array_header_t *types = spec->challenge_types;
    apr_array_header_t *turned;
    int first = 0;
    int i;

    for (i = 0; failed && i < types->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(types, i, const char *), failed) == 0) {
            first = i + 1;
        }
    }
    if (first == 0 || first == types->nelts) {
        return types;
    }
    turned = apr_array_make(p, types->nelts, sizeof(const char *));
    for (i = 0; i < types->nelts; ++i) {
        APR_ARRAY_PUSH(turned, const char *) =
            APR_ARRAY_IDX(types, (first + i) % types->nelts, const char *);
    }
    return turned;
}

const char *acme_spec_digest(const acme_spec_t *spec, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_copy(p, spec->names);
    const acme_ca_spec_t *ca;
    int i;

    acme_str_array_sort(lines);
    /* A newline separates the fields, because no field can hold one: two specs
     * never share a text. */
    APR_ARRAY_PUSH(lines, const char *) = "";
    APR_ARRAY_PUSH(lines, const char *) = spec->ca->url;
    APR_ARRAY_PUSH(lines, const char *) =
        spec->ca->contact ? spec->ca->contact : "";
    APR_ARRAY_PUSH(lines, const char *) = acme_key_spec_print(&spec->key, p);
    if (spec->ca->eab) {
        APR_ARRAY_PUSH(lines, const char *) =
            apr_pstrcat(p, "eab ", acme_eab_name(spec->ca->eab, p), NULL);
    }
    for (i = 1, ca = acme_spec_ca(spec, 1); ca; ca = acme_spec_ca(spec, ++i)) {
        APR_ARRAY_PUSH(lines, const char *) =
            apr_pstrcat(p, "then ", ca->url, NULL);
    }
    if (spec->must_staple) {
        APR_ARRAY_PUSH(lines, const char *) = "must staple";
    }
    if (spec->profile) {
        APR_ARRAY_PUSH(lines, const char *) = spec->profile;
    }
    return acme_jws_sha256_hex(apr_array_pstrcat(p, lines, '\n'), p);
}
