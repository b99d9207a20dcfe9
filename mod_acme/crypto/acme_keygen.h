/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_keygen.h
 * @brief Makes the keys of certificates without delaying the worker.
 *
 * An RSA key takes up to seconds, so a thread makes RSA keys, one after the
 * other. It starts with the first of them, and ends with the pool: within
 * milliseconds, even while it makes a key. Keys on a curve are made at once,
 * because that takes less time than waking a thread. All calls come from one
 * thread.
 */
#ifndef ACME_KEYGEN_H
#define ACME_KEYGEN_H

#include "acme_key.h"

typedef struct acme_keygen_t acme_keygen_t;

/** Makes a generator; its thread starts later.
 *  @param ready called in the thread when a key can be taken; may only wake the
 *         caller */
acme_keygen_t *acme_keygen_create(void (*ready)(void *baton), void *baton,
                                  apr_pool_t *p);

/** Asks for a key for a site; asking again changes nothing. Fails only when no
 *  thread can be started.
 *  @param p for the problem */
apr_status_t acme_keygen_want(acme_keygen_t *keygen, const char *name,
                              const acme_key_spec_t *spec,
                              acme_problem_t *problem, apr_pool_t *p);

/**
 * Takes a key.
 * @param pem set to the PEM of the key, which is wiped when p is cleared
 * @return APR_EAGAIN while it is being made; APR_ENOENT when it was not asked
 *         for; else the error of making it, after which
 *         acme_keygen_want() begins anew
 */
apr_status_t acme_keygen_take(acme_key_t **key, const char **pem,
                              acme_keygen_t *keygen, const char *name,
                              acme_problem_t *problem, apr_pool_t *p);

/**
 * Returns a key that many may use, because it protects nothing that lasts: one
 * of each kind, made when it is first asked for.
 * @param pem of the key; lives as long as the generator
 * @return APR_EAGAIN while it is being made; or the error of making it, after
 *         which the next call begins anew
 */
apr_status_t acme_keygen_common(const acme_key_t **key, const char **pem,
                                acme_keygen_t *keygen,
                                const acme_key_spec_t *spec,
                                acme_problem_t *problem, apr_pool_t *p);

#endif
