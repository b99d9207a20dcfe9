/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_dns.h"

#include <apr_strings.h>

#include <errno.h>
#include <sys/stat.h>

#include "acme_default.h"
#include "acme_ident.h"
#include "mod_acme_dns_way.h"

/* Warns of a program that is not there, or that nobody may run. A server does
 * not end for it, because all but new certificates works without it. */
static void check_program(acme_sites_t *sites, const char *program,
                          const char *place)
{
    struct stat st;
    const char *why;

    if (stat(program, &st)) {
        if (errno != ENOENT && errno != ENOTDIR) {
            return; /* whoever runs configtest may not look */
        }
        why = "there is no such file; correct the path";
    }
    else if (!S_ISREG(st.st_mode)) {
        why = "it is no file; write the path of a program";
    }
    else if (!(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
        why = apr_psprintf(sites->p,
                           "it is not executable; 'chmod 755 %s' lets httpd "
                           "run it",
                           program);
    }
    else {
        return;
    }
    if (mod_acme_sites_first(sites, "dns command", place)) {
        mod_acme_sites_warn(sites,
                            ACME_TAG(0634) "ACMEChallengeDns01 %s at %s: %s",
                            program, place, why);
    }
}

static void set_command(acme_sites_t *sites, const acme_config_t *config,
                        const acme_setting_t *setting, acme_dns_spec_t *dns)
{
    const acme_dns_command_e *version =
        mod_acme_config_value(config, ACME_SETTING_CHALLENGE_DNS01_VERSION);

    dns->argv = setting->value;
    dns->version = version ? *version : ACME_DEFAULT_DNS_VERSION;
    check_program(sites, APR_ARRAY_IDX(dns->argv, 0, const char *),
                  setting->place);
}

typedef void set_fn(acme_sites_t *sites, const acme_config_t *config,
                    const acme_setting_t *setting, acme_dns_spec_t *dns);

/* Sets what a way needs, by acme_dns_way_e. */
static set_fn *const setters[] = {
    set_command,
};

/* Returns the only way that is named here, or NULL; refuses two. A directive
 * that says "none" rules its way out, wherever else it stands.
 * @param all the site's merged settings */
static const acme_dns_way_t *only_way(acme_sites_t *sites,
                                      const acme_config_t *here,
                                      const acme_config_t *all,
                                      const acme_spec_t *spec)
{
    const acme_dns_way_t *way, *found = NULL;
    int i;

    for (i = 0; (way = mod_acme_dns_way_at(i)) != NULL; i++) {
        if (!mod_acme_dns_way_is_named(way, here)
            || !mod_acme_dns_way_is_named(way, all)) {
            continue;
        }
        if (!found) {
            found = way;
            continue;
        }
        if (mod_acme_sites_first(sites, "two ways",
                                 here->settings[way->setting].place)) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0650) "%s at %s: the site %s (%s) has %s at %s "
                               "already, and its records can only come into "
                               "the DNS in one way; remove one of them",
                mod_acme_config_setting_name(way->setting),
                here->settings[way->setting].place, spec->name, spec->place,
                mod_acme_config_setting_name(found->setting),
                here->settings[found->setting].place);
        }
    }
    return found;
}

void mod_acme_dns_set(acme_sites_t *sites, const acme_site_draft_t *draft,
                      const acme_config_t *config, acme_spec_t *spec)
{
    const acme_dns_times_t *times =
        mod_acme_config_value(config, ACME_SETTING_DNS_PROPAGATION);
    const acme_dns_way_t *way = only_way(sites, &draft->settings, config, spec);
    acme_dns_spec_t *dns;

    if (!way) {
        way = only_way(sites, config, config, spec);
    }
    if (!way) {
        return;
    }
    dns = apr_pcalloc(sites->p, sizeof(*dns));
    dns->way = way->way;
    dns->propagation =
        times ? times->propagation : ACME_DEFAULT_DNS_PROPAGATION;
    dns->limit = times ? times->limit : ACME_DEFAULT_DNS_LIMIT;
    setters[way->way](sites, config, &config->settings[way->setting], dns);
    spec->dns = dns;
}

void mod_acme_dns_check_wildcards(acme_sites_t *sites, const acme_spec_t *spec)
{
    int i;

    if (spec->cert_file || acme_spec_has_challenge(spec, "dns-01")) {
        return;
    }
    for (i = 0; i < spec->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (acme_ident_is_wildcard(name)) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0635) "%s in the site %s (%s): a wildcard can only be "
                               "proven by a record in the DNS; %s, or write "
                               "the names one by one",
                name, spec->name, spec->place,
                spec->dns ? "add dns-01 to ACMECAChallenges"
                          : "add ACMEChallengeDns01 with a program that sets "
                            "it");
            return;
        }
    }
}
