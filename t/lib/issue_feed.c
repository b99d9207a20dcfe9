/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "issue_feed.h"
#include "issue_phase.h"

issue_feed_t *issue_feed_create(int n_names, apr_pool_t *p)
{
    static const char *const all[] = {"a.example", "b.example", "*.c.example"};
    issue_feed_t *feed = apr_pcalloc(p, sizeof(*feed));
    apr_array_header_t *names = apr_array_make(p, 3, sizeof(const char *));
    apr_array_header_t *types = apr_array_make(p, 1, sizeof(const char *));
    int i;

    for (i = 0; i < n_names; ++i) {
        APR_ARRAY_PUSH(names, const char *) = all[i];
    }
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    feed->p = p;
    feed->now = FEED_NOW;
    feed->signer.thumbprint = "print";
    feed->config.name = "a.example";
    feed->config.new_order_url = FEED_NEW_ORDER;
    feed->config.names = names;
    feed->config.challenge_types = types;
    feed->config.csr = "Y3Ny";
    feed->config.signer = &feed->signer;
    feed->order_status = "pending";
    feed->issue = acme_issue_create(&feed->config, NULL, FEED_NOW, p);
    return feed;
}

const acme_issue_action_t *issue_feed_action(const issue_feed_t *feed)
{
    return acme_issue_action(feed->issue);
}

int issue_feed_is_phase(const issue_feed_t *feed, const char *phase)
{
    return strcmp(issue_phase(feed->issue, feed->p), phase) == 0;
}

void issue_feed_assert_phase(const issue_feed_t *feed, const char *phase)
{
    assert_string_equal(issue_phase(feed->issue, feed->p), phase);
}

void issue_feed_answer(issue_feed_t *feed, int status, const char *location,
                       const char *type, const char *body,
                       apr_interval_time_t retry_after)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_answer_t answer;
    acme_json_t *json;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *p;

    assert_int_equal(issue_feed_action(feed)->type, ACME_ACTION_POST);
    apr_pool_create(&p, feed->p);
    memset(&answer, 0, sizeof(answer));
    answer.status = status;
    answer.location = location;
    answer.content_type = type;
    answer.body = body;
    answer.body_len = strlen(body);
    answer.headers = apr_table_make(p, 1);
    answer.received = feed->now;
    answer.retry_at = retry_after > 0 ? feed->now + retry_after : 0;
    if (acme_json_parse(&json, body, strlen(body), NULL, p) == APR_SUCCESS) {
        answer.json = json;
    }
    if (status < 200 || status > 299) {
        rv = acme_problem_from_answer(&problem, status, answer.json,
                                      answer.retry_at, p);
    }
    ++feed->posts;
    acme_issue_answer(feed->issue, rv, &answer, rv ? &problem : NULL,
                      feed->now);
    apr_pool_destroy(p); /* because the order must have copied the answer */
}

void issue_feed_insist(issue_feed_t *feed, int status, const char *body)
{
    const char *url = apr_pstrdup(feed->p, issue_feed_action(feed)->url);

    while (issue_feed_action(feed)->type == ACME_ACTION_POST
           && strcmp(issue_feed_action(feed)->url, url) == 0) {
        issue_feed_answer(feed, status, NULL, FEED_JSON, body, 0);
        if (issue_feed_action(feed)->type == ACME_ACTION_WAIT) {
            issue_feed_act(feed);
        }
    }
}

void issue_feed_no_answer(issue_feed_t *feed)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p;

    apr_pool_create(&p, feed->p);
    acme_problem_set(&problem, APR_ECONNRESET, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, p, "gone");
    ++feed->posts;
    acme_issue_answer(feed->issue, APR_ECONNRESET, NULL, &problem, feed->now);
    apr_pool_destroy(p);
}

const char *issue_feed_order(const issue_feed_t *feed, const char *status)
{
    const char *urls = "";
    int i;

    for (i = 0; i < feed->config.names->nelts; ++i) {
        urls = apr_psprintf(feed->p, "%s%s\"https://c/authz/%d\"", urls,
                            i > 0 ? "," : "", i);
    }
    return apr_psprintf(feed->p,
                        "{\"status\":\"%s\",\"authorizations\":[%s],"
                        "\"finalize\":\"" FEED_FINALIZE
                        "\",\"certificate\":\"" FEED_CERTIFICATE "\"}",
                        status, urls);
}

const char *issue_feed_challenge(const issue_feed_t *feed, int i,
                                 const char *status)
{
    return apr_psprintf(feed->p,
                        "{\"type\":\"http-01\",\"url\":\"https://c/chall/%d\","
                        "\"token\":\"" FEED_TOKEN "-%d\",\"status\":\"%s\"%s}",
                        i, i, status,
                        strcmp(status, "invalid") == 0
                            ? ",\"error\":" FEED_ERROR("dns", "NXDOMAIN")
                            : "");
}

