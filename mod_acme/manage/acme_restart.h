/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

/**
 * @file acme_restart.h
 * @brief Whether the server is to restart itself now: a pure function.
 *
 * Urgent is what leaves a site without a working certificate: nothing real is
 * served yet, or it is about to expire. Everything else is routine and gathers.
 */
#ifndef ACME_RESTART_H
#define ACME_RESTART_H

#include <apr_time.h>

typedef struct acme_restart_policy_t {
    apr_interval_time_t delay;    /**< after the first that is ready */
    apr_interval_time_t interval; /**< least time between two restarts */
    apr_interval_time_t gather;   /**< longest that routine ones wait */
} acme_restart_policy_t;

typedef struct acme_restart_facts_t {
    int urgent;              /**< sites with something urgent staged */
    int routine;             /**< sites with something else staged */
    apr_time_t first_ready;  /**< when the first of them was seen, or 0 */
    apr_time_t last_restart; /**< of any restart, by anybody */
    apr_interval_time_t last_duration; /**< of the last restart, or 0 */
    int fruitless; /**< our restarts in a row that promoted nothing */
    int draining;  /**< old generations with requests in flight */
} acme_restart_facts_t;

/** Restarts are at least this many times their own duration apart. */
#define ACME_RESTART_DUTY 20

/** When to restart, now or in the past: at once; 0: nothing to restart for;
 *  ACME_RESTART_WAIT: not while old generations drain. */
apr_time_t acme_restart_at(const acme_restart_policy_t *policy,
                           const acme_restart_facts_t *facts);

#define ACME_RESTART_WAIT APR_INT64_MAX

#endif
