/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_bundle.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_format.h"

/* Raise it when older versions of mod_acme would misunderstand the text. */
#define FORMAT 1

#define KEY_NAME      "name"
#define KEY_KEY       "key"
#define KEY_CHAIN     "chain"
#define KEY_CA_URL    "ca-url"
#define KEY_ORDER_URL "order-url"
#define KEY_PROFILE   "profile"
#define KEY_OBTAINED  "obtained"

static apr_status_t wipe_text(void *data)
{
    char *text = data;

    acme_key_wipe(text, strlen(text));
    return APR_SUCCESS;
}

/* Returns a copy in p, which is wiped when p is cleared. */
static const char *secret_dup(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text);

    apr_pool_cleanup_register(p, copy, wipe_text, apr_pool_cleanup_null);
    return copy;
}

const char *acme_bundle_print(const acme_bundle_t *bundle, apr_pool_t *p)
{
    acme_json_t *json;
    apr_pool_t *ptemp;
    const char *text;

    apr_pool_create(&ptemp, p);
    json = acme_json_object(ptemp);
    acme_format_set(json, FORMAT);
    acme_json_set_str(json, KEY_NAME, bundle->name);
    acme_json_set_str(json, KEY_KEY, bundle->key_pem);
    acme_json_set_str(json, KEY_CHAIN, bundle->chain_pem);
    acme_json_set_str(json, KEY_CA_URL, bundle->ca_url);
    acme_json_set_str(json, KEY_ORDER_URL, bundle->order_url);
    acme_json_set_str(json, KEY_PROFILE, bundle->profile);
    acme_json_set_time(json, KEY_OBTAINED, bundle->obtained);
    text = acme_json_print(json, 0, p);
    apr_pool_cleanup_register(p, text, wipe_text, apr_pool_cleanup_null);
    apr_pool_destroy(ptemp);
    return text;
}

static apr_status_t damaged(acme_problem_t *problem, const char *what,
                            apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "a stored certificate is damaged: %s", what);
}

/* The members that are text. */
static const struct {
    const char *key;
    apr_size_t offset;
    int required;
} texts[] = {
    {KEY_NAME, offsetof(acme_bundle_t, name), 1},
    {KEY_KEY, offsetof(acme_bundle_t, key_pem), 1},
    {KEY_CHAIN, offsetof(acme_bundle_t, chain_pem), 1},
    {KEY_CA_URL, offsetof(acme_bundle_t, ca_url), 0},
    {KEY_ORDER_URL, offsetof(acme_bundle_t, order_url), 0},
    {KEY_PROFILE, offsetof(acme_bundle_t, profile), 0},
};

static apr_status_t read_text(acme_bundle_t *bundle, int which,
                              const acme_json_t *json, acme_problem_t *problem,
                              apr_pool_t *p)
{
    const char *key = texts[which].key;
    const char *text = NULL;
    apr_status_t rv = acme_json_get_str(&text, json, key);

    if (rv == APR_NOTFOUND) {
        return texts[which].required
                   ? damaged(problem, apr_psprintf(p, "no \"%s\"", key), p)
                   : APR_SUCCESS;
    }
    if (rv != APR_SUCCESS || *text == '\0') {
        return damaged(problem, apr_psprintf(p, "\"%s\" is no text", key), p);
    }
    *(const char **)((char *)bundle + texts[which].offset) =
        secret_dup(text, p);
    return APR_SUCCESS;
}

static apr_status_t read_members(acme_bundle_t *bundle, const acme_json_t *json,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;
    int i;

    rv = acme_format_check(json, FORMAT, "a stored certificate", problem, p);
    if (rv != APR_SUCCESS) {
        return rv == APR_ENOTIMPL ? rv
                                  : damaged(problem, "\"format\" is wrong", p);
    }
    for (i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); ++i) {
        rv = read_text(bundle, i, json, problem, p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    rv = acme_json_get_time(&bundle->obtained, json, KEY_OBTAINED);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return damaged(problem, "\"" KEY_OBTAINED "\" is no time", p);
    }
    return APR_SUCCESS;
}

apr_status_t acme_bundle_parse(acme_bundle_t **bundle, const char *text,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p)
{
    acme_bundle_t *made = apr_pcalloc(p, sizeof(*made));
    const char *error = NULL;
    acme_json_t *json;
    apr_pool_t *ptemp;
    apr_status_t rv;

    /* The pool is destroyed at once, because the JSON value holds a second copy
     * of the key. */
    apr_pool_create(&ptemp, p);
    rv = acme_json_parse(&json, text, len, &error, ptemp);
    if (rv != APR_SUCCESS) {
        rv = damaged(problem, error ? error : "it is no JSON", p);
    }
    else if (!acme_json_is_object(json)) {
        rv = damaged(problem, "it is no JSON object", p);
    }
    else {
        rv = read_members(made, json, problem, p);
    }
    apr_pool_destroy(ptemp);
    if (rv == APR_SUCCESS) {
        *bundle = made;
    }
    return rv;
}

static apr_status_t of_site(acme_problem_t *problem, const char *name,
                            const char *what, apr_status_t rv, apr_pool_t *p)
{
    if (problem) {
        problem->detail =
            apr_psprintf(p, "%s: %s: %s", name, what, problem->detail);
    }
    return rv;
}

apr_status_t acme_bundle_open(acme_key_t **key, acme_chain_t **chain,
                              const acme_bundle_t *bundle,
                              acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    *key = bundle->key;
    if (!*key) {
        rv = acme_key_from_pem(key, bundle->key_pem, strlen(bundle->key_pem),
                               problem, p);
    }
    if (rv != APR_SUCCESS) {
        return of_site(problem, bundle->name, "private key", rv, p);
    }
    *chain = bundle->chain;
    if (!*chain) {
        rv = acme_cert_chain_parse(chain, bundle->chain_pem,
                                   strlen(bundle->chain_pem), problem, p);
    }
    if (rv != APR_SUCCESS) {
        return of_site(problem, bundle->name, "certificate chain", rv, p);
    }
    return APR_SUCCESS;
}