const char *issue_feed_authz(const issue_feed_t *feed, int i,
                             const char *status, const char *challenge)
{
    const char *name = APR_ARRAY_IDX(feed->config.names, i, const char *);
    int wildcard = strncmp(name, "*.", 2) == 0;

    return apr_psprintf(
        feed->p,
        "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\","
        "\"value\":\"%s\"},\"wildcard\":%s,\"challenges\":[%s]}",
        status, name + (wildcard ? 2 : 0), wildcard ? "true" : "false",
        issue_feed_challenge(feed, i, challenge));
}

void issue_feed_good_answer(issue_feed_t *feed)
{
    const char *url = issue_feed_action(feed)->url;
    int i = url[strlen(url) - 1] - '0';

    if (strcmp(url, FEED_NEW_ORDER) == 0) {
        issue_feed_answer(feed, 201, FEED_ORDER, FEED_JSON,
                          issue_feed_order(feed, "pending"), 0);
    }
    else if (strcmp(url, FEED_ORDER) == 0) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, feed->order_status), 0);
    }
    else if (strcmp(url, FEED_FINALIZE) == 0) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "processing"), 0);
        feed->order_status = "valid";
    }
    else if (strcmp(url, FEED_CERTIFICATE) == 0) {
        issue_feed_answer(feed, 200, NULL, FEED_PEM, FEED_CHAIN, 0);
    }
    else if (strncmp(url, "https://c/authz/", 16) == 0) {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_authz(feed, i, "pending", "pending"), 0);
    }
    else {
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_challenge(feed, i, "processing"), 0);
        feed->order_status = "ready";
    }
}

int issue_feed_is_over(const issue_feed_t *feed)
{
    return issue_feed_action(feed)->type == ACME_ACTION_DONE
           || issue_feed_action(feed)->type == ACME_ACTION_FAILED;
}

void issue_feed_act(issue_feed_t *feed)
{
    const acme_issue_action_t *action = issue_feed_action(feed);

    switch (action->type) {
    case ACME_ACTION_CLEANUP:
        ++feed->cleaned;
        /* fall through */
    case ACME_ACTION_PRESENT:
        acme_issue_solved(feed->issue, APR_SUCCESS, NULL, feed->now);
        break;
    case ACME_ACTION_WAIT:
        assert_true(action->until >= feed->now);
        feed->now = action->until;
        acme_issue_timer(feed->issue, feed->now);
        break;
    default:
        break;
    }
}

void issue_feed_go_to(issue_feed_t *feed, const char *phase)
{
    int steps = 0;

    while (!issue_feed_is_over(feed)
           && !(issue_feed_is_phase(feed, phase)
                && issue_feed_action(feed)->type == ACME_ACTION_POST)) {
        assert_true(++steps < 200);
        if (issue_feed_action(feed)->type == ACME_ACTION_POST) {
            issue_feed_good_answer(feed);
        }
        else {
            issue_feed_act(feed);
        }
    }
}

void issue_feed_to_the_end(issue_feed_t *feed)
{
    issue_feed_go_to(feed, "none");
}

void issue_feed_restore(issue_feed_t *feed)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        acme_issue_restore(&feed->issue, &feed->config,
                           acme_issue_snapshot(feed->issue, feed->p), NULL,
                           feed->now, &problem, feed->p),
        0);
}

issue_feed_t *issue_feed_create_in(const char *phase, int n_names,
                                   apr_pool_t *p)
{
    issue_feed_t *feed = issue_feed_create(n_names, p);

    if (strcmp(phase, "resume") == 0) {
        issue_feed_go_to(feed, "authorize");
        issue_feed_restore(feed);
    }
    else if (strcmp(phase, "diagnose") == 0) {
        issue_feed_go_to(feed, "await");
        issue_feed_answer(feed, 200, NULL, FEED_JSON,
                          issue_feed_order(feed, "invalid"), 0);
    }
    else {
        issue_feed_go_to(feed, phase);
    }
    issue_feed_assert_phase(feed, phase);
    return feed;
}

const acme_problem_t *issue_feed_assert_failed(const issue_feed_t *feed)
{
    const acme_issue_action_t *action = issue_feed_action(feed);

    assert_int_equal(action->type, ACME_ACTION_FAILED);
    issue_feed_assert_phase(feed, "failed");
    assert_non_null(action->problem->type);
    assert_non_null(action->problem->detail);
    assert_non_null(action->problem->activity);
    return action->problem;
}
