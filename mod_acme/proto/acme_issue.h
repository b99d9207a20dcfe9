/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_issue.h
 * @brief One order from newOrder to the downloaded chain: a state machine
 * without I/O (RFC 8555 7.4).
 *
 * It never touches the network, the clock or the store. Its owner asks for the
 * next wish, carries it out and feeds what came of it, until it wishes no
 * more:
 *
 *     NEW -> AUTHORIZE -> PRESENT -> RESPOND -> AWAIT -> FINALIZE
 *         -> PROCESS -> DOWNLOAD -> CLEANUP -> DONE
 *
 * and from any of them to FAILED, by way of DIAGNOSE where the CA made the
 * order invalid (which name, and why) and of CLEANUP where something was
 * presented. Our phases are apart from the CA's order status.
 *
 * A snapshot taken after a transition resumes the same order in another
 * process: it starts in RESUME, which asks the CA for the order and goes where
 * its status says, so that nothing is lost between two snapshots and a resumed
 * order repeats no newOrder. A finalize whose answer was lost goes the same
 * way.
 *
 * A CA that minds a request which it may have had before is taken at that: it
 * says so (409, or the type conflict), or we know that it may have been told of
 * the challenge, from the snapshot or because an answer was lost. Then the
 * order's own status tells, and `patience` bounds that; the CA's words are in
 * the problem if it comes to nothing. A finalize in conflict is repeated, at
 * growing intervals, and leaves the order resumable.
 *
 * A CA that cannot be reached, or answers 5xx or 429, has said nothing about
 * the order: the wish becomes a WAIT (until the time the CA named, or 5, 10,
 * 20 s and so on) and is then repeated, up to ACME_ISSUE_RETRIES times in a
 * row. After that, or when the CA named a time beyond `patience`, or refuses
 * every nonce (each request has been repeated then), the issue fails, but the
 * order stays resumable (acme_issue_resumable()). So it does, at once, when the
 * CA has all that it wants and names a time beyond `patience`; when a challenge
 * could not be presented; and when an answer was not JSON at all or the
 * certificate not one.
 *
 * Not resumable is what the CA or its answers settled: an order or
 * authorization that is invalid, a refused request (4xx), an answer that
 * RFC 8555 does not allow, a validation that took longer than `patience` (or
 * than the CA's own time for it, up to six times that); nor is an order that
 * failed ACME_ISSUE_FAILURES times or has expired.
 *
 * An order that the CA no longer knows, or that is invalid or expired when it
 * is resumed, fails with class NOW (see acme_issue_stale()).
 *
 * One thread. Apart from polls, which `patience` bounds, an order never makes
 * more than 40 + 6 * names requests.
 */
#ifndef ACME_ISSUE_H
#define ACME_ISSUE_H

#include "acme_client.h"
#include "acme_issue_action.h"

acme_issue_t *acme_issue_create(const acme_issue_config_t *config,
                                const acme_log_t *log, apr_time_t now,
                                apr_pool_t *p);

/**
 * Resumes from a snapshot. One that was taken on the way to FAILED takes down
 * what is still presented and then fails with the same problem; one that was
 * taken in FAILED resumes the order if it is resumable, else it fails again
 * with the same problem and without a request.
 * @return APR_EINVAL when it is damaged or was taken for other names or
 *         another CA
 */
apr_status_t acme_issue_restore(acme_issue_t **issue,
                                const acme_issue_config_t *config,
                                const acme_json_t *snapshot,
                                const acme_log_t *log, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p);

/** What it wants now; the same until it is fed. */
const acme_issue_action_t *acme_issue_action(const acme_issue_t *issue);

/** Feeds the outcome of a POST; parameters as of acme_client_done_fn. An
 *  APR_EINTR leaves the wish as it was. */
void acme_issue_answer(acme_issue_t *issue, apr_status_t rv,
                       const acme_answer_t *answer,
                       const acme_problem_t *problem, apr_time_t now);

/** Feeds the outcome of PRESENT or CLEANUP (whose failure stops nothing). An
 *  APR_EINTR leaves the wish as it was. Both may be asked for again after a
 *  resumption: presenting what is there and taking down what is not must
 *  succeed. */
void acme_issue_solved(acme_issue_t *issue, apr_status_t rv,
                       const acme_problem_t *problem, apr_time_t now);

/** The time of a WAIT has come. */
void acme_issue_timer(acme_issue_t *issue, apr_time_t now);

/** A number that grows with each transition worth a snapshot. */
unsigned int acme_issue_revision(const acme_issue_t *issue);

/** What acme_issue_restore() needs; no secrets. */
acme_json_t *acme_issue_snapshot(const acme_issue_t *issue, apr_pool_t *p);

/** The order's URL at the CA, or NULL before there is one. */
const char *acme_issue_url(const acme_issue_t *issue);

/** Whether its order names the certificate that it replaces, as configured: not
 *  after the CA has minded. */
int acme_issue_replaces(const acme_issue_t *issue);

/** Whether it failed only because the order it was restored with is of no use
 *  any more (gone, expired, invalid since before): a new one may be made. */
int acme_issue_stale(const acme_issue_t *issue);

/** Once it has failed: nonzero when the order at the CA is still alive, so
 *  that the job's next try should restore the snapshot rather than order anew.
 *  Zero: the snapshot is of no more use. See above which failures are which. */
int acme_issue_resumable(const acme_issue_t *issue);

#endif
