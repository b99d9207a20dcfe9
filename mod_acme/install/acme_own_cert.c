/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_own_cert.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_pair.h"

#define BEGIN "-----BEGIN "
#define END   "-----END "
#define DASH  "-----"

#define BEGIN_CERTIFICATE BEGIN "CERTIFICATE" DASH
#define END_CERTIFICATE   END "CERTIFICATE" DASH

/* Returns the first block whose label ends with `label`, or NULL. Others (keys,
 * parameters) may stand before it. */
static char *find_block(const char *text, const char *label, apr_pool_t *p)
{
    apr_size_t len = strlen(label);
    const char *at = text;

    while ((at = strstr(at, BEGIN)) != NULL) {
        const char *name = at + strlen(BEGIN);
        const char *dash = strstr(name, DASH);
        const char *end = dash ? strstr(dash, END) : NULL;

        end = end ? strstr(end + strlen(END), DASH) : NULL;
        if (!end) {
            return NULL;
        }
        end += strlen(DASH);
        if ((apr_size_t)(dash - name) >= len
            && strncmp(dash - len, label, len) == 0) {
            return apr_pstrcat(p, apr_pstrmemdup(p, at, (apr_size_t)(end - at)),
                               "\n", NULL);
        }
        at = end;
    }
    return NULL;
}

static acme_own_cert_e unknown(acme_problem_t *problem, const char *path,
                               const char *why, apr_pool_t *p)
{
    acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                     ACME_PROBLEM_CERTIFICATE, p, "%s: %s", path, why);
    return ACME_OWN_CERT_UNKNOWN;
}

static acme_own_cert_e check_one(const char *cert_file, const char *key_file,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_array_header_t *no_names = apr_array_make(p, 1, sizeof(const char *));
    acme_chain_t *chain;
    acme_key_t *key;
    char *text, *pem, *cert_pem;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_file_read_linked(&text, &len, cert_file, ACME_FILE_MAX, p);
    if (rv != APR_SUCCESS) {
        return unknown(problem, cert_file,
                       apr_psprintf(p, "it cannot be read: %pm", &rv), p);
    }
    acme_key_wipe_with_pool(text, len, p);
    cert_pem = find_block(text, "CERTIFICATE", p);
    if (!cert_pem) {
        return unknown(problem, cert_file, "there is no certificate in it", p);
    }
    if (acme_cert_chain_parse(&chain, cert_pem, strlen(cert_pem), &why, p)
        != APR_SUCCESS) {
        return unknown(problem, cert_file, why.detail, p);
    }
    if (acme_cert_chain_info(chain)->not_after <= now) {
        unknown(problem, cert_file, "it has expired", p);
        return ACME_OWN_CERT_EXPIRED;
    }
    rv = acme_file_read_linked(&text, &len, key_file, ACME_FILE_MAX, p);
    if (rv != APR_SUCCESS) {
        return unknown(problem, key_file,
                       apr_psprintf(p, "it cannot be read: %pm", &rv), p);
    }
    acme_key_wipe_with_pool(text, len, p);
    pem = find_block(text, "PRIVATE KEY", p);
    if (!pem) {
        return unknown(problem, key_file, "there is no key in it", p);
    }
    acme_key_wipe_with_pool(pem, strlen(pem), p);
    if (acme_key_from_pem(&key, pem, strlen(pem), &why, p) != APR_SUCCESS) {
        return acme_pair_check_pem(cert_pem, pem, NULL, p) == APR_SUCCESS
                   ? ACME_OWN_CERT_VALID
                   : unknown(problem, key_file, why.detail, p);
    }
    if (acme_cert_check(chain, key, no_names, now, &why, p) != APR_SUCCESS) {
        return unknown(problem, cert_file, why.detail, p);
    }
    return ACME_OWN_CERT_VALID;
}

