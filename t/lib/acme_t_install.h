/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_t_install.h
 * @brief A server whose sites change, for tests of acme_install.h: its store,
 * its configuration and its starts.
 */
#ifndef ACME_T_INSTALL_H
#define ACME_T_INSTALL_H

#include "acme_t_bundle.h"
#include "acme_t_certstore.h"

#include "acme_certstore_path.h"
#include "acme_csr.h"
#include "acme_ident.h"
#include "acme_install.h"
#include "fake_clock.h"
#include "test_issuer.h"

#define CA    "https://ca.example/dir"
#define OTHER "https://test-ca.example/dir"

/** A server: its store and its record of what was deployed survive its
 *  starts. */
typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    acme_certstore_t *certstore;
    test_issuer_t *issuer;
    fake_clock_t *clock;
    acme_deployed_t *before;
    apr_array_header_t *specs; /* acme_spec_t * */
    apr_array_header_t *certs; /* acme_site_cert_t * */
    acme_ca_spec_t ca;
    acme_install_config_t config;
    acme_install_t *install;
    acme_log_t log;
    const char *said;
} world_t;

static inline void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                        const char *message)
{
    world_t *w = baton;

    (void)rv;
    w->said = apr_psprintf(w->p, "%s%d %s\n", w->said, level, message);
}

static inline apr_array_header_t *list(apr_pool_t *p, const char *text)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    char *copy = apr_pstrdup(p, text);
    char *last;
    char *name;

    for (name = apr_strtok(copy, " ", &last); name;
         name = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    return names;
}

static inline world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->dir = acme_t_dir(p);
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    w->clock = fake_clock_create(p);
    w->clock->now = ACME_T_NOW;
    w->issuer = test_issuer_create(&w->clock->clock, p);
    w->before = acme_deployed_create(p);
    w->specs = apr_array_make(p, 4, sizeof(acme_spec_t *));
    w->certs = apr_array_make(p, 4, sizeof(acme_site_cert_t *));
    w->ca.url = CA;
    w->ca.label = "ca";
    w->log.sink = sink;
    w->log.baton = w;
    w->log.level = ACME_LOG_INFO;
    w->said = "";
    w->config.clock_good = 1;
    w->config.proven = ACME_T_NOW;
    return w;
}

/** Returns a certificate that a CA issued for the names. */
static inline acme_bundle_t *issue_for(world_t *w, const char *key_pem,
                                       const char *site, const char *names,
                                       int days, const char *ca_url)
{
    acme_bundle_t *bundle = apr_pcalloc(w->p, sizeof(*bundle));
    acme_key_t *key;
    const char *csr;

    bundle->name = site;
    bundle->key_pem = key_pem;
    assert_int_equal(acme_key_from_pem(&key, bundle->key_pem,
                                       strlen(bundle->key_pem), NULL, w->p),
                     0);
    assert_int_equal(
        acme_csr_create(&csr, key, list(w->p, names), 0, NULL, w->p), 0);
    test_issuer_config(w->issuer)->life = days * ACME_TIME_DAY;
    bundle->chain_pem = test_issuer_sign(w->issuer, csr, w->p);
    bundle->ca_url = ca_url;
    bundle->obtained = ACME_T_NOW;
    return bundle;
}

static inline acme_bundle_t *issue(world_t *w, const char *site,
                                   const char *names, int days,
                                   const char *ca_url)
{
    return issue_for(w, acme_t_key_pem(w->p), site, names, days, ca_url);
}

static inline const char *put(world_t *w, acme_place_e place, const char *site,
                              const char *names, int days, const char *ca_url)
{
    acme_bundle_t *bundle = issue(w, site, names, days, ca_url);

    assert_int_equal(
        acme_certstore_install_at(w->certstore, place, bundle, 3, NULL, w->p),
        0);
    return acme_t_fingerprint(bundle, w->p);
}

