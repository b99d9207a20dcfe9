/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_limits.h"

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_time.h"

/* The most names that one message has. */
#define MAX_NAMED 5

static int count_bytes(const apr_array_header_t *names)
{
    int count = 0;
    int i;

    for (i = 0; i < names->nelts; i++) {
        count += (int)strlen(APR_ARRAY_IDX(names, i, const char *));
    }
    return count;
}

static int is_too_much(const acme_ca_limits_t *limits,
                       const apr_array_header_t *names)
{
    return names->nelts > limits->names
           || (limits->name_bytes && count_bytes(names) > limits->name_bytes);
}

/* Returns the CA and, where the limit is of a profile, the profile. */
static const char *whose(const acme_ca_spec_t *ca,
                         const acme_ca_limits_t *limits, apr_pool_t *p)
{
    return limits->profile ? apr_psprintf(p, "%s with the profile %s",
                                          ca->label, limits->profile)
                           : ca->label;
}

/* Returns what there is too much of, and the most that there may be. */
static const char *excess(const acme_ca_spec_t *ca,
                          const acme_ca_limits_t *limits,
                          const apr_array_header_t *names, apr_pool_t *p)
{
    return names->nelts > limits->names
               ? apr_psprintf(p,
                              "%d names are more than the %d that one "
                              "certificate of %s may have",
                              names->nelts, limits->names, whose(ca, limits, p))
               : apr_psprintf(p,
                              "its names have %d bytes together, more than the "
                              "%d that one certificate of %s may have",
                              count_bytes(names), limits->name_bytes,
                              whose(ca, limits, p));
}

/* Leaves spare names out, the last one first, until the rest is not too much.
 * They then belong to no site, so that nothing is redirected to https for
 * them. */
static void leave_out(acme_sites_t *sites, const acme_site_draft_t *draft,
                      const acme_ca_limits_t *limits, acme_spec_t *spec)
{
    const apr_array_header_t *spare = draft->match->spare;
    const char *why = excess(spec->ca, limits, spec->names, sites->p);
    apr_array_header_t *names = apr_array_copy(sites->p, spec->names);
    int is_set = draft->match->set >= 0;
    const char *named = "";
    int count = 0;
    int i;

    for (i = names->nelts - 1; i > 0 && is_too_much(limits, names); i--) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!acme_ident_in(spare, name)) {
            continue;
        }
        memmove(&APR_ARRAY_IDX(names, i, const char *),
                &APR_ARRAY_IDX(names, i + 1, const char *),
                sizeof(const char *) * (apr_size_t)(names->nelts - 1 - i));
        names->nelts--;
        apr_hash_set(sites->match.claims, name, APR_HASH_KEY_STRING, NULL);
        if (count++ < MAX_NAMED) {
            named =
                apr_pstrcat(sites->p, named, count > 1 ? ", " : "", name, NULL);
        }
    }
    spec->names = names;
    if (count) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0041) "%s at %s: %s; left out of the certificate %s %s%s; "
                           "split the %s",
            is_set ? apr_pstrcat(sites->p, "ACMEDomain ", spec->name, NULL)
                   : "ACMEAutoDomains, virtual host",
            spec->place, why, count == 1 ? "is" : "are", named,
            count > MAX_NAMED
                ? apr_psprintf(sites->p, " and %d more", count - MAX_NAMED)
                : "",
            is_set ? "site, or have fewer aliases in its virtual hosts"
                   : "virtual host, or have fewer aliases in it");
    }
}

static void check_names(acme_sites_t *sites, const acme_site_draft_t *draft,
                        acme_spec_t *spec)
{
    const acme_ca_limits_t *limits =
        acme_ca_limits(spec->ca->url, spec->profile);
    const acme_ca_spec_t *ca;
    int i;

    if (is_too_much(limits, spec->names)) {
        leave_out(sites, draft, limits, spec);
    }
    if (is_too_much(limits, spec->names)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0011) "ACMEDomain %s at %s: %s; split it into several "
                           "virtual hosts",
            spec->name, spec->place,
            excess(spec->ca, limits, spec->names, sites->p));
    }
    for (i = 1; (ca = acme_spec_ca(spec, i)) != NULL; i++) {
        limits = acme_ca_limits(ca->url, spec->profile);
        if (is_too_much(limits, spec->names)) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0042) "ACMEDomain %s at %s: %s, so that nothing comes "
                               "of asking this authority when the others "
                               "fail; split it into several virtual hosts",
                spec->name, spec->place,
                excess(ca, limits, spec->names, sites->p));
        }
    }
}

static void check_must_staple(acme_sites_t *sites, const acme_config_t *config,
                              const acme_spec_t *spec)
{
    const char *place = config->settings[ACME_SETTING_MUST_STAPLE].place;
    const acme_ca_spec_t *ca;
    int i;

    for (i = 0; (ca = acme_spec_ca(spec, i)) != NULL && spec->must_staple;
         i++) {
        if (!acme_ca_limits(ca->url, spec->profile)->no_must_staple
            || !mod_acme_sites_first(
                sites, "staple",
                apr_psprintf(sites->p, "%s %s %d", place, ca->label, !i))) {
            continue;
        }
        if (!i) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0043) "ACMEMustStaple on at %s: %s refuses orders "
                               "with it, since it has no OCSP any more, so the "
                               "site %s (%s) would get no certificate; remove "
                               "it",
                place, ca->label, spec->name, spec->place);
            continue;
        }
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0044) "ACMEMustStaple on at %s: %s refuses orders with "
                           "it, since it has no OCSP any more, so that nothing "
                           "comes of asking it when the other authorities of "
                           "the site %s (%s) fail; remove one of them",
            place, ca->label, spec->name, spec->place);
    }
}

/* Warns of a fixed time that is long for the lives of certificates, because
 * they are then renewed far more often than is meant. */
static void check_window(acme_sites_t *sites, const acme_config_t *config,
                         const acme_spec_t *spec)
{
    const char *place = config->settings[ACME_SETTING_RENEW_WINDOW].place;
    apr_interval_time_t span = spec->renew_window.span;
    const acme_ca_spec_t *ca;
    int i;

    for (i = 0; (ca = acme_spec_ca(spec, i)) != NULL && span > 0; i++) {
        const acme_ca_limits_t *limits = acme_ca_limits(ca->url, spec->profile);
        apr_time_t from = 0;
        apr_interval_time_t life = acme_ca_limits_shorter(
            &from, limits, span > APR_INT64_MAX / 2 ? span : 2 * span,
            apr_time_now());
        const char *subject = whose(ca, limits, sites->p);

        if (!life
            || !mod_acme_sites_first(
                sites, "window",
                apr_pstrcat(sites->p, place, " ", subject, NULL))) {
            continue;
        }
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0045) "ACMERenewWindow %s at %s: more than half of the "
                           "life of certificates from %s, which is %s%s%.10s; "
                           "write a part of the life, such as "
                           "ACMERenewWindow 33%%, or leave it out",
            acme_spec_window_print(&spec->renew_window, sites->p), place,
            subject, acme_time_print_duration(life, sites->p),
            from ? " from " : "", from ? acme_time_print(from, sites->p) : "");
    }
}

void mod_acme_limits_check(acme_sites_t *sites, const acme_site_draft_t *draft,
                           const acme_config_t *config, acme_spec_t *spec)
{
    /* Nothing is ordered for a site with files of its own. */
    if (spec->cert_file) {
        return;
    }
    check_names(sites, draft, spec);
    check_must_staple(sites, config, spec);
    check_window(sites, config, spec);
}
