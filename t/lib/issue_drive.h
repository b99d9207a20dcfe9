/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file issue_drive.h
 * @brief A whole order (acme_issue.h) against the model CA, step by step.
 */
#ifndef ISSUE_DRIVE_H
#define ISSUE_DRIVE_H

#include <apr_hash.h>

#include "acme_issue.h"
#include "model_ca.h"

/** An owner of an order, in the smallest. */
typedef struct issue_drive_t {
    apr_pool_t *p;
    fake_clock_t *clock;
    script_http_t *script;
    model_ca_t *ca;
    const acme_jws_signer_t *signer;
    acme_client_t *client;
    acme_issue_config_t config;
    acme_issue_t *issue;
    apr_hash_t *up; /**< tokens that are presented */
    unsigned int saved;
    const char *snapshot; /**< the last one */
    int steps;
} issue_drive_t;

/** Takes a snapshot. */
void issue_drive_save(issue_drive_t *drive);

/** An account, and an order for the first of example.org,
 *  www.example.org and *.example.net. */
issue_drive_t *issue_drive_start(apr_pool_t *p, int n_names);

/** Sends the wish, a POST, and does not wait. */
void issue_drive_send(issue_drive_t *drive);

/** Carries out one wish; a snapshot is taken after each transition. */
void issue_drive_step(issue_drive_t *drive);

/** Whether it is done or has failed. */
int issue_drive_is_over(const issue_drive_t *drive);

/** Until nothing is wished for. */
void issue_drive_to_the_end(issue_drive_t *drive);

/** Goes on from the last snapshot. */
void issue_drive_restore(issue_drive_t *drive);

/** A new process: nothing is left but the key, the snapshot and what is up. */
void issue_drive_crash(issue_drive_t *drive);

/** There is a certificate, and nothing is up. */
void issue_drive_assert_done(const issue_drive_t *drive);

/** It has failed, and nothing is up. */
const acme_problem_t *issue_drive_assert_failed(const issue_drive_t *drive);

#endif
