/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "acme_b64.h"
#include "model_ca.h"
#include "model_ca_private.h"
#include "test_chain.h"

#define BASE MODEL_CA_BASE

static const char chain_text[] = TEST_CHAIN;

typedef struct model_authz_t {
    const char *name; /**< as ordered */
    const char *status;
    const char *challenge; /**< its status */
    const char *token;
} model_authz_t;

typedef struct model_order_t {
    const char *kid;
    const char *status;
    apr_array_header_t *authz; /**< model_authz_t */
    const char *chain;
    const char *alternate; /**< or NULL */
    int polls;
    int forgotten;
} model_order_t;

model_ca_t *model_ca_create(apr_pool_t *p)
{
    model_ca_t *ca = apr_pcalloc(p, sizeof(*ca));

    ca->p = p;
    ca->dice = 4711;
    ca->nonces = apr_hash_make(p);
    ca->revoked = apr_hash_make(p);
    ca->account_by_jwk = apr_hash_make(p);
    ca->ended = apr_hash_make(p);
    ca->order_list = apr_array_make(p, 4, sizeof(model_order_t *));
    return ca;
}

static int roll(model_ca_t *ca, int percent)
{
    ca->dice = ca->dice * 1103515245u + 12345u;
    return (int)((ca->dice >> 16) % 100) < percent;
}

static void add_nonce(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    const char *nonce = apr_psprintf(ca->p, "model-%d", ++ca->n_nonces);

    apr_hash_set(ca->nonces, nonce, APR_HASH_KEY_STRING, nonce);
    apr_table_set(call->answer->headers, "Replay-Nonce", nonce);
}

static int take_nonce(model_ca_t *ca, const char *nonce)
{
    if (!nonce || !apr_hash_get(ca->nonces, nonce, APR_HASH_KEY_STRING)) {
        return 0;
    }
    apr_hash_set(ca->nonces, nonce, APR_HASH_KEY_STRING, NULL);
    return !roll(ca, ca->refuse_nonces);
}

static void directory(const model_call_t *call)
{
    const model_ca_t *ca = call->ca;

    ++call->ca->directories;
    model_ca_say(
        call, 200, "application/json",
        apr_psprintf(
            call->p,
            "{\"newNonce\":\"" BASE "nonce\","
            "\"newAccount\":\"" BASE "account\","
            "\"newOrder\":\"" BASE "order\","
            "\"keyChange\":\"" BASE "key-change\","
            "\"revokeCert\":\"" BASE "revoke\",%s"
            "\"meta\":{%s%s%s%s%s%s\"caaIdentities\":[\"ca.test\"],"
            "\"externalAccountRequired\":%s}}",
            ca->no_renewal_info ? "" : "\"renewalInfo\":\"" BASE "renewal\",",
            ca->profiles ? "\"profiles\":{" : "",
            ca->profiles ? ca->profiles : "", ca->profiles ? "}," : "",
            ca->terms ? "\"termsOfService\":\"" : "",
            ca->terms ? ca->terms : "", ca->terms ? "\"," : "",
            ca->account_required ? "true" : "false"));
}

static model_authz_t *authz_at(const model_order_t *order, int i)
{
    return &APR_ARRAY_IDX(order->authz, i, model_authz_t);
}

/* Sets the order's status by those of its authorizations. */
static void settle(model_order_t *order)
{
    int valid = 0;
    int i;

    if (strcmp(order->status, "pending") != 0) {
        return;
    }
    for (i = 0; i < order->authz->nelts; ++i) {
        const model_authz_t *authz = authz_at(order, i);

        if (strcmp(authz->status, "invalid") == 0) {
            order->status = "invalid";
            return;
        }
        valid += strcmp(authz->status, "valid") == 0;
    }
    if (valid == order->authz->nelts) {
        order->status = "ready";
    }
}

static const char *type_of(const model_ca_t *ca)
{
    return ca->challenge_type ? ca->challenge_type : "http-01";
}

