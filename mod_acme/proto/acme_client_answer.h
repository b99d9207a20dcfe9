/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_client_answer.h
 * @brief What a CA's response says.
 */
#ifndef ACME_CLIENT_ANSWER_H
#define ACME_CLIENT_ANSWER_H

#include <apr_tables.h>

#include "acme_http.h"
#include "acme_json.h"
#include "acme_problem.h"

/** What the CA answered. Valid as long as the response. */
typedef struct acme_answer_t {
    int status;
    const char *location;     /**< absolute https URL, or NULL */
    apr_time_t retry_at;      /**< Retry-After as a time, or 0 */
    const char *content_type; /**< without parameters, or "" */
    const acme_json_t *json;  /**< NULL when the body is no JSON */
    const char *body;
    apr_size_t body_len;
    apr_table_t *headers;
    apr_time_t received;
} acme_answer_t;

/** Reads an answer, into the response's pool; on anything but a good one
 *  `problem` is set, and the status returned. */
apr_status_t acme_client_answer(acme_answer_t *answer,
                                const acme_http_response_t *response,
                                acme_problem_t *problem);

/**
 * The https URLs of its Link headers with that relation (RFC 8288), const
 * char *, in their order.
 * @param most that are wanted
 */
apr_array_header_t *acme_client_answer_links(const acme_answer_t *answer,
                                             const char *relation, int most,
                                             apr_pool_t *p);

#endif
