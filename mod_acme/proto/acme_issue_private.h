/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_issue_private.h
 * @brief The inside of an order (acme_issue.h), for its own files only: the
 * phases, the state that they share, and the transitions.
 *
 * acme_issue.c has the table of phases and feeds outcomes to them.
 * acme_issue_state.c moves between phases, acme_issue_route.c by the order's
 * status. acme_issue_order.c, acme_issue_authz.c, acme_issue_download.c and
 * acme_issue_diagnose.c have the phases themselves.
 *
 * The functions of a phase: plan() leaves an action or enters another phase;
 * answer(), refused() and solved() take an outcome, and then either leave an
 * action, or enter a phase, or do neither, so that plan() is called again.
 */
#ifndef ACME_ISSUE_PRIVATE_H
#define ACME_ISSUE_PRIVATE_H

#include <limits.h>

#include "acme_client.h"
#include "acme_order.h"
#include "acme_issue_action.h"

typedef enum {
    ACME_PHASE_NEW,
    ACME_PHASE_RESUME,
    ACME_PHASE_AUTHORIZE,
    ACME_PHASE_PRESENT,
    ACME_PHASE_RESPOND,
    ACME_PHASE_AWAIT,
    ACME_PHASE_FINALIZE,
    ACME_PHASE_PROCESS,
    ACME_PHASE_DOWNLOAD,
    ACME_PHASE_DIAGNOSE,
    ACME_PHASE_CLEANUP,
    ACME_PHASE_DONE,
    ACME_PHASE_FAILED
} acme_issue_phase_e;

#define ACME_PHASE_COUNT (ACME_PHASE_FAILED + 1)

/** A phase; NULL for an outcome that it never gets. */
typedef struct acme_issue_phase_t {
    const char *name;
    const char *activity;    /**< for problems */
    unsigned int successors; /**< bits, 1 << acme_issue_phase_e */
    void (*plan)(acme_issue_t *issue, apr_time_t now);
    void (*answer)(acme_issue_t *issue, const acme_answer_t *answer,
                   apr_time_t now);
    /** Takes a refusal of the request; NULL: the order fails with it. */
    void (*refused)(acme_issue_t *issue, const acme_problem_t *problem,
                    apr_time_t now);
    void (*solved)(acme_issue_t *issue, apr_status_t rv,
                   const acme_problem_t *problem, apr_time_t now);
} acme_issue_phase_t;

/** The rank of a chain that ACMEPreferredChain does not ask for. */
#define ACME_ISSUE_RANK_NONE INT_MAX

/** An authorization that needs a challenge of ours. */
typedef struct acme_issue_task_t {
    acme_challenge_t challenge;
    const char *url; /**< of the challenge */
    const char *authz_url;
    int respond;   /**< the CA waits for a response */
    int responded; /**< the CA may have had a response before */
} acme_issue_task_t;

struct acme_issue_t {
    const acme_issue_phase_t *phases;
    const acme_issue_config_t *config;
    const acme_log_t *log;
    apr_pool_t *p;
    apr_pool_t *pfeed; /**< cleared whenever an outcome is fed */
    acme_issue_phase_e phase;
    unsigned int revision; /**< counts transitions */
    acme_issue_action_t action;
    int has_action; /**< `action` is set */

    /* The order as we know it. */
    const char *order_url;
    const char *finalize;
    const char *certificate;
    apr_time_t expires;
    apr_array_header_t *authz_urls; /**< const char *, or NULL */
    apr_array_header_t *tasks;      /**< acme_issue_task_t */
    apr_array_header_t *presented;  /**< acme_challenge_t, to be removed */
    /** Types of challenges, preferred first: const char *. An order keeps to
     *  the one that it began with, because the CA may have been told. */
    const apr_array_header_t *types;
    /** Type of the first challenge that has failed, or NULL. */
    const char *failed_type;