/* Moves the order forward, once per poll. */
static void advance(model_ca_t *ca, model_order_t *order)
{
    int i;

    ++order->polls;
    if (strcmp(order->status, "processing") == 0
        && order->polls > ca->process_polls) {
        order->status = "valid";
    }
    if (order->polls <= ca->validate_polls) {
        return;
    }
    for (i = 0; i < order->authz->nelts; ++i) {
        model_authz_t *authz = authz_at(order, i);
        const char *bare = authz->name;
        int good;

        if (strcmp(authz->challenge, "processing") != 0) {
            continue;
        }
        bare += strncmp(bare, "*.", 2) == 0 ? 2 : 0;
        good =
            (!ca->fail_name || strcmp(ca->fail_name, authz->name) != 0)
            && (!ca->is_up
                || ca->is_up(ca->is_up_baton, type_of(ca), bare, authz->token));
        authz->challenge = good ? "valid" : "invalid";
        authz->status = authz->challenge;
    }
    settle(order);
}

static int is_limited(const model_call_t *call)
{
    const model_ca_t *ca = call->ca;
    int seconds = 0;
    const char *words = ca->limit
                            ? ca->limit(ca->limit_baton, call->request->kid,
                                        call->request->payload, &seconds)
                            : NULL;

    if (!words) {
        return 0;
    }
    model_ca_refuse(call, 429, "rateLimited", words);
    if (seconds > 0) {
        apr_table_set(call->answer->headers, "Retry-After",
                      apr_itoa(call->p, seconds));
    }
    return 1;
}

static void show_order(const model_call_t *call, int n,
                       const model_order_t *order)
{
    const char *identifiers = "";
    const char *urls = "";
    int i;

    for (i = 0; i < order->authz->nelts; ++i) {
        const char *comma = i > 0 ? "," : "";

        identifiers =
            apr_psprintf(call->p, "%s%s{\"type\":\"dns\",\"value\":\"%s\"}",
                         identifiers, comma, authz_at(order, i)->name);
        urls = apr_psprintf(call->p, "%s%s\"" BASE "authz/%d/%d\"", urls, comma,
                            n, i);
    }
    model_ca_say(
        call, call->answer->status, "application/json",
        apr_psprintf(
            call->p,
            "{\"status\":\"%s\",\"expires\":\"2030-02-01T00:00:00Z\","
            "\"identifiers\":[%s],\"authorizations\":[%s],"
            "\"finalize\":\"" BASE "finalize/%d\"%s}",
            order->status, identifiers, urls, n,
            strcmp(order->status, "valid") == 0 ? apr_psprintf(
                call->p, ",\"certificate\":\"" BASE "certificate/%d\"", n)
                                                : ""));
    apr_table_set(call->answer->headers, "Location",
                  apr_psprintf(call->p, BASE "order/%d", n));
    if (call->ca->retry_after > 0) {
        apr_table_set(call->answer->headers, "Retry-After",
                      apr_itoa(call->p, call->ca->retry_after));
    }
}

static int is_for(const model_order_t *order, const acme_json_t *names)
{
    const char *name;
    int i;

    for (i = 0; i < order->authz->nelts && i < acme_json_count(names); ++i) {
        assert_int_equal(
            acme_json_get_str(&name, acme_json_at(names, i), "value"),
            APR_SUCCESS);
        if (strcmp(authz_at(order, i)->name, name) != 0) {
            return 0;
        }
    }
    return order->authz->nelts == acme_json_count(names);
}

/* Returns the index of the account's open order for the same names, or -1. */
static int open_order(const model_call_t *call, const acme_json_t *names)
{
    const apr_array_header_t *list = call->ca->order_list;
    int n;

    for (n = 0; call->ca->reuse_orders && n < list->nelts; ++n) {
        const model_order_t *order = APR_ARRAY_IDX(list, n, model_order_t *);

        if ((strcmp(order->status, "pending") == 0
             || strcmp(order->status, "ready") == 0)
            && strcmp(order->kid, call->request->kid) == 0
            && is_for(order, names)) {
            return n;
        }
    }
    return -1;
}

