/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_compat.h
 * @brief Who else is in this server, and where it runs: check_config refuses
 * what cannot work beside us.
 */
#ifndef MOD_ACME_COMPAT_H
#define MOD_ACME_COMPAT_H

#include "mod_acme_sites.h"

/** Before the sites are collected; leaves sites->tree. */
void mod_acme_compat_check(acme_sites_t *sites);

/** When the sites are known: who else wants their names. */
void mod_acme_compat_check_sites(acme_sites_t *sites);

/** A path as httpd's children see it: inside of ChrootDir. What is not below
 *  it stands for the same path inside. NULL stays NULL. */
const char *mod_acme_compat_inside(const char *path, apr_pool_t *p);

#endif
