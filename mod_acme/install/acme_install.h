/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_install.h
 * @brief Carries out what acme_site_decide() says, at start: every site's
 * certificate is where the configuration wants it.
 *
 * First acme_install_site() for each site as soon as it is known what is wanted
 * of it, then acme_install_rest() once, for everything that no site wants any
 * more. Under the store's lock. Each step is one rename, in an order that a
 * start which comes after a kill finds its way from; nothing is forgotten,
 * since the record of what was deployed is only written when all is served.
 */
#ifndef ACME_INSTALL_H
#define ACME_INSTALL_H

#include "acme_certstore.h"
#include "acme_deployed.h"
#include "acme_inventory.h"
#include "acme_log.h"
#include "acme_site.h"
#include "acme_site_decide.h"
#include "acme_spec.h"

typedef struct acme_install_config_t {
    const acme_certstore_t *certstore;
    const acme_deployed_t *before;   /**< what was deployed */
    const apr_array_header_t *certs; /**< acme_site_cert_t * */
    apr_time_t now;
    int clock_good;
    apr_time_t proven; /**< what is deleted for its age was too old at this
                            time already; 0: nothing is */
    apr_interval_time_t stash_keep; /**< 0: until it expires */
    int archive_keep;
    const acme_log_t *log;
} acme_install_config_t;

typedef struct acme_install_t acme_install_t;

/** Reads what is kept. The configuration lives as long as p. */
acme_install_t *acme_install_create(const acme_install_config_t *config,
                                    apr_pool_t *p);

/**
 * Decides for one certificate of a site and does it; updates its
 * inventory->live, ->stashed, ->aged
 * and ->foreign.
 * @param okc its own or former own certificate is still valid
 * @return what its TLS virtual hosts get
 */
acme_site_decide_serve_e acme_install_site(acme_install_t *install,
                                           const acme_site_cert_t *cert,
                                           acme_wanted_e wanted, int okc);

/** What is wanted of these names (const char *), of which no site is made. */
typedef acme_wanted_e acme_install_wanted_fn(void *baton,
                                             const apr_array_header_t *names);

/** All that is left; deletes what is too old; says how many were stashed. */
void acme_install_rest(acme_install_t *install, acme_install_wanted_fn *wanted,
                       void *baton);

/** What was deployed of a site that wants these names (the first is its own):
 *  by its name, else by the first of its names that is known; NULL: nothing. */
const acme_deployed_site_t *acme_install_before(const acme_deployed_t *before,
                                                const acme_spec_t *spec);

#endif
