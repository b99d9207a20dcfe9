/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_configtest.h
 * @brief Checks the configuration files on disk while the server runs.
 *
 * A configuration error at a graceful restart ends the server. So before the
 * module asks for a restart it runs the server's own binary with the server's
 * arguments and -t, in the background: nothing waits for it. Use from the
 * parent process's main thread only.
 */
#ifndef MOD_ACME_CONFIGTEST_H
#define MOD_ACME_CONFIGTEST_H

#include "mod_acme_config.h"

/** A test that takes longer is killed and counts as failed. */
#define ACME_CONFIGTEST_TIMEOUT apr_time_from_sec(60)

typedef enum {
    ACME_CONFIGTEST_IDLE,
    ACME_CONFIGTEST_RUNNING,
    ACME_CONFIGTEST_PASSED,
    ACME_CONFIGTEST_FAILED
} acme_configtest_e;

typedef struct acme_configtest_t acme_configtest_t;

/** Makes a test.
 * @param dir folder of the test's output while it runs; only root may read it
 * @param ended called from the server's main loop when a test has ended
 * @param pconf kills a running test when it is cleared */
acme_configtest_t *mod_acme_configtest_create(server_rec *s, const char *dir,
                                              void (*ended)(void *baton),
                                              void *baton, apr_pool_t *pconf);

/** Adds a variable to the environment of the test.
 *  @param variable NAME=VALUE, lives as long as the test */
void mod_acme_configtest_set(acme_configtest_t *test, const char *variable);

/** Starts a test; none may be running. A test that cannot start is FAILED at
 * once. */
void mod_acme_configtest_start(acme_configtest_t *test, apr_time_t now);

/** Returns the state of the test. PASSED and FAILED are returned once, then the
 * test is IDLE again.
 * @param words for FAILED: the error message; valid until the next start */
acme_configtest_e mod_acme_configtest_state(acme_configtest_t *test,
                                            const char **words, apr_time_t now);

#endif
