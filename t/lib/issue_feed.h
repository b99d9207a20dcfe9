/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file issue_feed.h
 * @brief Feeds an order (acme_issue.h) by hand, with the answers of a good CA
 * or with any other.
 */
#ifndef ISSUE_FEED_H
#define ISSUE_FEED_H

#include "acme_issue.h"
#include "test_chain.h"

#define FEED_NEW_ORDER   "https://c/new-order"
#define FEED_ORDER       "https://c/order"
#define FEED_FINALIZE    "https://c/finalize"
#define FEED_CERTIFICATE "https://c/certificate"
#define FEED_TOKEN       "0123456789abcdef"
#define FEED_JSON        "application/json"
#define FEED_PEM         "application/pem-certificate-chain"
#define FEED_CHAIN       TEST_CHAIN
#define FEED_ERROR(type, detail)                                             \
    "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"" detail \
    "\"}"
#define FEED_NOW apr_time_from_sec(1893456000)

/** Members may be read and set by tests. */
typedef struct issue_feed_t {
    apr_pool_t *p;
    apr_time_t now;
    acme_jws_signer_t signer;
    acme_issue_config_t config;
    acme_issue_t *issue;
    const char *order_status; /* that a good CA answers with */
    int posts;
    int cleaned;
} issue_feed_t;

/** Creates an order for the first n_names of a.example, b.example and
 *  *.c.example. */
issue_feed_t *issue_feed_create(int n_names, apr_pool_t *p);

/** Returns the action that the order wants now. */
const acme_issue_action_t *issue_feed_action(const issue_feed_t *feed);

/** Returns non-zero when the order is in this phase. */
int issue_feed_is_phase(const issue_feed_t *feed, const char *phase);

/** Asserts that the order is in this phase. */
void issue_feed_assert_phase(const issue_feed_t *feed, const char *phase);

/** Answers a POST as acme_client would; retry_after may be 0. */
void issue_feed_answer(issue_feed_t *feed, int status, const char *location,
                       const char *type, const char *body,
                       apr_interval_time_t retry_after);

/** Answers the request in this way, and again each time that it is repeated. */
void issue_feed_insist(issue_feed_t *feed, int status, const char *body);

/** Feeds that the connection broke. */
void issue_feed_no_answer(issue_feed_t *feed);

/** Returns an order resource of this status. */
const char *issue_feed_order(const issue_feed_t *feed, const char *status);

/** Returns the challenge resource of the ith name. */
const char *issue_feed_challenge(const issue_feed_t *feed, int i,
                                 const char *status);

/** Returns the authorization resource of the ith name, with its challenge in
 *  that status. */
const char *issue_feed_authz(const issue_feed_t *feed, int i,
                             const char *status, const char *challenge);

/** Answers the POST as a good CA does. */
void issue_feed_good_answer(issue_feed_t *feed);

/** Returns non-zero when the order is done or has failed. */
int issue_feed_is_over(const issue_feed_t *feed);

/** Carries out an action other than a POST. */
void issue_feed_act(issue_feed_t *feed);

/** Goes on with a good CA until that phase sends a request. */
void issue_feed_go_to(issue_feed_t *feed, const char *phase);

/** Goes on with a good CA until the order is over. */
void issue_feed_to_the_end(issue_feed_t *feed);

/** Replaces the order by a new one that is restored from its snapshot. */
void issue_feed_restore(issue_feed_t *feed);

/** Creates an order and goes on to the first request of that phase. */
issue_feed_t *issue_feed_create_in(const char *phase, int n_names,
                                   apr_pool_t *p);

/** Asserts that the order has failed. Returns the problem. */
const acme_problem_t *issue_feed_assert_failed(const issue_feed_t *feed);

#endif
