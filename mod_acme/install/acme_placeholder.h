/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_placeholder.h
 * @brief Self-signed certificates for virtual hosts that wait for their first:
 * they are there so that a handshake can end and a 503 be said.
 *
 * One key a start, however many sites wait; a certificate for each host, since
 * mod_ssl complains of one that does not name it. The files are there only
 * until mod_ssl has read them: the folder goes with the pool.
 */
#ifndef ACME_PLACEHOLDER_H
#define ACME_PLACEHOLDER_H

#include "acme_problem.h"

typedef struct acme_placeholder_t acme_placeholder_t;

/**
 * Makes the key, and a folder of its own in `dir` (acme_tmpfile.h: elsewhere
 * where that is of no use). What an earlier start left there is not touched: it
 * has another name.
 * @param dir or NULL
 * @param level the highest security level (OpenSSL's) of those that get one, or
 *        0; 5 asks for more than any kind of key that we make
 * @param p the files are removed when it is cleared
 */
apr_status_t acme_placeholder_create(acme_placeholder_t **placeholder,
                                     const char *dir, int level, apr_time_t now,
                                     acme_problem_t *problem, apr_pool_t *p);

/** The key's file. */
const char *acme_placeholder_key(const acme_placeholder_t *placeholder);

/**
 * Makes the certificate of a host.
 * @param host any text: what cannot be in a certificate gets one that names
 *        nobody
 * @param path in p
 */
apr_status_t acme_placeholder_cert(const char **path,
                                   const acme_placeholder_t *placeholder,
                                   const char *host, acme_problem_t *problem,
                                   apr_pool_t *p);

#endif