static void new_order(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    model_order_t *order = apr_pcalloc(ca->p, sizeof(*order));
    acme_json_t *payload;
    acme_json_t *names;
    int i;

    ++ca->asked;
    if (is_limited(call)) {
        return;
    }
    if (acme_json_parse(&payload, call->request->payload,
                        strlen(call->request->payload), NULL, call->p)
            != APR_SUCCESS
        || acme_json_get(&names, payload, "identifiers") != APR_SUCCESS) {
        model_ca_refuse(call, 400, "malformed", "no identifiers");
        return;
    }
    if (acme_json_get_str(&ca->replaces, payload, "replaces") == APR_SUCCESS) {
        ca->replaces = apr_pstrdup(ca->p, ca->replaces);
        if (ca->replaced) {
            model_ca_refuse(call, 409,
                            ca->says_conflict ? "conflict" : "alreadyReplaced",
                            "it has been");
            return;
        }
    }
    else {
        ca->replaces = NULL;
    }
    ca->profile = NULL;
    if (acme_json_get_str(&ca->profile, payload, "profile") == APR_SUCCESS) {
        ca->profile = apr_pstrdup(ca->p, ca->profile);
        if (ca->refuse_profiles) {
            model_ca_refuse(call, 400, "invalidProfile", "not for you");
            return;
        }
    }
    i = open_order(call, names);
    if (i >= 0) {
        call->answer->status = 201;
        show_order(call, i, APR_ARRAY_IDX(ca->order_list, i, model_order_t *));
        return;
    }
    ++ca->orders;
    order->kid = apr_pstrdup(ca->p, call->request->kid);
    order->status = "pending";
    order->authz = apr_array_make(ca->p, 4, sizeof(model_authz_t));
    for (i = 0; i < acme_json_count(names); ++i) {
        model_authz_t *authz = apr_array_push(order->authz);
        const char *name;

        assert_int_equal(
            acme_json_get_str(&name, acme_json_at(names, i), "value"),
            APR_SUCCESS);
        authz->name = apr_pstrdup(ca->p, name);
        authz->status = ca->reuse_authorizations ? "valid" : "pending";
        authz->challenge = authz->status;
        authz->token =
            apr_psprintf(ca->p, "token-of-the-order-%d-%d", ca->orders, i);
    }
    settle(order);
    APR_ARRAY_PUSH(ca->order_list, model_order_t *) = order;
    call->answer->status = 201;
    show_order(call, ca->order_list->nelts - 1, order);
}

static const char *shown(const model_ca_t *ca, const model_authz_t *authz)
{
    return ca->says_conflict && strcmp(authz->challenge, "processing") == 0
               ? "pending"
               : authz->challenge;
}

static void show_challenge(const model_call_t *call, const char *url,
                           const model_authz_t *authz)
{
    model_ca_say(
        call, 200, "application/json",
        apr_psprintf(call->p,
                     "{\"type\":\"%s\",\"url\":\"%s\",\"token\":\"%s\","
                     "\"status\":\"%s\"}",
                     type_of(call->ca), url, authz->token,
                     shown(call->ca, authz)));
}

static void show_authz(const model_call_t *call, int n, int i,
                       const model_authz_t *authz)
{
    int wildcard = strncmp(authz->name, "*.", 2) == 0;

    model_ca_say(
        call, 200, "application/json",
        apr_psprintf(call->p,
                     "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\","
                     "\"value\":\"%s\"}%s,\"challenges\":[{\"type\":\"%s\","
                     "\"url\":\"" BASE "challenge/%d/%d\",\"token\":\"%s\","
                     "\"status\":\"%s\"%s},{\"type\":\"strange-99\"}]}",
                     authz->status, authz->name + (wildcard ? 2 : 0),
                     wildcard ? ",\"wildcard\":true" : "", type_of(call->ca), n,
                     i, authz->token, shown(call->ca, authz),
                     strcmp(authz->challenge, "invalid") == 0
                         ? ",\"error\":{\"type\":\"urn:ietf:params:acme:error:"
                           "unauthorized\",\"detail\":\"the model says no\"}"
                         : ""));
}

static void respond_challenge(const model_call_t *call, model_authz_t *authz)
{
    if (strcmp(authz->challenge, "pending") != 0) {
        ++call->ca->repeated_responses;
        if (call->ca->says_conflict) {
            model_ca_refuse(call, 409, "conflict", "it is being validated");
            return;
        }
        model_ca_refuse(call, 400, "malformed", "the challenge is not pending");
        return;
    }
    ++call->ca->responses;
    authz->challenge = "processing";
    show_challenge(call, call->request->url, authz);
}

