/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_own_cert_read.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

static apr_status_t read_file(char **data, apr_size_t *len, const char *path,
                              acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = acme_file_read_linked(data, len, path, ACME_FILE_MAX, p);

    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_CONFIG,
                                ACME_PROBLEM_CERTIFICATE, p,
                                "%s cannot be read: %pm", path, &rv);
    }
    return APR_SUCCESS;
}

/* The certificates alone: a key, parameters or text may stand beside them.
 * @param first only the first of them */
static const char *certificates(const char *text, int first, apr_pool_t *p)
{
    const char *all = "";

    while (1) {
        const char *begin = strstr(text, BEGIN);
        const char *end = begin ? strstr(begin, END) : NULL;

        if (!end) {
            return all;
        }
        end += strlen(END);
        all = apr_pstrcat(p, all,
                          apr_pstrmemdup(p, begin, (apr_size_t)(end - begin)),
                          "\n", NULL);
        if (first) {
            return all;
        }
        text = end;
    }
}

static apr_status_t check_pair(const acme_cert_info_t **info,
                               const char *cert_text, const char *key_text,
                               apr_size_t key_len, acme_problem_t *problem,
                               apr_pool_t *p)
{
    apr_array_header_t *no_names = apr_array_make(p, 1, sizeof(const char *));
    const char *all = certificates(cert_text, 0, p);
    const char *leaf = certificates(cert_text, 1, p);
    acme_chain_t *chain;
    acme_key_t *key;
    apr_status_t rv;

    rv = acme_cert_chain_parse(&chain, all, strlen(all), problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_cert_chain_parse(&chain, leaf, strlen(leaf), problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_key_from_pem(&key, key_text, key_len, problem, p);
    }
    if (rv == APR_SUCCESS) {
        *info = acme_cert_chain_info(chain);
        rv = acme_cert_check(chain, key, no_names, (*info)->not_before, problem,
                             p);
    }
    return rv;
}

apr_status_t acme_own_cert_read_read(const acme_cert_info_t **info,
                                     const char *cert_path,
                                     const char *key_path,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    char *cert_text;
    char *key_text;
    apr_size_t cert_len, key_len;
    apr_status_t rv;

    rv = read_file(&cert_text, &cert_len, cert_path, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_file(&key_text, &key_len, key_path, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_pair(info, cert_text, key_text, key_len, &why, p);
    acme_key_wipe(key_text, key_len);
    /* The certificate's file may have the key as well. */
    acme_key_wipe(cert_text, cert_len);
    if (rv != APR_SUCCESS) {
        return acme_problem_set(
            problem, rv, ACME_RETRY_CONFIG, ACME_PROBLEM_CERTIFICATE, p,
            "%s with the key %s is of no use: %s", cert_path, key_path,
            why.detail ? why.detail : "unknown");
    }
    return APR_SUCCESS;
}
