/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_placeholder.h
 * @brief Self-signed certificates for virtual hosts that wait for their first
 * certificate, so that a handshake succeeds and the client gets a 503.
 *
 * All hosts of a start share one key. Each host has a certificate of its own,
 * because mod_ssl warns of a certificate that does not name its host. The files
 * exist only until mod_ssl has read them: they are removed with the pool.
 */
#ifndef ACME_PLACEHOLDER_H
#define ACME_PLACEHOLDER_H

#include "acme_problem.h"

typedef struct acme_placeholder_t acme_placeholder_t;

/**
 * Makes the key, and a folder of its own in `dir`, or elsewhere when that is
 * not possible (acme_tmpfile.h). The folder of an earlier start has another
 * name and is not touched.
 * @param dir or NULL
 * @param level the highest security level (OpenSSL's) of those that get one, or
 *        0; 5 asks for more than any kind of key that we make
 * @param p the files are removed when it is cleared
 */
apr_status_t acme_placeholder_create(acme_placeholder_t **placeholder,
                                     const char *dir, int level, apr_time_t now,
                                     acme_problem_t *problem, apr_pool_t *p);

/** Returns the path of the key's file. */
const char *acme_placeholder_key(const acme_placeholder_t *placeholder);

/**
 * Makes the certificate of a host.
 * @param host any text, or NULL: a text that cannot be in a certificate gets a
 *        certificate for a name that no host has
 * @param path in p
 */
apr_status_t acme_placeholder_cert(const char **path,
                                   const acme_placeholder_t *placeholder,
                                   const char *host, acme_problem_t *problem,
                                   apr_pool_t *p);

#endif
