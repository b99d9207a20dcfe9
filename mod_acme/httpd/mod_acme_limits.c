/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_limits.h"

#include <stdlib.h>

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
                ACME_TAG(0042) "ACMEDomain %s at %s: %s, so this authority "
                               "cannot take over when the others fail; split "
                               "it into several virtual hosts",
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
                           "it, since it has no OCSP any more, so it cannot "
                           "take over when the other authorities of the site "
                           "%s (%s) fail; remove one of them",
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

/* Returns non-zero when this address is of a private network or this machine
 * (RFC 1918, 3927, 4193). */
static int is_private(const char *ip)
{
    static const char *const starts[] = {"10.", "127.", "192.168.", "169.254.",
                                         "fc",  "fd",   "fe80:",    "::1"};
    size_t i;

    for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        if (!strncmp(ip, starts[i], strlen(starts[i]))) {
            return 1;
        }
    }
    return !strncmp(ip, "172.", 4) && atoi(ip + 4) >= 16 && atoi(ip + 4) < 32;
}

/* Returns non-zero when no public CA can reach the name, because it is for
 * local networks only (RFC 6761, 6762, 8375, and what routers use). */
static int is_local(const char *name)
{
    static const char *const ends[] = {".local", ".localhost", ".internal",
                                       ".lan",   ".home.arpa", ".home",
                                       ".corp",  ".invalid"};
    size_t len = strlen(name);
    size_t i;

    if (strchr(name, ':') || !name[strspn(name, "0123456789.")]) {
        return is_private(name);
    }
    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (len > strlen(ends[i])
            && !strcmp(name + len - strlen(ends[i]), ends[i])) {
            return 1;
        }
    }
    return 0;
}

/* Warns of a name that a public CA refuses, whatever is done. The other CAs may
 * be of the same local network. */
static void check_public(acme_sites_t *sites, const acme_spec_t *spec)
{
    const acme_ca_spec_t *ca;
    int i, j;

    for (i = 0; (ca = acme_spec_ca(spec, i)) != NULL; i++) {
        for (j = 0; acme_ca_find(ca->url) && j < spec->names->nelts; j++) {
            const char *name = APR_ARRAY_IDX(spec->names, j, const char *);

            if (is_local(name)) {
                mod_acme_sites_warn(
                    sites,
                    ACME_TAG(0071) "ACMEDomain %s at %s: %s is for local "
                                   "networks only, so that %s refuses the "
                                   "whole order; use a public name, or a CA of "
                                   "your own by its URL "
                                   "(ACMECertificateAuthority)",
                    spec->name, spec->place, name, ca->label);
                return;
            }
        }
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
    check_public(sites, spec);
}
