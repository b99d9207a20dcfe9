/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_compat.h
 * @brief Checks for other modules and for surroundings (ChrootDir, core dumps)
 *  that cannot work together with mod_acme; part of check_config.
 */
#ifndef MOD_ACME_COMPAT_H
#define MOD_ACME_COMPAT_H

#include "mod_acme_sites.h"

/** Runs the checks that need no sites, before the sites are collected; sets
 * sites->tree. */
void mod_acme_compat_check(acme_sites_t *sites);

/** Runs the checks that need the sites: finds other modules that want the
 * sites' names. */
void mod_acme_compat_check_sites(acme_sites_t *sites);

/** Returns a path as httpd's children see it, inside ChrootDir. A path that is
 * not below ChrootDir stands for the same path inside. NULL stays NULL. */
const char *mod_acme_compat_inside(const char *path, apr_pool_t *p);

/** Returns the path by which root knows what httpd's children see as `path`. */
const char *mod_acme_compat_outside(const char *path, apr_pool_t *p);

/** Returns ChrootDir, or NULL. */
const char *mod_acme_compat_chroot(void);

#endif
