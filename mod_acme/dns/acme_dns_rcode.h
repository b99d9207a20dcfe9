/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_rcode.h
 * @brief Errors of name servers in words: RFC 1035, RFC 2136, RFC 8945.
 */
#ifndef ACME_DNS_RCODE_H
#define ACME_DNS_RCODE_H

#include <apr_pools.h>

/** Returns the name of a code, such as "REFUSED", or "RCODE 23". */
const char *acme_dns_rcode_name(int rcode, apr_pool_t *p);

/** Returns what a code means for an update, as a sentence without an end. */
const char *acme_dns_rcode_words(int rcode);

/** Returns the name of an error about a signature, such as "BADKEY", or
 *  "TSIG error 23". */
const char *acme_dns_rcode_tsig_name(int error, apr_pool_t *p);

/** Returns what it means. */
const char *acme_dns_rcode_tsig_words(int error);

#endif
