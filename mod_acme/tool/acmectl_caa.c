/* SPDX-License-Identifier: Apache-2.0 */

/* Warns before the URL of an account changes that CAA records of the sites have
 * (accounturi, RFC 8657), because the CA would refuse all further certificates
 * for them. */

#include "acmectl_caa.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ca_account.h"
#include "acme_caa_guard.h"
#include "acme_dns_ares.h"
#include "acme_http_curl.h"
#include "acme_ident.h"
#include "acme_text.h"

/* The longest time that the command waits for the DNS. */
#define LIMIT apr_time_from_sec(20)

/* Most names in the message. */
#define MOST_SHOWN 10

/* Returns the names of all sites that use the account, and the types of their
 * challenges. */
static apr_array_header_t *names_of(const acmectl_t *ctl, const char *account,
                                    apr_array_header_t *types)
{
    apr_array_header_t *names =
        apr_array_make(ctl->p, 16, sizeof(const char *));
    const apr_array_header_t *offered;
    const acme_ca_spec_t *ca;
    int i, j, n;

    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        const acme_spec_t *spec = acmectl_store_spec(ctl, i);

        offered = acme_spec_challenges(spec, NULL, ctl->p);
        for (n = 0; (ca = acme_spec_ca(spec, n)) != NULL; ++n) {
            if (strcmp(acme_ca_account_name(ca, ctl->p), account) != 0) {
                continue;
            }
            for (j = 0; j < spec->names->nelts; ++j) {
                acme_ident_add(names,
                               APR_ARRAY_IDX(spec->names, j, const char *));
            }
            for (j = 0; j < offered->nelts; ++j) {
                acme_ident_add(types, APR_ARRAY_IDX(offered, j, const char *));
            }
        }
    }
    return names;
}

/* Returns what asks the DNS, or NULL. */
static acme_dns_t *open_dns(const acmectl_t *ctl, acme_http_t **http)
{
    acme_http_curl_config_t curl = {0};
    acme_dns_ares_config_t config = {0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_t *dns = NULL;

    if (acme_http_curl_global_init() != APR_SUCCESS
        || acme_http_curl_create(http, &curl, &acme_time_system_clock, NULL,
                                 &problem, ctl->p)
               != APR_SUCCESS) {
        return NULL;
    }
    config.servers = ctl->published->dns_servers;
    config.http = *http;
    config.clock = &acme_time_system_clock;
    (void)acme_dns_ares_create(&dns, &config, &problem, ctl->p);
    return dns;
}

void acmectl_caa_warn(const acmectl_t *ctl, const char *name,
                      const acme_account_record_t *record)
{
    apr_array_header_t *types = apr_array_make(ctl->p, 4, sizeof(const char *));
    apr_array_header_t *names = names_of(ctl, name, types);
    acme_caa_order_t order = {NULL, record->caa, record->url, types};
    acme_http_t *http = NULL;
    acme_dns_t *dns;
    int i;

    if (!record->url || !record->caa || record->caa->nelts == 0) {
        return;
    }
    dns = open_dns(ctl, &http);
    if (!dns) {
        return;
    }
    acmectl_io_progress("looking at the CAA records of the sites");
    names = acme_caa_guard(dns, http, names, &order, apr_time_now() + LIMIT,
                           ctl->p);
    acmectl_io_progress(NULL);
    if (names->nelts == 0) {
        return;
    }
    acmectl_io_say(
        "warning: CAA records (accounturi) allow the CA to issue for these %d "
        "names to this account alone, and the next one has another URL:",
        names->nelts);
    for (i = 0; i < names->nelts && i < MOST_SHOWN; ++i) {
        acmectl_io_say("    %s", APR_ARRAY_IDX(names, i, const char *));
    }
    if (names->nelts > MOST_SHOWN) {
        acmectl_io_say("    and %d more", names->nelts - MOST_SHOWN);
    }
    acmectl_io_say(
        "before the next order, add a record without accounturi to each of "
        "them: CAA 0 issue \"%s\"; afterwards \"acmectl account show\" has the "
        "one for the new account",
        acme_text_escape(APR_ARRAY_IDX(record->caa, 0, const char *), 300,
                         ctl->p));
}
