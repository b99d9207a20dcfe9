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

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_json.h"

#define MAX_FILE (64 * 1024)

#define TO_FIX                                                  \
    "give each server a folder of its own in ACMEStoreDir; if " \
    "this one has taken the other's place, run 'acmectl adopt'"

static const char *const members[] = {"config", "server-root", "pid-file"};

static acme_json_t *describe(const acme_owner_t *owner, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "config", owner->config);
    acme_json_set_str(json, "server-root", owner->server_root);
    acme_json_set_str(json, "pid-file", owner->pid_file);
    return json;
}

static const char *member(const acme_json_t *json, const char *name)
{
    const char *value = "";

    (void)acme_json_get_str(&value, json, name);
    return value;
}

static apr_status_t refuse(const acme_json_t *theirs, const char *path,
                           acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;

    rv = acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE, p,
        "%s: the store belongs to the server with the "
        "configuration %s, ServerRoot %s and PidFile %s",
        path, member(theirs, members[0]), member(theirs, members[1]),
        member(theirs, members[2]));
    if (problem) {
        problem->to_fix = TO_FIX;
    }
    return rv;
}

static apr_status_t compare(const char *data, apr_size_t len,
                            const acme_json_t *mine, const char *path,
                            acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *theirs;
    const char *why = "it is no JSON object";
    apr_size_t i;

    if (acme_json_parse(&theirs, data, len, &why, p)
        || !acme_json_is_object(theirs)) {
        (void)acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG,
                               ACME_PROBLEM_STORE, p,
                               "%s, which says whose the store is, is "
                               "damaged: %s",
                               path, why);
        if (problem) {
            problem->to_fix = TO_FIX;
        }
        return APR_EACCES;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(member(mine, members[i]), member(theirs, members[i]))) {
            return refuse(theirs, path, problem, p);
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_owner_claim(const acme_owner_t *mine, const char *dir,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = apr_pstrcat(ptemp, dir, "/" ACME_OWNER_FILE, NULL);
    const acme_json_t *json = describe(mine, ptemp);
    const char *text;
    char *data;
    apr_size_t len;
    apr_status_t rv = acme_file_read(&data, &len, path, MAX_FILE, ptemp);

    if (rv == APR_SUCCESS) {
        return compare(data, len, json, path, problem, ptemp);
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        text = apr_pstrcat(ptemp, acme_json_print(json, 1, ptemp), "\n", NULL);
        rv = acme_file_write(path, text, strlen(text),
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                             ptemp);
    }
    if (rv != APR_SUCCESS) {
        (void)acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                               ACME_PROBLEM_STORE, ptemp,
                               "%s cannot be read or written: %pm", path, &rv);
    }
    return rv;
}
