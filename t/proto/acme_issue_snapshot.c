/* SPDX-License-Identifier: Apache-2.0 */

/* Snapshots of an order, and which are restored. */
#include "acme_t.h"

#include <apr_strings.h>

#include "issue_feed.h"

static const char *snapshot_text(const issue_feed_t *feed)
{
    return acme_json_print(acme_issue_snapshot(feed->issue, feed->p), 0,
                           feed->p);
}

static apr_status_t restore_text(issue_feed_t *feed, const char *text)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *json;
    apr_status_t rv;

    assert_int_equal(acme_json_parse(&json, text, strlen(text), NULL, feed->p),
                     0);
    rv = acme_issue_restore(&feed->issue, &feed->config, json, NULL, feed->now,
                            &problem, feed->p);
    if (rv != APR_SUCCESS) {
        assert_string_equal(problem.type, ACME_PROBLEM_STORE);
        assert_non_null(strstr(problem.detail, "a.example"));
    }
    return rv;
}

static const char *replace(const char *text, const char *what, const char *with,
                           apr_pool_t *p)
{
    const char *at = strstr(text, what);

    assert_non_null(at);
    return apr_pstrcat(p, apr_pstrmemdup(p, text, (apr_size_t)(at - text)),
                       with, at + strlen(what), NULL);
}

static void a_damaged_snapshot_is_refused(void **state)
{
    static const char *const changes[][2] = {
        {"\"version\":1", "\"version\":2"},
        {"\"version\":1", "\"v\":1"},
        {"\"phase\":\"respond\"", "\"phase\":\"odd\""},
        {"\"phase\":\"respond\"", "\"phase\":7"},
        {"\"names\":[\"a.example\"]", "\"names\":[\"b.example\"]"},
        {"\"names\":[\"a.example\"]", "\"names\":[]"},
        {"\"names\":[\"a.example\"]", "\"names\":\"a.example\""},
        {"\"new-order\":\"" FEED_NEW_ORDER "\"",
         "\"new-order\":\"https://d/\""},
        {"\"order\":\"" FEED_ORDER "\"", "\"order\":\"http://c/order\""},
        {"\"order\":\"" FEED_ORDER "\"", "\"order\":null"},
        {"\"finalize\":\"" FEED_FINALIZE "\"", "\"finalize\":[]"},
        {"\"presented\":[", "\"presented\":[{},"},
        {"\"presented\":[", "\"x\":["},
        {"\"type\":\"http-01\"", "\"type\":\"odd-01\""},
        {"\"challenges\":[\"http-01\"]", "\"challenges\":7"},
        {"\"challenges\":[\"http-01\"]", "\"failed-challenge\":\"odd-01\""},
        {"\"challenges\":[\"http-01\"]", "\"failed-challenge\":[]"},
        {"\"failures\":0", "\"failures\":-1"},
        {"\"failures\":0", "\"failures\":\"0\""},
        {"\"stale\":false", "\"stale\":0"},
        {"\"resumable\":false", "\"problem\":[],\"resumable\":false"},
        {"\"phase\":\"respond\"", "\"phase\":\"failed\""},
    };
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);
    const char *text = snapshot_text(feed);
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); ++i) {
        if (restore_text(feed,
                         replace(text, changes[i][0], changes[i][1], feed->p))
            != APR_EINVAL) {
            fail_msg("%s was not refused", changes[i][1]);
        }
    }
    assert_int_equal(restore_text(feed, "{}"), APR_EINVAL);
    assert_int_equal(restore_text(feed,
                                  "{\"version\":1,\"phase\":\"failed\","
                                  "\"new-order\":\"" FEED_NEW_ORDER
                                  "\",\"names\":[\"a.example\"],"
                                  "\"presented\":[],\"failures\":1,"
                                  "\"stale\":false,\"resumable\":true,"
                                  "\"problem\":{\"type\":\"urn:x\","
                                  "\"detail\":\"y\",\"retry\":\"backoff\"}}"),
                     APR_EINVAL);
    assert_int_equal(restore_text(feed, "[]"), APR_EINVAL);
    assert_int_equal(restore_text(feed, text), APR_SUCCESS);
}

