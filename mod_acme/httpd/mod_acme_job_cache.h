/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_job_cache.h
 * @brief The shared memory of the job cache (acme_job_cache.h), which outlives
 *  the generations of a server.
 */
#ifndef MOD_ACME_JOB_CACHE_H
#define MOD_ACME_JOB_CACHE_H

#include "mod_acme_config.h"

/** Sets setup->job_cache in the last post_config of a start, and copies the
 * jobs of sites that the generation before had. setup->job_cache is NULL when
 * no shared memory can be made. */
void mod_acme_job_cache_prepare(acme_setup_t *setup);

#endif
