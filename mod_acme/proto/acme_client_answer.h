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
    const char *location;     /**< absolute https URL, else NULL */
    apr_time_t retry_at;      /**< Retry-After as a time, or 0 */
    const char *content_type; /**< without parameters, or "" */
    const acme_json_t *json;  /**< NULL when the body is not JSON */
    const char *body;
    apr_size_t body_len;
    apr_table_t *headers;
    apr_time_t received;
} acme_answer_t;

/** Reads a response, into its own pool. Returns an error and sets `problem`
 *  unless the status is 2xx and the body is no problem document. */
apr_status_t acme_client_answer(acme_answer_t *answer,
                                const acme_http_response_t *response,
                                acme_problem_t *problem);

/**
 * Returns the https URLs of the Link headers with that relation (RFC 8288), in
 * their order: const char *, in p.
 * @param most at most so many
 */
apr_array_header_t *acme_client_answer_links(const acme_answer_t *answer,
                                             const char *relation, int most,
                                             apr_pool_t *p);

#endif
