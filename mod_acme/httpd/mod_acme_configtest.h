/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_configtest.h
 * @brief Checks the configuration as it is on disk now, while the server runs.
 *
 * A configuration error at a graceful restart ends the server. So before we
 * ask for one, this server's own binary is run with its own arguments and -t,
 * in the background: nobody waits for it. Parent process, main thread only.
 */
#ifndef MOD_ACME_CONFIGTEST_H
#define MOD_ACME_CONFIGTEST_H

#include "mod_acme_config.h"

/** A test that takes longer is ended, and has failed. */
#define ACME_CONFIGTEST_TIMEOUT apr_time_from_sec(60)

typedef enum {
    ACME_CONFIGTEST_IDLE,
    ACME_CONFIGTEST_RUNNING,
    ACME_CONFIGTEST_PASSED,
    ACME_CONFIGTEST_FAILED
} acme_configtest_e;

typedef struct acme_configtest_t acme_configtest_t;

/** @param dir where its output goes for as long as it runs: root's only
 *  @param ended called when a test has ended, from the server's main loop
 *  @param pconf ends a test under way when it is cleared */
acme_configtest_t *mod_acme_configtest_create(server_rec *s, const char *dir,
                                              void (*ended)(void *baton),
                                              void *baton, apr_pool_t *pconf);

/** Starts one; none may be running. On failure it has FAILED at once. */
void mod_acme_configtest_start(acme_configtest_t *test, apr_time_t now);

/** How it went. PASSED and FAILED are told once, then it is IDLE again.
 *  @param words for FAILED: httpd's own, or ours; valid until the next start */
acme_configtest_e mod_acme_configtest_state(acme_configtest_t *test,
                                            const char **words, apr_time_t now);

#endif