    /* Within a phase. */
    int index;  /**< of the authorization, task or presented challenge */
    int waited; /**< a WAIT is over */
    /** The refusal of a response, while RESPOND asks its authorization whether
     *  it matters; or of finalize, while RESUME asks the order; else NULL. */
    acme_problem_t *refusal;
    /** The first refusal of a request that the CA may have had before, for the
     *  problem if the order fails; or NULL. */
    acme_problem_t *conflict;
    apr_time_t visible_at; /**< RESPOND: the CA is not told before, or 0 */
    apr_time_t hint;       /**< Retry-After of the last good answer, or 0 */
    apr_time_t deadline;   /**< of AWAIT or PROCESS, or 0 */
    apr_time_t latest;     /**< latest time that `deadline` may become */
    apr_interval_time_t interval;
    int polls;
    apr_time_t look_at; /**< AWAIT: when the authorizations are looked at, in
                            case the order's status lags behind; or 0 */
    int looking;        /**< AUTHORIZE: only looks, on behalf of AWAIT */
    int n_valid;        /**< AUTHORIZE: authorizations that are valid */
    int all_valid;      /**< AWAIT: all authorizations are valid */
    int untaken;        /**< PROCESS: the order was ready after finalize, and
                            is asked for once more before it is repeated */

    /* Bounds. */
    int requests;                  /**< without polls */
    int outages;                   /**< in a row, since the last answer */
    const acme_problem_t *trouble; /**< of the first of them */
    int missing;  /**< 404 in a row, or certificates that are none */
    int returns;  /**< times that the order went back to pending */
    int timeouts; /**< of this order, over all its resumptions */
    /** Finalize requests whose answer was lost, or that the CA refused so that
     *  they are repeated. */
    int finalizations;
    /** The refusal of the first CSR, and the one with a common name that is
     *  sent after it; or NULL. */
    const acme_problem_t *bad_csr;
    const char *named_csr;
    int failures; /**< of this order, over all its resumptions */

    /** The CA may have had responses to challenges, from this process or from
     *  one before. "told" in a snapshot. */
    int responded;
    /** The CA may have issued a certificate: finalize was sent, or the order
     *  was processing or valid. */
    int finalized;
    apr_time_t made; /**< when the CA made the order, or 0 */
    int restored;    /**< and the CA has not confirmed the order yet */
    int stale;
    int resumable;
    int adopted; /**< newOrder brought an order that needed nothing of us */
    int without_replaces;    /**< the CA has refused `replaces` */
    int without_profile;     /**< the CA has refused the profile */
    acme_problem_t *problem; /**< when set, CLEANUP leads to FAILED */
    acme_problem_t *found;   /**< DIAGNOSE: the reason, so far */
    int found_in_order;      /**< DIAGNOSE: the reason is the order's error */
    int found_at_issuance;   /**< DIAGNOSE: validation was over before that */
    int n_found;             /**< DIAGNOSE: number of failed authorizations */
    const char *chain;       /**< the best one so far, or NULL */
    apr_size_t chain_len;
    acme_chain_t *parsed; /**< the same */
    apr_pool_t *pchain;   /**< of `chain` and `parsed` */
    int rank; /**< of `chain`: less is better, ACME_ISSUE_RANK_NONE: it is not
                   what was asked for */
    /** URLs of the other chains: const char *; or NULL. */
    apr_array_header_t *alternates;
    int alternate; /**< index of the chain that is downloaded */
};

/** Creates an empty issue in phase NEW. */
acme_issue_t *acme_issue_state_create(const acme_issue_phase_t *phases,
                                      const acme_issue_config_t *config,
                                      const acme_log_t *log, apr_pool_t *p);

/** Enters a phase. Only this function and acme_issue_restore() set `phase`. The
 *  order fails when the table does not allow the transition. */
void acme_issue_state_enter(acme_issue_t *issue, acme_issue_phase_e phase);

/** Sets the action POST. Fails the order when it has made too many requests.
 *  @param url, payload must live as long as the action */
void acme_issue_state_post(acme_issue_t *issue, const char *url,
                           const char *payload, int repeatable, apr_time_t now);

