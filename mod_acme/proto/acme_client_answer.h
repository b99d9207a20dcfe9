/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_client_answer.h
 * @brief Reads a CA's response.
 */
#ifndef ACME_CLIENT_ANSWER_H
#define ACME_CLIENT_ANSWER_H

#include <apr_tables.h>

#include "acme_http.h"
#include "acme_json.h"
#include "acme_problem.h"

/** An answer of the CA. Valid as long as the response. */
typedef struct acme_answer_t {
    int status;
    const char *url;          /**< that was requested */
    const char *location;     /**< https URL, resolved, else NULL */
    apr_time_t retry_at;      /**< Retry-After as a time, or 0 */
    const char *content_type; /**< without parameters, or "" */
    const acme_json_t *json;  /**< NULL when the body is not JSON */
    const char *json_error;   /**< why it is not, or NULL */
    const char *body;
    apr_size_t body_len;
    apr_table_t *headers;
    apr_time_t received;
} acme_answer_t;

/** Reads a response, into its own pool. Returns an error and sets `problem`
 *  unless the status is 2xx and the body is no problem document.
 *  @param request has to live as long as the answer */
apr_status_t acme_client_answer(acme_answer_t *answer,
                                const acme_http_response_t *response,
                                const acme_http_request_t *request,
                                acme_problem_t *problem);

/** Returns what the body is when it is not what it should be: "a web page,
 *  \"Sign in\"". */
const char *acme_client_answer_body(const acme_answer_t *answer, apr_pool_t *p);

/** Adds to a problem with an answer from where it came and what it is: the CA's
 *  words, if it has any. */
void acme_client_answer_blame(acme_problem_t *problem,
                              const acme_answer_t *answer, apr_pool_t *p);

/**
 * Returns the https URLs of the Link headers with that relation, in their
 * order: const char *, in p (acme_link.h).
 * @param most at most so many
 */
apr_array_header_t *acme_client_answer_links(const acme_answer_t *answer,
                                             const char *relation, int most,
                                             apr_pool_t *p);

#endif
