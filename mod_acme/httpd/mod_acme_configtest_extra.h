/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_configtest_extra.h
 * @brief Checks before an automatic restart that httpd's -t does not make.
 *
 * A configuration that somebody is still editing may pass -t and yet end the
 * server: a port that another program uses, or a key for another certificate.
 * An administrator who restarts by hand notices at once; an automatic restart
 * comes when nobody expects it. The test that the activator runs
 * (mod_acme_configtest.h) passes the ports that the server holds in the
 * environment, which turns these checks on.
 */
#ifndef MOD_ACME_CONFIGTEST_EXTRA_H
#define MOD_ACME_CONFIGTEST_EXTRA_H

#include <httpd.h>

/** Returns this process's environment with the variable that turns the extra
 * checks on.
 * @param more another variable, or NULL */
const char *const *mod_acme_configtest_extra_env(const char *more,
                                                 apr_pool_t *p);

/** check_config, after mod_acme_check_config(). Does nothing unless the
 * variable is set and httpd runs with -t. */
int mod_acme_configtest_extra_check(apr_pool_t *pconf, apr_pool_t *plog,
                                    apr_pool_t *ptemp, server_rec *s);

#endif
