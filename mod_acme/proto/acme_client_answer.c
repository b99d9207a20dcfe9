/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client_answer.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_link.h"
#include "acme_resource.h"
#include "acme_str.h"
#include "acme_text.h"
#include "acme_time.h"

#define RETRY_MIN apr_time_from_sec(1)
/* A longer Retry-After is cut to this, because the longest limit of Let's
 * Encrypt is a week. */
#define RETRY_MAX (7 * ACME_TIME_DAY)

/* Bounds what is shown of a body that should not have come. */
#define WORDS_MAX 200

static const char *media_type(const char *header, apr_pool_t *p)
{
    return acme_str_lower(apr_pstrmemdup(p, header, strcspn(header, "; \t")),
                          p);
}

apr_array_header_t *acme_client_answer_links(const acme_answer_t *answer,
                                             const char *relation, int most,
                                             apr_pool_t *p)
{
    return acme_link_targets(apr_table_get(answer->headers, "Link"),
                             answer->url, relation, most, p);
}

/* Adds the URL that the user has to open: it is in the problem document, and in
 * a Link header if the terms have changed (RFC 8555 7.3.3). */
static void say_where(acme_problem_t *problem, const acme_answer_t *answer,
                      apr_pool_t *p)
{
    apr_array_header_t *terms =
        acme_client_answer_links(answer, "terms-of-service", 1, p);
    const char *url = acme_link_resolve(problem->instance, answer->url, p);

    if (!url && terms->nelts > 0) {
        url = APR_ARRAY_IDX(terms, 0, const char *);
    }
    problem->instance = url;
    if (!url) {
        return;
    }
    problem->to_fix = apr_pstrcat(
        p, "open ", url,
        " and do what it says, as a rule accept changed terms of service",
        terms->nelts > 0 ? apr_pstrcat(
            p, " (", APR_ARRAY_IDX(terms, 0, const char *), ")", NULL)
                         : "",
        "; then: acmectl renew", NULL);
}

/* Returns the title of a page, on one line and in bounds, or NULL. */
static const char *page_title(const char *body, apr_pool_t *p)
{
    static const char tag[] = "<title";
    const char *at = body, *end;

    while ((at = strchr(at, '<')) != NULL
           && apr_cstr_casecmpn(at, tag, sizeof(tag) - 1) != 0) {
        ++at;
    }
    at = at ? strchr(at, '>') : NULL;
    if (!at) {
        return NULL;
    }
    ++at;
    at += strspn(at, " \t\r\n");
    end = at + strcspn(at, "<\r\n");
    if (end - at > WORDS_MAX) {
        end = at + WORDS_MAX;
    }
    return end > at ? apr_pstrmemdup(p, at, (apr_size_t)(end - at)) : NULL;
}

/* Returns the text of a page without its tags, on one line and in bounds; "" if
 * there is none. */
static const char *page_text(const char *body, apr_pool_t *p)
{
    char *text = apr_palloc(p, strlen(body) + 1);
    apr_size_t len = 0;
    int in_tag = 0;

    for (; *body && len < WORDS_MAX; ++body) {
        if (*body == '<' || *body == '>') {
            in_tag = *body == '<';
        }
        if (!in_tag && *body != '>' && !apr_isspace(*body)) {
            text[len++] = *body;
        }
        else if (len > 0 && text[len - 1] != ' ') {
            text[len++] = ' ';
        }
    }
    while (len > 0 && text[len - 1] == ' ') {
        --len;
    }
    text[len] = '\0';
    return acme_text_bound(text, WORDS_MAX, p);
}

