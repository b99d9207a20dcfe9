/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads arbitrary answers of a CA: the first four lines are the status and the
 * headers Content-Type, Location and Link, the rest is the body. No reader may
 * crash or leak, each failure has its words, and what is read can be used.
 *
 * A target of libFuzzer (make fuzz), or a test (make check): see replay.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_account.h"
#include "acme_authz.h"
#include "acme_challenge.h"
#include "acme_client_answer.h"
#include "acme_directory.h"
#include "acme_link.h"
#include "acme_order.h"
#include "acme_resource.h"
#include "replay.h"

#define URL "https://ca.test/acme/thing?7"

static void must(int right)
{
    if (!right) {
        abort();
    }
}

/* Checks the words of a problem, in all forms. */
static void check_problem(const acme_problem_t *problem, apr_pool_t *p)
{
    must(problem->type && problem->detail && *acme_problem_text(problem, p));
    (void)acme_json_print(acme_problem_to_json(problem, p), 0, p);
}

static void check_urls(const apr_array_header_t *urls)
{
    int i;

    for (i = 0; urls && i < urls->nelts; ++i) {
        must(acme_resource_is_url(APR_ARRAY_IDX(urls, i, const char *)));
    }
}

static void read_authz(const acme_json_t *json, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *types = apr_array_make(p, 1, sizeof(const char *));
    const acme_authz_challenge_t *challenge;
    acme_authz_t *authz;

    if (acme_authz_read(&authz, json, &problem, p) != APR_SUCCESS) {
        check_problem(&problem, p);
        return;
    }
    acme_authz_failure(&problem, authz, p);
    check_problem(&problem, p);
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    if (authz->status == ACME_AUTHZ_PENDING) {
        challenge = acme_challenge_choose(authz, types, NULL, &problem, p);
        must(!challenge || challenge->status == ACME_CHALLENGE_VALID
             || (challenge->token && acme_resource_is_url(challenge->url)));
    }
}

static void read_all(const acme_answer_t *answer, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_directory_t *directory;
    acme_order_t *order;

    must(!answer->location || acme_resource_is_url(answer->location));
    must(*acme_client_answer_body(answer, p) != '\0');
    check_urls(acme_client_answer_links(answer, "alternate", 9, p));
    if (acme_directory_read(&directory, answer->json, &problem, p)
        == APR_SUCCESS) {
        must(acme_resource_is_url(directory->new_order));
    }
    else {
        check_problem(&problem, p);
    }
    if (acme_order_read(&order, answer->json, &problem, p) == APR_SUCCESS) {
        check_urls(order->authorizations);
        must(!order->finalize || acme_resource_is_url(order->finalize));
        if (order->error) {
            check_problem(order->error, p);
        }
    }
    else {
        check_problem(&problem, p);
    }
    read_authz(answer->json, p);
    if (acme_account_read(answer, &problem, p) != APR_SUCCESS) {
        check_problem(&problem, p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {NULL, "Content-Type", "Location",
                                        "Link"};
    static const acme_http_request_t request = {.method = "POST", .url = URL};
    static apr_pool_t *parent;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_http_response_t response;
    acme_answer_t answer;
    apr_pool_t *p;
    char *text;
    int i;

    if (!parent) {
        apr_initialize();
        apr_pool_create_ex(&parent, NULL, replay_exhausted, NULL);
    }
    apr_pool_create(&p, parent);
    text = apr_pstrmemdup(p, (const char *)data, size);
    memset(&response, 0, sizeof(response));
    response.headers = apr_table_make(p, 3);
    response.p = p;
    for (i = 0; i < 4; ++i) {
        char *end = text + strcspn(text, "\n");
        char *line = apr_pstrmemdup(p, text, (apr_size_t)(end - text));

        if (names[i]) {
            apr_table_set(response.headers, names[i], line);
        }
        else {
            response.status = atoi(line);
        }
        text = *end ? end + 1 : end;
    }
    response.body = text;
    response.body_len = strlen(text);
    if (acme_client_answer(&answer, &response, &request, &problem)
        != APR_SUCCESS) {
        check_problem(&problem, p);
    }
    read_all(&answer, p);
    (void)acme_link_resolve(text, URL, p);
    apr_pool_destroy(p);
    return 0;
}

#ifndef FUZZING
int main(void)
{
    return replay_corpus("answer");
}
#endif
