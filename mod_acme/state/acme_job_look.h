/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_job_look.h
 * @brief The result of a site's last preflight, as a part of its job.
 */
#ifndef ACME_JOB_LOOK_H
#define ACME_JOB_LOOK_H

#include <apr_time.h>

#include "acme_json.h"

typedef struct acme_job_look_t {
    apr_time_t when;
    const char *digest; /**< the same as long as the same faults are found */
    const char *text;   /**< faults, in a line for people; NULL: none */
    const char *to_fix; /**< remedy of the first fault, or NULL */
    const acme_json_t *faults; /**< array, as preflight prints them */
    int forbids;     /**< non-zero: the CA cannot validate the names */
    int refuted;     /**< non-zero: the CA has validated the names although
                          these faults were found */
    apr_time_t held; /**< since when the order is held back for them; 0: it is
                          not */
} acme_job_look_t;

/** Returns a copy in p. */
acme_job_look_t *acme_job_look_dup(const acme_job_look_t *look, apr_pool_t *p);

/** Returns the look as JSON, which lives as long as its faults. */
acme_json_t *acme_job_look_to_json(const acme_job_look_t *look, apr_pool_t *p);

/** Reads what acme_job_look_to_json() has made; returns NULL when it is
 *  damaged. The look points into the JSON. */
acme_job_look_t *acme_job_look_from_json(const acme_json_t *json,
                                         apr_pool_t *p);

#endif
