/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_punycode.h
 * @brief Names outside of ASCII as DNS and certificates have them (RFC 3492,
 * RFC 5890): to tell an administrator what to write.
 */
#ifndef ACME_PUNYCODE_H
#define ACME_PUNYCODE_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Encodes one label, without the prefix "xn--"; its case is kept.
 *  @return APR_EINVAL when the text is no UTF-8 or has over 63 characters */
apr_status_t acme_punycode_encode(const char **label, const char *text,
                                  apr_pool_t *p);

/**
 * A name with A-labels for all labels that have characters outside of ASCII;
 * upper case is brought into lower case before.
 * @return APR_EINVAL where that is not certain to be what was meant: no UTF-8,
 *         letters with combining marks, dots of other scripts, labels that get
 *         too long
 */
apr_status_t acme_punycode_name(const char **name, const char *text,
                                apr_pool_t *p);

#endif
