/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_problem.h"

#include <stdarg.h>
#include <string.h>

#include <apr_errno.h>
#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_str.h"
#include "acme_text.h"

/* Most bytes that are kept of a CA's text. */
#define MAX_DETAIL      2048
#define MAX_SUB_DETAIL  1024
#define MAX_TYPE        256
#define MAX_NAME        256
#define MAX_URL         1024
#define MAX_SUBPROBLEMS 100
/* A line of the log. */
#define MAX_LINE 2048

/* Subproblems that later ones are compared with. */
#define SUBS_COMPARED 16

static void reset(acme_problem_t *problem, apr_status_t rv)
{
    const char *activity = problem->activity;

    memset(problem, 0, sizeof(*problem));
    problem->activity = activity;
    problem->rv = rv;
}

apr_status_t acme_problem_set(acme_problem_t *problem, apr_status_t rv,
                              acme_retry_e retry, const char *type,
                              apr_pool_t *p, const char *fmt, ...)
{
    const acme_problem_type_t *row;
    va_list ap;

    if (!problem) {
        return rv;
    }
    row = acme_problem_type_find(type);
    va_start(ap, fmt);
    /* Format first, because an argument may be a string of the problem. */
    fmt = apr_pvsprintf(p, fmt, ap);
    va_end(ap);
    reset(problem, rv);
    problem->retry = retry;
    problem->type = type;
    problem->detail = fmt;
    problem->to_fix = row ? row->to_fix : NULL;
    return rv;
}

/* Returns a string member, cut to max bytes; NULL when it is absent, empty or
 * not a string. */
static const char *take_str(const acme_json_t *object, const char *key,
                            apr_size_t max, apr_pool_t *p)
{
    const char *value;

    if (acme_json_get_str(&value, object, key) != APR_SUCCESS || !*value) {
        return NULL;
    }
    return acme_text_bound(value, max, p);
}

/* Returns the CA's own words: in detail, or where servers put them that do not
 * follow RFC 7807. */
static const char *take_words(const acme_json_t *document, apr_pool_t *p)
{
    static const char *const keys[] = {"detail", "title", "message",
                                       "error_description", "error"};
    const char *text = acme_json_text(document);
    acme_json_t *inner;
    size_t i;

    if (text) {
        return *text ? acme_text_bound(text, MAX_DETAIL, p) : NULL;
    }
    if (acme_json_get(&inner, document, "error") == APR_SUCCESS
        && acme_json_is_object(inner)) {
        document = inner;
    }
    for (i = 0; !text && i < sizeof(keys) / sizeof(keys[0]); ++i) {
        text = take_str(document, keys[i], MAX_DETAIL, p);
    }
    return text;
}

static const char *take_identifier(const acme_json_t *object, apr_pool_t *p)
{
    acme_json_t *identifier;

    if (acme_json_get(&identifier, object, "identifier") != APR_SUCCESS) {
        return NULL;
    }
    return take_str(identifier, "value", MAX_NAME, p);
}

static apr_array_header_t *take_subproblems(const acme_json_t *document,
                                            apr_pool_t *p)
{
    apr_array_header_t *result;
    acme_json_t *list;
    int n;
    int i;

    if (acme_json_get(&list, document, "subproblems") != APR_SUCCESS) {
        return NULL;
    }
    n = acme_json_count(list);
    if (n > MAX_SUBPROBLEMS) {
        n = MAX_SUBPROBLEMS;
    }
    result = apr_array_make(p, n, sizeof(acme_subproblem_t));
    for (i = 0; i < n; ++i) {
        const acme_json_t *item = acme_json_at(list, i);
        acme_subproblem_t sub;

        sub.identifier = take_identifier(item, p);
        sub.type = take_str(item, "type", MAX_TYPE, p);
        sub.detail = take_words(item, p);
        if (sub.detail) {
            sub.detail = acme_text_bound(sub.detail, MAX_SUB_DETAIL, p);
        }
        if (sub.identifier || sub.type || sub.detail) {
            APR_ARRAY_PUSH(result, acme_subproblem_t) = sub;
        }
    }
    return result->nelts ? result : NULL;
}

