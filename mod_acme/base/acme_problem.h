/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_problem.h
 * @brief Why something failed: a problem document (RFC 7807, RFC 8555 6.7).
 *
 * An apr_status_t says *that* something failed, an acme_problem_t says *why*.
 * The caller owns it (on its stack, zeroed with ACME_PROBLEM_INIT), passes it
 * down, and finds it set whenever a function that takes one fails. Its strings
 * live in the pool that the function was given, or are constants. What to do
 * next is decided on `retry` alone, never on the text.
 *
 * Failures of our own have types too (acme_problem_type.h), so that log, status
 * and jobs treat all problems alike. The text of a CA is stored as it came, and
 * escaped when it is written to the log (acme_problem_text()).
 */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "acme_json.h"
#include "acme_problem_type.h"

/** A subproblem: the CA's words about one identifier (RFC 8555 6.7.1). */
typedef struct acme_subproblem_t {
    const char *identifier; /**< its value, or NULL */
    const char *type;
    const char *detail;
} acme_subproblem_t;

typedef struct acme_problem_t {
    apr_status_t rv; /**< what the function returned */
    int status;      /**< HTTP status of the answer, or 0 */
    acme_retry_e retry;
    apr_time_t retry_at;  /**< for ACME_RETRY_LATER, else 0 */
    const char *type;     /**< a URN; never NULL once set */
    const char *detail;   /**< one sentence; the CA's, if it sent one */
    const char *activity; /**< what was being done, or NULL */
    const char *to_fix;   /**< what the administrator can do, or NULL */
    const char *instance; /**< URL of a page about it, or NULL */
    apr_array_header_t *subproblems; /**< of acme_subproblem_t, or NULL */
} acme_problem_t;

#define ACME_PROBLEM_INIT                                           \
    {                                                               \
        0, 0, ACME_RETRY_NOW, 0, NULL, NULL, NULL, NULL, NULL, NULL \
    }

/**
 * Fills a problem with a failure of our own. `to_fix` is the advice of the
 * table for the type. An `activity` that is set already stays, here and in the
 * two functions below; all else is overwritten.
 * @param problem may be NULL
 * @param type a constant of acme_problem_type.h
 * @param p keeps the formatted detail
 * @return rv, so that `return acme_problem_set(...)` reads well
 */
apr_status_t acme_problem_set(acme_problem_t *problem, apr_status_t rv,
                              acme_retry_e retry, const char *type,
                              apr_pool_t *p, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/**
 * Fills a problem from an error response of the CA. If the body is not a
 * problem document, the problem is made from the status. The retry class comes
 * from a table, by type and status. Retry-After changes it to LATER, unless it
 * is CONFIG or PERMANENT, for which waiting does not help.
 * @param status HTTP status of the answer
 * @param document the parsed body, or NULL when it was not JSON
 * @param retry_at the time that Retry-After named, or 0
 * @return APR_EGENERAL always
 */
apr_status_t acme_problem_from_answer(acme_problem_t *problem, int status,
                                      const acme_json_t *document,
                                      apr_time_t retry_at, apr_pool_t *p);

/** Returns non-zero when a problem document has words of the CA, or is a text
 *  instead of a document. */
int acme_problem_says(const acme_json_t *document, apr_pool_t *ptemp);

/**
 * Fills a problem from one inside a resource (the `error` of a challenge or an
 * order). The retry class comes from the type, else from the status in the
 * document. A value that is not a problem document gives a problem as well; if
 * it is a text, that is the detail.
 * @return APR_EGENERAL always
 */
apr_status_t acme_problem_from_json(acme_problem_t *problem,
                                    const acme_json_t *document, apr_pool_t *p);

/** Replaces the advice that belongs to the type alone by the one for where the
 *  problem came up. Other advice stays. */
void acme_problem_advise(acme_problem_t *problem, acme_problem_at_e at);

/** Returns non-zero when the type is this type of RFC 8555.
 *  @param name without the prefix: "badNonce" */
int acme_problem_is(const acme_problem_t *problem, const char *name);

/** Returns non-zero when the request conflicts with something that exists or is
 *  under way at the CA: the type is conflict, or the status is 409 and the type
 *  says no more (unknown, or malformed, which some CAs send because RFC 8555
 *  has no type for it). */
int acme_problem_is_conflict(const acme_problem_t *problem);

/** Returns non-zero when the CA, or the way to it, is to blame, so that another
 *  CA may do better. Returns zero when the CA says that something is wrong with
 *  a name, a site or a request. */
int acme_problem_is_of_ca(const acme_problem_t *problem);

/** Returns all members as JSON, for the store and the status.
 *  acme_problem_restore() reads it. */
acme_json_t *acme_problem_to_json(const acme_problem_t *problem, apr_pool_t *p);

/** Reads what acme_problem_to_json() made. APR_EINVAL when it is damaged. */
apr_status_t acme_problem_restore(acme_problem_t *problem,
                                  const acme_json_t *json, apr_pool_t *p);

/** Returns a copy whose strings all live in p. */
acme_problem_t *acme_problem_dup(const acme_problem_t *problem, apr_pool_t *p);

/**
 * Returns one line for the log: type without its prefix, detail, subproblems.
 * Control characters and whatever could forge a line of the log are escaped,
 * and the length is bounded.
 */
const char *acme_problem_text(const acme_problem_t *problem, apr_pool_t *p);

#endif
