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

#include "acme_live.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_live_site.h"
#include "acme_time.h"

#define MODE_FILE APR_FPROT_UREAD | APR_FPROT_UWRITE

#define LIFE (365 * ACME_TIME_DAY)
/** Made again when less than this is left. */
#define SPARE (30 * ACME_TIME_DAY)

/** Nobody can own it (RFC 6761 6.4). */
#define NAME "placeholder.mod-acme.invalid"

static int is_usable(const char *cert_path, const char *key_path,
                     apr_time_t now, apr_pool_t *p)
{
    apr_array_header_t *no_names = apr_array_make(p, 1, sizeof(const char *));
    acme_chain_t *chain;
    acme_key_t *key;
    char *data;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_file_read(&data, &len, key_path, ACME_FILE_MAX, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_from_pem(&key, data, len, NULL, p);
        acme_key_wipe(data, len);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_file_read(&data, &len, cert_path, ACME_FILE_MAX, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_chain_parse(&chain, data, len, NULL, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_chain_check(chain, key, no_names, now, NULL, p);
    }
    return rv == APR_SUCCESS && acme_chain_info(chain)->not_after - now > SPARE;
}

static apr_status_t write_file(const char *path, const char *data,
                               acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv =
        acme_file_write(path, data, strlen(data), MODE_FILE, ACME_FILE_LAZY, p);

    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p,
                                "placeholder certificate: %s could not be "
                                "written: %pm",
                                path, &rv);
    }
    return APR_SUCCESS;
}

static apr_status_t make(const char *cert_path, const char *key_path,
                         apr_time_t now, acme_problem_t *problem, apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;
    const char *key_pem;
    const char *cert_pem;
    apr_status_t rv;

    rv = acme_key_generate(&key, &spec, NULL, NULL, problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_to_pem(&key_pem, key, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_cert_placeholder(&cert_pem, key, NAME, now, LIFE, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = write_file(key_path, key_pem, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = write_file(cert_path, cert_pem, problem, p);
    }
    return rv;
}

apr_status_t acme_live_placeholder_in(const char **cert_path,
                                      const char **key_path, const char *dir,
                                      apr_time_t now, acme_problem_t *problem,
                                      apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *ptemp;

    *cert_path = apr_pstrcat(p, dir, "/" ACME_LIVE_CERT, NULL);
    *key_path = apr_pstrcat(p, dir, "/" ACME_LIVE_KEY, NULL);
    apr_pool_create(&ptemp, p);
    if (!is_usable(*cert_path, *key_path, now, ptemp)) {
        rv = make(*cert_path, *key_path, now, &why, ptemp);
    }
    if (rv != APR_SUCCESS && problem) {
        *problem = *acme_problem_dup(&why, p);
    }
    apr_pool_destroy(ptemp);
    return rv;
}

apr_status_t acme_live_placeholder(const char **cert_path,
                                   const char **key_path,
                                   const acme_live_t *live, apr_time_t now,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    return acme_live_placeholder_in(cert_path, key_path, live->placeholder, now,
                                    problem, p);
}
