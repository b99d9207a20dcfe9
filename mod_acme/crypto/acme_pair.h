/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_pair.h
 * @brief Checks that the files of an administrator's own certificate and key
 * load, as mod_ssl will load them.
 */
#ifndef ACME_PAIR_H
#define ACME_PAIR_H

#include "acme_problem.h"

/**
 * Loads a certificate and its key. Succeeds when the key needs a pass phrase,
 * because such a key cannot be checked.
 * @param key_file may be the same as cert_file
 * @param level security level of OpenSSL; at 0 nothing is refused as weak
 */
apr_status_t acme_pair_check(const char *cert_file, const char *key_file,
                             int level, acme_problem_t *problem, apr_pool_t *p);

/**
 * Loads a certificate and its key at the security level of this machine, of
 * whatever kinds they are: also those that mod_acme makes none of.
 * @return APR_EINVAL, with the reason: a key that needs a pass phrase, too
 */
apr_status_t acme_pair_check_pem(const char *cert_pem, const char *key_pem,
                                 acme_problem_t *problem, apr_pool_t *p);

#endif
