/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_account_private.h
 * @brief The inside of an account (acme_ca_account.h), for its own files only:
 * its states, what is kept between them, and how one leads to the next.
 *
 *     NEW -> OPENING -> [RESOLVING] -> [CHECKING] -> [REGISTERING]
 *         -> [UPDATING] -> READY
 *
 * where the states in brackets are left out when they are not needed, and from
 * most of them to DOWN, which acme_ca_account_ready() leaves for OPENING. A
 * change that acmectl asks for starts in RECOVERING, ROLLOVER or DEACTIVATING;
 * where the CA refuses it, ROLLOVER_CHECK and DEACTIVATE_CHECK find out if an
 * earlier try had succeeded.
 *
 * acme_ca_account.c has the table of states, acme_ca_account_state.c moves
 * between them, acme_ca_account_register.c and acme_ca_account_change.c are the
 * states themselves; acme_ca_account_keep.c takes imported accounts. Each unit
 * calls only those before it in the order state, adopt, register, keep, change,
 * acme_ca_account.
 */
#ifndef ACME_CA_ACCOUNT_PRIVATE_H
#define ACME_CA_ACCOUNT_PRIVATE_H

#include "acme_account_record.h"
#include "acme_ca_account_types.h"
#include "acme_client.h"
#include "acme_spec.h"
#include "acme_worker_ctx.h"

typedef enum {
    ACME_CA_ACCOUNT_STATE_NEW,         /**< has to be opened; rests until
                                            acme_ca_account_ready() */
    ACME_CA_ACCOUNT_STATE_OPENING,     /**< fetches the CA's directory */
    ACME_CA_ACCOUNT_STATE_RESOLVING,   /**< asks which of two keys the CA has,
                                            after a change of keys that was
                                            interrupted */
    ACME_CA_ACCOUNT_STATE_CHECKING,    /**< asks if the CA still accepts the
                                            account */
    ACME_CA_ACCOUNT_STATE_REGISTERING, /**< newAccount */
    ACME_CA_ACCOUNT_STATE_UPDATING,    /**< tells the CA the new contact */
    ACME_CA_ACCOUNT_STATE_RECOVERING,  /**< asks for the account of the key */
    ACME_CA_ACCOUNT_STATE_ROLLOVER,    /**< keyChange */
    ACME_CA_ACCOUNT_STATE_ROLLOVER_CHECK, /**< keyChange was refused: asks if
                                               the CA has the new key */
    ACME_CA_ACCOUNT_STATE_DEACTIVATING,
    ACME_CA_ACCOUNT_STATE_DEACTIVATE_CHECK, /**< the deactivation was refused:
                                                 asks if the account is closed
                                               */
    ACME_CA_ACCOUNT_STATE_READY,            /**< rests: orders may use it */
    ACME_CA_ACCOUNT_STATE_DOWN              /**< rests: failed, and says why */
} acme_ca_account_state_e;

#define ACME_CA_ACCOUNT_STATE_COUNT (ACME_CA_ACCOUNT_STATE_DOWN + 1)

/** A state: the request that it sends, and what the CA's answer leads to. */
typedef struct acme_ca_account_state_t {
    const char *name;
    unsigned int successors; /**< bits, 1 << acme_ca_account_state_e */
    /** Sends the request when the state is entered, or enters another state;
     *  NULL: the state rests. */
    void (*plan)(acme_ca_account_t *account);
    /** Takes the answer (parameters as of acme_account_done_fn, APR_EINTR
     *  excepted) and enters another state. NULL exactly when plan is. */
    void (*answer)(acme_ca_account_t *account, apr_status_t rv, const char *url,
                   const acme_problem_t *problem);
} acme_ca_account_state_t;

/** The baton of a request: tells an answer that comes after its state was left
 *  from the answer that the current state waits for. */
typedef struct acme_ca_account_request_t {
    acme_ca_account_t *account;
    acme_ca_account_state_e state;
} acme_ca_account_request_t;

struct acme_ca_account_t {
    const acme_ca_account_state_t *states; /**< STATE_COUNT of them */
    acme_worker_ctx_t *ctx;
    const acme_ca_spec_t *ca;
    const char *name; /**< of its record */
    apr_pool_t *p;
    apr_pool_t *pproblem; /**< of the last failure */
    acme_client_t *client;
    acme_account_record_t *record; /**< NULL: not loaded yet */
    acme_jws_signer_t *signer;
    acme_jws_signer_t *next_signer; /**< of record->next_key */
    acme_ca_account_used_fn *used;  /**< or NULL */
    void *used_baton;
    int suspect; /**< the CA refuses what the account signs: CHECKING is next */
    int told;    /**< the contact was told, or refused, in this run */
    acme_ca_account_state_e state;
    acme_ca_account_request_t requests[ACME_CA_ACCOUNT_STATE_COUNT];
    unsigned int epoch;
    const acme_problem_t *problem; /**< why it is DOWN */
    apr_time_t failed_at;          /**< when it went DOWN */
    int reported;

    /* The change under way. */
    int with_next;           /**< RECOVERING: asks with the next key */
    acme_problem_t *refusal; /**< *_CHECK: how the CA refused the change */
    acme_ca_account_done_fn *done; /**< NULL: no change is under way */
    void *done_baton;
};

/* ---- acme_ca_account_state.c ---- */

/** Moves the account to another state and starts what the state does. It is the
 *  only place that sets the state. A move that the table does not allow is
 *  logged as an error and leads to DOWN instead, and a change that is under way
 *  ends with that failure. */
void acme_ca_account_state_enter(acme_ca_account_t *account,
                                 acme_ca_account_state_e state);

