/* SPDX-License-Identifier: Apache-2.0 */

/* _GNU_SOURCE for dladdr(), because it is not in POSIX before 2024. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "mod_acme_process.h"

#include <http_config.h>
#include <http_main.h>

#include <dlfcn.h>
#include <unistd.h>

#include <apr_getopt.h>
#include <apr_strings.h>

/* The number changes with the structure, because a module that is upgraded
 * under a running server must not use the old structure. */
#define USERDATA_KEY "mod_acme-process-3"

/* Finds the binary of the running process. When the system does not tell, uses
 * argv[0] if it is a path. */
static const char *find_program(process_rec *process, const char *folder)
{
    char path[APR_PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *merged;

    if (len > 0) {
        return apr_pstrmemdup(process->pool, path, (apr_size_t)len);
    }
    if (strchr(process->argv[0], '/') && folder
        && !apr_filepath_merge(&merged, folder, process->argv[0],
                               APR_FILEPATH_TRUENAME, process->pool)) {
        return merged;
    }
    return NULL;
}

acme_process_t *mod_acme_process_get(process_rec *process)
{
    void *data = NULL;
    acme_process_t *state;
    char *folder;

    apr_pool_userdata_get(&data, USERDATA_KEY, process->pool);
    if (data) {
        return data;
    }
    state = apr_pcalloc(process->pool, sizeof(*state));
    if (!apr_filepath_get(&folder, APR_FILEPATH_NATIVE, process->pool)) {
        state->folder = folder;
    }
    state->program = find_program(process, state->folder);
    if (state->program) {
        acme_file_stamp_read(&state->stamp, state->program,
                             ACME_FILE_STAMP_FOLLOW, process->pool);
    }
    /* The key is copied, and the cleanup is APR's own. */
    apr_pool_userdata_set(state, USERDATA_KEY, apr_pool_cleanup_null,
                          process->pool);
    return state;
}

void mod_acme_process_begin(process_rec *process)
{
    mod_acme_process_get(process)->begun = apr_time_now();
}

void mod_acme_process_ready(process_rec *process)
{
    acme_process_t *state = mod_acme_process_get(process);

    state->generation++;
    state->duration = apr_time_now() - state->begun;
    if (state->generation > 1) {
        state->last_restart = apr_time_now();
    }
}

const char *mod_acme_process_config(process_rec *process, apr_pool_t *p)
{
    const char *file = SERVER_CONFIG_FILE;
    apr_getopt_t *options;
    const char *arg;
    char option;

    /* Parse the options as httpd does. httpd has refused unknown ones. */
    if (!apr_getopt_init(&options, p, process->argc, process->argv)) {
        options->errfn = NULL;
        while (!apr_getopt(options, AP_SERVER_BASEARGS, &option, &arg)) {
            if (option == 'f') {
                file = arg;
            }
        }
    }
    return ap_server_root_relative(p, file);
}

const char *const *mod_acme_process_test_args(process_rec *process,
                                              apr_pool_t *p)
{
    const acme_process_t *state = mod_acme_process_get(process);
    apr_array_header_t *args =
        apr_array_make(p, process->argc + 2, sizeof(const char *));
    int i;

    if (!state->program) {
        return NULL;
    }
    for (i = 0; i < process->argc; i++) {
        const char *arg = process->argv[i];

        if (i && !strcmp(arg, "-k")) {
            i++;
        }
        else if (!i || (strncmp(arg, "-k", 2) != 0 && strcmp(arg, "-X"))) {
            APR_ARRAY_PUSH(args, const char *) = arg;
        }
    }
    APR_ARRAY_PUSH(args, const char *) = "-t";
    APR_ARRAY_PUSH(args, const char *) = NULL;
    return (const char *const *)args->elts;
}

void mod_acme_process_modules_read(acme_modules_t *modules, apr_pool_t *p)
{
    const module *m;
    const char *last = "";

    modules->paths = apr_array_make(p, 64, sizeof(const char *));
    modules->stamps = apr_array_make(p, 64, sizeof(acme_file_stamp_t));
    for (m = ap_top_module; m; m = m->next) {
        Dl_info info;

        if (!m->dynamic_load_handle || !dladdr((const void *)m, &info)
            || !info.dli_fname || !strcmp(info.dli_fname, last)) {
            continue;
        }
        last = apr_pstrdup(p, info.dli_fname);
        APR_ARRAY_PUSH(modules->paths, const char *) = last;
        acme_file_stamp_read(apr_array_push(modules->stamps), last,
                             ACME_FILE_STAMP_FOLLOW, p);
    }
}

const char *mod_acme_process_replaced(process_rec *process,
                                      const acme_modules_t *modules,
                                      apr_pool_t *ptemp)
{
    const acme_process_t *state = mod_acme_process_get(process);
    acme_file_stamp_t now;
    int i;

    if (state->program) {
        acme_file_stamp_read(&now, state->program, ACME_FILE_STAMP_FOLLOW,
                             ptemp);
        if (!acme_file_stamp_same(&now, &state->stamp)) {
            return state->program;
        }
    }
    for (i = 0; i < modules->paths->nelts; i++) {
        const char *path = APR_ARRAY_IDX(modules->paths, i, const char *);

        acme_file_stamp_read(&now, path, ACME_FILE_STAMP_FOLLOW, ptemp);
        if (!acme_file_stamp_same(
                &now, &APR_ARRAY_IDX(modules->stamps, i, acme_file_stamp_t))) {
            return path;
        }
    }
    return NULL;
}