/** Returns the fingerprint of the certificate in a place, "" for none. */
static inline const char *in(world_t *w, acme_place_e place, const char *site)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get_at(&cert, w->certstore, place, site, NULL, w->p)
                   == APR_SUCCESS
               ? cert->info->fingerprint
               : "";
}

#define LIVE(site)   in(w, ACME_PLACE_LIVE, site)
#define STASH(site)  in(w, ACME_PLACE_STASH, site)
#define IMPORT(site) in(w, ACME_PLACE_IMPORT, site)

static inline acme_wanted_e nobody(void *baton, const apr_array_header_t *names)
{
    (void)baton;
    (void)names;
    return ACME_WANTED_NOTHING;
}

/** Forgets the configuration, so that the next one begins. */
static inline void configure(world_t *w)
{
    apr_array_clear(w->specs);
    apr_array_clear(w->certs);
}

static inline acme_spec_t *site(world_t *w, const char *names)
{
    acme_spec_t *spec = apr_pcalloc(w->p, sizeof(*spec));

    spec->names = list(w->p, names);
    spec->name = APR_ARRAY_IDX(spec->names, 0, const char *);
    spec->ca = &w->ca;
    APR_ARRAY_PUSH(w->specs, acme_spec_t *) = spec;
    acme_site_add(w->certs, spec, apr_pcalloc(w->p, sizeof(acme_inventory_t)));
    return spec;
}

/* Adds the second certificate of the site that was added last. */
static inline acme_spec_t *second_key_of(world_t *w, const acme_spec_t *own)
{
    acme_spec_t *spec = apr_pmemdup(w->p, own, sizeof(*own));
    acme_site_t *last = acme_site_cert_at(w->certs, w->certs->nelts - 1)->site;

    spec->kind = ACME_SPEC_SECOND_KEY;
    spec->name = acme_spec_filed_name(own->name, spec->kind, w->p);
    APR_ARRAY_PUSH(w->specs, acme_spec_t *) = spec;
    acme_site_add_second(last, w->certs, spec,
                         apr_pcalloc(w->p, sizeof(acme_inventory_t)));
    return spec;
}

static acme_site_decide_serve_e last_serve;

/** Does what httpd does at a start, with the record of what was deployed. */
static inline void start_wanting(world_t *w, acme_wanted_e wanted)
{
    acme_deployed_t *after = acme_deployed_create(w->p);
    acme_certstore_cert_t *live;
    int i;

    w->said = "";
    w->config.certstore = w->certstore;
    w->config.before = w->before;
    w->config.certs = w->certs;
    w->config.now = acme_time_now(&w->clock->clock);
    w->config.archive_keep = 3;
    w->config.log = &w->log;
    for (i = 0; i < w->specs->nelts; ++i) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(w->specs, i, const acme_spec_t *);
        acme_inventory_t *inventory = acme_site_cert_at(w->certs, i)->inventory;

        if (acme_certstore_get(&live, w->certstore, spec->name, NULL, w->p)
            == APR_SUCCESS) {
            inventory->live = live;
        }
    }
    w->install = acme_install_create(&w->config, w->p);
    for (i = 0; i < w->specs->nelts; ++i) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(w->specs, i, const acme_spec_t *);
        acme_inventory_t *inventory = acme_site_cert_at(w->certs, i)->inventory;
        acme_deployed_site_t *deployed = apr_pcalloc(w->p, sizeof(*deployed));

        last_serve = acme_install_site(
            w->install, acme_site_cert_at(w->certs, i), wanted, 0);
        deployed->name = spec->name;
        deployed->names = spec->names;
        deployed->state =
            inventory->live ? ACME_DEPLOYED_LKC : ACME_DEPLOYED_HTTP;
        acme_deployed_add(after, deployed);
    }
    acme_install_rest(w->install, nobody, NULL);
    w->before = after;
}

static inline void start(world_t *w)
{
    start_wanting(w, ACME_WANTED_ACME);
}

#endif
