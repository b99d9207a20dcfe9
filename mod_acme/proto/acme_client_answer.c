/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_client_answer.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_resource.h"
#include "acme_str.h"
#include "acme_time.h"

#define RETRY_MIN apr_time_from_sec(1)
/* A longer Retry-After is cut to this, because the longest limit of Let's
 * Encrypt is a week. */
#define RETRY_MAX (7 * ACME_TIME_DAY)

static const char *media_type(const char *header, apr_pool_t *p)
{
    return acme_str_lower(apr_pstrmemdup(p, header, strcspn(header, "; \t")),
                          p);
}

apr_array_header_t *acme_client_answer_links(const acme_answer_t *answer,
                                             const char *relation, int most,
                                             apr_pool_t *p)
{
    const char *quoted = apr_pstrcat(p, "rel=\"", relation, "\"", NULL);
    const char *bare = apr_pstrcat(p, "rel=", relation, NULL);
    apr_array_header_t *urls = apr_array_make(p, 2, sizeof(const char *));
    const char *at = apr_table_get(answer->headers, "Link");
    const char *end, *next, *url;

    while (at && urls->nelts < most && (at = strchr(at, '<')) != NULL) {
        end = strchr(at, '>');
        if (!end) {
            break;
        }
        url = apr_pstrmemdup(p, at + 1, (apr_size_t)(end - at - 1));
        next = strchr(end, '<');
        at = apr_pstrmemdup(
            p, end + 1, next ? (apr_size_t)(next - end - 1) : strlen(end + 1));
        if ((strstr(at, quoted) || strstr(at, bare))
            && acme_resource_is_url(url)) {
            APR_ARRAY_PUSH(urls, const char *) = url;
        }
        at = next;
    }
    return urls;
}

/* Adds the URL that the user has to open: it is in the problem document, and in
 * a Link header if the terms have changed (RFC 8555 7.3.3). */
static void say_where(acme_problem_t *problem, const acme_answer_t *answer,
                      apr_pool_t *p)
{
    apr_array_header_t *terms =
        acme_client_answer_links(answer, "terms-of-service", 1, p);
    const char *url = problem->instance;

    if (!acme_resource_is_url(url)) {
        url = terms->nelts > 0 ? APR_ARRAY_IDX(terms, 0, const char *) : NULL;
        problem->instance = url;
    }
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

apr_status_t acme_client_answer(acme_answer_t *answer,
                                const acme_http_response_t *response,
                                acme_problem_t *problem)
{
    apr_pool_t *p = response->p;
    acme_json_t *json = NULL;
    const char *type;

    memset(answer, 0, sizeof(*answer));
    answer->status = response->status;
    answer->headers = response->headers;
    answer->body = response->body;
    answer->body_len = response->body_len;
    answer->received = response->received;
    answer->location = apr_table_get(response->headers, "Location");
    if (!acme_resource_is_url(answer->location)) {
        answer->location = NULL;
    }
    answer->retry_at =
        acme_time_retry_after(apr_table_get(response->headers, "Retry-After"),
                              response->received, RETRY_MIN, RETRY_MAX);
    type = apr_table_get(response->headers, "Content-Type");
    answer->content_type = media_type(type ? type : "", p);
    if (acme_json_parse(&json, response->body, response->body_len, NULL, p)
        == APR_SUCCESS) {
        answer->json = json;
    }
    if (answer->status < 200 || answer->status > 299) {
        (void)acme_problem_from_answer(problem, answer->status, answer->json,
                                       answer->retry_at, p);
        if (acme_problem_is(problem, "userActionRequired")) {
            say_where(problem, answer, p);
        }
        return APR_EGENERAL;
    }
    if (strcmp(answer->content_type, "application/problem+json") == 0) {
        const char *detail = "without a word";

        (void)acme_json_get_str(&detail, answer->json, "detail");
        acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_PROTOCOL, p,
                         "the CA answered %d with an error document: %.500s",
                         answer->status, detail);
        problem->status = answer->status;
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}
