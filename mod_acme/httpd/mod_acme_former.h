/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_former.h
 * @brief The own certificate that a site served before it asked for ACME, or
 * while it waited, when the configuration names it no longer.
 *
 * The record of the last start has the paths of its files. The certificate goes
 * with its chain: where that was in a file of its own, mod_ssl is given a file
 * that has both.
 */
#ifndef MOD_ACME_FORMER_H
#define MOD_ACME_FORMER_H

#include "acme_deployed.h"
#include "acme_tmpfile.h"
#include "mod_acme_config.h"

/** The fallback of a virtual host that has no managed certificate. */
typedef struct acme_fallback_t {
    const apr_array_header_t *cert_files; /**< NULL: a placeholder */
    const apr_array_header_t *key_files;
    const char *former; /**< its file, when the configuration no longer names
                             it, else NULL */
} acme_fallback_t;

/** A site's former certificate. */
typedef struct acme_former_t {
    const acme_deployed_site_t *before; /**< its record, or NULL: none can be
                                             served */
    acme_fallback_t files;              /**< set when they are needed */
} acme_former_t;

/** Finds a former certificate that can be served.
 * @param before the record of the site, or NULL
 * @param problem why it cannot be served, when there is one */
void mod_acme_former_find(acme_former_t *former,
                          const acme_deployed_site_t *before, apr_time_t now,
                          acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns the files for mod_ssl; former->before is not NULL.
 * @param files where a file is made if it has to be */
const acme_fallback_t *mod_acme_former_files(const acme_setup_t *setup,
                                             acme_former_t *former,
                                             const acme_spec_t *spec,
                                             acme_tmpfile_t *files);

#endif
