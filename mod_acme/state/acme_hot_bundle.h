/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_hot_bundle.h
 * @brief Certificates that root has made live while the server runs, for its
 * children (ACMEActivation hot).
 *
 * The worker clears what is staged once root has made it live, and children
 * cannot read live certificates, so root leaves a sealed copy for children that
 * have not taken it over yet. The folder is root's and the worker's group reads
 * it, so a copy also tells that root has accepted the certificate. A start
 * removes all, because mod_ssl loads what is live.
 */
#ifndef ACME_HOT_BUNDLE_H
#define ACME_HOT_BUNDLE_H

#include <apr_user.h>

#include "acme_problem.h"
#include "acme_seal.h"
#include "acme_store.h"

/** The copies of a store. */
typedef struct acme_hot_bundle_t acme_hot_bundle_t;

/** Reads and makes nothing yet.
 *  @param dir of the store
 *  @param seal lives as long as p */
acme_hot_bundle_t *acme_hot_bundle_open(const char *dir,
                                        const acme_seal_t *seal, apr_pool_t *p);

/** Returns the path of the copy for a site's certificate. */
const char *acme_hot_bundle_path(const acme_hot_bundle_t *bundles,
                                 const char *name, apr_pool_t *p);

/** Gets the copy: the text of acme_bundle_print(), wiped with p. Returns
 *  APR_ENOENT when there is none that opens. */
apr_status_t acme_hot_bundle_get(acme_store_item_t *item,
                                 const acme_hot_bundle_t *bundles,
                                 const char *name, apr_pool_t *p);

/** For root: writes a copy, readable by the group gid. It is whole at any time.
 *  @param text of acme_bundle_print() */
apr_status_t acme_hot_bundle_put(const acme_hot_bundle_t *bundles,
                                 const char *name, const char *text,
                                 apr_gid_t gid, acme_problem_t *problem,
                                 apr_pool_t *ptemp);

/** For root, at start: removes all copies. */
void acme_hot_bundle_clear(const acme_hot_bundle_t *bundles, apr_pool_t *ptemp);

#endif
