/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_issue_private.h
 * @brief The inside of an order (acme_issue.h), for its own files only: the
 * phases, what is kept between them, and how one leads to the next.
 *
 * acme_issue.c has the table of phases and feeds them, acme_issue_state.c
 * moves between them, acme_issue_order.c and acme_issue_authz.c are the phases
 * themselves.
 */
#ifndef ACME_ISSUE_PRIVATE_H
#define ACME_ISSUE_PRIVATE_H

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
} acme_phase_e;

#define ACME_PHASE_COUNT (ACME_PHASE_FAILED + 1)

/** A phase: what it wants, and what it makes of the outcome. Each function
 *  leaves a wish or enters another phase. */
typedef struct acme_phase_t {
    const char *name;
    const char *activity;    /**< for problems */
    unsigned int successors; /**< bits, 1 << acme_phase_e */
    void (*plan)(acme_issue_t *issue, apr_time_t now);
    void (*answer)(acme_issue_t *issue, const acme_answer_t *answer,
                   apr_time_t now);
    /** A request that the CA refused; NULL: the order fails with it. */
    void (*refused)(acme_issue_t *issue, const acme_problem_t *problem,
                    apr_time_t now);
    void (*solved)(acme_issue_t *issue, apr_status_t rv,
                   const acme_problem_t *problem, apr_time_t now);
} acme_phase_t;

/** An authorization that needs something of us. */
typedef struct acme_issue_task_t {
    acme_challenge_t challenge;
    const char *url; /**< of the challenge */
    const char *authz_url;
    int respond; /**< the CA waits to be told */
    int told;    /**< it may have been before */
} acme_issue_task_t;

struct acme_issue_t {
    const acme_phase_t *phases;
    const acme_issue_config_t *config;
    const acme_log_t *log;
    apr_pool_t *p;
    apr_pool_t *turn; /**< cleared whenever something is fed */
    acme_phase_e phase;
    unsigned int generation;
    acme_issue_action_t action;
    int wishing; /**< wish is set */

    /* The order as we know it. */
    const char *order_url;
    const char *finalize;
    const char *certificate;
    apr_time_t expires;
    apr_array_header_t *authz_urls; /**< const char * */
    apr_array_header_t *tasks;      /**< acme_issue_task_t */
    apr_array_header_t *seen;       /**< const char *, names authorized */
    apr_array_header_t *presented;  /**< acme_challenge_t, to be cleaned up */

    /* Within a phase. */
    int index; /**< of the authorization, task or presented challenge */
    int awake; /**< a WAIT is over */
    acme_problem_t *refusal;   /**< RESPOND: does it matter, or NULL */
    acme_problem_t *objection; /**< to what the CA seems to have heard before:
                                    its words if it does not come to an end;
                                    or NULL */
    apr_time_t hint;           /**< Retry-After of the last good answer, or 0 */
    apr_time_t deadline;       /**< of AWAIT or PROCESS, or 0 */
    apr_time_t latest;         /**< that it may become */
    apr_interval_time_t interval;
    int polls;

    /* Bounds. */
    int requests;      /**< without polls */
    int outages;       /**< requests in a row that the CA did not act on */
    int finalizations; /**< that were lost or came too early */
    int failures;      /**< of this order, over all its resumptions */

    int told;     /**< of challenges, by us or by those before us */
    int restored; /**< and the CA has not confirmed the order yet */
    int stale;
    int resumable;
    int replaces_nothing;    /**< the CA did not like what it was to replace */
    int has_no_profile;      /**< nor the profile, which is no must */
    acme_problem_t *problem; /**< set: CLEANUP leads to FAILED */
    acme_problem_t *found;   /**< DIAGNOSE: so far */
    int found_in_order;      /**< DIAGNOSE: the order itself said it */
    int n_found;             /**< DIAGNOSE: failed authorizations */
    const char *chain;
    apr_size_t chain_len;
    apr_array_header_t *alternates; /**< const char *, URLs of other chains that
                                         may be the preferred one, or NULL */
    int alternate;                  /**< the one that is downloaded, from 0 */
};

/** An empty issue in phase NEW. */
acme_issue_t *acme_issue_state_create(const acme_phase_t *phases,
                                      const acme_issue_config_t *config,
                                      const acme_log_t *log, apr_pool_t *p);

/** The one way from phase to phase. */
void acme_issue_state_enter(acme_issue_t *issue, acme_phase_e phase);

/** The wish for a POST; the order fails when it has made too many.
 *  @param url, payload alive as long as the wish */
void acme_issue_state_post(acme_issue_t *issue, const char *url,
                           const char *payload, int repeatable, apr_time_t now);

/** The wish for a challenge to be put up or taken down. */
void acme_issue_state_solve(acme_issue_t *issue, acme_issue_action_e type,
                            const acme_challenge_t *challenge);

