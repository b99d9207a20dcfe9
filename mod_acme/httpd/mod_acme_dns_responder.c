/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_dns_responder.h"

#include <http_log.h>

#include <apr_strings.h>

#include "acme_dns_reply.h"
#include "acme_ident.h"
#include "acme_responder_name.h"
#include "acme_solver_dns_responder.h"

APLOG_USE_MODULE(acme);

static int same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

int mod_acme_dns_responder_same(const acme_dns_responder_t *a,
                                const acme_dns_responder_t *b)
{
    return a->port == b->port && same_text(a->address, b->address);
}

const char *mod_acme_dns_responder_place(const acme_dns_responder_t *responder,
                                         apr_pool_t *p)
{
    if (!responder->address) {
        return apr_psprintf(p, "%d", responder->port);
    }
    return apr_psprintf(p,
                        strchr(responder->address, ':') ? "[%s]:%d" : "%s:%d",
                        responder->address, responder->port);
}

/* Returns the name that NS records have when the directive has none: that of
 * the main server, if the DNS can have it outside of the zone. */
static const char *default_name_server(acme_sites_t *sites,
                                       const acme_setting_t *setting,
                                       const char *zone)
{
    const char *written = sites->server->server_hostname;
    const char *name;

    if (written
        && acme_ident_canonical(&name, written, NULL, sites->p) == APR_SUCCESS
        && acme_ident_type(name) == ACME_IDENT_DNS
        && !acme_ident_is_wildcard(name)
        && !acme_responder_name_is_in(name, zone)) {
        return name;
    }
    if (mod_acme_sites_first(sites, "name server", setting->place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0661) "ACMEDnsResponder %s at %s: the zone has no name "
                           "for its name server, since the ServerName of the "
                           "main server is no name that the DNS can have; "
                           "write 'ACMEDnsResponder %s NAME' with the name "
                           "that the NS record of the zone has",
            setting->text, setting->place, setting->text);
    }
    return zone;
}

/* Says that dns-01 is not possible with what this was built with. */
static void check_built(acme_sites_t *sites, const acme_setting_t *setting)
{
    if (!acme_dns_reply_built()
        && mod_acme_sites_first(sites, "no ldns", setting->place)) {
        mod_acme_sites_warn(
            sites,
            ACME_TAG(0660) "ACMEDnsResponder %s at %s: dns-01 is off there, "
                           "because mod_acme was built without ldns; install "
                           "ldns (Debian, Ubuntu: libldns-dev) and build it "
                           "again, or use ACMEChallengeDns01",
            setting->text, setting->place);
    }
}

void mod_acme_dns_responder_set(acme_sites_t *sites,
                                const acme_setting_t *setting,
                                acme_dns_spec_t *dns)
{
    acme_dns_responder_t *responder =
        apr_pmemdup(sites->p, setting->value, sizeof(*responder));

    if (!responder->name_server) {
        responder->name_server =
            default_name_server(sites, setting, responder->zone);
    }
    check_built(sites, setting);
    dns->responder = responder;
    if (dns->propagation < ACME_SOLVER_DNS_RESPONDER_WAIT) {
        dns->propagation = ACME_SOLVER_DNS_RESPONDER_WAIT;
    }
}

int mod_acme_dns_responder_is_of(const acme_spec_t *spec)
{
    return spec->dns && spec->dns->way == ACME_DNS_RESPONDER && !spec->cert_file
           && acme_spec_has_challenge(spec, "dns-01");
}

const apr_array_header_t *
mod_acme_dns_responder_records(const acme_spec_t *spec, apr_pool_t *p)
{
    apr_array_header_t *records;
    int i;

    if (!mod_acme_dns_responder_is_of(spec)) {
        return NULL;
    }
    records = apr_array_make(p, spec->names->nelts, sizeof(const char *));
    for (i = 0; i < spec->names->nelts; i++) {
        const char *record = acme_responder_name_record(
            APR_ARRAY_IDX(spec->names, i, const char *),
            spec->dns->responder->zone, p);

        if (record) {
            acme_ident_add(records, record);
        }
    }
    return records->nelts ? records : NULL;
}

void mod_acme_dns_responder_print(const acme_setup_t *setup)
{
    int i;

    for (i = 0; i < setup->sites->nelts; i++) {
        const acme_spec_t *spec = APR_ARRAY_IDX(setup->sites, i, acme_site_t *)
                                      ->certs[ACME_SPEC_FIRST_KEY]
                                      ->spec;

        if (spec->dns_records) {
            ap_log_error(
                APLOG_MARK, APLOG_NOTICE | APLOG_STARTUP, 0, setup->server,
                ACME_TAG(0662) "%s: to be published once in the DNS, for "
                               "ACMEDnsResponder: %s",
                spec->name,
                apr_array_pstrcat(setup->pconf, spec->dns_records, ';'));
        }
    }
}

apr_array_header_t *mod_acme_dns_responder_places(const acme_setup_t *setup,
                                                  apr_pool_t *p)
{
    apr_array_header_t *places =
        apr_array_make(p, 2, sizeof(const acme_dns_responder_t *));
    const acme_dns_responder_t *responder;
    int i, j;

    for (i = 0; setup && i < setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(setup->certs, i)->spec;

        if (!mod_acme_dns_responder_is_of(spec)) {
            continue;
        }
        responder = spec->dns->responder;
        for (j = 0; j < places->nelts; j++) {
            if (mod_acme_dns_responder_same(
                    APR_ARRAY_IDX(places, j, const acme_dns_responder_t *),
                    responder)) {
                break;
            }
        }
        if (j == places->nelts) {
            APR_ARRAY_PUSH(places, const acme_dns_responder_t *) = responder;
        }
    }
    return places;
}
