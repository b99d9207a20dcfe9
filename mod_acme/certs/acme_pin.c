/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_pin.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"

#define FOLDER "/pinned"

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "%s: %pm", path, &rv);
}

static const char *path_of(const char *dir, const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, FOLDER "/", acme_file_name_encode(name, p),
                       NULL);
}

apr_status_t acme_pin_set(const char *dir, const char *name, int version,
                          acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    const char *path = path_of(dir, name, ptemp);
    const char *text = apr_itoa(ptemp, version);
    apr_status_t rv = acme_file_mkdir(
        folder, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, ptemp);

    if (rv == APR_SUCCESS) {
        rv = acme_file_write(path, text, strlen(text),
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                             ptemp);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, rv, path, ptemp);
}

apr_status_t acme_pin_remove(const char *dir, const char *name,
                             acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(dir, name, ptemp);
    apr_status_t rv = apr_file_remove(path, ptemp);

    return rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)
               ? APR_SUCCESS
               : failed(problem, rv, path, ptemp);
}

int acme_pin_get(const char *dir, const char *name, apr_pool_t *ptemp)
{
    apr_size_t len;
    char *text;

    if (acme_file_read(&text, &len, path_of(dir, name, ptemp), 32, ptemp)
        != APR_SUCCESS) {
        return 0;
    }
    return acme_archive_version(text);
}
