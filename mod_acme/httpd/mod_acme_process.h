/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_process.h
 * @brief State that outlives a configuration: how this server was started, and
 *  its restarts.
 *
 * It lives in process->pool. It holds no pointer to code or data of the module,
 * because the module is unloaded and loaded again with each configuration.
 */
#ifndef MOD_ACME_PROCESS_H
#define MOD_ACME_PROCESS_H

#include "mod_acme_config.h"

typedef struct acme_process_t {
    const char *program;     /**< path of this server's binary, or NULL */
    acme_file_stamp_t stamp; /**< of the binary, when it was started */
    const char *folder;      /**< where it was started, or NULL */
    /** number of configurations loaded, 1 for the first */
    int generation;
    apr_time_t begun;             /**< when reading the current one began */
    apr_time_t last_restart;      /**< or 0 when it was only started */
    apr_interval_time_t duration; /**< of the last start or restart */
    /** non-zero when we asked for this restart */
    int signalled;
    /** acmectl's stamp as the last start saw it */
    acme_file_stamp_t changed;
    /** number of our own restarts that promoted nothing */
    int fruitless;
    struct acme_memory_t *memory; /**< the job cache (mod_acme_job_cache.c) */
} acme_process_t;

/** Finds the state, or makes it before the server goes into the background. */
acme_process_t *mod_acme_process_get(process_rec *process);

/** Notes that a configuration is about to be read (pre_config). */
void mod_acme_process_begin(process_rec *process);
/** Notes that the configuration is loaded and children come next. Called in the
 * last post_config, because pre_mpm does not run at a graceful restart. */
void mod_acme_process_ready(process_rec *process);

/** Returns the path of the configuration file that this server was started
 * with. */
const char *mod_acme_process_config(process_rec *process, apr_pool_t *p);

/** Returns the arguments that make this server check its configuration, with
 * NULL at the end; or NULL when the path of its binary is not known. */
const char *const *mod_acme_process_test_args(process_rec *process,
                                              apr_pool_t *p);

/** Paths of the loaded modules and the stamps of their files. */
typedef struct acme_modules_t {
    apr_array_header_t *paths;  /**< const char * */
    apr_array_header_t *stamps; /**< acme_file_stamp_t */
} acme_modules_t;

void mod_acme_process_modules_read(acme_modules_t *modules, apr_pool_t *p);

/** Returns the path of the first file that was replaced since it was started or
 * loaded, or NULL. */
const char *mod_acme_process_replaced(process_rec *process,
                                      const acme_modules_t *modules,
                                      apr_pool_t *ptemp);

#endif
