/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file world_limits.h
 * @brief A world (world.h) whose CA has Let's Encrypt's limits: it counts for
 * itself, by tokens that come back steadily, and refuses what is too much.
 */
#ifndef WORLD_LIMITS_H
#define WORLD_LIMITS_H

#include <apr_hash.h>

#include "world.h"

typedef struct world_limits_t {
    world_t *w;
    apr_hash_t *buckets; /**< limit and owner -> bucket */
    int refused;
    const char *why;            /**< limit and owner of the last refusal */
    int renewals;               /**< orders of sites with a certificate */
    int exempt;                 /**< renewals that say what they replace */
    apr_interval_time_t latest; /**< longest delay of a renewal */
} world_limits_t;

/** Makes the world's CA keep its limits from now on. */
world_limits_t *world_limits_create(world_t *w);

void world_limits_assert_none_refused(const world_limits_t *limits);

#endif
