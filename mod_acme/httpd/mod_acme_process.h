/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_process.h
 * @brief What outlives a configuration: how this server was started, and its
 * restarts.
 *
 * Lives in process->pool. It holds no pointer to code or data of the module,
 * which is unloaded and loaded again with each configuration.
 */
#ifndef MOD_ACME_PROCESS_H
#define MOD_ACME_PROCESS_H

#include "mod_acme_config.h"

typedef struct acme_process_t {
    const char *program;          /**< path of this server's binary, or NULL */
    acme_file_stamp_t stamp;      /**< of the binary, when it was started */
    const char *folder;           /**< where it was started, or NULL */
    int generation;               /**< configurations loaded, 1: the first */
    apr_time_t begun;             /**< when this one began to be read */
    apr_time_t last_restart;      /**< or 0: it was only started */
    apr_interval_time_t duration; /**< of the last start or restart */
    int signalled;                /**< the restart under way is our own */
    acme_file_stamp_t changed;    /**< acmectl's, as the last start saw it */
    int fruitless;                /**< our own restarts that promoted nothing */
    struct acme_memory_t *memory; /**< of quiet jobs (mod_acme_job_cache.c) */
} acme_process_t;

/** Finds it, or makes it: before the server goes into the background. */
acme_process_t *mod_acme_process_get(process_rec *process);

/** A configuration is about to be read (pre_config). */
void mod_acme_process_begin(process_rec *process);
/** It is loaded; children come next (the last post_config: pre_mpm is not run
 *  at a graceful restart). */
void mod_acme_process_ready(process_rec *process);

/** Path of the configuration file that this server was started with. */
const char *mod_acme_process_config(process_rec *process, apr_pool_t *p);

/** The arguments that make this server check its configuration, NULL at the
 *  end; NULL when its binary is not known. */
const char *const *mod_acme_process_test_args(process_rec *process,
                                              apr_pool_t *p);

/** Paths of the loaded modules, and their stamps, as they are now. */
typedef struct acme_modules_t {
    apr_array_header_t *paths;  /**< const char * */
    apr_array_header_t *stamps; /**< acme_file_stamp_t */
} acme_modules_t;

void mod_acme_process_modules_read(acme_modules_t *modules, apr_pool_t *p);

/** The first file that is not what was started or loaded; NULL: none. */
const char *mod_acme_process_replaced(process_rec *process,
                                      const acme_modules_t *modules,
                                      apr_pool_t *ptemp);

#endif
