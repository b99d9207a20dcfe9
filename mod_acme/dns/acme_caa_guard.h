/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_caa_guard.h
 * @brief The CAA guard: finds the names whose CAA records have the URL of an
 * account (accounturi, RFC 8657), before that account ends.
 */
#ifndef ACME_CAA_GUARD_H
#define ACME_CAA_GUARD_H

#include "acme_caa.h"
#include "acme_http.h"

/**
 * Returns the names for which only the account of the order may get
 * certificates, because their records have its URL. Waits for the answers, so
 * it is for commands, which do nothing else.
 * @param http in whose run() `dns` waits
 * @param names const char *, canonical
 * @param order its identifier is set for each name
 * @param until when to give up; what is not known until then is left out
 * @return const char *, in p
 */
apr_array_header_t *acme_caa_guard(acme_dns_t *dns, acme_http_t *http,
                                   const apr_array_header_t *names,
                                   const acme_caa_order_t *order,
                                   apr_time_t until, apr_pool_t *p);

#endif