/** The wish for a wait. */
void acme_issue_state_wait(acme_issue_t *issue, apr_time_t until);

/** The last wishes. */
void acme_issue_state_plan_done(acme_issue_t *issue, apr_time_t now);
void acme_issue_state_plan_failed(acme_issue_t *issue, apr_time_t now);

/** Whether the order may be resumed once it has failed. */
typedef enum { ACME_ISSUE_OVER, ACME_ISSUE_ALIVE } acme_issue_alive_e;

/** Fails, by way of CLEANUP if need be. */
void acme_issue_state_fail(acme_issue_t *issue, const acme_problem_t *problem,
                           acme_issue_alive_e alive, apr_time_t now);

/** Fails because of an answer: ACME_PROBLEM_PROTOCOL, class BACKOFF. */
void acme_issue_state_wrong(acme_issue_t *issue, acme_issue_alive_e alive,
                            apr_time_t now, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** A request failed and says nothing about the order: waits to repeat it.
 *  Zero when it has been repeated often enough, or is not to be. */
int acme_issue_state_outage(acme_issue_t *issue, const acme_problem_t *problem,
                            apr_time_t now);

/** The pause before something is tried for the nth time again. */
apr_interval_time_t acme_issue_state_pause(int n);

/** The CA minds a request because it has heard it before, as far as we can
 *  know: it goes on, and these are the words if that comes to nothing. */
void acme_issue_state_object(acme_issue_t *issue,
                             const acme_problem_t *problem);

/** Begins to collect why the CA made the order invalid.
 *  @param problem what the order itself says, or NULL */
void acme_issue_state_start_diagnosis(acme_issue_t *issue,
                                      const acme_problem_t *problem);

/** Times of the configuration, or their defaults. */
apr_interval_time_t acme_issue_state_poll_min(const acme_issue_t *issue);
apr_interval_time_t acme_issue_state_poll_max(const acme_issue_t *issue);
apr_interval_time_t acme_issue_state_patience(const acme_issue_t *issue);

/** Remembers a challenge that may be up from now on. */
void acme_issue_state_presented(acme_issue_t *issue,
                                const acme_challenge_t *challenge);

/* acme_issue_snapshot.c */
/** Fills a new issue; APR_EINVAL when it is damaged or of another order.
 *  @param phase that it was taken in */
apr_status_t acme_issue_snapshot_read(acme_issue_t *issue, acme_phase_e *phase,
                                      const acme_json_t *snapshot,
                                      acme_problem_t *problem);

/* acme_issue_order.c: phases about the order. */
void acme_issue_order_plan_new(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_resume(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_poll(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_finalize(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_plan_download(acme_issue_t *issue, apr_time_t now);
void acme_issue_order_answer_new(acme_issue_t *issue,
                                 const acme_answer_t *answer, apr_time_t now);
void acme_issue_order_answer(acme_issue_t *issue, const acme_answer_t *answer,
                             apr_time_t now);
void acme_issue_order_answer_download(acme_issue_t *issue,
                                      const acme_answer_t *answer,
                                      apr_time_t now);
void acme_issue_order_refused_new(acme_issue_t *issue,
                                  const acme_problem_t *problem,
                                  apr_time_t now);
void acme_issue_order_refused_download(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now);
void acme_issue_order_refused_resume(acme_issue_t *issue,
                                     const acme_problem_t *problem,
                                     apr_time_t now);
void acme_issue_order_refused_finalize(acme_issue_t *issue,
                                       const acme_problem_t *problem,
                                       apr_time_t now);

/** Reads an order and keeps what has to be kept of it. NULL: it has failed. */
acme_order_t *acme_issue_order_take(acme_issue_t *issue,
                                    const acme_answer_t *answer,
                                    apr_time_t now);

/* acme_issue_authz.c: phases about authorizations and challenges. */
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
void acme_issue_authz_refused_respond(acme_issue_t *issue,
                                      const acme_problem_t *problem,
                                      apr_time_t now);
/** Nobody knows whether the CA has got the request that is under way. */
void acme_issue_authz_unanswered(acme_issue_t *issue);
void acme_issue_authz_solved_present(acme_issue_t *issue, apr_status_t rv,
                                     const acme_problem_t *problem,
                                     apr_time_t now);
void acme_issue_authz_solved_cleanup(acme_issue_t *issue, apr_status_t rv,
                                     const acme_problem_t *problem,
                                     apr_time_t now);

/* acme_issue_diagnose.c: why the CA made the order invalid. */
void acme_issue_diagnose_plan(acme_issue_t *issue, apr_time_t now);
void acme_issue_diagnose_answer(acme_issue_t *issue,
                                const acme_answer_t *answer, apr_time_t now);
void acme_issue_diagnose_refused(acme_issue_t *issue,
                                 const acme_problem_t *problem, apr_time_t now);

#endif