static void finalize(const model_call_t *call, int n, model_order_t *order)
{
    model_ca_t *ca = call->ca;
    acme_json_t *payload;
    const char *csr;

    if (ca->conflicts > 0) {
        --ca->conflicts;
        model_ca_refuse(call, 409, "conflict", "it is being finalized");
        return;
    }
    if (strcmp(order->status, "ready") != 0) {
        model_ca_refuse(call, 403, "orderNotReady", "the order is not ready");
        return;
    }
    if (acme_json_parse(&payload, call->request->payload,
                        strlen(call->request->payload), NULL, call->p)
            != APR_SUCCESS
        || acme_json_get_str(&csr, payload, "csr") != APR_SUCCESS) {
        model_ca_refuse(call, 400, "malformed", "no CSR");
        return;
    }
    order->chain = ca->sign ? ca->sign(ca->sign_baton, csr, ca->p) : chain_text;
    if (!order->chain) {
        model_ca_refuse(call, 400, "badCSR", "the model does not like it");
        return;
    }
    order->alternate =
        ca->alternate ? ca->alternate(ca->alternate_baton, csr, ca->p) : NULL;
    ++ca->finalized;
    order->polls = 0;
    order->status = ca->process_polls > 0 ? "processing" : "valid";
    show_order(call, n, order);
}

static int below(const model_call_t *call, const char *what, int *n, int *i)
{
    apr_size_t len = strlen(what);
    char *end;

    if (strncmp(call->request->url, what, len) != 0) {
        return 0;
    }
    *n = (int)strtol(call->request->url + len, &end, 10);
    *i = *end == '/' ? (int)strtol(end + 1, NULL, 10) : 0;
    return 1;
}

static void resource(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    const char *kind = "";
    model_order_t *order;
    int n = -1;
    int i = 0;

    kind = below(call, BASE "order/", &n, &i)         ? "order"
           : below(call, BASE "authz/", &n, &i)       ? "authz"
           : below(call, BASE "challenge/", &n, &i)   ? "challenge"
           : below(call, BASE "finalize/", &n, &i)    ? "finalize"
           : below(call, BASE "certificate/", &n, &i) ? "certificate"
                                                      : "";
    if (n < 0 || n >= ca->order_list->nelts) {
        model_ca_refuse(call, 404, "malformed", "no such resource");
        return;
    }
    order = APR_ARRAY_IDX(ca->order_list, n, model_order_t *);
    if (order->forgotten || strcmp(order->kid, call->request->kid) != 0) {
        model_ca_refuse(call, 404, "malformed", "no such order");
    }
    else if (strcmp(kind, "order") == 0) {
        advance(ca, order);
        show_order(call, n, order);
    }
    else if (strcmp(kind, "authz") == 0) {
        show_authz(call, n, i, authz_at(order, i));
    }
    else if (strcmp(kind, "challenge") == 0) {
        respond_challenge(call, authz_at(order, i));
    }
    else if (strcmp(kind, "finalize") == 0) {
        finalize(call, n, order);
    }
    else if (strcmp(order->status, "valid") == 0 && i == 0) {
        model_ca_say(call, 200, "application/pem-certificate-chain",
                     order->chain);
        if (order->alternate) {
            apr_table_set(call->answer->headers, "Link",
                          apr_psprintf(call->p,
                                       "<" BASE "dir>;rel=\"index\", <" BASE
                                       "certificate/%d/1>; rel=\"alternate\"",
                                       n));
        }
    }
    else if (order->alternate && i == 1 && ca->alternate_status) {
        model_ca_refuse(call, ca->alternate_status, "malformed",
                        "not this one");
    }
    else if (order->alternate && i == 1) {
        model_ca_say(call, 200, "application/pem-certificate-chain",
                     order->alternate);
    }
    else {
        model_ca_refuse(call, 404, "malformed", "no certificate yet");
    }
}

