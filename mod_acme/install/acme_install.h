/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_install.h
 * @brief Puts every site's certificate where the configuration wants it, at
 * start: carries out what acme_site_decide() says.
 *
 * Call acme_install_site() for each site once the configuration of its virtual
 * hosts is known, then acme_install_rest() once for the certificates that no
 * site wants any more, all under the store's lock. Each step is one rename. A
 * start that follows a killed one finishes its work, because the record of what
 * was deployed is written only when everything is served.
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

/** Lives as long as the acme_install_t. */
typedef struct acme_install_config_t {
    const acme_certstore_t *certstore;
    const acme_deployed_t *before;   /**< what the last start deployed */
    const apr_array_header_t *certs; /**< acme_site_cert_t * */
    apr_time_t now;
    int clock_good;    /**< zero: nothing is deleted for its age */
    apr_time_t proven; /**< a time that is past for certain: only what was too
                            old then is deleted; 0: nothing is */
    apr_interval_time_t stash_keep; /**< microseconds; 0: until it expires */
    int archive_keep;               /**< older versions that are kept */
    const acme_log_t *log;
} acme_install_config_t;

/** The work of one start. */
typedef struct acme_install_t acme_install_t;

/** Reads the certificates that no site serves. */
acme_install_t *acme_install_create(const acme_install_config_t *config,
                                    apr_pool_t *p);

/**
 * Decides for a certificate of a site and carries it out. Sets live, stashed,
 * aged, foreign and revoked of cert->inventory.
 * @param okc non-zero: its own or former own certificate is still valid
 * @return the certificate that its TLS virtual hosts get
 */
acme_site_decide_serve_e acme_install_site(acme_install_t *install,
                                           const acme_site_cert_t *cert,
                                           acme_wanted_e wanted, int okc);

/** Returns what the configuration wants of these names (const char *), which
 *  are no managed site's. ACME_WANTED_ACME: the certificate is served although
 *  no site asks for it, and stays where it is. */
typedef acme_wanted_e acme_install_wanted_fn(void *baton,
                                             const apr_array_header_t *names);

/** Stashes the certificates that no site wants any more, deletes stashed ones
 *  that are too old, and logs how many were stashed. */
void acme_install_rest(acme_install_t *install, acme_install_wanted_fn *wanted,
                       void *baton);

/** Returns what the last start deployed for a site: the record of its name,
 *  else of the first of its other names that has one; NULL when none has. */
const acme_deployed_site_t *acme_install_before(const acme_deployed_t *before,
                                                const acme_spec_t *spec);

#endif
