/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_noeffect.h"

#include <string.h>

#include <apr_strings.h>

/* Returns what to do with a directive of this virtual host. */
static const char *remedy(const acme_sites_t *sites, int index)
{
    const acme_match_host_t *host = &sites->match.hosts[index];
    const acme_match_site_t *site;

    if (host->alone) {
        return "remove it";
    }
    if (host->site < 0) {
        return "write 'ACMEDomain' into it as well, or remove the directive";
    }
    site = sites->drafts[host->site].match;
    return site->set < 0
               ? apr_psprintf(sites->p,
                              "write it into the virtual host that has "
                              "ACMEDomain (%s)",
                              site->place)
               : apr_psprintf(sites->p,
                              "write it outside of virtual hosts, or into an "
                              "<ACMEDomainSet> with the names at %s",
                              site->place);
}

/* Returns non-zero when the site has the same value, from elsewhere. */
static int is_same(const acme_sites_t *sites, int site, int setting,
                   const acme_setting_t *set)
{
    const acme_setting_t *base =
        &mod_acme_config_get(sites->server)->settings[setting];
    const acme_setting_t *counts =
        site < 0 ? base : &sites->drafts[site].settings.settings[setting];

    counts = counts->place ? counts : base;
    return counts->place && strcmp(counts->text, set->text) == 0;
}

static void check_host(acme_sites_t *sites, int index)
{
    const acme_match_host_t *host = &sites->match.hosts[index];
    const acme_config_t *own = mod_acme_config_get(sites->hosts[index])->own;
    int i;

    if (host->asks || !sites->hosts[index]->is_virtual || !own) {
        return;
    }
    for (i = 0; i < ACME_SETTING_PER_HOST; i++) {
        const acme_setting_t *set = &own->settings[i];

        if (!set->place || is_same(sites, host->site, i, set)
            || !mod_acme_sites_first(sites, "no effect", set->place)) {
            continue;
        }
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0070) "%s at %s has no effect, because its virtual host "
                           "(%s) %s; %s",
            mod_acme_config_setting_name((acme_setting_e)i), set->place,
            sites->hosts[index]->server_hostname
                ? sites->hosts[index]->server_hostname
                : "without a name",
            host->alone ? "is left alone by ACMEDomain off"
                        : "asks for no certificate itself",
            remedy(sites, index));
    }
}

void mod_acme_noeffect_check(acme_sites_t *sites)
{
    int i;

    for (i = 0; i < sites->match.n_hosts; i++) {
        check_host(sites, i);
    }
}
