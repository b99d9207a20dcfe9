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

#include "acme_owner.h"

#include <stdio.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"

static const char *path_of(const char *dir, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, "/" ACME_OWNER_FILE, NULL);
}

static apr_status_t failed(acme_problem_t *problem, const char *path,
                           const char *why, apr_status_t rv, apr_pool_t *p)
{
    acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
                     "%s, which says whose store this is, %s", path, why);
    if (problem) {
        problem->to_fix = "run 'acmectl adopt' with this store, then restart "
                          "the server that it belongs to";
    }
    return rv;
}

apr_status_t acme_owner_read(acme_owner_t **owner, const char *dir,
                             acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = path_of(dir, p);
    acme_owner_t *found = apr_pcalloc(p, sizeof(*found));
    acme_json_t *json;
    char *data;
    apr_size_t len;
    apr_status_t rv = acme_file_read(&data, &len, path, ACME_FILE_MAX, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return failed(problem, path,
                      apr_psprintf(p, "cannot be read: %pm", &rv), rv, p);
    }
    rv = acme_json_parse(&json, data, len, NULL, p);
    if (rv != APR_SUCCESS || !acme_json_is_object(json)
        || acme_json_get_str(&found->config, json, ACME_OWNER_CONFIG)
        || acme_json_get_str(&found->pid_file, json, ACME_OWNER_PID_FILE)) {
        return failed(problem, path, "is damaged", APR_EINVAL, p);
    }
    acme_json_get_str(&found->server_root, json, ACME_OWNER_SERVER_ROOT);
    *owner = found;
    return APR_SUCCESS;
}

apr_status_t acme_owner_write(const char *dir, const acme_owner_t *owner,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(dir, ptemp);
    acme_json_t *json = acme_json_object(ptemp);
    const char *text;
    apr_status_t rv;

    acme_json_set_str(json, ACME_OWNER_SERVER_ROOT, owner->server_root);
    acme_json_set_str(json, ACME_OWNER_CONFIG, owner->config);
    acme_json_set_str(json, ACME_OWNER_PID_FILE, owner->pid_file);
    text = acme_json_print(json, 1, ptemp);
    rv = acme_file_write(path, text, strlen(text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                         ptemp);
    return rv == APR_SUCCESS
               ? rv
               : failed(problem, path,
                        apr_psprintf(ptemp, "cannot be written: %pm", &rv), rv,
                        ptemp);
}

apr_status_t acme_owner_release(const char *dir, acme_problem_t *problem,
                                apr_pool_t *ptemp)
{
    const char *path = path_of(dir, ptemp);
    apr_status_t rv = apr_file_remove(path, ptemp);

    if (rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    return failed(problem, path,
                  apr_psprintf(ptemp, "cannot be removed: %pm", &rv), rv,
                  ptemp);
}

static int same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

apr_status_t acme_owner_claim(const acme_owner_t *mine, const char *dir,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_owner_t *owner;
    apr_status_t rv = acme_owner_read(&owner, dir, problem, ptemp);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return acme_owner_write(dir, mine, problem, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (same(owner->config, mine->config)
        && same(owner->pid_file, mine->pid_file)
        && same(owner->server_root, mine->server_root)) {
        return APR_SUCCESS;
    }
    acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE, ptemp,
        "the store %s belongs to the server with the "
        "configuration %s, ServerRoot %s and PidFile %s, and this "
        "one has %s, %s and %s; give each server a folder of its "
        "own in ACMEStoreDir, or, if this one takes the other's "
        "place, run 'acmectl --store %s adopt'",
        dir, owner->config, owner->server_root ? owner->server_root : "unknown",
        owner->pid_file, mine->config, mine->server_root, mine->pid_file, dir);
    if (problem) {
        problem->to_fix = "name another ACMEStoreDir, or run 'acmectl adopt'";
    }
    return APR_EACCES;
}
