/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file issue_feed.h
 * @brief An order (acme_issue.h) fed by hand, and what a good CA would say.
 */
#ifndef ISSUE_FEED_H
#define ISSUE_FEED_H

#include "acme_issue.h"

#define FEED_NEW_ORDER   "https://c/new-order"
#define FEED_ORDER       "https://c/order"
#define FEED_FINALIZE    "https://c/finalize"
#define FEED_CERTIFICATE "https://c/certificate"
#define FEED_TOKEN       "0123456789abcdef"
#define FEED_JSON        "application/json"
#define FEED_PEM         "application/pem-certificate-chain"
#define FEED_CHAIN       "-----BEGIN CERTIFICATE-----\n"
#define FEED_ERROR(type, detail)                                             \
    "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"" detail \
    "\"}"
#define FEED_NOW apr_time_from_sec(1893456000)

/** Its members may be looked at and set. */
typedef struct issue_feed_t {
    apr_pool_t *p;
    apr_time_t now;
    acme_jws_signer_t signer;
    acme_issue_config_t config;
    acme_issue_t *issue;
    const char *order_status; /* as the CA would tell it */
    int posts;
    int cleaned;
} issue_feed_t;

/** A new order for that many of a.example, b.example, *.c.example. */
issue_feed_t *issue_feed_create(int n_names, apr_pool_t *p);

/** What it wants now. */
const acme_issue_action_t *issue_feed_action(const issue_feed_t *feed);

/** Whether it is in this phase. */
int issue_feed_is_phase(const issue_feed_t *feed, const char *phase);

/** It is in this phase. */
void issue_feed_assert_phase(const issue_feed_t *feed, const char *phase);

/** Answers a POST as acme_client would; retry_after may be 0. */
void issue_feed_answer(issue_feed_t *feed, int status, const char *location,
                       const char *type, const char *body,
                       apr_interval_time_t retry_after);

/** The connection broke. */
void issue_feed_no_answer(issue_feed_t *feed);

/** An order of this status. */
const char *issue_feed_order(const issue_feed_t *feed, const char *status);

/** The challenge of the i-th name. */
const char *issue_feed_challenge(const issue_feed_t *feed, int i,
                                 const char *status);

/** The authorization of the i-th name, with its challenge's status. */
const char *issue_feed_authz(const issue_feed_t *feed, int i,
                             const char *status, const char *challenge);

/** What a good CA says to the present wish. */
void issue_feed_good_answer(issue_feed_t *feed);

/** Whether it is done or has failed. */
int issue_feed_is_over(const issue_feed_t *feed);

/** Carries out any wish but a POST. */
void issue_feed_attend(issue_feed_t *feed);

/** Goes on with a good CA to the next request of that phase. */
void issue_feed_go_to(issue_feed_t *feed, const char *phase);

/** Goes on with a good CA until nothing is wished for. */
void issue_feed_to_the_end(issue_feed_t *feed);

/** Replaces the order by one that is restored from its snapshot. */
void issue_feed_restore(issue_feed_t *feed);

/** One whose wish is that phase's first request. */
issue_feed_t *issue_feed_create_in(const char *phase, int n_names,
                                   apr_pool_t *p);

/** It has failed, and says why. */
const acme_problem_t *issue_feed_assert_failed(const issue_feed_t *feed);

#endif