/** Enters DOWN.
 *  @param problem copied */
void acme_ca_account_state_fail(acme_ca_account_t *account,
                                const acme_problem_t *problem);

/** Returns the baton of a request that the current state sends. */
acme_ca_account_request_t *
acme_ca_account_state_request(acme_ca_account_t *account);

/** Gives an answer to the state that has sent the request; it is the
 *  acme_account_done_fn of all requests. A cancelled request leads to NEW. An
 *  answer to a state that was left is ignored.
 *  @param baton acme_ca_account_request_t */
void acme_ca_account_state_answered(void *baton, apr_status_t rv,
                                    const char *url,
                                    const acme_problem_t *problem);

/** Tells the caller of acme_ca_account_change() what came of it, unless that
 *  was done before. */
void acme_ca_account_state_end_change(acme_ca_account_t *account,
                                      apr_status_t rv, const char *url,
                                      const acme_problem_t *problem);

/** Writes the account's record. */
apr_status_t acme_ca_account_state_save(acme_ca_account_t *account,
                                        acme_problem_t *problem, apr_pool_t *p);

/** Writes the account's record, unless another worker has taken over. A record
 *  that cannot be written is a warning: the next run finds out anew. */
void acme_ca_account_state_note(acme_ca_account_t *account);

/** Writes the account's record like acme_ca_account_state_note(), and then what
 *  is new of it under the account's other names. */
void acme_ca_account_state_spread(acme_ca_account_t *account);

/** Makes the signers from the record's keys, and the client sign with them. */
apr_status_t acme_ca_account_state_sign(acme_ca_account_t *account,
                                        acme_problem_t *problem);

/** Replaces the account's key by the next one, which the CA has. */
void acme_ca_account_state_use_next_key(acme_ca_account_t *account);

/** Forgets the next key, which the CA does not have. */
void acme_ca_account_state_drop_next_key(acme_ca_account_t *account);

/** Records and logs, the first time only, that the CA has deactivated the
 *  account. */
void acme_ca_account_state_refused(acme_ca_account_t *account);

/* ---- acme_ca_account_adopt.c ---- */

/** Takes over an account of the same CA and external account that the
 *  configuration does not use any more: loads its record and moves it to this
 *  account's name. Returns APR_ENOENT when there is none. */
apr_status_t acme_ca_account_adopt(acme_ca_account_t *account,
                                   acme_problem_t *problem, apr_pool_t *p);

/* ---- acme_ca_account_register.c ---- */

/** Loads the account's record, or adopts one. Returns APR_ENOENT when there is
 *  none with a usable key. */
apr_status_t acme_ca_account_register_load(acme_ca_account_t *account,
                                           acme_problem_t *problem,
                                           apr_pool_t *p);

/** Starts at NEW or DOWN: makes the key if there is none, and enters OPENING,
 *  or DOWN. */
void acme_ca_account_register_begin(acme_ca_account_t *account);

/** Forgets the account's URL, because the CA does not know the account: it is
 *  registered again. */
void acme_ca_account_register_forget_url(acme_ca_account_t *account);

/* The states, as in acme_ca_account_state_t. */
void acme_ca_account_register_plan_open(acme_ca_account_t *account);
void acme_ca_account_register_answer_open(acme_ca_account_t *account,
                                          apr_status_t rv, const char *url,
                                          const acme_problem_t *problem);
void acme_ca_account_register_plan_resolve(acme_ca_account_t *account);
void acme_ca_account_register_answer_resolve(acme_ca_account_t *account,
                                             apr_status_t rv, const char *url,
                                             const acme_problem_t *problem);
void acme_ca_account_register_plan_check(acme_ca_account_t *account);
void acme_ca_account_register_answer_check(acme_ca_account_t *account,
                                           apr_status_t rv, const char *url,
                                           const acme_problem_t *problem);
void acme_ca_account_register_plan_register(acme_ca_account_t *account);
void acme_ca_account_register_answer_register(acme_ca_account_t *account,
                                              apr_status_t rv, const char *url,
                                              const acme_problem_t *problem);
void acme_ca_account_register_plan_update(acme_ca_account_t *account);
void acme_ca_account_register_answer_update(acme_ca_account_t *account,
                                            apr_status_t rv, const char *url,
                                            const acme_problem_t *problem);

/* ---- acme_ca_account_change.c ---- */

/* The states, as in acme_ca_account_state_t. */
void acme_ca_account_change_plan_recover(acme_ca_account_t *account);
void acme_ca_account_change_answer_recover(acme_ca_account_t *account,
                                           apr_status_t rv, const char *url,
                                           const acme_problem_t *problem);
void acme_ca_account_change_plan_rollover(acme_ca_account_t *account);
void acme_ca_account_change_answer_rollover(acme_ca_account_t *account,
                                            apr_status_t rv, const char *url,
                                            const acme_problem_t *problem);
void acme_ca_account_change_plan_rollover_check(acme_ca_account_t *account);
void acme_ca_account_change_answer_rollover_check(
    acme_ca_account_t *account, apr_status_t rv, const char *url,
    const acme_problem_t *problem);
void acme_ca_account_change_plan_deactivate(acme_ca_account_t *account);
void acme_ca_account_change_answer_deactivate(acme_ca_account_t *account,
                                              apr_status_t rv, const char *url,
                                              const acme_problem_t *problem);
void acme_ca_account_change_plan_deactivate_check(acme_ca_account_t *account);
void acme_ca_account_change_answer_deactivate_check(
    acme_ca_account_t *account, apr_status_t rv, const char *url,
    const acme_problem_t *problem);

#endif