/** Sets the action PRESENT or CLEANUP. */
void acme_issue_state_solve(acme_issue_t *issue, acme_issue_action_e type,
                            const acme_challenge_t *challenge);

/** Sets the action WAIT. */
void acme_issue_state_wait(acme_issue_t *issue, apr_time_t until);

/** The phases DONE and FAILED. */
void acme_issue_state_plan_done(acme_issue_t *issue, apr_time_t now);
void acme_issue_state_plan_failed(acme_issue_t *issue, apr_time_t now);

/** Says whether the order may be resumed after it has failed. */
typedef enum {
    ACME_ISSUE_OVER,     /**< no: the CA has settled it */
    ACME_ISSUE_DOUBTFUL, /**< a few times, or if a certificate may exist */
    ACME_ISSUE_ALIVE     /**< yes */
} acme_issue_alive_e;

/** Fails the order, by way of CLEANUP if a challenge is presented. */
void acme_issue_state_fail(acme_issue_t *issue, const acme_problem_t *problem,
                           acme_issue_alive_e alive, apr_time_t now);

/** Returns how alive an order is after a refusal that settles it, if it is the
 *  CA's. One without a word of the CA may come from a server in front of it. */
acme_issue_alive_e acme_issue_state_settled(const acme_problem_t *problem);

/** Fails the order because a request was refused that does not settle it. An
 *  order is lost with its account, unless a certificate may exist. */
void acme_issue_state_refused(acme_issue_t *issue,
                              const acme_problem_t *problem, apr_time_t now);

/** Fails the order because of an answer: type ACME_PROBLEM_PROTOCOL, class
 *  BACKOFF. */
