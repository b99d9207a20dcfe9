/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_account_change.h"

#include "acme_str.h"

#include <string.h>

#include <apr_strings.h>

typedef struct change_t change_t;

/* Posts the request, once the directory is there. */
typedef apr_status_t post_fn(change_t *change, acme_problem_t *problem);

struct change_t {
    apr_pool_t *p;
    acme_client_t *client;
    post_fn *post;
    apr_array_header_t *contacts;
    const acme_jws_signer_t *signer; /* other than the client's, or NULL */
    acme_account_done_fn *done;
    void *baton;
};

static void end(change_t *change, apr_status_t rv, const char *url,
                const acme_problem_t *problem)
{
    change->done(change->baton, rv, url, problem);
    apr_pool_destroy(change->p);
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    change_t *change = baton;
    acme_problem_t own = ACME_PROBLEM_INIT;

    (void)answer;
    if (rv == APR_SUCCESS) {
        rv = change->post(change, &own);
        problem = &own;
    }
    if (rv != APR_SUCCESS) {
        end(change, rv, NULL, problem);
    }
}

static change_t *begin(acme_client_t *client, post_fn *post,
                       acme_account_done_fn *done, void *baton)
{
    change_t *change;
    apr_pool_t *p;

    apr_pool_create(&p, acme_client_pool(client));
    change = apr_pcalloc(p, sizeof(*change));
    change->p = p;
    change->client = client;
    change->post = post;
    change->done = done;
    change->baton = baton;
    return change;
}

/* ---- find ---- */

static void found(void *baton, apr_status_t rv, const acme_answer_t *answer,
                  const acme_problem_t *problem)
{
    change_t *change = baton;
    acme_problem_t own = ACME_PROBLEM_INIT;

    if (rv != APR_SUCCESS && acme_account_exists(answer)) {
        rv = APR_SUCCESS;
    }
    else if (rv == APR_SUCCESS) {
        rv = acme_account_read(answer, &own, change->p);
        problem = &own;
    }
    else if (problem) {
        own = *acme_problem_dup(problem, change->p);
        acme_account_blame(&own);
        problem = &own;
    }
    end(change, rv, rv == APR_SUCCESS ? answer->location : NULL,
        rv == APR_SUCCESS ? NULL : problem);
}

static apr_status_t post_find(change_t *change, acme_problem_t *problem)
{
    (void)problem;
    acme_client_post_as(change->client, change->signer, NULL,
                        acme_client_directory_get(change->client)->new_account,
                        "{\"onlyReturnExisting\":true}", 1, found, change);
    return APR_SUCCESS;
}

void acme_account_change_find(acme_client_t *client,
                              const acme_jws_signer_t *signer,
                              acme_account_done_fn *done, void *baton)
{
    change_t *change = begin(client, post_find, done, baton);

    change->signer = signer;
    acme_client_directory_open(client, opened, change);
}

/* ---- changes to the account that signs ---- */

static void changed(void *baton, apr_status_t rv, const acme_answer_t *answer,
                    const acme_problem_t *problem)
{
    change_t *change = baton;

    (void)answer;
    end(change, rv, rv == APR_SUCCESS ? acme_client_kid(change->client) : NULL,
        problem);
}

static apr_status_t post_update(change_t *change, acme_problem_t *problem)
{
    acme_json_t *payload = acme_json_object(change->p);

    (void)problem;
    acme_json_set_strs(payload, "contact", change->contacts);
    acme_client_post(change->client, acme_client_kid(change->client),
                     acme_json_print(payload, 0, change->p), 1, changed,
                     change);
    return APR_SUCCESS;
}

void acme_account_change_update(acme_client_t *client,
                                const apr_array_header_t *contacts,
                                acme_account_done_fn *done, void *baton)
{
    change_t *change = begin(client, post_update, done, baton);

    change->contacts = acme_str_array_dup(contacts, change->p);
    acme_client_directory_open(client, opened, change);
}

static apr_status_t post_deactivate(change_t *change, acme_problem_t *problem)
{
    (void)problem;
    acme_client_post(change->client, acme_client_kid(change->client),
                     "{\"status\":\"deactivated\"}", 1, changed, change);
    return APR_SUCCESS;
}

void acme_account_change_deactivate(acme_client_t *client,
                                    acme_account_done_fn *done, void *baton)
{
    acme_client_directory_open(client, opened,
                               begin(client, post_deactivate, done, baton));
}

/* ---- rollover ---- */

/* Signs the account and the old key with the new key (RFC 8555 7.3.5). */
static apr_status_t inner(const char **jws, const change_t *change,
                          const char *url, acme_problem_t *problem)
{
    const acme_jws_signer_t *old = acme_client_signer(change->client);
    acme_json_t *payload = acme_json_object(change->p);
    acme_json_t *key;
    apr_status_t rv;

    rv = acme_json_parse(&key, old->jwk, strlen(old->jwk), NULL, change->p);
    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_CRYPTO, change->p,
                                "the account's public key is no JSON");
    }
    acme_json_set_str(payload, "account", acme_client_kid(change->client));
    acme_json_set(payload, "oldKey", key);
    return acme_jws_sign(jws, change->signer, NULL, NULL, url,
                         acme_json_print(payload, 0, change->p), problem,
                         change->p);
}

static apr_status_t post_rollover(change_t *change, acme_problem_t *problem)
{
    const char *url = acme_client_directory_get(change->client)->key_change;
    const char *jws;
    apr_status_t rv;

    if (!url) {
        return acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_PROTOCOL, change->p,
                                "the CA %s has no way to change an account's "
                                "key (keyChange)",
                                acme_client_url(change->client));
    }
    rv = inner(&jws, change, url, problem);
    if (rv == APR_SUCCESS) {
        acme_client_post(change->client, url, jws, 0, changed, change);
    }
    return rv;
}

void acme_account_change_rollover(acme_client_t *client,
                                  const acme_jws_signer_t *next,
                                  acme_account_done_fn *done, void *baton)
{
    change_t *change = begin(client, post_rollover, done, baton);

    change->signer = next;
    acme_client_directory_open(client, opened, change);
}
