/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_challenge.h"

#include <string.h>

#include <apr_strings.h>

/* Bounds the message, because a CA may offer any number of types. */
#define OFFERS_SHOWN 8

/* Finds a challenge that can be met. Leaves `*fault` when one of the type
 * cannot. */
static const acme_authz_challenge_t *
find(const char **fault, const acme_authz_t *authz, const char *type)
{
    int i;

    for (i = 0; i < authz->challenges->nelts; ++i) {
        const acme_authz_challenge_t *challenge =
            &APR_ARRAY_IDX(authz->challenges, i, acme_authz_challenge_t);

        if (strcmp(challenge->type, type) == 0
            && challenge->status != ACME_CHALLENGE_INVALID) {
            if (!challenge->fault) {
                return challenge;
            }
            *fault = challenge->fault;
        }
    }
    return NULL;
}

/* Returns non-zero when a challenge of the type, or of any type if that is
 * NULL, has failed. */
static int has_failed(const acme_authz_t *authz, const char *type)
{
    int i;

    for (i = 0; i < authz->challenges->nelts; ++i) {
        const acme_authz_challenge_t *challenge =
            &APR_ARRAY_IDX(authz->challenges, i, acme_authz_challenge_t);

        if (challenge->status == ACME_CHALLENGE_INVALID
            && (!type || strcmp(challenge->type, type) == 0)) {
            return 1;
        }
    }
    return 0;
}

static const char *offers(const acme_authz_t *authz, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < authz->challenges->nelts && i < OFFERS_SHOWN; ++i) {
        const acme_authz_challenge_t *challenge =
            &APR_ARRAY_IDX(authz->challenges, i, acme_authz_challenge_t);

        text = apr_psprintf(
            p, "%s%s%.40s%s", text, i > 0 ? ", " : "", challenge->type,
            challenge->status == ACME_CHALLENGE_INVALID ? " (failed)" : "");
    }
    return i == 0 ? "none" : text;
}

/* Says of each type that is configured why it is not taken. */
static const char *reasons(const acme_authz_t *authz,
                           const apr_array_header_t *types,
                           const apr_array_header_t *faults, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < types->nelts; ++i) {
        const char *type = APR_ARRAY_IDX(types, i, const char *);

        text = apr_pstrcat(p, text, *text ? "; " : " (", type,
                           has_failed(authz, type)
                               ? ": it has failed in this order"
                               : ": the CA does not offer it",
                           NULL);
    }
    for (i = 0; faults && i < faults->nelts; ++i) {
        text = apr_pstrcat(p, text, *text ? "; " : " (",
                           APR_ARRAY_IDX(faults, i, const char *), NULL);
    }
    return *text ? apr_pstrcat(p, text, ")", NULL) : "";
}

const acme_authz_challenge_t *acme_challenge_choose(
    const acme_authz_t *authz, const apr_array_header_t *types,
    const apr_array_header_t *faults, acme_problem_t *problem, apr_pool_t *p)
{
    const acme_authz_challenge_t *challenge;
    const char *fault = NULL;
    int i;

    for (i = 0; i < types->nelts; ++i) {
        const char *type = APR_ARRAY_IDX(types, i, const char *);

        if (acme_challenge_type_known(type)) {
            challenge = find(&fault, authz, type);
            if (challenge) {
                return challenge;
            }
        }
    }
    if (fault) {
        acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_PROTOCOL, p, "%s%s: %s",
                         authz->wildcard ? "*." : "", authz->identifier, fault);
        return NULL;
    }
    /* A challenge that failed may succeed in another order. Types that do not
     * match stay so until the configuration is changed. */
    acme_problem_set(
        problem, APR_ENOTIMPL,
        has_failed(authz, NULL) ? ACME_RETRY_BACKOFF : ACME_RETRY_CONFIG,
        ACME_PROBLEM_CONFIG, p,
        "%s%s: the CA offers %s, and this server can meet %s%s",
        authz->wildcard ? "*." : "", authz->identifier, offers(authz, p),
        types->nelts > 0 ? apr_array_pstrcat(p, types, ',') : "none",
        reasons(authz, types, faults, p));
    return NULL;
}
