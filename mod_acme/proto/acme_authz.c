/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_authz.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_challenge_type.h"
#include "acme_ident.h"
#include "acme_resource.h"

#define CHALLENGES_MAX 50
#define TOKEN_MIN      16
#define TOKEN_MAX      256

static const char *const status_names[] = {
    [ACME_AUTHZ_PENDING] = "pending", [ACME_AUTHZ_VALID] = "valid",
    [ACME_AUTHZ_INVALID] = "invalid", [ACME_AUTHZ_DEACTIVATED] = "deactivated",
    [ACME_AUTHZ_EXPIRED] = "expired", [ACME_AUTHZ_REVOKED] = "revoked",
};

static const char *const challenge_status_names[] = {
    [ACME_CHALLENGE_PENDING] = "pending",
    [ACME_CHALLENGE_PROCESSING] = "processing",
    [ACME_CHALLENGE_VALID] = "valid",
    [ACME_CHALLENGE_INVALID] = "invalid",
};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Allows nothing but base64url, because a token becomes part of a path and of a
 * key. */
static int is_token(const char *text)
{
    apr_size_t len;

    for (len = 0; text[len]; ++len) {
        if (len >= TOKEN_MAX
            || (!apr_isalnum(text[len]) && text[len] != '-'
                && text[len] != '_')) {
            return 0;
        }
    }
    return len >= TOKEN_MIN;
}

/* Judges a challenge that may have to be met. */
static apr_status_t check_challenge(acme_authz_challenge_t *challenge,
                                    const acme_resource_t *resource)
{
    apr_status_t rv;
    int status = ACME_CHALLENGE_PENDING;

    rv = acme_resource_word(&status, resource, "status", challenge_status_names,
                            COUNT(challenge_status_names), ACME_RESOURCE_USED);
    if (rv == APR_SUCCESS) {
        rv = acme_resource_url(&challenge->url, resource, "url",
                               ACME_RESOURCE_REQUIRED);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_resource_str(&challenge->token, resource, "token",
                               ACME_RESOURCE_REQUIRED);
    }
    if (rv == APR_SUCCESS && !is_token(challenge->token)) {
        rv = acme_resource_wrong(resource,
                                 "has a token that is not %d to %d characters "
                                 "of base64url: %.80s",
                                 TOKEN_MIN, TOKEN_MAX, challenge->token);
    }
    return rv;
}

/* Reads a challenge. One of a type that we do not know may look as it likes. */
static void read_challenge(acme_authz_challenge_t *challenge,
                           const acme_resource_t *resource)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    acme_resource_t own = *resource;
    int status = ACME_CHALLENGE_PENDING;

    own.problem = &why;
    own.name = apr_psprintf(own.p, "%.40s challenge", challenge->type);
    (void)acme_resource_word(&status, &own, "status", challenge_status_names,
                             COUNT(challenge_status_names),
                             ACME_RESOURCE_UNUSED);
    challenge->status = (acme_challenge_status_e)status;
    challenge->error = acme_resource_error(&own, "error");
    (void)acme_resource_url(&challenge->url, &own, "url", ACME_RESOURCE_UNUSED);
    (void)acme_resource_str(&challenge->token, &own, "token",
                            ACME_RESOURCE_UNUSED);
    if (acme_challenge_type_known(challenge->type)
        && challenge->status != ACME_CHALLENGE_VALID
        && challenge->status != ACME_CHALLENGE_INVALID
        && check_challenge(challenge, &own) != APR_SUCCESS) {
        challenge->fault = why.detail;
    }
}

