/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_keygen.h
 * @brief Certificate keys, made where they delay nobody.
 *
 * RSA keys take up to seconds: a thread makes them, one after the other. It
 * starts with the first of them and ends with the pool, in milliseconds,
 * whatever it is making. Keys on a curve take less time than waking a thread
 * and are made at once. All calls come from one thread.
 */
#ifndef ACME_KEYGEN_H
#define ACME_KEYGEN_H

#include "acme_key.h"

typedef struct acme_keygen_t acme_keygen_t;

/** @param ready called from the thread when a key is there to be taken: must
 *         only wake somebody up */
acme_keygen_t *acme_keygen_create(void (*ready)(void *baton), void *baton,
                                  apr_pool_t *p);

/** Asks for a key for this site; asking again changes nothing. Fails only when
 *  no thread can be had.
 *  @param p for the problem */
apr_status_t acme_keygen_want(acme_keygen_t *keygen, const char *name,
                              const acme_key_spec_t *spec,
                              acme_problem_t *problem, apr_pool_t *p);

/**
 * Takes a key.
 * @param pem the same, wiped when p is cleared
 * @return APR_EAGAIN while it is being made, APR_ENOENT if nobody asked; else
 *         why there is none: the next want() begins anew
 */
apr_status_t acme_keygen_take(acme_key_t **key, const char **pem,
                              acme_keygen_t *keygen, const char *name,
                              acme_problem_t *problem, apr_pool_t *p);

#endif