static const char *take_type(const acme_json_t *document, apr_pool_t *p)
{
    const char *type = take_str(document, "type", MAX_TYPE, p);

    if (type) {
        type = acme_problem_type_canonical(type, p);
    }
    else {
        type = take_str(document, "message", MAX_TYPE, p);
        type = type ? acme_problem_type_canonical(type, p) : NULL;
        if (type && !acme_problem_type_acme(type)) {
            type = NULL;
        }
    }
    /* nobody but we may speak of failures of our own */
    return type && acme_problem_type_local(type) ? NULL : type;
}

/* Returns an HTTP status, also when it came as text; 0 when there is none. */
static int take_status(const acme_json_t *document)
{
    apr_int64_t status = 0;
    const char *text;

    if (acme_json_get_int(&status, document, "status") != APR_SUCCESS
        && acme_json_get_str(&text, document, "status") == APR_SUCCESS) {
        status = apr_atoi64(text);
    }
    return status < 100 || status > 599 ? 0 : (int)status;
}

/* Takes the CA's text, where it is of the right kind. */
static void take_document(acme_problem_t *problem, const acme_json_t *document,
                          apr_pool_t *p)
{
    problem->type = take_type(document, p);
    problem->detail = take_words(document, p);
    problem->instance = take_str(document, "instance", MAX_URL, p);
    problem->subproblems = take_subproblems(document, p);
}

int acme_problem_says(const acme_json_t *document, apr_pool_t *ptemp)
{
    return take_type(document, ptemp) || take_words(document, ptemp)
           || take_subproblems(document, ptemp);
}

/* Sets the retry class by the type. A type without a row is tried again with
 * backoff, because that slows down to once a day, and the reason for a status
 * such as 403 or 404 may pass. */
static void judge(acme_problem_t *problem, apr_time_t retry_at)
{
    const acme_problem_type_t *row = acme_problem_type_find(problem->type);

    problem->retry = row ? row->retry : ACME_RETRY_BACKOFF;
    problem->to_fix = row ? row->to_fix : NULL;
    if (retry_at > 0 && problem->retry != ACME_RETRY_CONFIG
        && problem->retry != ACME_RETRY_PERMANENT) {
        problem->retry = ACME_RETRY_LATER;
        problem->retry_at = retry_at;
    }
}

apr_status_t acme_problem_from_answer(acme_problem_t *problem, int status,
                                      const acme_json_t *document,
                                      apr_time_t retry_at, apr_pool_t *p)
{
    if (!problem) {
        return APR_EGENERAL;
    }
    reset(problem, APR_EGENERAL);
    problem->status = status;
    take_document(problem, document, p);
    if (!problem->type || !strcmp(problem->type, "about:blank")) {
        problem->type =
            acme_problem_type_by_status(status, problem->detail != NULL);
    }
    if (!problem->detail) {
        problem->detail = apr_psprintf(p,
                                       "the CA answered with status %d and "
                                       "no explanation",
                                       status);
    }
    judge(problem, retry_at);
    return APR_EGENERAL;
}

apr_status_t acme_problem_from_json(acme_problem_t *problem,
                                    const acme_json_t *document, apr_pool_t *p)
{
    int status = take_status(document);

    acme_problem_from_answer(problem, status, document, 0, p);
    if (problem && !status && !take_words(document, p)) {
        problem->detail = "the CA gives no explanation";
    }
    return APR_EGENERAL;
}

void acme_problem_advise(acme_problem_t *problem, acme_problem_at_e at)
{
    const acme_problem_type_t *row;
    const char *advice;

    if (!problem->type) {
        return;
    }
    row = acme_problem_type_find(problem->type);
    /* A type that only this CA knows says as little as none. */
    advice = acme_problem_type_advice(
        row ? problem->type : ACME_PROBLEM_REFUSED, at);
    if (advice
        && (!problem->to_fix
            || (row && row->to_fix && !strcmp(problem->to_fix, row->to_fix)))) {
        problem->to_fix = advice;
    }
}

