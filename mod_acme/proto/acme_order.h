/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_order.h
 * @brief The order resource (RFC 8555 7.1.3, 7.4).
 */
#ifndef ACME_ORDER_H
#define ACME_ORDER_H

#include <apr_tables.h>

#include "acme_json.h"
#include "acme_problem.h"

typedef enum {
    ACME_ORDER_PENDING,
    ACME_ORDER_READY,
    ACME_ORDER_PROCESSING,
    ACME_ORDER_VALID,
    ACME_ORDER_INVALID
} acme_order_status_e;

typedef struct acme_order_t {
    acme_order_status_e status;
    /** const char *, https URLs, each once; NULL when there are none. */
    apr_array_header_t *authorizations;
    const char *finalize;        /**< or NULL */
    const char *certificate;     /**< or NULL */
    const acme_problem_t *error; /**< or NULL */
    apr_time_t expires;          /**< or 0 */
} acme_order_t;

/** Reads and checks the resource. Fails on an unknown status, a missing member,
 *  a wrong type or over 1,000 authorizations; `problem` then says which. */
apr_status_t acme_order_read(acme_order_t **order, const acme_json_t *json,
                             acme_problem_t *problem, apr_pool_t *p);

/** Returns the payload of newOrder for these canonical names.
 *  @param replaces CertID (RFC 9773 5), or NULL
 *  @param profile or NULL */
const char *acme_order_payload(const apr_array_header_t *names,
                               const char *replaces, const char *profile,
                               apr_pool_t *p);

/** Returns the payload of finalize.
 *  @param csr base64url of its DER */
const char *acme_order_finalize_payload(const char *csr, apr_pool_t *p);

/** Returns the status as the CA writes it: "pending". */
const char *acme_order_status_name(acme_order_status_e status);

#endif