acme_own_cert_e acme_own_cert_check(const apr_array_header_t *cert_files,
                                    const apr_array_header_t *key_files,
                                    apr_time_t now, acme_problem_t *problem,
                                    apr_pool_t *ptemp)
{
    acme_own_cert_e state = ACME_OWN_CERT_UNKNOWN;
    int i;

    for (i = 0; i < cert_files->nelts; ++i) {
        const char *cert = APR_ARRAY_IDX(cert_files, i, const char *);
        const char *key = i < key_files->nelts
                              ? APR_ARRAY_IDX(key_files, i, const char *)
                              : cert;

        state = check_one(cert, key, now, problem, ptemp);
        if (state != ACME_OWN_CERT_VALID) {
            return state;
        }
    }
    return state;
}

/* ---- files of ACMECertificateFile ---- */

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

/* Returns the certificates alone, because a key, parameters or text may stand
 * beside them; with `first` only the first certificate. */
static const char *certificates(const char *text, int first, apr_pool_t *p)
{
    const char *all = "";

    while (1) {
        const char *begin = strstr(text, BEGIN_CERTIFICATE);
        const char *end = begin ? strstr(begin, END_CERTIFICATE) : NULL;

        if (!end) {
            return all;
        }
        end += strlen(END_CERTIFICATE);
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
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *info = acme_cert_chain_info(chain);
    rv = acme_key_from_pem(&key, key_text, key_len, problem, p);
    if (rv != APR_SUCCESS
        && acme_pair_check_pem(leaf, key_text, NULL, p) == APR_SUCCESS) {
        /* It is of another kind than ours, which mod_ssl knows. */
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = acme_cert_check(chain, key, no_names, (*info)->not_before, problem,
                             p);
    }
    return rv;
}

apr_status_t acme_own_cert_read(const acme_cert_info_t **info,
                                const char *cert_path, const char *key_path,
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
    /* Wipe it as well, because the certificate's file may hold the key. */
    acme_key_wipe(cert_text, cert_len);
    if (rv != APR_SUCCESS) {
        return acme_problem_set(
            problem, rv, ACME_RETRY_CONFIG, ACME_PROBLEM_CERTIFICATE, p,
            "%s with the key %s cannot be used: %s", cert_path, key_path,
            why.detail ? why.detail : "unknown");
    }
    return APR_SUCCESS;
}

/* Reads the certificates of a file; an empty text when there are none. */
static apr_status_t read_certificates(const char **all, const char *path,
                                      int first, acme_problem_t *problem,
                                      apr_pool_t *p)
{
    apr_size_t len;
    char *text;
    apr_status_t rv = read_file(&text, &len, path, problem, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *all = certificates(text, first, p);
    /* Wipe it, because a key may stand beside the certificates. */
    acme_key_wipe(text, len);
    return APR_SUCCESS;
}

apr_status_t acme_own_cert_join(const char **pem, const char *cert_path,
                                const char *chain_path, int skip_first,
                                acme_problem_t *problem, apr_pool_t *p)
{
    const char *leaf, *rest, *first = "";
    apr_status_t rv = read_certificates(&leaf, cert_path, 1, problem, p);

    if (rv == APR_SUCCESS) {
        rv = read_certificates(&rest, chain_path, 0, problem, p);
    }
    if (rv == APR_SUCCESS && skip_first) {
        rv = read_certificates(&first, chain_path, 1, problem, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (*leaf == '\0' || *rest == '\0') {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                                ACME_PROBLEM_CERTIFICATE, p,
                                "there is no certificate in %s",
                                *leaf == '\0' ? cert_path : chain_path);
    }
    /* The file was read twice, and may have become shorter meanwhile. */
    if (strncmp(rest, first, strlen(first)) == 0) {
        rest += strlen(first);
    }
    *pem = apr_pstrcat(p, leaf, rest, NULL);
    return APR_SUCCESS;
}

const char *acme_own_cert_only(const char *text, apr_pool_t *p)
{
    const char *all = certificates(text, 0, p);

    return *all == '\0' ? text : all;
}

int acme_own_cert_has_chain(const char *cert_path, apr_pool_t *ptemp)
{
    const char *leaf, *all;

    return read_certificates(&leaf, cert_path, 1, NULL, ptemp) == APR_SUCCESS
           && read_certificates(&all, cert_path, 0, NULL, ptemp) == APR_SUCCESS
           && strlen(all) > strlen(leaf);
}
