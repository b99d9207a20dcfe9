/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_obtain_private.h
 * @brief What the files of an order share: acme_obtain.c brings it to
 * where it can begin, acme_obtain_issue.c does what acme_issue wishes.
 */
#ifndef ACME_OBTAIN_PRIVATE_H
#define ACME_OBTAIN_PRIVATE_H

#include "acme_ca_account.h"
#include "acme_issue.h"
#include "acme_obtain_result.h"

typedef enum {
    ACME_OBTAIN_ACCOUNT, /* until the CA can be used */
    ACME_OBTAIN_KEY,     /* until the certificate's key is there */
    ACME_OBTAIN_ISSUE,   /* does what acme_issue wishes */
    ACME_OBTAIN_STAGED,  /* until what was staged is on disk */
    ACME_OBTAIN_OVER
} acme_obtain_state_e;

struct acme_obtain_t {
    acme_worker_ctx_t *work;
    const acme_spec_t *spec;
    acme_ca_account_t *ca_account;
    acme_job_t *job;
    const char *reason;
    const char *replaces;
    const char *digest;
    const apr_array_header_t *names; /* that are ordered */
    const char *seed;
    apr_time_t since;
    apr_pool_t *p;
    apr_pool_t *ptemp; /* cleared at each step and answer */
    acme_obtain_state_e state;
    acme_key_t *key;
    const char *key_pem;
    int key_made;        /* and saved, just now */
    unsigned int ticket; /* until then the flush is waited for, or 0 */
    acme_obtain_staged_t staged;
    const char *csr;
    const char *kid; /* whose order it is */
    unsigned int epoch;
    acme_issue_config_t config;
    acme_issue_t *issue;
    unsigned int saved;    /* generation of the last snapshot */
    const char *saved_url; /* of the order, in that snapshot */
    int busy;              /* a request is under way */
    apr_time_t seen;       /* the clock, at the last step of the issue */
    int renewed;           /* a stale order was replaced already */
    int unsaved;           /* and that was said */
    int by_age;
    const char *instead;  /* fingerprint of what is live, or "" */
    const char *live_key; /* hash of the key that is served, or NULL */
    int again;            /* that is to be used again */
    int made;             /* the CA has it */
    int replaced;         /* and was told what it replaces */
};

apr_time_t acme_obtain_now(const acme_obtain_t *order);

/** It is over: its job says how. */
void acme_obtain_end(acme_obtain_t *order);

void acme_obtain_fail(acme_obtain_t *order, const acme_problem_t *problem,
                      acme_obtain_failure_e whose);

/** The order at the CA, if there is one, is not gone on with. */
void acme_obtain_drop(acme_obtain_t *order, const char *why);

/** Whatever is to be ordered, saved first: what cannot be is not begun. */
apr_status_t acme_obtain_begin(acme_obtain_t *order, acme_problem_t *problem);

/** Nonzero: there is more to do at once; zero: at *again. */
int acme_obtain_issue_step(acme_obtain_t *order, apr_time_t *again);

/** The same, once its certificate is staged. */
int acme_obtain_issue_step_staged(acme_obtain_t *order);

#endif
