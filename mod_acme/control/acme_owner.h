/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_owner.h
 * @brief The server instance that a store belongs to: the file `owner`, root's.
 *
 * Two instances on one store would stash each other's certificates. An instance
 * is known by its ServerRoot, its configuration file and its PidFile.
 */
#ifndef ACME_OWNER_H
#define ACME_OWNER_H

#include "acme_problem.h"

/** Name of the file, and its members (JSON). */
#define ACME_OWNER_FILE        "owner"
#define ACME_OWNER_SERVER_ROOT "server-root"
#define ACME_OWNER_CONFIG      "config"
#define ACME_OWNER_PID_FILE    "pid-file"

/** An instance of the server, by absolute paths. */
typedef struct acme_owner_t {
    const char *server_root;
    const char *config;
    const char *pid_file;
} acme_owner_t;

/** Reads the owner. Returns APR_ENOENT, without a problem, when the store has
 *  none yet. */
apr_status_t acme_owner_read(acme_owner_t **owner, const char *dir,
                             acme_problem_t *problem, apr_pool_t *p);

/** Removes the owner: the next server that starts with this store becomes its
 *  owner (`acmectl adopt`). Success also when there is none. */
apr_status_t acme_owner_release(const char *dir, acme_problem_t *problem,
                                apr_pool_t *ptemp);

/** Takes the store when it has no owner, else checks that the owner is `mine`.
 *  @return APR_EACCES, and a problem with the remedy, when it is another one */
apr_status_t acme_owner_claim(const acme_owner_t *mine, const char *dir,
                              acme_problem_t *problem, apr_pool_t *ptemp);

#endif
