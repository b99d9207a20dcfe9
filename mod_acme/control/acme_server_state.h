/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_server_state.h
 * @brief The state of the server as its parent leaves it for acmectl:
 * desired/server.json of the store.
 *
 * Only root writes and reads it. It is written at each start, and by the
 * activator when something in it has changed. What only a child knows is not in
 * it.
 */
#ifndef ACME_SERVER_STATE_H
#define ACME_SERVER_STATE_H

#include <apr_user.h>

#include "acme_problem.h"

typedef struct acme_server_state_t {
    apr_int64_t pid;       /**< of the parent */
    apr_time_t loaded;     /**< when it read its configuration last */
    apr_int64_t user;      /**< whom the worker runs as */
    const char *unusable;  /**< why the store cannot be used, or NULL */
    const char *to_fix;    /**< the command that mends it, or NULL */
    int manual;            /**< ACMEActivation manual */
    int pending;           /**< certificates that wait for a restart */
    const char *blocked;   /**< why no restart is made, or NULL */
    apr_time_t blocked_at; /**< since when, or 0 */
    apr_time_t next;       /**< when the next restart is wanted, or 0 */
} acme_server_state_t;

/** Writes the file. For root. */
apr_status_t acme_server_state_write(const char *dir,
                                     const acme_server_state_t *state,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** Reads the file. Returns APR_ENOENT, without a problem, where there is none;
 *  one that is damaged is none. */
apr_status_t acme_server_state_read(acme_server_state_t **state,
                                    const char *dir, apr_pool_t *p);

/** Returns non-zero while the process that wrote the state exists. */
int acme_server_state_is_running(const acme_server_state_t *state);

#endif
