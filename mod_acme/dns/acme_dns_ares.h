/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_ares.h
 * @brief The acme_dns_t over c-ares.
 *
 * Each question has a channel of its own, which ends with it. So
 * today's /etc/resolv.conf counts, no socket stays open between
 * questions, each question comes from new ports, and what one server does
 * cannot hold up others. ACME_DNS_ARES_MOST questions are asked at once, the
 * others wait. A question goes to each server in turn, each gets it twice, over
 * UDP and, when the answer is cut, over TCP; all of that takes
 * ACME_DNS_ARES_LIMIT at most.
 *
 * It is used by one thread, after a fork only: the parent never has channels.
 * Descriptors have CLOEXEC. Destroying the pool ends all questions, without a
 * call of `done`.
 */
#ifndef ACME_DNS_ARES_H
#define ACME_DNS_ARES_H

#include "acme_dns.h"
#include "acme_http.h"
#include "acme_log.h"
#include "acme_time.h"

/** Most questions that are asked at once. */
#define ACME_DNS_ARES_MOST 64

/** The longest time from asking to the answer. */
#define ACME_DNS_ARES_LIMIT apr_time_from_sec(15)

/** The wait for the first answer of a server; the next one waits longer. */
#define ACME_DNS_ARES_TRY apr_time_from_sec(3)

typedef struct acme_dns_ares_config_t {
    /** Addresses of the resolvers (const char *), as acme_dns_address_parse()
     *  takes them; NULL or empty: those of the machine. A name server that a
     *  question names by one of these addresses without a port is asked at the
     *  port that is here. */
    const apr_array_header_t *servers;
    apr_interval_time_t limit; /**< 0: ACME_DNS_ARES_LIMIT */
    apr_interval_time_t try;   /**< 0: ACME_DNS_ARES_TRY */
    acme_http_t *http;         /**< in whose run() the caller waits, or NULL */
    const acme_clock_t *clock;
    const acme_log_t *log;
} acme_dns_ares_config_t;

/**
 * Creates the client.
 * @param dns set to NULL when the module was built without c-ares
 * @param config copied; what it points to, and `http`, must live as long as p
 */
apr_status_t acme_dns_ares_create(acme_dns_t **dns,
                                  const acme_dns_ares_config_t *config,
                                  acme_problem_t *problem, apr_pool_t *p);

#endif
