/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_issue.h"
#include "acme_issue_private.h"
#include "acme_resource.h"

/* To be raised when snapshots of the version before cannot be read any more. */
#define SNAPSHOT_VERSION 1

static acme_json_t *presented_to_json(const acme_issue_t *issue, apr_pool_t *p)
{
    acme_json_t *list = acme_json_array(p);
    int i;

    for (i = 0; i < issue->presented->nelts; ++i) {
        const acme_challenge_t *challenge =
            &APR_ARRAY_IDX(issue->presented, i, acme_challenge_t);
        acme_json_t *item = acme_json_object(p);

        acme_json_set_str(item, "type", challenge->type);
        acme_json_set_str(item, "identifier", challenge->identifier);
        acme_json_set_str(item, "token", challenge->token);
        acme_json_append_given(list, item);
    }
    return list;
}

acme_json_t *acme_issue_snapshot(const acme_issue_t *issue, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_int(json, "version", SNAPSHOT_VERSION);
    acme_json_set_str(json, "phase", issue->phases[issue->phase].name);
    acme_json_set_str(json, "new-order", issue->config->new_order_url);
    acme_json_set_str(json, "directory", issue->config->directory_url);
    acme_json_set_strs(json, "names", issue->config->names);
    acme_json_set_str(json, "order", issue->order_url);
    acme_json_set_str(json, "finalize", issue->finalize);
    acme_json_set_str(json, "certificate", issue->certificate);
    acme_json_set_time(json, "expires", issue->expires);
    acme_json_set_strs(json, "challenges", issue->types);
    acme_json_set_str(json, "failed-challenge", issue->failed_type);
    acme_json_give(json, "presented", presented_to_json(issue, p));
    acme_json_set_int(json, "failures", issue->failures);
    acme_json_set_int(json, "timeouts", issue->timeouts);
    acme_json_set_time(json, "made", issue->made);
    acme_json_set_bool(json, "told", issue->responded);
    acme_json_set_bool(json, "finalized", issue->finalized);
    acme_json_set_bool(json, "stale", issue->stale);
    acme_json_set_bool(json, "resumable", issue->resumable);
    if (issue->problem) {
        acme_json_give(json, "problem",
                       acme_problem_to_json(issue->problem, p));
    }
    return json;
}

static apr_status_t damaged(acme_problem_t *problem, const acme_issue_t *issue,
                            const char *what)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_STORE, issue->p,
                            "%s: the order that was under way cannot be "
                            "resumed: %s",
                            issue->config->name, what);
}

static int read_phase(acme_issue_phase_e *phase, const acme_issue_t *issue,
                      const acme_json_t *snapshot)
{
    const char *name;
    int i;

    if (acme_json_get_str(&name, snapshot, "phase") != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < ACME_PHASE_COUNT; ++i) {
        if (strcmp(issue->phases[i].name, name) == 0) {
            *phase = (acme_issue_phase_e)i;
            return 1;
        }
    }
    return 0;
}

static int read_url(const char **url, acme_issue_t *issue,
                    const acme_json_t *snapshot, const char *key)
{
    const char *text;
    apr_status_t rv = acme_json_get_str(&text, snapshot, key);

    if (rv == APR_SUCCESS && acme_resource_is_url(text)) {
        *url = apr_pstrdup(issue->p, text);
        return 1;
    }
    return rv == APR_NOTFOUND;
}

static int read_presented(acme_issue_t *issue, const acme_json_t *snapshot)
{
    acme_json_t *list;
    int i;

    if (acme_json_get(&list, snapshot, "presented") != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < acme_json_count(list); ++i) {
        const acme_json_t *item = acme_json_at(list, i);
        acme_challenge_t challenge;

        if (acme_json_get_str(&challenge.type, item, "type") != APR_SUCCESS
            || acme_json_get_str(&challenge.identifier, item, "identifier")
                   != APR_SUCCESS
            || acme_json_get_str(&challenge.token, item, "token") != APR_SUCCESS
            || !acme_challenge_type_known(challenge.type)) {
            return 0;
        }
        challenge.type = acme_challenge_type(challenge.type);
        challenge.site = issue->config->name;
        challenge.identifier = apr_pstrdup(issue->p, challenge.identifier);
        challenge.token = apr_pstrdup(issue->p, challenge.token);
        challenge.key_authorization = acme_jws_key_authorization(
            issue->config->signer, challenge.token, issue->p);
        acme_issue_state_presented(issue, &challenge);
    }
    return 1;
}

