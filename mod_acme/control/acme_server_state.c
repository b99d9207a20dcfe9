/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_server_state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_format.h"
#include "acme_json.h"

#define FOLDER    "/desired"
#define FILE_NAME "/server.json"

/* Format number of the file. */
#define FORMAT 1

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "%s cannot be written: %pm",
                            path, &rv);
}

apr_status_t acme_server_state_write(const char *dir,
                                     const acme_server_state_t *state,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    const char *path = apr_pstrcat(ptemp, folder, FILE_NAME, NULL);
    acme_json_t *json = acme_json_object(ptemp);
    const char *text;
    apr_status_t rv;

    acme_format_set(json, FORMAT);
    acme_json_set_int(json, "pid", state->pid);
    acme_json_set_time(json, "loaded", state->loaded);
    acme_json_set_int(json, "user", state->user);
    acme_json_set_str(json, "unusable", state->unusable);
    acme_json_set_str(json, "to-fix", state->to_fix);
    acme_json_set_bool(json, "manual", state->manual);
    acme_json_set_int(json, "pending", state->pending);
    acme_json_set_str(json, "blocked", state->blocked);
    acme_json_set_time(json, "blocked-at", state->blocked_at);
    acme_json_set_time(json, "next", state->next);
    text = acme_json_print(json, 1, ptemp);
    rv = acme_file_mkdir(folder,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                             | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                         ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_file_write(path, text, strlen(text),
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_LAZY,
                             ptemp);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, rv, path, ptemp);
}

apr_status_t acme_server_state_read(acme_server_state_t **state,
                                    const char *dir, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, FOLDER FILE_NAME, NULL);
    acme_server_state_t *read = apr_pcalloc(p, sizeof(*read));
    apr_int64_t pending = 0;
    acme_json_t *json;
    apr_size_t len;
    char *text;

    read->user = -1;
    if (acme_file_read(&text, &len, path, ACME_FILE_MAX, p) != APR_SUCCESS
        || acme_json_parse(&json, text, len, NULL, p) != APR_SUCCESS
        || acme_format_check(json, FORMAT, "the server's state", NULL, p)
               != APR_SUCCESS
        || acme_json_get_int(&read->pid, json, "pid") != APR_SUCCESS
        || read->pid <= 0) {
        return APR_ENOENT;
    }
    (void)acme_json_get_time(&read->loaded, json, "loaded");
    (void)acme_json_get_int(&read->user, json, "user");
    (void)acme_json_get_str(&read->unusable, json, "unusable");
    (void)acme_json_get_str(&read->to_fix, json, "to-fix");
    (void)acme_json_get_bool(&read->manual, json, "manual");
    (void)acme_json_get_int(&pending, json, "pending");
    (void)acme_json_get_str(&read->blocked, json, "blocked");
    (void)acme_json_get_time(&read->blocked_at, json, "blocked-at");
    (void)acme_json_get_time(&read->next, json, "next");
    read->pending = (int)pending;
    *state = read;
    return APR_SUCCESS;
}

int acme_server_state_is_running(const acme_server_state_t *state)
{
    return kill((pid_t)state->pid, 0) == 0 || errno == EPERM;
}
