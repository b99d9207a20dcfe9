/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_placeholder.h"

#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_file.h"
#include "acme_tmpfile.h"
#include "acme_time.h"

/* Longer than anybody waits for a first certificate. */
#define LIFE (90 * ACME_TIME_DAY)

/* A name that no host can have (RFC 6761 section 6.4). */
#define NOBODY "placeholder.mod-acme.invalid"

struct acme_placeholder_t {
    acme_tmpfile_t *files;
    const char *key_path;
    acme_key_t *key;
    apr_time_t now;
};

apr_status_t acme_placeholder_create(acme_placeholder_t **placeholder,
                                     const char *dir, int level, apr_time_t now,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    /* Level 4 of OpenSSL asks for 192 bits of security. */
    acme_key_spec_t spec = {level < 4 ? ACME_KEY_P256 : ACME_KEY_P384, 0};
    acme_placeholder_t *made = apr_pcalloc(p, sizeof(*made));
    const char *pem;
    apr_status_t rv;

    made->files = acme_tmpfile_create(acme_tmpfile_places(dir, p), p);
    made->now = now;
    rv = acme_key_generate(&made->key, &spec, NULL, NULL, problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_to_pem(&pem, made->key, problem, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_tmpfile_write(&made->key_path, made->files, "privkey.pem",
                                pem, problem, p);
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
        file = apr_pstrcat(ptemp, acme_file_name_encode(host, ptemp), ".pem",
                           NULL);
        rv =
            acme_tmpfile_write(path, placeholder->files, file, pem, problem, p);
    }
    apr_pool_destroy(ptemp);
    return rv;
}