void acme_issue_state_wrong(acme_issue_t *issue, acme_issue_alive_e alive,
                            apr_time_t now, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Sets the action WAIT before a request is repeated that failed without saying
 *  anything about the order. Returns zero, and sets no action, when the request
 *  was repeated often enough or must not be repeated.
 *  @param problem with its activity, for the log */
int acme_issue_state_outage(acme_issue_t *issue, const acme_problem_t *problem,
                            apr_time_t now);

/** Sets the action WAIT before a request is repeated whose object the CA does
 *  not know, or not yet. Returns zero, and sets no action, when it was repeated
 *  often enough.
 *  @param what the problem's text, for the log
 *  @param named time that the CA named, or 0
 *  @param most how often in a row */
int acme_issue_state_missing(acme_issue_t *issue, const char *what,
                             apr_time_t named, int most, apr_time_t now);

/** Returns the pause before the nth repetition of a request. */
apr_interval_time_t acme_issue_state_pause(int n);

/** Notes the refusal of a request that the CA may have had before. The order
 *  goes on; if it fails later, the first of these refusals is part of the
 *  problem. */
void acme_issue_state_conflict(acme_issue_t *issue,
                               const acme_problem_t *problem);

/** Begins to collect why the CA made the order invalid.
 *  @param problem what the order itself says, or NULL */
void acme_issue_state_start_diagnosis(acme_issue_t *issue,
                                      const acme_problem_t *problem);

/** Returns non-zero when the refusal of finalize can be due to the CSR, and
 *  there is another, with a common name, which is sent from then on. */
int acme_issue_state_takes_named_csr(acme_issue_t *issue,
                                     const acme_problem_t *problem);

/** Return times of the configuration, or their defaults. */
apr_interval_time_t acme_issue_state_poll_min(const acme_issue_t *issue);
apr_interval_time_t acme_issue_state_poll_max(const acme_issue_t *issue);
apr_interval_time_t acme_issue_state_patience(const acme_issue_t *issue);

/** Adds a challenge that may be presented from now on to `presented`. */
void acme_issue_state_presented(acme_issue_t *issue,
                                const acme_challenge_t *challenge);

/* acme_issue_snapshot.c */
/** Fills a new issue. Returns APR_EINVAL when the snapshot is damaged or of
 *  another order.
 *  @param phase set to the phase that the snapshot was taken in */
apr_status_t acme_issue_snapshot_read(acme_issue_t *issue,
                                      acme_issue_phase_e *phase,
                                      const acme_json_t *snapshot,
                                      acme_problem_t *problem);

/* acme_issue_order.c: the phases about the order. */
void acme_issue_order_plan_new(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_resume(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_poll(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_finalize(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_answer_new(acme_issue_t *issue,
                                 const acme_answer_t *answer, apr_time_t now);
void acme_issue_order_answer(acme_issue_t *issue, const acme_answer_t *answer,
                             apr_time_t now);
void acme_issue_order_answer_finalize(acme_issue_t *issue,
                                      const acme_answer_t *answer,
                                      apr_time_t now);
void acme_issue_order_refused_new(acme_issue_t *issue,
                                  const acme_problem_t *problem,
                                  apr_time_t now);
void acme_issue_order_refused_resume(acme_issue_t *issue,
                                     const acme_problem_t *problem,
                                     apr_time_t now);
void acme_issue_order_refused_finalize(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now);

/** Reads an order and copies its members to the issue. Returns NULL after
 *  failing the order. */
acme_order_t *acme_issue_order_read(acme_issue_t *issue,
                                    const acme_answer_t *answer,
                                    apr_time_t now);

/* acme_issue_route.c: where the order's status leads. */
/** Returns how often in a row 404 is not believed in the issue's phase. */
int acme_issue_route_missing_max(const acme_issue_t *issue, apr_time_t now);

/** Goes where the order's status leads: see the table. */
void acme_issue_route_follow(acme_issue_t *issue, const acme_order_t *order,
                             apr_time_t now);

/* acme_issue_download.c: the phase about the certificate. */
void acme_issue_download_plan(acme_issue_t *issue, apr_time_t now);
void acme_issue_download_answer(acme_issue_t *issue,
                                const acme_answer_t *answer, apr_time_t now);
void acme_issue_download_refused(acme_issue_t *issue,
                                 const acme_problem_t *problem, apr_time_t now);

/* acme_issue_authz.c: the phases about authorizations and challenges. */
void acme_issue_authz_plan_authorize(acme_issue_t *issue, apr_time_t now);
void acme_issue_authz_plan_present(acme_issue_t *issue, apr_time_t now);
void acme_issue_authz_plan_respond(acme_issue_t *issue, apr_time_t now);
void acme_issue_authz_plan_cleanup(acme_issue_t *issue, apr_time_t now);
void acme_issue_authz_answer_authorize(acme_issue_t *issue,
                                       const acme_answer_t *answer,
                                       apr_time_t now);
void acme_issue_authz_answer_respond(acme_issue_t *issue,
                                     const acme_answer_t *answer,
                                     apr_time_t now);
void acme_issue_authz_refused_authorize(acme_issue_t *issue,
                                        const acme_problem_t *problem,
                                        apr_time_t now);
void acme_issue_authz_refused_respond(acme_issue_t *issue,
                                      const acme_problem_t *problem,
                                      apr_time_t now);
/** Notes that the CA may have had the request that is under way, although there
 *  is no answer. */
void acme_issue_authz_unanswered(acme_issue_t *issue);
void acme_issue_authz_solved_present(acme_issue_t *issue, apr_status_t rv,
                                     const acme_problem_t *problem,
                                     apr_time_t now);
void acme_issue_authz_solved_cleanup(acme_issue_t *issue, apr_status_t rv,
                                     const acme_problem_t *problem,
                                     apr_time_t now);

/* acme_issue_diagnose.c: finds out why the CA made the order invalid. */
void acme_issue_diagnose_plan(acme_issue_t *issue, apr_time_t now);
void acme_issue_diagnose_answer(acme_issue_t *issue,
                                const acme_answer_t *answer, apr_time_t now);
void acme_issue_diagnose_refused(acme_issue_t *issue,
                                 const acme_problem_t *problem, apr_time_t now);

#endif
