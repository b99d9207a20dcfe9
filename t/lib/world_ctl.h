/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file world_ctl.h
 * @brief A world (world.h) in which acmectl asks for something.
 */
#ifndef WORLD_CTL_H
#define WORLD_CTL_H

#include "acme_ctl_request.h"
#include "world.h"

typedef struct world_ctl_t {
    world_t *w;
    const char *dir; /**< of the requests; removed with the pool */
    acme_ctl_request_dir_t *root;
} world_ctl_t;

world_ctl_t *world_ctl_create(apr_pool_t *p);

/** As world_boot(), with a worker that reads the requests. */
void world_ctl_boot(world_ctl_t *ctl);

/** As world_restart(), with a worker that reads the requests. */
void world_ctl_restart(world_ctl_t *ctl);

/** Makes a world with one site, which serves its first certificate. */
world_ctl_t *world_ctl_served(apr_pool_t *p, const char *name);

/** Asks as acmectl does. Returns the id of the request. */
const char *world_ctl_ask(world_ctl_t *ctl, acme_ctl_request_e what,
                          const char *name, int force, const char *csr,
                          acme_json_t *body);

#endif
