/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_b64.h"
#include "model_ca_private.h"

#define PROBLEM "application/problem+json"

void model_ca_say(const model_call_t *call, int status, const char *type,
                  const char *body)
{
    call->answer->status = status;
    call->answer->body = body;
    apr_table_set(call->answer->headers, "Content-Type", type);
}

void model_ca_refuse(const model_call_t *call, int status, const char *type,
                     const char *detail)
{
    model_ca_say(call, status, PROBLEM,
                 apr_psprintf(call->p,
                              "{\"type\":\"urn:ietf:params:acme:error:%s\","
                              "\"detail\":\"%s\",\"status\":%d}",
                              type, detail, status));
}

/* Returns zero after refusing the binding. */
static int read_binding(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    acme_json_t *payload, *binding, *header;
    unsigned char *bytes;
    const char *text;
    apr_size_t len;

    ca->eab_kid = NULL;
    if (acme_json_parse(&payload, call->request->payload,
                        strlen(call->request->payload), NULL, call->p)
            == APR_SUCCESS
        && acme_json_get(&binding, payload, "externalAccountBinding")
               == APR_SUCCESS
        && acme_json_get_str(&text, binding, "protected") == APR_SUCCESS
        && acme_b64_decode(&bytes, &len, text, call->p) == APR_SUCCESS
        && acme_json_parse(&header, (const char *)bytes, len, NULL, call->p)
               == APR_SUCCESS
        && acme_json_get_str(&text, header, "kid") == APR_SUCCESS) {
        ca->eab_kid = apr_pstrdup(ca->p, text);
    }
    if (ca->eab_kid && ca->refuse_binding) {
        model_ca_refuse(call, 401, "unauthorized", "this binding is not known");
        return 0;
    }
    if (ca->account_required && !ca->eab_kid) {
        model_ca_refuse(call, 403, "externalAccountRequired", "who are you");
        return 0;
    }
    return 1;
}

static void new_account(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    const char *url;

    if (!call->request->jwk) {
        model_ca_refuse(call, 400, "malformed", "no key");
        return;
    }
    if (!read_binding(call)) {
        return;
    }
    url = apr_hash_get(ca->account_by_jwk, call->request->jwk,
                       APR_HASH_KEY_STRING);
    if (url && ca->shows_ended
        && apr_hash_get(ca->ended, url, APR_HASH_KEY_STRING)) {
        model_ca_say(call, 200, "application/json",
                     "{\"status\":\"deactivated\"}");
        apr_table_set(call->answer->headers, "Location", url);
        return;
    }
    if (url && apr_hash_get(ca->ended, url, APR_HASH_KEY_STRING)) {
        model_ca_refuse(call, 401, "unauthorized", "it was deactivated");
        return;
    }
    if (!url && strstr(call->request->payload, "onlyReturnExisting")) {
        model_ca_refuse(call, 400, "accountDoesNotExist", "no such key");
        return;
    }
    model_ca_say(call, url ? 200 : 201, "application/json",
                 "{\"status\":\"valid\"}");
    if (!url) {
        url = apr_psprintf(ca->p, MODEL_CA_BASE "account/%d", ++ca->accounts);
        apr_hash_set(ca->account_by_jwk, apr_pstrdup(ca->p, call->request->jwk),
                     APR_HASH_KEY_STRING, url);
    }
    apr_table_set(call->answer->headers, "Location", url);
}

static int has_account(const model_call_t *call)
{
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(call->p, call->ca->account_by_jwk); hi;
         hi = apr_hash_next(hi)) {
        if (call->request->kid
            && strcmp(apr_hash_this_val(hi), call->request->kid) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Returns the JWK of the inner JWS of a key change, as JSON text. */
static const char *inner_jwk(const model_call_t *call)
{
    acme_json_t *jws, *header, *jwk;
    const char *text;
    unsigned char *bytes;
    apr_size_t len;

    if (acme_json_parse(&jws, call->request->payload,
                        strlen(call->request->payload), NULL, call->p)
            == APR_SUCCESS
        && acme_json_get_str(&text, jws, "protected") == APR_SUCCESS
        && acme_b64_decode(&bytes, &len, text, call->p) == APR_SUCCESS
        && acme_json_parse(&header, (const char *)bytes, len, NULL, call->p)
               == APR_SUCCESS
        && acme_json_get(&jwk, header, "jwk") == APR_SUCCESS) {
        return acme_json_print(jwk, 0, call->ca->p);
    }
    return NULL;
}

static const char *jwk_of(const model_call_t *call, const char *url)
{
    apr_hash_index_t *hi;

    for (hi = apr_hash_first(call->p, call->ca->account_by_jwk); hi;
         hi = apr_hash_next(hi)) {
        if (strcmp(apr_hash_this_val(hi), url) == 0) {
            return apr_hash_this_key(hi);
        }
    }
    return NULL;
}

static void key_change(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    const char *jwk = inner_jwk(call);
    const char *old = jwk_of(call, call->request->kid);

    if (!jwk) {
        model_ca_refuse(call, 400, "malformed", "no inner key");
        return;
    }
    if (ca->refuse_changes
        || apr_hash_get(ca->account_by_jwk, jwk, APR_HASH_KEY_STRING)) {
        model_ca_refuse(call, 409, "conflict", "this key is taken");
        return;
    }
    apr_hash_set(ca->account_by_jwk, old, APR_HASH_KEY_STRING, NULL);
    apr_hash_set(ca->account_by_jwk, jwk, APR_HASH_KEY_STRING,
                 apr_pstrdup(ca->p, call->request->kid));
    ++ca->changes;
    if (ca->repeats_changes) {
        model_ca_refuse(call, 400, "malformed", "signed by the old key");
        return;
    }
    model_ca_say(call, 200, "application/json", "{\"status\":\"valid\"}");
}

static void change_account(const model_call_t *call)
{
    model_ca_t *ca = call->ca;
    const char *url = apr_pstrdup(ca->p, call->request->kid);

    if (strstr(call->request->payload, "deactivated")) {
        apr_hash_set(ca->ended, url, APR_HASH_KEY_STRING, url);
    }
    if (strstr(call->request->payload, "contact")) {
        ca->contact = apr_pstrdup(ca->p, call->request->payload);
    }
    model_ca_say(call, 200, "application/json", "{\"status\":\"valid\"}");
}

int model_ca_account(const model_call_t *call)
{
    const char *url = call->request->url;

    if (strcmp(url, MODEL_CA_BASE "account") == 0) {
        new_account(call);
    }
    else if (!has_account(call)) {
        model_ca_refuse(call, 400, "accountDoesNotExist", "no such account");
    }
    else if (apr_hash_get(call->ca->ended, call->request->kid,
                          APR_HASH_KEY_STRING)) {
        model_ca_refuse(call, call->ca->shows_ended ? 403 : 401, "unauthorized",
                        "it was deactivated");
    }
    else if (strcmp(url, MODEL_CA_BASE "key-change") == 0) {
        key_change(call);
    }
    else if (strcmp(url, call->request->kid) == 0) {
        change_account(call);
    }
    else {
        return 0;
    }
    return 1;
}