static void a_snapshot_tells_what_to_clean_up_and_no_secret(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);
    const char *text = snapshot_text(feed);

    assert_non_null(strstr(text,
                           "{\"type\":\"http-01\",\"identifier\":"
                           "\"a.example\",\"token\":\"" FEED_TOKEN "-0\"}"));
    assert_null(strstr(text, "print"));
    issue_feed_to_the_end(feed);
    assert_non_null(strstr(snapshot_text(feed), "\"presented\":[]"));
}

static void a_failure_that_is_over_is_not_tried_again(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("finalize", 1, *state);

    issue_feed_answer(feed, 403, NULL, FEED_JSON,
                      FEED_ERROR("caa", "forbidden"), 0);
    issue_feed_to_the_end(feed);
    feed->cleaned = 0;
    feed->posts = 0;
    issue_feed_restore(feed);
    assert_string_equal(issue_feed_assert_failed(feed)->detail, "forbidden");
    assert_false(acme_issue_resumable(feed->issue));
    assert_false(acme_issue_stale(feed->issue));
    assert_int_equal(feed->posts, 0);
}

/* A CA may move newOrder while an order can still be had. */
static void a_snapshot_is_known_by_the_directory(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);
    const char *old = snapshot_text(feed);
    const char *text;

    feed->config.directory_url = "https://c/dir";
    text = snapshot_text(feed);
    feed->config.new_order_url = "https://c2/new-order";
    assert_int_equal(restore_text(feed, text), APR_SUCCESS);
    assert_int_equal(restore_text(feed, old), APR_EINVAL);
    feed->config.directory_url = "https://other/dir";
    assert_int_equal(restore_text(feed, text), APR_EINVAL);
    feed->config.new_order_url = FEED_NEW_ORDER;
    assert_int_equal(restore_text(feed, text), APR_EINVAL);
    assert_int_equal(restore_text(feed, old), APR_SUCCESS);
}

/* The types that a resumed order prefers, when they are configured as
 * alpn, http. */
static const char *types_after(issue_feed_t *feed, const char *text)
{
    apr_array_header_t *types = apr_array_make(feed->p, 2, sizeof(char *));
    apr_array_header_t *after;

    APR_ARRAY_PUSH(types, const char *) = "tls-alpn-01";
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    feed->config.challenge_types = types;
    assert_int_equal(restore_text(feed, text), APR_SUCCESS);
    assert_int_equal(
        acme_json_get_strs(&after, acme_issue_snapshot(feed->issue, feed->p),
                           "challenges", feed->p),
        APR_SUCCESS);
    return apr_array_pstrcat(feed->p, after, ' ');
}

static void an_order_keeps_to_its_type_of_challenge(void **state)
{
    issue_feed_t *feed = issue_feed_create_in("respond", 1, *state);
    const char *text = snapshot_text(feed);
    const char *types = "\"challenges\":[\"http-01\"]";

    assert_string_equal(types_after(feed, text), "http-01 tls-alpn-01");
    /* A type that is not configured any more is not taken. */
    assert_string_equal(
        types_after(
            feed, replace(text, types, "\"challenges\":[\"dns-01\"]", feed->p)),
        "tls-alpn-01 http-01");
    /* Nor is one that has failed, nor is there any in older snapshots. */
    assert_string_equal(
        types_after(feed, replace(text, types,
                                  "\"challenges\":[\"http-01\"],"
                                  "\"failed-challenge\":\"http-01\"",
                                  feed->p)),
        "tls-alpn-01 http-01");
    assert_string_equal(
        types_after(feed, replace(text, types, "\"old\":1", feed->p)),
        "tls-alpn-01 http-01");
}

ACME_T_MAIN(ACME_T(a_damaged_snapshot_is_refused),
            ACME_T(a_snapshot_tells_what_to_clean_up_and_no_secret),
            ACME_T(an_order_keeps_to_its_type_of_challenge),
            ACME_T(a_failure_that_is_over_is_not_tried_again),
            ACME_T(a_snapshot_is_known_by_the_directory))