static apr_status_t read_identifier(acme_authz_t *authz,
                                    const acme_resource_t *resource)
{
    acme_resource_t identifier = *resource;
    const char *type;
    const char *value;
    const char *why = NULL;
    apr_status_t rv;

    identifier.name = "authorization's identifier";
    rv = acme_resource_sub(&identifier.json, resource, "identifier",
                           ACME_RESOURCE_REQUIRED);
    if (rv == APR_SUCCESS) {
        rv = acme_resource_str(&value, &identifier, "value",
                               ACME_RESOURCE_REQUIRED);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (acme_ident_canonical(&value, value, &why, resource->p) != APR_SUCCESS) {
        return acme_resource_wrong(&identifier, "is unusable: %.260s", value);
    }
    rv = acme_resource_str(&type, &identifier, "type", ACME_RESOURCE_USED);
    if (rv == APR_SUCCESS && type
        && apr_cstr_casecmp(type, acme_ident_type_name(acme_ident_type(value)))
               != 0) {
        rv = acme_resource_wrong(&identifier,
                                 "has a type that does not suit "
                                 "%s: %.40s",
                                 value, type);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    (void)acme_json_get_bool(&authz->wildcard, resource->json, "wildcard");
    if (acme_ident_is_wildcard(value)) {
        authz->wildcard = 1;
        value += 2;
    }
    authz->identifier = value;
    return APR_SUCCESS;
}

/* Leaves out what is no challenge at all, because others may be. */
static apr_status_t read_challenges(acme_authz_t *authz,
                                    const acme_resource_t *resource)
{
    acme_resource_t item = *resource;
    acme_json_t *array = NULL;
    int count;
    int i;

    (void)acme_json_get(&array, resource->json, "challenges");
    count = acme_json_count(array);
    if (count > CHALLENGES_MAX) {
        return acme_resource_wrong(resource,
                                   "has %d challenges, and %d is the "
                                   "most that can be",
                                   count, CHALLENGES_MAX);
    }
    for (i = 0; i < count; ++i) {
        acme_authz_challenge_t challenge;

        memset(&challenge, 0, sizeof(challenge));
        item.json = acme_json_at(array, i);
        (void)acme_resource_str(&challenge.type, &item, "type",
                                ACME_RESOURCE_UNUSED);
        if (challenge.type) {
            read_challenge(&challenge, &item);
            APR_ARRAY_PUSH(authz->challenges, acme_authz_challenge_t) =
                challenge;
        }
    }
    return authz->challenges->nelts > 0
               ? APR_SUCCESS
               : acme_resource_wrong(resource, "has no challenges");
}

apr_status_t acme_authz_read(acme_authz_t **authz, const acme_json_t *json,
                             acme_problem_t *problem, apr_pool_t *p)
{
    acme_resource_t resource = {"authorization", json, problem, p};
    acme_authz_t *found = apr_pcalloc(p, sizeof(*found));
    apr_status_t rv;
    int status = 0;

    found->challenges = apr_array_make(p, 3, sizeof(acme_authz_challenge_t));
    rv = acme_resource_object(&resource);
    if (rv == APR_SUCCESS) {
        rv = acme_resource_word(&status, &resource, "status", status_names,
                                COUNT(status_names), ACME_RESOURCE_REQUIRED);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found->status = (acme_authz_status_e)status;
    rv = read_identifier(found, &resource);
    if (rv == APR_SUCCESS || found->status != ACME_AUTHZ_PENDING) {
        rv = read_challenges(found, &resource);
    }
    if (rv != APR_SUCCESS && found->status == ACME_AUTHZ_PENDING) {
        return rv;
    }
    (void)acme_resource_time(&found->expires, &resource, "expires",
                             ACME_RESOURCE_UNUSED);
    *authz = found;
    return APR_SUCCESS;
}

static const acme_authz_challenge_t *failed(const acme_authz_t *authz)
{
    int i;

    for (i = 0; i < authz->challenges->nelts; ++i) {
        const acme_authz_challenge_t *challenge =
            &APR_ARRAY_IDX(authz->challenges, i, acme_authz_challenge_t);

        if (challenge->status == ACME_CHALLENGE_INVALID && challenge->error) {
            return challenge;
        }
    }
    return NULL;
}

void acme_authz_failure(acme_problem_t *problem, const acme_authz_t *authz,
                        apr_pool_t *p)
{
    const acme_authz_challenge_t *challenge = failed(authz);
    const char *name = authz->identifier
                           ? apr_pstrcat(p, authz->wildcard ? "*." : "",
                                         authz->identifier, NULL)
                           : NULL;
    const char *shown = name ? name : "a name that the CA does not tell";
    acme_subproblem_t *sub;

    if (challenge) {
        *problem = *acme_problem_dup(challenge->error, p);
    }
    else {
        acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_PROTOCOL, p,
                         "%s: the authorization is %s, and the CA does not say "
                         "why",
                         shown, status_names[authz->status]);
    }
    if (problem->rv == APR_SUCCESS) {
        problem->rv = APR_EGENERAL;
    }
    if (!problem->detail) {
        problem->detail = apr_psprintf(p, "%s: validation by %s failed", shown,
                                       challenge ? challenge->type : "the CA");
    }
    if (!problem->subproblems || problem->subproblems->nelts == 0) {
        problem->subproblems = apr_array_make(p, 1, sizeof(*sub));
        sub = apr_array_push(problem->subproblems);
        sub->identifier = name;
        sub->type = problem->type;
        sub->detail = problem->detail;
    }
}

const char *acme_authz_failed_type(const acme_authz_t *authz)
{
    const acme_authz_challenge_t *challenge = failed(authz);

    return challenge ? challenge->type : "";
}
