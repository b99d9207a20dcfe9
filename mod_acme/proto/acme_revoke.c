/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_revoke.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "acme_resource.h"

/* Longest nonce of a ticket. */
#define NONCE_MAX 1000

typedef struct reason_t {
    int code;
    const char *name;
    int is_ours; /* a subscriber may give it */
} reason_t;

/* RFC 5280 5.3.1. Other reasons are given by CAs only, or do not apply to a
 * certificate of a server. */
static const reason_t reasons[] = {
    {0, "unspecified", 1},        {1, "keyCompromise", 1},
    {2, "cACompromise", 0},       {3, "affiliationChanged", 1},
    {4, "superseded", 1},         {5, "cessationOfOperation", 1},
    {6, "certificateHold", 0},    {8, "removeFromCRL", 0},
    {9, "privilegeWithdrawn", 0}, {10, "aACompromise", 0}};

#define N_REASONS ((int)(sizeof(reasons) / sizeof(reasons[0])))

typedef struct revoke_call_t {
    acme_client_t *client;
    const char *payload;
    acme_revoke_done_fn *done;
    acme_revoke_ticket_fn *ticket_done;
    void *baton;
    apr_pool_t *p;
} revoke_call_t;

static const char *allowed(apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < N_REASONS; ++i) {
        if (reasons[i].is_ours) {
            text = apr_psprintf(p, "%s%s%s (%d)", text, *text ? ", " : "",
                                reasons[i].name, reasons[i].code);
        }
    }
    return text;
}

apr_status_t acme_revoke_reason_parse(int *reason, const char *text,
                                      const char **why, apr_pool_t *p)
{
    const reason_t *found = NULL;
    int i;

    for (i = 0; i < N_REASONS; ++i) {
        if (apr_cstr_casecmp(text, reasons[i].name) == 0
            || strcmp(text, apr_itoa(p, reasons[i].code)) == 0) {
            found = &reasons[i];
        }
    }
    if (found && found->is_ours) {
        *reason = found->code;
        return APR_SUCCESS;
    }
    *why = found ? apr_psprintf(p, "%s is for a CA to give; allowed are %s",
                                found->name, allowed(p))
                 : apr_psprintf(p, "allowed are %s", allowed(p));
    return APR_EINVAL;
}

const char *acme_revoke_reason_name(int reason)
{
    int i;

    for (i = 0; i < N_REASONS; ++i) {
        if (reasons[i].code == reason) {
            return reasons[i].name;
        }
    }
    return reasons[0].name;
}

static const char *print_payload(const char *cert, int reason, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "certificate", cert);
    /* RFC 5280: leave the reason out instead of "unspecified". */
    if (reason > 0) {
        acme_json_set_int(json, "reason", reason);
    }
    return acme_json_print(json, 0, p);
}

static revoke_call_t *call_create(acme_client_t *client, void *baton)
{
    revoke_call_t *call;
    apr_pool_t *p;

    apr_pool_create(&p, acme_client_pool(client));
    call = apr_pcalloc(p, sizeof(*call));
    call->client = client;
    call->baton = baton;
    call->p = p;
    return call;
}

static void end(revoke_call_t *call, apr_status_t rv,
                const acme_problem_t *problem)
{
    if (rv != APR_SUCCESS && problem
        && acme_problem_is(problem, "alreadyRevoked")) {
        rv = APR_SUCCESS;
    }
    call->done(call->baton, rv, rv == APR_SUCCESS ? NULL : problem);
    apr_pool_destroy(call->p);
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    (void)answer;
    end(baton, rv, problem);
}

/* Returns the URL that revocations are sent to, or NULL and why not. The client
 * must have the directory. */
static const char *service(const revoke_call_t *call, acme_problem_t *problem)
{
    const acme_directory_t *directory = acme_client_directory_get(call->client);

    if (!directory->revoke_cert) {
        acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                         ACME_PROBLEM_PROTOCOL, call->p,
                         "the CA %s revokes nothing: its directory has no "
                         "revokeCert",
                         acme_client_url(call->client));
        problem->to_fix = "ask the CA how it revokes certificates";
    }
    return directory->revoke_cert;
}

