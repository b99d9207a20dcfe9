/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_responder_sockets.h"

#include <apr_strings.h>

#include "mod_acme_dns_responder.h"

/* The number changes with the structure, because a module that is upgraded
 * under a running server must not use the old structure. */
#define USERDATA_KEY "mod_acme-dns-sockets-1"

/* Room for an IPv6 address. */
#define ADDRESS_MAX 48

typedef struct place_t {
    int port;                  /* 0: free */
    char address[ADDRESS_MAX]; /* "": all */
    acme_dns_listen_t listener;
} place_t;

/* In process->pool, without any pointer: the module is unloaded in between. */
typedef struct places_t {
    place_t places[MOD_ACME_DNS_RESPONDER_MOST];
} places_t;

static places_t *places_of(process_rec *process)
{
    void *data = NULL;

    apr_pool_userdata_get(&data, USERDATA_KEY, process->pool);
    if (!data) {
        data = apr_pcalloc(process->pool, sizeof(places_t));
        /* The key is copied, and the cleanup is APR's own. */
        apr_pool_userdata_set(data, USERDATA_KEY, apr_pool_cleanup_null,
                              process->pool);
    }
    return data;
}

static int is_at(const place_t *place, const acme_dns_responder_t *wanted)
{
    return place->port == wanted->port
           && !strcmp(place->address, wanted->address ? wanted->address : "");
}

static place_t *find(places_t *all, const acme_dns_responder_t *wanted)
{
    int i;

    for (i = 0; i < MOD_ACME_DNS_RESPONDER_MOST; i++) {
        if (all->places[i].port && is_at(&all->places[i], wanted)) {
            return &all->places[i];
        }
    }
    return NULL;
}

static place_t *find_free(places_t *all)
{
    int i;

    for (i = 0; i < MOD_ACME_DNS_RESPONDER_MOST; i++) {
        if (!all->places[i].port) {
            return &all->places[i];
        }
    }
    return NULL;
}

static int is_wanted(const place_t *place, const apr_array_header_t *wanted)
{
    int i;

    for (i = 0; i < wanted->nelts; i++) {
        if (is_at(place,
                  APR_ARRAY_IDX(wanted, i, const acme_dns_responder_t *))) {
            return 1;
        }
    }
    return 0;
}

/* Closes what nobody wants. Children of before still have it until they end, so
 * that a new socket must be able to share the port with it.
 * @param ports set to the ports that were closed, 0 at the end */
static void close_rest(places_t *all, const apr_array_header_t *wanted,
                       int *ports)
{
    int i;

    for (i = 0; i < MOD_ACME_DNS_RESPONDER_MOST; i++) {
        place_t *place = &all->places[i];

        if (place->port && !is_wanted(place, wanted)) {
            *ports++ = place->port;
            acme_dns_listen_share(&place->listener);
            acme_dns_listen_close(&place->listener);
            place->port = 0;
        }
    }
    *ports = 0;
}

static int is_among(int port, const int *ports)
{
    while (*ports && *ports != port) {
        ports++;
    }
    return *ports != 0;
}

/* Opens the sockets of a place. Returns NULL, or why there are none. */
static const char *open_place(places_t *all, const acme_dns_responder_t *wanted,
                              const int *closed, apr_pool_t *p)
{
    place_t *place = find_free(all);
    acme_dns_listen_t listener;
    const char *why = NULL;

    if (!place) {
        return "there are too many places already; let sites share one";
    }
    if (acme_dns_listen_open(&listener, wanted->address, wanted->port, 0, &why,
                             p)
        == APR_SUCCESS) {
        why = NULL;
    }
    else if (is_among(wanted->port, closed)
             && acme_dns_listen_open(&listener, wanted->address, wanted->port,
                                     1, &why, p)
                    == APR_SUCCESS) {
        why = NULL;
    }
    if (!why) {
        place->port = wanted->port;
        place->listener = listener;
        apr_cpystrn(place->address, wanted->address ? wanted->address : "",
                    sizeof(place->address));
    }
    return why;
}

/* Gives the sites of a place that cannot be listened on other specs: without
 * dns-01, and with the reason. */
static void turn_off(acme_setup_t *setup, const acme_dns_responder_t *place,
                     const char *why)
{
    apr_pool_t *p = setup->pconf;
    int i, j;

    for (i = 0; i < setup->certs->nelts; i++) {
        acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);
        acme_spec_t *spec;
        apr_array_header_t *types, *faults;

        if (!mod_acme_dns_responder_is_of(cert->spec)
            || !mod_acme_dns_responder_same(cert->spec->dns->responder,
                                            place)) {
            continue;
        }
        spec = apr_pmemdup(p, cert->spec, sizeof(*spec));
        types = apr_array_make(p, 2, sizeof(const char *));
        for (j = 0; j < spec->challenge_types->nelts; j++) {
            const char *type =
                APR_ARRAY_IDX(spec->challenge_types, j, const char *);

            if (strcmp(type, "dns-01") != 0) {
                APR_ARRAY_PUSH(types, const char *) = type;
            }
        }
        faults = spec->challenge_faults
                     ? apr_array_copy(p, spec->challenge_faults)
                     : apr_array_make(p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(faults, const char *) =
            apr_pstrcat(p, "dns-01: ", why, NULL);
        spec->challenge_types = types;
        spec->challenge_faults = faults;
        cert->spec = spec;
    }
}

void mod_acme_responder_sockets_open(acme_setup_t *setup, process_rec *process,
                                     apr_pool_t *ptemp)
{
    apr_array_header_t *wanted = mod_acme_dns_responder_places(setup, ptemp);
    places_t *all = places_of(process);
    int closed[MOD_ACME_DNS_RESPONDER_MOST + 1];
    int i;

    close_rest(all, wanted, closed);
    for (i = 0; i < wanted->nelts; i++) {
        const acme_dns_responder_t *one =
            APR_ARRAY_IDX(wanted, i, const acme_dns_responder_t *);
        const char *name = mod_acme_dns_responder_place(one, ptemp);
        const char *why;

        if (find(all, one)) {
            continue;
        }
        why = open_place(all, one, closed, ptemp);
        if (why) {
            acme_log(setup->log, ACME_LOG_ERR, 0,
                     ACME_TAG(0663) "ACMEDnsResponder %s %s: %s; dns-01 is off "
                                    "for the sites that it is for, until a "
                                    "restart finds that place free",
                     name, one->zone, why);
            turn_off(setup, one,
                     apr_psprintf(setup->pconf,
                                  "ACMEDnsResponder cannot listen on %s: %s",
                                  name, why));
        }
        else {
            acme_log(setup->log, ACME_LOG_NOTICE, 0,
                     ACME_TAG(0664) "ACMEDnsResponder %s %s: listens", name,
                     one->zone);
        }
    }
}

const acme_dns_listen_t *
mod_acme_responder_sockets_get(int *count, process_rec *process, apr_pool_t *p)
{
    places_t *all = places_of(process);
    acme_dns_listen_t *listeners =
        apr_palloc(p, sizeof(*listeners) * MOD_ACME_DNS_RESPONDER_MOST);
    int i;

    *count = 0;
    for (i = 0; i < MOD_ACME_DNS_RESPONDER_MOST; i++) {
        if (all->places[i].port) {
            listeners[(*count)++] = all->places[i].listener;
        }
    }
    return listeners;
}
