/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_configtest_extra.h
 * @brief Before our own restart more is looked at than -t looks at.
 *
 * A configuration that somebody is still working on may pass -t and yet end
 * the server: a port that another program has, a key for another certificate.
 * By hand that is found out at once by whoever does it; our restart comes when
 * nobody expects it. The test that the activator runs (mod_acme_configtest.h)
 * tells by its environment what it is, and which ports the server holds.
 */
#ifndef MOD_ACME_CONFIGTEST_EXTRA_H
#define MOD_ACME_CONFIGTEST_EXTRA_H

#include <httpd.h>

/** This process' environment, and what makes a -t a dry run. */
const char *const *mod_acme_configtest_extra_env(apr_pool_t *p);

/** check_config, after ours: does nothing in all other runs. */
int mod_acme_configtest_extra_check(apr_pool_t *pconf, apr_pool_t *plog,
                                    apr_pool_t *ptemp, server_rec *s);

#endif
