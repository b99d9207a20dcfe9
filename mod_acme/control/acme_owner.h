/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_owner.h
 * @brief Which server instance a store belongs to: root's file `owner`.
 *
 * Two instances on one store would stash each other's certificates. An
 * instance is known by its ServerRoot, its configuration file and its PidFile.
 */
#ifndef ACME_OWNER_H
#define ACME_OWNER_H

#include "acme_problem.h"

/** The file, and its members (JSON). */
#define ACME_OWNER_FILE        "owner"
#define ACME_OWNER_SERVER_ROOT "server-root"
#define ACME_OWNER_CONFIG      "config"
#define ACME_OWNER_PID_FILE    "pid-file"

/** Absolute paths. */
typedef struct acme_owner_t {
    const char *server_root;
    const char *config;
    const char *pid_file;
} acme_owner_t;

/** APR_ENOENT: nobody's yet. Another failure: it cannot be read. */
apr_status_t acme_owner_read(acme_owner_t **owner, const char *dir,
                             acme_problem_t *problem, apr_pool_t *p);

/** Forgets the owner: who starts next with this store gets it (`acmectl
 *  adopt`). Success also when it was nobody's. */
apr_status_t acme_owner_release(const char *dir, acme_problem_t *problem,
                                apr_pool_t *ptemp);

/**
 * Takes the store, or makes sure that it is ours.
 * @return APR_EACCES, and a problem with the remedy, when it is another's
 */
apr_status_t acme_owner_claim(const acme_owner_t *mine, const char *dir,
                              acme_problem_t *problem, apr_pool_t *ptemp);

#endif
