/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_job_cache.h
 * @brief The shared memory of quiet jobs (acme_job_cache.h), which outlives the
 * generations of a server.
 */
#ifndef MOD_ACME_JOB_CACHE_H
#define MOD_ACME_JOB_CACHE_H

#include "mod_acme_config.h"

/** In the last post_config of a start: setup->quiet, with what the generation
 *  before knew of the sites that are still there. NULL where there is no
 *  memory to share. */
void mod_acme_job_cache_prepare(acme_setup_t *setup);

#endif
