/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore.h"

#include <apr_strings.h>

#include "acme_file.h"

static apr_status_t load(const acme_certstore_cert_t *cert, int level,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_chain_t *chain;
    acme_key_t *key = NULL;
    char *data;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_file_read(&data, &len, cert->key_path, ACME_FILE_MAX, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_from_pem(&key, data, len, problem, p);
        acme_key_wipe(data, len);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_file_read(&data, &len, cert->cert_path, ACME_FILE_MAX, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_cert_chain_parse(&chain, data, len, problem, p);
    }
    return rv == APR_SUCCESS
               ? acme_cert_check_loads(chain, key, level, problem, p)
               : rv;
}

apr_status_t acme_certstore_loads(const acme_certstore_cert_t *cert, int level,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_pool_t *ptemp;
    apr_status_t rv;

    if (!level) {
        return APR_SUCCESS;
    }
    apr_pool_create(&ptemp, p);
    rv = load(cert, level, &why, ptemp);
    if (problem && rv != APR_SUCCESS && why.type) {
        *problem = *acme_problem_dup(&why, p);
    }
    apr_pool_destroy(ptemp);
    return rv;
}
