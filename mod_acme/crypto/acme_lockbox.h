/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_lockbox.h
 * @brief Encrypts exports under a passphrase.
 *
 * scrypt (RFC 7914) makes a key of the passphrase, with which AES-256-GCM
 * encrypts. Layout: "ACMEBOX", one byte format (1), one byte log2 of N, one
 * byte r, one byte p, one byte 0, 16 bytes salt, 12 bytes nonce, ciphertext, 16
 * bytes tag. All bytes before the ciphertext are authenticated with it. A box
 * with an N above ACME_LOCKBOX_LOG_N_MAX is refused, so that a hostile box
 * costs at most twice as much as a good one.
 */
#ifndef ACME_LOCKBOX_H
#define ACME_LOCKBOX_H

#include <apr_pools.h>

#include "acme_problem.h"

/** log2 of scrypt's N: 128 MB with r = 8. */
#define ACME_LOCKBOX_LOG_N     17
#define ACME_LOCKBOX_LOG_N_MIN 14
#define ACME_LOCKBOX_LOG_N_MAX 18

/** Most bytes in a box. */
#define ACME_LOCKBOX_MAX (48 * 1024 * 1024)
/** Number of bytes that a box adds. */
#define ACME_LOCKBOX_OVERHEAD (12 + 16 + 12 + 16)

/** Returns non-zero when the bytes begin as a lockbox does. */
int acme_lockbox_is(const void *box, apr_size_t len);

/**
 * Encrypts bytes.
 * @param pass the passphrase, ends with a NUL
 * @param log_n ACME_LOCKBOX_LOG_N, or less in tests, which saves time
 * @return APR_ENOSPC when there are more than ACME_LOCKBOX_MAX bytes
 */
apr_status_t acme_lockbox_lock(unsigned char **box, apr_size_t *box_len,
                               const char *pass, const void *data,
                               apr_size_t len, int log_n,
                               acme_problem_t *problem, apr_pool_t *p);

/**
 * Decrypts a box. A NUL follows the bytes, not counted in len; they are wiped
 * with p.
 * @return APR_EACCES when the passphrase is another one or the box is damaged,
 *         which cannot be distinguished; APR_EINVAL when it is not a box, or
 *         would cost too much
 */
apr_status_t acme_lockbox_open(char **data, apr_size_t *len, const char *pass,
                               const void *box, apr_size_t box_len,
                               acme_problem_t *problem, apr_pool_t *p);

#endif