const char *acme_client_answer_body(const acme_answer_t *answer, apr_pool_t *p)
{
    const char *body = answer->body + strspn(answer->body, " \t\r\n");
    const char *title;

    if (answer->body_len == 0) {
        return "nothing";
    }
    if (strcmp(answer->content_type, "text/html") == 0 || *body == '<') {
        title = page_title(body, p);
        if (!title) {
            title = page_text(body, p);
        }
        return *title ? apr_psprintf(p, "a web page, \"%s\"", title)
                      : "a web page";
    }
    if (answer->json) {
        return apr_psprintf(
            p, "the JSON %s",
            acme_text_bound(acme_json_print(answer->json, 0, p), WORDS_MAX, p));
    }
    if (strncmp(answer->content_type, "text/", sizeof("text/") - 1) == 0) {
        /* Its first line, because messages are one line. */
        return apr_psprintf(
            p, "a text, \"%s\"",
            acme_text_bound(apr_pstrmemdup(p, body, strcspn(body, "\r\n")),
                            WORDS_MAX, p));
    }
    return apr_psprintf(p, "%.80s%s%s",
                        *answer->content_type ? answer->content_type
                                              : "something",
                        answer->json_error ? ", which is " : "",
                        answer->json_error ? answer->json_error : "");
}

void acme_client_answer_blame(acme_problem_t *problem,
                              const acme_answer_t *answer, apr_pool_t *p)
{
    const char *location = apr_table_get(answer->headers, "Location");

    problem->detail = apr_psprintf(
        p, "%s; %s%.300s%scame %s", problem->detail, answer->url ? "from " : "",
        answer->url ? answer->url : "", answer->url ? " " : "",
        acme_client_answer_body(answer, p));
    if (location && !answer->location) {
        problem->detail =
            apr_psprintf(p, "%s, with the Location %.300s", problem->detail,
                         acme_text_bound(location, WORDS_MAX, p));
    }
}

/* Returns what came with a refusal. */
static const char *came(const acme_answer_t *answer, apr_pool_t *p)
{
    const char *location = apr_table_get(answer->headers, "Location");

    /* Only GET and HEAD of unsigned requests follow a redirect, because a
     * request is signed for its URL. */
    return location && answer->status >= 300 && answer->status <= 399
               ? apr_psprintf(p, "a redirect to %s",
                              acme_text_bound(location, WORDS_MAX, p))
               : acme_client_answer_body(answer, p);
}

/* Takes a refusal. Where the CA gives no reason, the problem says what was
 * requested and what came. */
static void take_refusal(acme_problem_t *problem, const acme_answer_t *answer,
                         const char *method, apr_pool_t *p)
{
    (void)acme_problem_from_answer(problem, answer->status, answer->json,
                                   answer->retry_at, p);
    if (acme_problem_is(problem, "userActionRequired")) {
        say_where(problem, answer, p);
    }
    if (!acme_problem_says(answer->json, p)) {
        problem->detail = apr_psprintf(
            p, "%s; to %s %.300s came %s", problem->detail, method,
            answer->url ? answer->url : "(no URL)", came(answer, p));
    }
}

apr_status_t acme_client_answer(acme_answer_t *answer,
                                const acme_http_response_t *response,
                                const acme_http_request_t *request,
                                acme_problem_t *problem)
{
    acme_problem_t said = ACME_PROBLEM_INIT;
    apr_pool_t *p = response->p;
    acme_json_t *json;
    const char *type;

    memset(answer, 0, sizeof(*answer));
    answer->url = request->url;
    answer->status = response->status;
    answer->headers = response->headers;
    answer->body = response->body;
    answer->body_len = response->body_len;
    answer->received = response->received;
    answer->location = acme_link_resolve(
        apr_table_get(response->headers, "Location"), answer->url, p);
    answer->retry_at =
        acme_time_retry_after(apr_table_get(response->headers, "Retry-After"),
                              response->received, RETRY_MIN, RETRY_MAX);
    type = apr_table_get(response->headers, "Content-Type");
    answer->content_type = media_type(type ? type : "", p);
    if (acme_json_parse_foreign(&json, answer->body, answer->body_len,
                                &answer->json_error, p)
        == APR_SUCCESS) {
        answer->json = json;
    }
    if (answer->status < 200 || answer->status > 299) {
        take_refusal(problem, answer, request->method, p);
        return APR_EGENERAL;
    }
    if (strcmp(answer->content_type, "application/problem+json") == 0) {
        (void)acme_problem_from_json(&said, answer->json, p);
        acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_PROTOCOL, p,
                         "the CA answered %d with an error document: %.500s",
                         answer->status, said.detail);
        problem->status = answer->status;
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}
