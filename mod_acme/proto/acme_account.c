/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_account.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_resource.h"
#include "acme_str.h"

#define REMEDY_CLOSED                                                   \
    "nothing is ordered there any more; to have another account made: " \
    "acmectl account recover, then acmectl renew"

typedef struct account_t {
    apr_pool_t *p;
    acme_client_t *client;
    apr_array_header_t *contacts;
    int agreed;
    const acme_jws_eab_t *eab;
    acme_account_done_fn *done;
    void *baton;
} account_t;

static const char *const status_names[] = {"valid", "deactivated", "revoked"};

static void account_end(account_t *account, apr_status_t rv, const char *url,
                        const acme_problem_t *problem)
{
    account->done(account->baton, rv, url, problem);
    apr_pool_destroy(account->p);
}

/* Refuses an answer that cannot be an account. */
static apr_status_t wrong(acme_problem_t *problem, const acme_answer_t *answer,
                          apr_status_t rv, apr_pool_t *p)
{
    acme_client_answer_blame(problem, answer, p);
    return rv;
}

apr_status_t acme_account_read(const acme_answer_t *answer,
                               acme_problem_t *problem, apr_pool_t *p)
{
    acme_resource_t resource = {"account", answer->json, problem, p};
    int status = 0;

    if (answer->body_len > 0
        && acme_resource_object(&resource) != APR_SUCCESS) {
        return wrong(problem, answer, APR_EINVAL, p);
    }
    /* Only a status that says so ends an account: for one that exists many CAs
     * send its URL and little else. */
    (void)acme_resource_word(&status, &resource, "status", status_names, 3,
                             ACME_RESOURCE_UNUSED);
    if (status != 0) {
        acme_problem_set(problem, APR_EACCES, ACME_RETRY_PERMANENT,
                         ACME_PROBLEM_URN "unauthorized", p,
                         "the account at the CA is %s", status_names[status]);
        problem->status = answer->status;
        problem->to_fix = REMEDY_CLOSED;
        return APR_EACCES;
    }
    if (answer->status != 200 && answer->status != 201) {
        return wrong(problem, answer,
                     acme_resource_wrong(&resource, "came with status %d",
                                         answer->status),
                     p);
    }
    if (!answer->location) {
        return wrong(problem, answer,
                     acme_resource_wrong(&resource,
                                         "came without its https URL "
                                         "(Location)"),
                     p);
    }
    return APR_SUCCESS;
}

/* Makes a refusal a matter of configuration if it can be due to the external
 * account binding, because another try with the same binding fails again. */
static void blame_binding(acme_problem_t *problem)
{
    if (problem->retry == ACME_RETRY_LATER
        || (!acme_problem_is(problem, "unauthorized")
            && !acme_problem_is(problem, "malformed")
            && !acme_problem_is(problem, "externalAccountRequired"))) {
        return;
    }
    problem->retry = ACME_RETRY_CONFIG;
    problem->retry_at = 0;
    problem->to_fix = "check the key identifier and the HMAC key in "
                      "ACMEExternalAccountBinding, or get new ones from the "
                      "CA: some are good for one account only";
}

int acme_account_exists(const acme_answer_t *answer)
{
    return answer && answer->status == 409 && answer->location;
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    account_t *account = baton;
    acme_client_t *client = account->client;
    acme_problem_t own = ACME_PROBLEM_INIT;

    if (rv != APR_SUCCESS && acme_account_exists(answer)) {
        rv = APR_SUCCESS;
    }
    else if (rv == APR_SUCCESS) {
        rv = acme_account_read(answer, &own, account->p);
        problem = &own;
    }
    else if (problem) {
        own = *acme_problem_dup(problem, account->p);
        if (account->eab) {
            blame_binding(&own);
        }
        acme_problem_advise(&own, ACME_AT_ACCOUNT);
        problem = &own;
    }
    if (rv != APR_SUCCESS) {
        account_end(account, rv, NULL, problem);
        return;
    }
    acme_client_identify(client, acme_client_signer(client), answer->location);
    account_end(account, APR_SUCCESS, acme_client_kid(client), NULL);
}

