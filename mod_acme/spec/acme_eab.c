/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_eab.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_json.h"

#define FILE_MAX 16384

/* Digits of a digest, enough to tell two keys apart. */
#define DIGITS 8

static apr_status_t refuse(acme_eab_t *eab, const char *why, apr_pool_t *p)
{
    acme_problem_t *problem = apr_pcalloc(p, sizeof(*problem));

    acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                     ACME_PROBLEM_CONFIG, p,
                     "ACMEExternalAccountBinding %s: %s", eab->file, why);
    problem->to_fix = "write into the file {\"kid\": \"...\", \"hmac\": "
                      "\"...\"} with what the CA gave, then restart";
    eab->problem = problem;
    return APR_EINVAL;
}

static apr_status_t parse(acme_eab_t *eab, const char *data, apr_size_t len,
                          apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *kid, *hmac, *alg = NULL, *error = NULL, *why;
    acme_json_t *json;
    apr_status_t rv;

    if (acme_json_parse(&json, data, len, &error, ptemp) != APR_SUCCESS
        || !acme_json_is_object(json)) {
        return refuse(eab, "is no JSON object", p);
    }
    if (acme_json_get_str(&kid, json, "kid") != APR_SUCCESS
        || acme_json_get_str(&hmac, json, "hmac") != APR_SUCCESS) {
        return refuse(eab, "lacks \"kid\" or \"hmac\"", p);
    }
    rv = acme_json_get_str(&alg, json, "alg");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return refuse(eab, "has an \"alg\" that is no text", p);
    }
    if (acme_jws_eab_read(&eab->key, kid, hmac, alg, &why, p) != APR_SUCCESS) {
        return refuse(eab, why, p);
    }
    return APR_SUCCESS;
}

void acme_eab_load(acme_eab_t *eab, apr_pool_t *p)
{
    apr_pool_t *ptemp;
    apr_size_t len;
    char *data;
    apr_status_t rv;

    if (!eab->file) {
        return;
    }
    eab->problem = NULL;
    apr_pool_create(&ptemp, p);
    rv = acme_file_read_linked(&data, &len, eab->file, FILE_MAX, ptemp);
    if (rv == APR_SUCCESS) {
        (void)parse(eab, data, len, p, ptemp);
        acme_key_wipe(data, len);
    }
    else {
        (void)refuse(eab, apr_psprintf(p, "cannot be read: %pm", &rv), p);
    }
    apr_pool_destroy(ptemp);
}

const char *acme_eab_name(const acme_eab_t *eab, apr_pool_t *p)
{
    if (!eab) {
        return "";
    }
    return eab->key.kid ? eab->key.kid
                        : apr_pstrcat(p, "file ", eab->file, NULL);
}

const char *acme_eab_text(const acme_eab_t *eab, apr_pool_t *p)
{
    if (eab && eab->text) {
        return eab->text;
    }
    if (!eab || !eab->key.kid) {
        return acme_eab_name(eab, p);
    }
    return apr_pstrcat(
        p, eab->key.kid, " *** ", eab->key.alg, " (",
        apr_pstrndup(p, acme_jws_sha256_hex(eab->key.hmac, p), DIGITS), ")",
        NULL);
}
