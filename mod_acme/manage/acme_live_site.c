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

#include "acme_live_site.h"

#include <errno.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_generation.h"

/** An encoded name is much shorter. */
#define LINK_MAX_LEN 1024

#define MODE_DIR APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE

void acme_live_site_find(acme_live_site_t *site, const struct acme_live_t *live,
                         const char *name, apr_pool_t *p)
{
    const char *encoded = acme_file_encode(name, p);

    site->name = name;
    site->link = apr_pstrcat(p, live->live, "/", encoded, NULL);
    site->archive = apr_pstrcat(p, live->archive, "/", encoded, NULL);
    site->target = apr_pstrcat(p, "../archive/", encoded, "/", NULL);
}

apr_status_t acme_live_site_pointed(int *number, const acme_live_site_t *site)
{
    apr_size_t len = strlen(site->target);
    char buffer[LINK_MAX_LEN];
    ssize_t got = readlink(site->link, buffer, sizeof(buffer) - 1);

    if (got < 0) {
        return errno;
    }
    buffer[got] = '\0';
    if (strncmp(buffer, site->target, len) != 0) {
        return APR_EINVAL;
    }
    *number = acme_generation_number(buffer + len);
    return *number > 0 ? APR_SUCCESS : APR_EINVAL;
}

apr_status_t acme_live_site_mkdir(const char *path, acme_problem_t *problem,
                                  apr_pool_t *p)
{
    apr_status_t rv = acme_file_mkdir(path, MODE_DIR, p);
    struct stat st;

    if (rv == APR_SUCCESS && lstat(path, &st)) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p,
                                "folder %s could not be made: %pm", path, &rv);
    }
    /* What somebody else may change is not to be trusted with keys. */
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        return acme_problem_set(
            problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE, p,
            "folder %s belongs to another user or may be written by others: "
            "it must belong to the user who starts httpd (%ld), mode 0700",
            path, (long)geteuid());
    }
    return APR_SUCCESS;
}

static apr_status_t not_trusted(acme_problem_t *problem,
                                const acme_live_site_t *site, const char *path,
                                apr_pool_t *p)
{
    return acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE, p,
        "%s: %s is not ours, or may be written by others", site->name, path);
}

apr_status_t acme_live_site_trusted(const struct acme_live_t *live,
                                    const acme_live_site_t *site, int number,
                                    acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *dir = apr_psprintf(ptemp, "%s/%d", site->archive, number);
    const char *paths[6];
    struct stat st;
    int i;

    paths[0] = live->live;
    paths[1] = live->archive;
    paths[2] = site->archive;
    paths[3] = dir;
    paths[4] = apr_pstrcat(ptemp, dir, "/" ACME_LIVE_KEY, NULL);
    paths[5] = apr_pstrcat(ptemp, dir, "/" ACME_LIVE_FULL, NULL);
    for (i = 0; i < 6; i++) {
        if (lstat(paths[i], &st) || st.st_uid != geteuid()
            || (st.st_mode & (S_IWGRP | S_IWOTH))
            || !(i < 4 ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))) {
            return not_trusted(problem, site, paths[i], ptemp);
        }
    }
    return APR_SUCCESS;
}
