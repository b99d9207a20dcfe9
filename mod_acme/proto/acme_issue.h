/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_issue.h
 * @brief One order from newOrder to the downloaded chain: a state machine
 * without I/O (RFC 8555 7.4).
 *
 * It never touches the network, the clock or the store. Its owner gets the next
 * action, carries it out and feeds the outcome, until the order is over:
 *
 *     NEW -> AUTHORIZE -> PRESENT -> RESPOND -> AWAIT -> FINALIZE
 *         -> PROCESS -> DOWNLOAD -> CLEANUP -> DONE
 *
 * Any phase can lead to FAILED: by way of DIAGNOSE when the CA made the order
 * invalid (which name, and why), and of CLEANUP when a challenge was presented.
 * Phases are ours; the order's status is the CA's.
 *
 * A snapshot taken after a transition resumes the same order in another
 * process. The resumed order starts in RESUME, which gets the order from the CA
 * and goes where its status leads. So nothing is lost between two snapshots,
 * and newOrder is not repeated. A finalize whose answer was lost, or is no
 * order, is handled in the same way, and so is a newOrder whose answer says
 * where the order is, but is no JSON object, because it was cut on the way.
 *
 * A newOrder without any answer is an outage, see below, and is repeated: only
 * the answer has the order's URL. A CA that has the first one pending gives the
 * same order again (Let's Encrypt does), else the first one expires unused.
 *
 * A CA may refuse a request because it had the same request before. This is
 * assumed when the CA says so (409, or the type conflict), or when the CA may
 * have had the response to this challenge: by the snapshot, or because an
 * answer was lost. Then the order goes on, its status decides, and `patience`
 * bounds that; the CA's words are in the problem if the order fails after all.
 * A finalize in conflict is repeated, at growing intervals, and leaves the
 * order resumable.
 *
 * An outage (the CA cannot be reached, or answers 5xx, 429, 408 or 425) says
 * nothing about the order. The action becomes a WAIT (until the time that the
 * CA named, or for 5, 10, 20 s and so on), and then the request is repeated,
 * up to ACME_ISSUE_RETRIES times in a row. The order fails, but stays
 * resumable (acme_issue_resumable()), when
 *   - the outage lasts longer, or the CA named a time beyond `patience`;
 *   - the CA refuses every nonce (acme_client has repeated the request then);
 *   - the CA has all that it needs and names a time beyond `patience`;
 *   - a challenge could not be presented;
 *   - an answer was not JSON at all, or not a certificate chain.
 *
 * The same holds, but fewer times, for
 *   - a refusal (4xx) that does not say that the order is over, and an answer
 *     that RFC 8555 does not allow: ACME_ISSUE_DOUBTS times;
 *   - a validation or issuance that took longer than `patience` (or than the
 *     time that the CA named for it, up to six times `patience`):
 *     ACME_ISSUE_TIMEOUTS times.
 *
 * Not resumable is an order whose end the CA has settled: an order or
 * authorization that is invalid, a finalize or a response that it refuses in
 * words of its own. A refusal without any, such as a page or a redirect, may
 * be of a server in front of the CA, and is a doubt. Nor is an order resumable
 * that failed ACME_ISSUE_FAILURES times or has expired.
 *
 * A certificate that has been issued counts for the CA's limits. So an order
 * that may have led to one, because finalize was sent or because the CA said
 * so, ends only if the CA says that it is invalid, or after
 * ACME_ISSUE_FAILURES; its doubts and its expiry do not count.
 *
 * What has just been made may not be known to all servers of a CA yet. So 404
 * is not believed at once: the request is repeated after 1, 2, 4, 8 and 16 s.
 * The same is done, three times, for a certificate whose content is none. Each
 * phase knows each status (the table in acme_issue_route.c): finalize is
 * repeated, after a pause and up to ACME_ISSUE_RETRIES times, for an order that
 * stays ready or becomes ready again.
 *
 * A refusal of finalize that can be due to the CSR is followed once by a CSR
 * with a common name, if there is one. A chain that would be refused is not
 * taken if there is another for the same key and names.
 *
 * An order that the CA no longer knows, or that is invalid or expired when it
 * is resumed, fails with class NOW (see acme_issue_stale()).
 *
 * One thread. Apart from polls, which `patience` bounds, an order makes at most
 * 40 + 7 * names requests.
 */
#ifndef ACME_ISSUE_H
#define ACME_ISSUE_H

#include "acme_client.h"
#include "acme_issue_action.h"

/** A new order. It lives in p, like all that it returns.
 *  @param log must live as long as p */
acme_issue_t *acme_issue_create(const acme_issue_config_t *config,
                                const acme_log_t *log, apr_time_t now,
                                apr_pool_t *p);

/**
 * Resumes an order from its snapshot. A snapshot that was taken on the way to
 * FAILED removes the challenges that are still presented and then fails with
 * the same problem. A snapshot that was taken in FAILED resumes the order if it
 * is resumable; else it fails again with the same problem, without a request.
 * @return APR_EINVAL when the snapshot is damaged or was taken for other names
 *         or another CA
 */
apr_status_t acme_issue_restore(acme_issue_t **issue,
                                const acme_issue_config_t *config,
                                const acme_json_t *snapshot,
                                const acme_log_t *log, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p);

/** Returns the action that is wanted now; it stays the same until an outcome is
 *  fed. */
const acme_issue_action_t *acme_issue_action(const acme_issue_t *issue);

/** Feeds the outcome of a POST; parameters as of acme_client_done_fn. With
 *  APR_EINTR the action stays wanted. */
void acme_issue_answer(acme_issue_t *issue, apr_status_t rv,
                       const acme_answer_t *answer,
                       const acme_problem_t *problem, apr_time_t now);

/** Feeds the outcome of PRESENT or CLEANUP. A failure of CLEANUP does not stop
 *  the order. With APR_EINTR the action stays wanted. Both may be wanted again
 *  after a resumption: presenting a challenge that is presented must succeed,
 *  as must removing a challenge that is not. */
void acme_issue_solved(acme_issue_t *issue, apr_status_t rv,
                       const acme_problem_t *problem, apr_time_t now);

/** Feeds that a challenge that was presented can be seen from this time on: the
 *  CA is not told of any challenge before. To be called before
 *  acme_issue_solved(). */
void acme_issue_visible_at(acme_issue_t *issue, apr_time_t at);

/** Returns non-zero when WAIT is for challenges to be seen: when that is so
 *  earlier than it was said to be, acme_issue_timer() may be called at once. */
int acme_issue_waits_to_be_seen(const acme_issue_t *issue);

/** Feeds that the time of a WAIT has come. */
void acme_issue_timer(acme_issue_t *issue, apr_time_t now);

/** Feeds that the chain of ACME_ACTION_DONE cannot be used: the action becomes
 *  FAILED. Class CONFIG becomes BACKOFF where newOrder brought an order that
 *  was done already, because then nothing was issued that would be again.
 *  BACKOFF becomes CONFIG when the order is resumable no more, because another
 *  order would bring the same.
 *  @param again non-zero: the order is resumable, because the same download may
 *         bring a better chain */
void acme_issue_reject(acme_issue_t *issue, const acme_problem_t *problem,
                       int again, apr_time_t now);

/** Returns a number that grows with each transition that needs a new
 *  snapshot. */
unsigned int acme_issue_revision(const acme_issue_t *issue);

/** Returns the snapshot for acme_issue_restore(), in p. It has no secrets. */
acme_json_t *acme_issue_snapshot(const acme_issue_t *issue, apr_pool_t *p);

/** Returns the order's URL at the CA, or NULL before there is an order. */
const char *acme_issue_url(const acme_issue_t *issue);

/** Returns why the last request has failed that is repeated now, or NULL when
 *  the order gets on. */
const acme_problem_t *acme_issue_trouble(const acme_issue_t *issue);

/** Returns the type of the challenge that made the order fail: the CA has found
 *  it invalid, or it could not be presented. NULL when no challenge did. */
const char *acme_issue_failed_challenge(const acme_issue_t *issue);

/** Returns non-zero when the order names the certificate that it replaces, as
 *  configured, and the CA has not refused that. */
int acme_issue_replaces(const acme_issue_t *issue);

/** Returns non-zero when the issue failed only because the order that it was
 *  restored with is gone, has expired or has become invalid meanwhile: a new
 *  order may be made. */
int acme_issue_stale(const acme_issue_t *issue);

/** Returns non-zero when the issue failed only because the CA made the order
 *  invalid for its CSR, and no CSR with a common name was sent: a new order
 *  with that one may succeed. */
int acme_issue_wants_named_csr(const acme_issue_t *issue);

/** Returns non-zero when the issue has failed but the order at the CA may still
 *  succeed, so that the job's next try should restore the snapshot instead of
 *  ordering again. If it is zero the snapshot can be dropped. The list above
 *  says which failures are which. */
int acme_issue_resumable(const acme_issue_t *issue);

#endif
