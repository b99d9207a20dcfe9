/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_owner.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_json.h"

static const char *path_of(const char *dir, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, "/" ACME_OWNER_FILE, NULL);
}

static void set_to_fix(acme_problem_t *problem, const char *dir, apr_pool_t *p)
{
    if (problem) {
        problem->to_fix =
            apr_psprintf(p,
                         "give each server a folder of its own in "
                         "ACMEStoreDir; if this one has taken the other's "
                         "place, run 'acmectl adopt --store %s'",
                         dir);
    }
}

static apr_status_t failed(acme_problem_t *problem, const char *path,
                           const char *what, apr_status_t rv, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "%s, which says whose store this is, cannot be "
                            "%s: %pm",
                            path, what, &rv);
}

static apr_status_t damaged(acme_problem_t *problem, const char *dir,
                            const char *why, apr_pool_t *p)
{
    acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE,
                     p, "%s, which says whose store this is, is damaged: %s",
                     path_of(dir, p), why);
    set_to_fix(problem, dir, p);
    return APR_EINVAL;
}

/* Describes an owner in JSON. Paths are compared as JSON stores them, because a
 * path may not be valid UTF-8. */
static acme_json_t *describe(const acme_owner_t *owner, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, ACME_OWNER_CONFIG, owner->config);
    acme_json_set_str(json, ACME_OWNER_SERVER_ROOT, owner->server_root);
    acme_json_set_str(json, ACME_OWNER_PID_FILE, owner->pid_file);
    return json;
}

static apr_status_t parse(acme_owner_t *owner, const acme_json_t *json)
{
    apr_status_t rv;

    rv = acme_json_get_str(&owner->config, json, ACME_OWNER_CONFIG);
    if (rv == APR_SUCCESS) {
        rv = acme_json_get_str(&owner->server_root, json,
                               ACME_OWNER_SERVER_ROOT);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_json_get_str(&owner->pid_file, json, ACME_OWNER_PID_FILE);
    }
    return rv;
}

apr_status_t acme_owner_read(acme_owner_t **owner, const char *dir,
                             acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = path_of(dir, p);
    acme_owner_t *found = apr_pcalloc(p, sizeof(*found));
    const char *why = "it is no JSON object";
    acme_json_t *json;
    char *data;
    apr_size_t len;
    apr_status_t rv = acme_file_read(&data, &len, path, ACME_FILE_MAX, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return failed(problem, path, "read", rv, p);
    }
    if (acme_json_parse(&json, data, len, &why, p) != APR_SUCCESS
        || !acme_json_is_object(json)) {
        return damaged(problem, dir, why, p);
    }
    if (parse(found, json) != APR_SUCCESS) {
        return damaged(problem, dir, "something is missing", p);
    }
    *owner = found;
    return APR_SUCCESS;
}

static apr_status_t write_owner(const char *dir, const acme_owner_t *owner,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(dir, ptemp);
    const char *text = apr_pstrcat(
        ptemp, acme_json_print(describe(owner, ptemp), 1, ptemp), "\n", NULL);
    apr_status_t rv;

    rv = acme_file_write(path, text, strlen(text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                         ptemp);
    return rv == APR_SUCCESS ? rv : failed(problem, path, "written", rv, ptemp);
}

apr_status_t acme_owner_release(const char *dir, acme_problem_t *problem,
                                apr_pool_t *ptemp)
{
    const char *path = path_of(dir, ptemp);
    apr_status_t rv = apr_file_remove(path, ptemp);

    if (rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    return failed(problem, path, "removed", rv, ptemp);
}

apr_status_t acme_owner_claim(const acme_owner_t *mine, const char *dir,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_owner_t *owner;
    acme_owner_t us = {"", "", ""};
    apr_status_t rv = acme_owner_read(&owner, dir, problem, ptemp);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return write_owner(dir, mine, problem, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    (void)parse(&us, describe(mine, ptemp));
    if (strcmp(owner->config, us.config) == 0
        && strcmp(owner->pid_file, us.pid_file) == 0
        && strcmp(owner->server_root, us.server_root) == 0) {
        return APR_SUCCESS;
    }
    acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE,
                     ptemp,
                     "%s: the store belongs to the server with the "
                     "configuration %s, ServerRoot %s and PidFile %s, and this "
                     "one has %s, %s and %s",
                     path_of(dir, ptemp), owner->config, owner->server_root,
                     owner->pid_file, us.config, us.server_root, us.pid_file);
    set_to_fix(problem, dir, ptemp);
    return APR_EACCES;
}
