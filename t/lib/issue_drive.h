/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file issue_drive.h
 * @brief Drives an order (acme_issue.h) against the model CA, step by step.
 */
#ifndef ISSUE_DRIVE_H
#define ISSUE_DRIVE_H

#include <apr_hash.h>

#include "acme_issue.h"
#include "model_ca.h"

/** The smallest owner of an order. */
typedef struct issue_drive_t {
    apr_pool_t *p;
    fake_clock_t *clock;
    script_http_t *script;
    model_ca_t *ca;
    const acme_jws_signer_t *signer;
    acme_client_t *client;
    acme_issue_config_t config;
    acme_issue_t *issue;
    apr_hash_t *up;       /**< presented challenges, by token */
    unsigned int saved;   /**< revision of the snapshot */
    const char *snapshot; /**< as JSON text */
    int steps;
} issue_drive_t;

/** Takes a snapshot. */
void issue_drive_save(issue_drive_t *drive);

/** Creates an account, and an order for the first n_names of example.org,
 *  www.example.org and *.example.net. */
issue_drive_t *issue_drive_start(apr_pool_t *p, int n_names);

/** Sends the POST that the order wants, and does not wait. */
void issue_drive_send(issue_drive_t *drive);

/** Carries out an action; takes a snapshot after a transition. */
void issue_drive_step(issue_drive_t *drive);

/** Returns non-zero when the order is done or has failed. */
int issue_drive_is_over(const issue_drive_t *drive);

/** Carries out actions until the order is over. */
void issue_drive_to_the_end(issue_drive_t *drive);

/** Restores the last snapshot. */
void issue_drive_restore(issue_drive_t *drive);

/** Starts a new process: only the key, the snapshot and the presented
 *  challenges are left. */
void issue_drive_crash(issue_drive_t *drive);

/** Asserts that there is a certificate, and that no challenge is presented. */
void issue_drive_assert_done(const issue_drive_t *drive);

/** Asserts that the order has failed, and that no challenge is presented.
 *  Returns the problem. */
const acme_problem_t *issue_drive_assert_failed(const issue_drive_t *drive);

#endif
