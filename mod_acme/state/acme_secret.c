/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_secret.h"

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_key.h"

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           apr_pool_t *p, const char *detail)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "%s", detail);
}

apr_status_t acme_secret_open(acme_seal_t **seal, const char *dir, int make,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/secret", NULL);
    apr_size_t len;
    char *secret;
    apr_status_t rv = acme_file_read(&secret, &len, path, 4096, p);

    if (APR_STATUS_IS_ENOENT(rv) && !make) {
        return APR_ENOENT;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        len = ACME_SEAL_SECRET_LEN;
        secret = apr_palloc(p, len);
        rv = acme_key_random((unsigned char *)secret, len);
        if (rv == APR_SUCCESS) {
            rv = acme_file_write(path, secret, len,
                                 APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                 ACME_FILE_SYNC, p);
        }
    }
    if (rv == APR_EINVAL) {
        return failed(
            problem, rv, p,
            apr_psprintf(p,
                         "%s is no regular file; put it back from a backup, or "
                         "remove it to begin anew with a new account (live "
                         "certificates are not affected)",
                         path));
    }
    if (rv != APR_SUCCESS) {
        return failed(
            problem, rv, p,
            apr_psprintf(p, "%s cannot be read or written: %pm", path, &rv));
    }
    if (len != ACME_SEAL_SECRET_LEN) {
        rv = failed(
            problem, APR_EINVAL, p,
            apr_psprintf(p,
                         "%s is damaged: it has %lu bytes, not %d; put it back "
                         "from a backup, or remove it to begin anew with a new "
                         "account (live certificates are not affected)",
                         path, (unsigned long)len, ACME_SEAL_SECRET_LEN));
    }
    else {
        *seal = acme_seal_create((unsigned char *)secret, p);
    }
    acme_key_wipe(secret, len);
    return rv;
}
