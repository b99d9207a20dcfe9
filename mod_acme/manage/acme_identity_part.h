/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

/**
 * @file acme_identity_part.h
 * @brief What the files of an identity share.
 */
#ifndef ACME_IDENTITY_PART_H
#define ACME_IDENTITY_PART_H

#include "acme_account_record.h"
#include "acme_client.h"
#include "acme_spec.h"
#include "acme_work.h"

typedef enum {
    ACME_IDENTITY_NEW,
    ACME_IDENTITY_OPENING,     /* the directory is fetched */
    ACME_IDENTITY_RESOLVING,   /* which of two keys does the CA have? */
    ACME_IDENTITY_REGISTERING, /* newAccount */
    ACME_IDENTITY_UPDATING,    /* the contact is told */
    ACME_IDENTITY_CHANGING,    /* acmectl has asked for something */
    ACME_IDENTITY_READY,
    ACME_IDENTITY_DOWN
} acme_identity_state_e;

struct acme_identity_t {
    acme_work_t *work;
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
    int told; /* the contact was told, or refused, in this run */
    acme_identity_state_e state;
    unsigned int epoch;
    const acme_problem_t *problem;
    apr_time_t failed_at;
    int reported;

    /* Of the change under way. */
    int change; /* acme_identity_change_e */
    void (*done)(void *baton, apr_status_t rv, const char *url,
                 const acme_problem_t *problem);
    void *done_baton;
};

void acme_identity_enter(struct acme_identity_t *identity,
                         acme_identity_state_e state);
void acme_identity_fail(struct acme_identity_t *identity,
                        const acme_problem_t *problem);

/** Writes its record. */
apr_status_t acme_identity_save(struct acme_identity_t *identity,
                                acme_problem_t *problem, apr_pool_t *p);

/** Makes its signers from its record, and the client sign with them. */
apr_status_t acme_identity_sign(struct acme_identity_t *identity,
                                acme_problem_t *problem);

/** An account of the same CA and binding, which nobody uses any more, becomes
 *  this one's: then its record is loaded and moved. APR_ENOENT: none. */
apr_status_t acme_identity_take_over(struct acme_identity_t *identity,
                                     acme_problem_t *problem, apr_pool_t *p);

/** Finds out which key an interrupted change of keys has left at the CA, then
 *  goes on with acme_identity_settle(). */
void acme_identity_resolve(struct acme_identity_t *identity);

/** Tells the CA another contact where it has an old one; ends in READY. */
void acme_identity_settle(struct acme_identity_t *identity);

#endif
