/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account_private.h
 * @brief What the files of an identity share.
 */
#ifndef ACME_CA_ACCOUNT_PRIVATE_H
#define ACME_CA_ACCOUNT_PRIVATE_H

#include "acme_account_record.h"
#include "acme_client.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

typedef enum {
    ACME_CA_ACCOUNT_NEW,
    ACME_CA_ACCOUNT_OPENING,     /* the directory is fetched */
    ACME_CA_ACCOUNT_RESOLVING,   /* which of two keys does the CA have? */
    ACME_CA_ACCOUNT_CHECKING,    /* does the CA still want the account? */
    ACME_CA_ACCOUNT_REGISTERING, /* newAccount */
    ACME_CA_ACCOUNT_UPDATING,    /* the contact is told */
    ACME_CA_ACCOUNT_CHANGING,    /* acmectl has asked for something */
    ACME_CA_ACCOUNT_READY,
    ACME_CA_ACCOUNT_DOWN
} acme_ca_account_state_e;

struct acme_ca_account_t {
    acme_worker_ctx_t *work;
    const acme_ca_spec_t *ca;
    const char *name; /* of its record */
    apr_pool_t *p;
    apr_pool_t *pproblem; /* of the last failure */
    acme_client_t *client;
    acme_account_record_t *record; /* NULL: not loaded yet */
    acme_jws_signer_t *signer;
    acme_jws_signer_t *next_signer;             /* of record->next_key */
    int (*used)(void *baton, const char *name); /* or NULL */
    void *used_baton;
    int suspect; /* the CA refuses what it signs: it is asked about it */
    int told;    /* the contact was told, or refused, in this run */
    acme_ca_account_state_e state;
    unsigned int epoch;
    const acme_problem_t *problem;
    apr_time_t failed_at;
    int reported;

    /* Of the change under way. */
    int change;          /* acme_ca_account_change_e */
    int with_next;       /* it asks for the account of the next key */
    acme_problem_t *why; /* it was refused, and is looked into */
    void (*done)(void *baton, apr_status_t rv, const char *url,
                 const acme_problem_t *problem);
    void *done_baton;
};

void acme_ca_account_enter(struct acme_ca_account_t *ca_account,
                           acme_ca_account_state_e state);
void acme_ca_account_fail(struct acme_ca_account_t *ca_account,
                          const acme_problem_t *problem);

/** Writes its record. */
apr_status_t acme_ca_account_save(struct acme_ca_account_t *ca_account,
                                  acme_problem_t *problem, apr_pool_t *p);

/** Makes its signers from its record, and the client sign with them. */
apr_status_t acme_ca_account_sign(struct acme_ca_account_t *ca_account,
                                  acme_problem_t *problem);

/** Whether both are the same text, or NULL. */
int acme_ca_account_adopt_same(const char *a, const char *b);

/** An account of the same CA and binding, which nobody uses any more, becomes
 *  this one's: then its record is loaded and moved. APR_ENOENT: none. */
apr_status_t acme_ca_account_adopt(struct acme_ca_account_t *ca_account,
                                   acme_problem_t *problem, apr_pool_t *p);

/** Writes its record, unless others have taken over; what cannot be written is
 *  found out anew by the next run, and said. */
void acme_ca_account_note(struct acme_ca_account_t *ca_account);

/** The directory is open: whatever comes next, until it is READY. */
void acme_ca_account_go_on(struct acme_ca_account_t *ca_account);

/** Whether an account that the CA does not know may be registered now. Doing
 *  that over and over helps nobody. Zero: the problem says when. */
int acme_ca_account_lost_may_register(
    const struct acme_ca_account_t *ca_account, acme_problem_t *problem,
    apr_pool_t *p);

/** It has just been registered. */
void acme_ca_account_lost_registered(struct acme_ca_account_t *ca_account);

/** Asks the CA whether it still has an account for the key. */
void acme_ca_account_lost_check(struct acme_ca_account_t *ca_account);

/** The CA says that the account was deactivated: once, so that everybody
 *  knows. */
void acme_ca_account_lost_refused(struct acme_ca_account_t *ca_account);

/** Finds out which key an interrupted change of keys has left at the CA, then
 *  goes on. */
void acme_ca_account_change_resolve(struct acme_ca_account_t *ca_account);

/** Tells the CA another contact where it has an old one; ends in READY. */
void acme_ca_account_change_settle(struct acme_ca_account_t *ca_account);

#endif
