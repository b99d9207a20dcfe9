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

#include "acme_placeholder.h"

#include <stdlib.h>
#include <string.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_file.h"
#include "acme_time.h"

/* Longer than anybody waits for a first certificate. */
#define LIFE (90 * ACME_TIME_DAY)

/** Nobody can own it (RFC 6761 6.4). */
#define NOBODY "placeholder.mod-acme.invalid"

struct acme_placeholder_t {
    const char *dir;
    const char *key_path;
    acme_key_t *key;
    apr_time_t now;
};

static apr_status_t remove_dir(void *data)
{
    const acme_placeholder_t *placeholder = data;
    apr_pool_t *ptemp;

    if (apr_pool_create(&ptemp, NULL) == APR_SUCCESS) {
        acme_file_remove_tree(placeholder->dir, ptemp);
        apr_pool_destroy(ptemp);
    }
    return APR_SUCCESS;
}

static apr_status_t write_file(const char *path, const char *data,
                               acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv =
        acme_file_write(path, data, strlen(data),
                        APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_LAZY, p);

    if (rv != APR_SUCCESS) {
        acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE,
                         p,
                         "placeholder certificate: %s could not be written: "
                         "%pm",
                         path, &rv);
    }
    return rv;
}

apr_status_t acme_placeholder_create(acme_placeholder_t **placeholder,
                                     const char *dir, apr_time_t now,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_placeholder_t *made = apr_pcalloc(p, sizeof(*made));
    char *path = apr_pstrcat(p, dir, "/placeholder.XXXXXX", NULL);
    const char *pem;
    apr_status_t rv;

    if (!mkdtemp(path)) {
        rv = apr_get_os_error();
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p,
                                "placeholder certificate: no folder can be "
                                "made in %s: %pm",
                                dir, &rv);
    }
    made->dir = path;
    made->now = now;
    made->key_path = apr_pstrcat(p, path, "/privkey.pem", NULL);
    apr_pool_cleanup_register(p, made, remove_dir, apr_pool_cleanup_null);
    rv = acme_key_generate(&made->key, &spec, NULL, NULL, problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_to_pem(&pem, made->key, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = write_file(made->key_path, pem, problem, p);
    }
    if (rv == APR_SUCCESS) {
        *placeholder = made;
    }
    return rv;
}

const char *acme_placeholder_key(const acme_placeholder_t *placeholder)
{
    return placeholder->key_path;
}

apr_status_t acme_placeholder_cert(const char **path,
                                   const acme_placeholder_t *placeholder,
                                   const char *host, acme_problem_t *problem,
                                   apr_pool_t *p)
{
    const char *pem;
    const char *file;
    apr_pool_t *ptemp;
    apr_status_t rv = APR_EINVAL;

    apr_pool_create(&ptemp, p);
    if (host != NULL) {
        rv = acme_cert_placeholder(&pem, placeholder->key, host,
                                   placeholder->now, LIFE, NULL, ptemp);
    }
    if (rv != APR_SUCCESS) {
        host = NOBODY;
        rv = acme_cert_placeholder(&pem, placeholder->key, host,
                                   placeholder->now, LIFE, problem, p);
    }
    if (rv == APR_SUCCESS) {
        file = apr_pstrcat(p, placeholder->dir, "/",
                           acme_file_encode(host, ptemp), ".pem", NULL);
        rv = write_file(file, pem, problem, p);
        *path = file;
    }
    apr_pool_destroy(ptemp);
    return rv;
}
