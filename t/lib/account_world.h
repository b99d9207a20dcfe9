/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file account_world.h
 * @brief An account at the CA of a world (world.h), without an engine:
 * the setup of the tests of mod_acme/account/.
 */
#ifndef ACCOUNT_WORLD_H
#define ACCOUNT_WORLD_H

#include "acme_t.h"
#include "world.h"

/** accountDoesNotExist, as an order gets it. */
extern const acme_problem_t account_unknown;

/** unauthorized, as an order gets it. */
extern const acme_problem_t account_refused;

/** Boots the world. Returns the context of a worker without sites. */
acme_worker_ctx_t *account_ctx(world_t *w);

/** Asks the account if it is ready, lets all requests end, and asks again.
 *  Returns what acme_ca_account_ready() does. */
apr_status_t account_settle(acme_ca_account_t *account, world_t *w,
                            const acme_problem_t **problem);

/** Makes the account anew, as after a restart, and settles it. */
apr_status_t account_restart(acme_ca_account_t **account,
                             acme_worker_ctx_t *ctx, world_t *w,
                             const acme_problem_t **problem);

/** Makes the account anew and expects it to be ready. */
acme_ca_account_t *account_open(world_t *w, acme_worker_ctx_t *ctx);

/** Outcome of the last change. */
typedef struct account_heard_t {
    int times;
    apr_status_t rv;
    const char *url;
    const char *detail;
} account_heard_t;

/** The acme_ca_account_done_fn of a change.
 *  @param baton account_heard_t */
void account_hear(void *baton, apr_status_t rv, const char *url,
                  const acme_problem_t *problem);

/** Changes the account, and expects that to end once. */
void account_change(world_t *w, acme_ca_account_t *account,
                    acme_ca_account_change_e change, account_heard_t *heard);

#endif