int acme_problem_is(const acme_problem_t *problem, const char *name)
{
    const char *type;

    if (!problem->type) {
        return 0;
    }
    type = acme_problem_type_acme(problem->type);
    return type && !strcmp(type, name);
}

int acme_problem_is_conflict(const acme_problem_t *problem)
{
    return acme_problem_is(problem, "conflict")
           || (problem->status == 409 && problem->type
               && (acme_problem_is(problem, "malformed")
                   || !acme_problem_type_find(problem->type)));
}

static acme_json_t *subproblems_to_json(const apr_array_header_t *subproblems,
                                        apr_pool_t *p)
{
    acme_json_t *list = acme_json_array(p);
    int i;

    for (i = 0; i < subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(subproblems, i, const acme_subproblem_t);
        acme_json_t *item = acme_json_object(p);

        acme_json_set_str(item, "type", sub->type);
        acme_json_set_str(item, "detail", sub->detail);
        if (sub->identifier) {
            acme_json_t *identifier = acme_json_object(p);

            acme_json_set_str(
                identifier, "type",
                acme_ident_type_name(acme_ident_type(sub->identifier)));
            acme_json_set_str(identifier, "value", sub->identifier);
            acme_json_set(item, "identifier", identifier);
        }
        acme_json_append_given(list, item);
    }
    return list;
}

int acme_problem_is_of_ca(const acme_problem_t *problem)
{
    const acme_problem_type_t *row;

    if (problem->retry == ACME_RETRY_CONFIG
        || problem->retry == ACME_RETRY_PERMANENT || !problem->type) {
        return 0;
    }
    row = acme_problem_type_find(problem->type);
    return problem->status == 429 || problem->status >= 500
           || (row && row->blame == ACME_BLAME_CA);
}

acme_json_t *acme_problem_to_json(const acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "type", problem->type);
    acme_json_set_str(json, "detail", problem->detail);
    if (problem->status) {
        acme_json_set_int(json, "status", problem->status);
    }
    acme_json_set_int(json, "rv", problem->rv);
    acme_json_set_str(json, "retry",
                      acme_problem_type_retry_name(problem->retry));
    acme_json_set_time(json, "retry-at", problem->retry_at);
    acme_json_set_str(json, "activity", problem->activity);
    acme_json_set_str(json, "to-fix", problem->to_fix);
    acme_json_set_str(json, "instance", problem->instance);
    if (problem->subproblems) {
        acme_json_set(json, "subproblems",
                      subproblems_to_json(problem->subproblems, p));
    }
    return json;
}

/* Returns non-zero when a member is valid or absent. */
static int optional(apr_status_t rv)
{
    return rv == APR_SUCCESS || rv == APR_NOTFOUND;
}

apr_status_t acme_problem_restore(acme_problem_t *problem,
                                  const acme_json_t *json, apr_pool_t *p)
{
    acme_problem_t found = ACME_PROBLEM_INIT;
    const char *name;
    apr_int64_t status = 0;
    apr_int64_t rv = APR_EGENERAL;

    found.type = take_str(json, "type", MAX_TYPE, p);
    if (!found.type
        || acme_json_get_str(&found.detail, json, "detail") != APR_SUCCESS
        || acme_json_get_str(&name, json, "retry") != APR_SUCCESS
        || !acme_problem_type_retry_find(&found.retry, name)
        || !optional(acme_json_get_int(&status, json, "status")) || status < 0
        || status > 999 || !optional(acme_json_get_int(&rv, json, "rv"))
        || rv < APR_INT32_MIN || rv > APR_INT32_MAX
        || !optional(acme_json_get_time(&found.retry_at, json, "retry-at"))) {
        return APR_EINVAL;
    }
    if (found.retry == ACME_RETRY_LATER && found.retry_at <= 0) {
        found.retry = ACME_RETRY_BACKOFF;
    }
    found.detail = acme_text_bound(found.detail, MAX_DETAIL, p);
    found.status = (int)status;
    found.rv = (apr_status_t)rv;
    found.activity = take_str(json, "activity", MAX_DETAIL, p);
    found.to_fix = take_str(json, "to-fix", MAX_DETAIL, p);
    found.instance = take_str(json, "instance", MAX_URL, p);
    found.subproblems = take_subproblems(json, p);
    *problem = found;
    return APR_SUCCESS;
}

