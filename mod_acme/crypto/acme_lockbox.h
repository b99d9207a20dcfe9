/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_lockbox.h
 * @brief Bytes under a passphrase: what leaves the machine.
 *
 * scrypt (RFC 7914) makes a key of the passphrase, AES-256-GCM encrypts with
 * it. Layout: "ACMEBOX", one byte format (1), one byte log2 of N, one byte r,
 * one byte p, one byte 0, 16 bytes salt, 12 bytes nonce, ciphertext, 16 bytes
 * tag. All before the ciphertext is authenticated with it. What is read may
 * not ask for more than ACME_LOCKBOX_LOG_N_MAX: a hostile box costs no more
 * than a good one, times two.
 */
#ifndef ACME_LOCKBOX_H
#define ACME_LOCKBOX_H

#include <apr_pools.h>

#include "acme_problem.h"

/** log2 of scrypt's N: 128 MB with r = 8. */
#define ACME_LOCKBOX_LOG_N     17
#define ACME_LOCKBOX_LOG_N_MIN 14
#define ACME_LOCKBOX_LOG_N_MAX 18

/** Most bytes that one may hold. */
#define ACME_LOCKBOX_MAX (48 * 1024 * 1024)
/** How many bytes more the box has than what is in it. */
#define ACME_LOCKBOX_OVERHEAD (12 + 16 + 12 + 16)

/** Returns non-zero when the bytes begin as a lockbox does. */
int acme_lockbox_is(const void *box, apr_size_t len);

/**
 * @param pass the passphrase, ends with a NUL
 * @param log_n ACME_LOCKBOX_LOG_N, or less where a test is in a hurry
 * @return APR_ENOSPC when there are more than ACME_LOCKBOX_MAX bytes
 */
apr_status_t acme_lockbox_lock(unsigned char **box, apr_size_t *box_len,
                               const char *pass, const void *data,
                               apr_size_t len, int log_n,
                               acme_problem_t *problem, apr_pool_t *p);

/**
 * The bytes end with a NUL not counted, and are wiped with p.
 * @return APR_EACCES: another passphrase, or it is damaged: nobody can tell
 *         which; APR_EINVAL: no box, or one that asks for absurd costs
 */
apr_status_t acme_lockbox_open(char **data, apr_size_t *len, const char *pass,
                               const void *box, apr_size_t box_len,
                               acme_problem_t *problem, apr_pool_t *p);

#endif