static apr_status_t add_binding(const account_t *account, acme_json_t *payload,
                                const char *url, acme_problem_t *problem)
{
    acme_json_t *binding;
    const char *jws;
    apr_status_t rv;

    rv = acme_jws_eab_sign(&jws, account->eab,
                           acme_client_signer(account->client), url, problem,
                           account->p);
    if (rv == APR_SUCCESS) {
        rv = acme_json_parse(&binding, jws, strlen(jws), NULL, account->p);
    }
    if (rv == APR_SUCCESS) {
        acme_json_set(payload, "externalAccountBinding", binding);
    }
    return rv;
}

static apr_status_t account_payload(const char **text, const account_t *account,
                                    const char *url, acme_problem_t *problem)
{
    acme_json_t *payload = acme_json_object(account->p);
    apr_status_t rv = APR_SUCCESS;

    if (account->agreed) {
        acme_json_set_bool(payload, "termsOfServiceAgreed", 1);
    }
    if (account->contacts->nelts > 0) {
        acme_json_set_strs(payload, "contact", account->contacts);
    }
    if (account->eab) {
        rv = add_binding(account, payload, url, problem);
    }
    *text = acme_json_print(payload, 0, account->p);
    return rv;
}

/* Finds a reason why newAccount would fail, before it is sent. */
static apr_status_t check(const account_t *account,
                          const acme_directory_t *directory,
                          acme_problem_t *problem)
{
    if (directory->account_required && !account->eab) {
        acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG,
                         ACME_PROBLEM_URN "externalAccountRequired", account->p,
                         "the CA %s makes accounts only for those who have one "
                         "with it already (external account binding)",
                         acme_client_url(account->client));
        problem->to_fix = "get a key identifier and an HMAC key from the CA, "
                          "and write them in ACMEExternalAccountBinding";
        problem->instance = directory->website;
        return APR_EACCES;
    }
    if (directory->terms && !account->agreed) {
        acme_problem_set(problem, APR_EACCES, ACME_RETRY_CONFIG,
                         ACME_PROBLEM_CONFIG, account->p,
                         "the CA %s has terms of service and nobody has "
                         "accepted them: %s",
                         acme_client_url(account->client), directory->terms);
        problem->to_fix =
            apr_pstrcat(account->p, "read ", directory->terms,
                        ", then add: ACMECertificateAgreement accepted", NULL);
        problem->instance = directory->terms;
        return APR_EACCES;
    }
    return APR_SUCCESS;
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    account_t *account = baton;
    acme_client_t *client = account->client;
    acme_problem_t own = ACME_PROBLEM_INIT;
    const acme_directory_t *directory;
    const char *payload;

    (void)answer;
    if (rv != APR_SUCCESS) {
        account_end(account, rv, NULL, problem);
        return;
    }
    directory = acme_client_directory_get(client);
    rv = check(account, directory, &own);
    if (rv == APR_SUCCESS) {
        rv = account_payload(&payload, account, directory->new_account, &own);
    }
    if (rv != APR_SUCCESS) {
        account_end(account, rv, NULL, &own);
        return;
    }
    /* Without a kid, because newAccount carries the key itself. */
    acme_client_post_as(client, acme_client_signer(client), NULL,
                        directory->new_account, payload, 1, answered, account);
}

void acme_account_ensure(acme_client_t *client,
                         const acme_account_request_t *request,
                         acme_account_done_fn *done, void *baton)
{
    account_t *account;
    apr_pool_t *p;

    apr_pool_create(&p, acme_client_pool(client));
    account = apr_pcalloc(p, sizeof(*account));
    account->p = p;
    account->client = client;
    account->contacts = request->contacts
                            ? acme_str_array_dup(request->contacts, p)
                            : apr_array_make(p, 1, sizeof(const char *));
    account->agreed = request->agreed;
    account->eab = request->eab;
    account->done = done;
    account->baton = baton;
    acme_client_directory_open(client, opened, account);
}

int acme_account_is_gone(const acme_problem_t *problem)
{
    return acme_problem_is(problem, "accountDoesNotExist")
           || (problem->status == 401
               && acme_problem_is(problem, "unauthorized"));
}

int acme_account_is_closed(const acme_problem_t *problem)
{
    return problem->retry == ACME_RETRY_PERMANENT
           && acme_problem_is(problem, "unauthorized");
}

void acme_account_blame(acme_problem_t *problem)
{
    if (acme_problem_is(problem, "unauthorized")
        && (problem->status == 401 || problem->status == 403)) {
        problem->rv = APR_EACCES;
        problem->retry = ACME_RETRY_PERMANENT;
        problem->retry_at = 0;
        problem->to_fix = REMEDY_CLOSED;
    }
}