acme_problem_t *acme_problem_dup(const acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t *copy = apr_pmemdup(p, problem, sizeof(*problem));
    int i;

    copy->type = apr_pstrdup(p, problem->type);
    copy->detail = apr_pstrdup(p, problem->detail);
    copy->activity = apr_pstrdup(p, problem->activity);
    copy->to_fix = apr_pstrdup(p, problem->to_fix);
    copy->instance = apr_pstrdup(p, problem->instance);
    if (problem->subproblems) {
        copy->subproblems = apr_array_copy(p, problem->subproblems);
        for (i = 0; i < copy->subproblems->nelts; ++i) {
            acme_subproblem_t *sub =
                &APR_ARRAY_IDX(copy->subproblems, i, acme_subproblem_t);

            sub->identifier = apr_pstrdup(p, sub->identifier);
            sub->type = apr_pstrdup(p, sub->type);
            sub->detail = apr_pstrdup(p, sub->detail);
        }
    }
    return copy;
}

static const char *short_type(const char *type)
{
    const char *name = acme_problem_type_acme(type);

    if (!name) {
        name = acme_problem_type_local(type);
    }
    return name && *name ? name : type;
}

/* Returns non-zero when a text says this already. */
static int says(const char *text, const char *part)
{
    return !part || (text && strstr(text, part));
}

/* Returns what a subproblem adds to the line, or NULL: a CA may say the same in
 * the document, in its subproblems, and in each of them. */
static const char *print_sub(const acme_problem_t *problem, int i,
                             apr_pool_t *p)
{
    const acme_subproblem_t *sub =
        &APR_ARRAY_IDX(problem->subproblems, i, const acme_subproblem_t);
    int known = sub->detail
                && acme_str_same(sub->type ? sub->type : "", problem->type)
                && says(problem->detail, sub->detail);
    int j;

    if (known && says(problem->detail, sub->identifier)) {
        return NULL;
    }
    for (j = 0; j < i && j < SUBS_COMPARED; ++j) {
        const acme_subproblem_t *other =
            &APR_ARRAY_IDX(problem->subproblems, j, const acme_subproblem_t);

        if (acme_str_same(sub->detail, other->detail)
            && acme_str_same(sub->type, other->type)
            && acme_str_same(sub->identifier, other->identifier)) {
            return NULL;
        }
    }
    if (known) {
        return apr_pstrcat(p, "; ", sub->identifier, NULL);
    }
    return apr_pstrcat(p, "; ", sub->identifier ? sub->identifier : "",
                       sub->identifier ? ": " : "",
                       sub->type ? short_type(sub->type) : "",
                       sub->type && sub->detail ? ": " : "",
                       sub->detail ? sub->detail : "", NULL);
}

const char *acme_problem_text(const acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, 16, sizeof(const char *));
    apr_size_t len = 0;
    int i;

    if (!problem->type) {
        return "no problem";
    }
    APR_ARRAY_PUSH(parts, const char *) = short_type(problem->type);
    if (problem->detail) {
        APR_ARRAY_PUSH(parts, const char *) = ": ";
        APR_ARRAY_PUSH(parts, const char *) = problem->detail;
    }
    /* Stop when the line is full. */
    for (i = 0; problem->subproblems && i < problem->subproblems->nelts
                && len <= MAX_LINE;
         ++i) {
        const char *text = print_sub(problem, i, p);

        if (!text) {
            continue;
        }
        APR_ARRAY_PUSH(parts, const char *) = text;
        len += strlen(text);
    }
    return acme_text_escape(apr_array_pstrcat(p, parts, '\0'), MAX_LINE, p);
}
