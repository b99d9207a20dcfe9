/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file random_ca.h
 * @brief A CA that is random: it lies, fails, lags behind itself and changes
 * its mind, by dice that a seed sets.
 */
#ifndef RANDOM_CA_H
#define RANDOM_CA_H

#include <stdint.h>

#include <apr_tables.h>
#include <apr_time.h>

#include "test_chain.h"

#define RANDOM_CA_NAMES 3

#define RANDOM_CA_BASE  "https://c/"
#define RANDOM_CA_NEW   RANDOM_CA_BASE "new"
#define RANDOM_CA_ORDER RANDOM_CA_BASE "order"

/** A private key that it may send with the certificate. */
#define RANDOM_CA_KEY                     \
    "-----BEGIN PRIVATE KEY-----\nAAAA\n" \
    "-----END PRIVATE KEY-----\n"

typedef enum {
    RANDOM_CA_PENDING,
    RANDOM_CA_READY,
    RANDOM_CA_PROCESSING,
    RANDOM_CA_VALID,
    RANDOM_CA_INVALID
} random_ca_status_e;

/** The order as it really is. */
typedef struct random_ca_truth_t {
    int made;
    int taken; /**< finalize was, by this request */
    random_ca_status_e order;
    int gone;
    int valid[RANDOM_CA_NAMES]; /**< authorizations */
    int told[RANDOM_CA_NAMES];  /**< challenges */
    int polls;                  /**< until something happens */
    int wrong;                  /**< its certificate is not what was ordered */
    apr_time_t expires;         /**< or 0 */
} random_ca_truth_t;

typedef struct random_ca_t {
    uint64_t dice;
    apr_time_t now;
    int n_names;
    const apr_array_header_t *names; /**< const char * */
    random_ca_truth_t truth;

    /* How it is, in percent of what it does. */
    int lies;
    int errors;
    int lost;    /**< answers */
    int crashes; /**< of the client */
    int named;   /**< times, by Retry-After */
    int lags;
    int turns;  /**< changes of mind; 100: it takes up no finalize */
    int strict; /**< it refuses a finalize of an order that is not ready */
} random_ca_t;

typedef struct random_ca_answer_t {
    int status;
    const char *location;
    const char *type;
    const char *body;
    apr_interval_time_t retry_after;
} random_ca_answer_t;

/** Returns 0 to n - 1. */
int random_ca_roll(random_ca_t *ca, int n);

/** Returns non-zero in n of 100 cases. */
int random_ca_percent(random_ca_t *ca, int n);

/** Chooses how the CA is. */
void random_ca_choose(random_ca_t *ca);

/** Returns non-zero when the URL is of this kind: "new", "order", "authz",
 *  "chall", "finalize", "certificate". */
int random_ca_is(const char *url, const char *what);

/** Does what a request asks for. */
void random_ca_hear(random_ca_t *ca, const char *url);

/** Answers it with the truth; with anything, of the right kind as a rule; with
 *  an error. */
void random_ca_tell(random_ca_t *ca, random_ca_answer_t *answer,
                    const char *url, apr_pool_t *p);
void random_ca_lie(random_ca_t *ca, random_ca_answer_t *answer, const char *url,
                   apr_pool_t *p);
void random_ca_go_wrong(random_ca_t *ca, random_ca_answer_t *answer,
                        apr_pool_t *p);

#endif