static int has_type(const apr_array_header_t *types, const char *type)
{
    int i;

    for (i = 0; i < types->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(types, i, const char *), type) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Adds the types that are in `allowed` and are not there yet. */
static void add_types(apr_array_header_t *types, const apr_array_header_t *more,
                      const apr_array_header_t *allowed)
{
    int i;

    for (i = 0; i < more->nelts; ++i) {
        const char *type = APR_ARRAY_IDX(more, i, const char *);

        if (has_type(allowed, type) && !has_type(types, type)) {
            APR_ARRAY_PUSH(types, const char *) = type;
        }
    }
}

/* Reads which types the order prefers. The order goes on with the type that it
 * has chosen, which the CA may be looking at, if that is still configured; but
 * not after a challenge of it has failed. A snapshot of an older module does
 * not have this. */
static int read_types(acme_issue_t *issue, const acme_json_t *snapshot)
{
    const apr_array_header_t *now = issue->config->challenge_types;
    apr_array_header_t *before, *types;
    const char *failed;
    apr_status_t rv;

    rv = acme_json_get_str(&failed, snapshot, "failed-challenge");
    if (rv == APR_SUCCESS) {
        issue->failed_type = acme_challenge_type(failed);
        return issue->failed_type != NULL;
    }
    if (rv != APR_NOTFOUND) {
        return 0;
    }
    rv = acme_json_get_strs(&before, snapshot, "challenges", issue->p);
    if (rv == APR_SUCCESS) {
        types = apr_array_make(issue->p, now->nelts, sizeof(const char *));
        add_types(types, before, now);
        add_types(types, now, now);
        issue->types = types;
    }
    return rv == APR_SUCCESS || rv == APR_NOTFOUND;
}

/* Reads "told". A snapshot of an older module does not have it: then the phase
 * is the best guess. */
static int read_responded(acme_issue_t *issue, const acme_json_t *snapshot,
                          acme_issue_phase_e phase)
{
    apr_status_t rv = acme_json_get_bool(&issue->responded, snapshot, "told");

    if (rv == APR_NOTFOUND) {
        issue->responded =
            phase == ACME_PHASE_RESPOND || phase == ACME_PHASE_AWAIT;
    }
    return rv == APR_SUCCESS || rv == APR_NOTFOUND;
}

/* Reads what snapshots of an older module do not have. */
static int read_course(acme_issue_t *issue, const acme_json_t *snapshot)
{
    apr_int64_t timeouts = 0;
    apr_status_t rv;

    rv = acme_json_get_int(&timeouts, snapshot, "timeouts");
    if ((rv != APR_SUCCESS && rv != APR_NOTFOUND) || timeouts < 0
        || timeouts > ACME_ISSUE_FAILURES) {
        return 0;
    }
    issue->timeouts = (int)timeouts;
    rv = acme_json_get_time(&issue->made, snapshot, "made");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return 0;
    }
    rv = acme_json_get_bool(&issue->finalized, snapshot, "finalized");
    issue->finalized = issue->finalized || issue->certificate;
    return rv == APR_SUCCESS || rv == APR_NOTFOUND;
}

static int read_failure(acme_issue_t *issue, const acme_json_t *snapshot)
{
    acme_json_t *problem;
    apr_int64_t failures = 0;
    apr_status_t rv;

    if (acme_json_get_int(&failures, snapshot, "failures") != APR_SUCCESS
        || acme_json_get_bool(&issue->stale, snapshot, "stale") != APR_SUCCESS
        || acme_json_get_bool(&issue->resumable, snapshot, "resumable")
               != APR_SUCCESS
        || failures < 0 || failures > ACME_ISSUE_FAILURES
        || (issue->resumable && !issue->order_url)) {
        return 0;
    }
    issue->failures = (int)failures;
    rv = acme_json_get(&problem, snapshot, "problem");
    if (rv == APR_NOTFOUND) {
        return 1;
    }
    issue->problem = apr_pcalloc(issue->p, sizeof(*issue->problem));
    return rv == APR_SUCCESS
           && acme_problem_restore(issue->problem, problem, issue->p)
                  == APR_SUCCESS;
}

/* Returns non-zero when the order is with the CA of the configuration. The URL
 * of newOrder, which is all that a snapshot of an older module has, may change
 * while the order can still be had. */
static int is_same_ca(const acme_issue_t *issue, const acme_json_t *snapshot)
{
    const acme_issue_config_t *config = issue->config;
    const char *url;

    if (config->directory_url
        && acme_json_get_str(&url, snapshot, "directory") == APR_SUCCESS) {
        return strcmp(url, config->directory_url) == 0;
    }
    return acme_json_get_str(&url, snapshot, "new-order") == APR_SUCCESS
           && strcmp(url, config->new_order_url) == 0;
}

apr_status_t acme_issue_snapshot_read(acme_issue_t *issue,
                                      acme_issue_phase_e *phase,
                                      const acme_json_t *snapshot,
                                      acme_problem_t *problem)
{
    apr_array_header_t *names;
    apr_int64_t version;
    apr_status_t rv;

    if (acme_json_get_int(&version, snapshot, "version") != APR_SUCCESS
        || version != SNAPSHOT_VERSION) {
        return damaged(problem, issue, "it is of another version");
    }
    if (acme_json_get_strs(&names, snapshot, "names", issue->p) != APR_SUCCESS
        || !acme_ident_same(names, issue->config->names)) {
        return damaged(problem, issue, "it is for other names");
    }
    if (!is_same_ca(issue, snapshot)) {
        return damaged(problem, issue, "it is with another CA");
    }
    if (!read_phase(phase, issue, snapshot)) {
        return damaged(problem, issue, "its phase is missing or unknown");
    }
    if (!read_url(&issue->order_url, issue, snapshot, "order")
        || !read_url(&issue->finalize, issue, snapshot, "finalize")
        || !read_url(&issue->certificate, issue, snapshot, "certificate")
        || (!issue->order_url && *phase != ACME_PHASE_NEW
            && *phase != ACME_PHASE_FAILED)) {
        return damaged(problem, issue, "an URL is missing or damaged");
    }
    rv = acme_json_get_time(&issue->expires, snapshot, "expires");
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return damaged(problem, issue, "its expiry is damaged");
    }
    if (!read_course(issue, snapshot)) {
        return damaged(problem, issue, "its course is damaged");
    }
    if (!read_types(issue, snapshot) || !read_presented(issue, snapshot)
        || !read_responded(issue, snapshot, *phase)) {
        return damaged(problem, issue, "its challenges are damaged");
    }
    if (!read_failure(issue, snapshot)
        || (*phase == ACME_PHASE_FAILED && !issue->problem)) {
        return damaged(problem, issue, "how it failed is damaged");
    }
    return APR_SUCCESS;
}
