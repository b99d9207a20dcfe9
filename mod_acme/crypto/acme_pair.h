/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_pair.h
 * @brief Whether the files of a certificate and its key load: files that are
 * none of ours, as mod_ssl will load them.
 */
#ifndef ACME_PAIR_H
#define ACME_PAIR_H

#include "acme_problem.h"

/**
 * A key that needs a pass phrase passes: nothing can be said of it.
 * @param key_file or cert_file again
 * @param level security level of OpenSSL that is asked for; with 0 nothing is
 *        refused for being weak
 */
apr_status_t acme_pair_check(const char *cert_file, const char *key_file,
                             int level, acme_problem_t *problem, apr_pool_t *p);

#endif