static void opened(void *baton, apr_status_t rv, const acme_answer_t *answer,
                   const acme_problem_t *problem)
{
    revoke_call_t *call = baton;
    acme_problem_t none = ACME_PROBLEM_INIT;
    const char *url;

    (void)answer;
    if (rv != APR_SUCCESS) {
        end(call, rv, problem);
        return;
    }
    url = service(call, &none);
    if (!url) {
        end(call, none.rv, &none);
        return;
    }
    acme_client_post(call->client, url, call->payload, 1, answered, call);
}

void acme_revoke(acme_client_t *client, const char *cert, int reason,
                 acme_revoke_done_fn *done, void *baton)
{
    revoke_call_t *call = call_create(client, baton);

    call->payload = print_payload(cert, reason, call->p);
    call->done = done;
    acme_client_directory_open(client, opened, call);
}

static void ticket_end(revoke_call_t *call, apr_status_t rv,
                       const acme_revoke_ticket_t *ticket,
                       const acme_problem_t *problem)
{
    call->ticket_done(call->baton, rv, ticket, problem);
    apr_pool_destroy(call->p);
}

static void got_nonce(void *baton, apr_status_t rv, const acme_answer_t *answer,
                      const acme_problem_t *problem)
{
    revoke_call_t *call = baton;
    acme_problem_t none = ACME_PROBLEM_INIT;
    acme_revoke_ticket_t ticket;

    if (rv != APR_SUCCESS) {
        ticket_end(call, rv, NULL, problem);
        return;
    }
    ticket.url = service(call, &none);
    ticket.nonce = apr_table_get(answer->headers, "Replay-Nonce");
    if (!ticket.nonce || !*ticket.nonce || strlen(ticket.nonce) > NONCE_MAX) {
        rv = acme_problem_set(&none, APR_EINVAL, ACME_RETRY_BACKOFF,
                              ACME_PROBLEM_PROTOCOL, call->p,
                              "the CA's newNonce gave no usable nonce");
        ticket_end(call, rv, NULL, &none);
        return;
    }
    ticket_end(call, APR_SUCCESS, &ticket, NULL);
}

static void opened_for_ticket(void *baton, apr_status_t rv,
                              const acme_answer_t *answer,
                              const acme_problem_t *problem)
{
    revoke_call_t *call = baton;
    acme_problem_t none = ACME_PROBLEM_INIT;

    (void)answer;
    if (rv != APR_SUCCESS) {
        ticket_end(call, rv, NULL, problem);
    }
    else if (!service(call, &none)) {
        ticket_end(call, none.rv, NULL, &none);
    }
    else {
        acme_client_unsigned_get_nonce(call->client, got_nonce, call);
    }
}

void acme_revoke_ticket(acme_client_t *client, acme_revoke_ticket_fn *done,
                        void *baton)
{
    revoke_call_t *call = call_create(client, baton);

    call->ticket_done = done;
    acme_client_directory_open(client, opened_for_ticket, call);
}

apr_status_t acme_revoke_sign(const char **jws, const acme_key_t *key,
                              const acme_revoke_ticket_t *ticket,
                              const char *cert, int reason,
                              acme_problem_t *problem, apr_pool_t *p)
{
    acme_jws_signer_t *signer;
    apr_status_t rv;

    if (!acme_resource_is_url(ticket->url)
        || strlen(ticket->nonce) > NONCE_MAX) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_PROTOCOL, p,
                                "what was to be signed for is no https URL "
                                "with a nonce");
    }
    rv = acme_jws_signer_create(&signer, key, problem, p);
    return rv == APR_SUCCESS
               ? acme_jws_sign(jws, signer, NULL, ticket->nonce, ticket->url,
                               print_payload(cert, reason, p), problem, p)
               : rv;
}

void acme_revoke_send(acme_client_t *client, const char *url, const char *jws,
                      acme_revoke_done_fn *done, void *baton)
{
    revoke_call_t *call = call_create(client, baton);

    call->done = done;
    acme_client_unsigned_send(client, url, jws, answered, call);
}
