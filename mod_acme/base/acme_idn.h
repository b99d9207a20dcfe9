/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_idn.h
 * @brief Internationalized domain names as DNS and certificates write them
 * (IDNA2008, RFC 5890), to tell an administrator what to write. libidn2 does
 * the work.
 */
#ifndef ACME_IDN_H
#define ACME_IDN_H

#include <apr_errno.h>
#include <apr_pools.h>

/**
 * Converts a name to its ASCII form, with an A-label ("xn--...") for each label
 * that has other characters. Upper case becomes lower case, and characters are
 * mapped as browsers map them (UTS 46, non-transitional).
 * @return APR_EINVAL when the text is no UTF-8 or no domain name can hold it;
 *         APR_ENOTIMPL without libidn2
 */
apr_status_t acme_idn_to_ascii(const char **name, const char *text,
                               apr_pool_t *p);

#endif