static void revoke_cert(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    apr_int64_t reason = 0;
    acme_json_t *json;
    const char *cert;

    ++ca->revocations;
    assert_int_equal(acme_json_parse(&json, call->request->payload,
                                     strlen(call->request->payload), NULL,
                                     call->p),
                     0);
    assert_int_equal(acme_json_get_str(&cert, json, "certificate"), 0);
    (void)acme_json_get_int(&reason, json, "reason");
    if (ca->refuse_revoke) {
        model_ca_refuse(call, 400, ca->refuse_revoke, "it is not revoked");
    }
    else if (call->request->kid && ca->refuse_accounts) {
        model_ca_refuse(call, 403, "unauthorized", "not this account's");
    }
    else if (apr_hash_get(ca->revoked, cert, APR_HASH_KEY_STRING)) {
        model_ca_refuse(call, 400, "alreadyRevoked", "it is revoked already");
    }
    else {
        cert = apr_pstrdup(ca->p, cert);
        apr_hash_set(ca->revoked, cert, APR_HASH_KEY_STRING, cert);
        ca->revoked_reason = (int)reason;
        ca->revoked_by_key = call->request->jwk != NULL;
        model_ca_say(call, 200, "text/plain", "");
    }
}

static void post(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    int is_revoke_order = strcmp(call->request->url, BASE "revoke") == 0;

    if (!take_nonce(ca, call->request->nonce)) {
        ++ca->bad_nonces;
        model_ca_refuse(call, 400, "badNonce", "this nonce is not liked");
    }
    else if (is_revoke_order && !call->request->kid) {
        revoke_cert(call);
    }
    else if (model_ca_account(call)) {
        /* answered */
    }
    else if (is_revoke_order) {
        revoke_cert(call);
    }
    else if (strcmp(call->request->url, BASE "order") == 0) {
        new_order(call);
    }
    else {
        resource(call);
    }
    add_nonce(call);
}

static void renewal_info(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    const char *window = ca->renewal_window
                             ? ca->renewal_window
                             : "2040-01-01T00:00:00Z 2040-01-02T00:00:00Z";
    const char *space;

    ++ca->renewals;
    if (ca->window_of) {
        window =
            ca->window_of(ca->window_baton, call->request->url + 24, call->p);
        if (!window) {
            model_ca_refuse(call, 404, "malformed", "no such certificate");
            return;
        }
    }
    space = strchr(window, ' ');
    apr_table_set(call->answer->headers, "Retry-After",
                  ca->renewal_again ? ca->renewal_again : "21600");
    if (ca->renewal_status) {
        model_ca_refuse(call, ca->renewal_status, "serverInternal", "not now");
        return;
    }
    model_ca_say(
        call, 200, "application/json",
        apr_psprintf(
            call->p,
            "{\"suggestedWindow\":{\"start\":\"%s\",\"end\":\"%s\"}"
            "%s%s%s}",
            apr_pstrmemdup(call->p, window, (apr_size_t)(space - window)),
            space + 1, ca->explanation ? ",\"explanationURL\":\"" : "",
            ca->explanation ? ca->explanation : "",
            ca->explanation ? "\"" : ""));
}

void model_ca_respond(void *baton, const script_request_t *request,
                      script_answer_t *answer, apr_pool_t *p)
{
    model_ca_t *ca = baton;
    model_call_t call = {ca, request, answer, p};

    ++ca->requests;
    answer->delay = ca->delay;
    if (ca->unreachable > 0) {
        --ca->unreachable;
        answer->rv = APR_ECONNREFUSED;
        return;
    }
    if (ca->outage > 0) {
        --ca->outage;
        model_ca_say(&call, 503, "text/html", "<html>we are sorry</html>");
        return;
    }
    if (strcmp(request->url, MODEL_CA_DIRECTORY) == 0) {
        directory(&call);
    }
    else if (strncmp(request->url, BASE "renewal/", 24) == 0) {
        renewal_info(&call);
    }
    else if (strcmp(request->url, BASE "nonce") == 0) {
        ++ca->heads;
        add_nonce(&call);
    }
    else if (request->payload) {
        post(&call);
    }
    else {
        model_ca_refuse(&call, 405, "malformed", "POST only");
    }
    if (ca->lose_after > 0 && --ca->lose_after == 0) {
        answer->lost = 1;
    }
}

static model_order_t *find(model_ca_t *ca, const char *url)
{
    int n = (int)strtol(url + strlen(BASE "order/"), NULL, 10);

    assert_in_range(n, 0, ca->order_list->nelts - 1);
    return APR_ARRAY_IDX(ca->order_list, n, model_order_t *);
}

void model_ca_forget_order(model_ca_t *ca, const char *url)
{
    find(ca, url)->forgotten = 1;
}

void model_ca_invalidate_order(model_ca_t *ca, const char *url)
{
    find(ca, url)->status = "invalid";
}
