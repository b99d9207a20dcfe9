/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_refused.h
 * @brief Says why a name server did not do what it was asked, and what helps.
 */
#ifndef ACME_DNS_REFUSED_H
#define ACME_DNS_REFUSED_H

#include "acme_dns_message.h"

/**
 * Fills a problem from the reply of a server.
 * @param label of the server
 * @param sent what was refused
 * @param now our clock, for BADTIME
 * @return APR_EACCES always
 */
apr_status_t acme_dns_refused(const acme_dns_reply_t *reply, const char *label,
                              const acme_dns_message_t *sent, apr_time_t now,
                              acme_problem_t *problem, apr_pool_t *p);

#endif
