/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key_reuse.h
 * @brief Keys for ACMEKeyReuse: copies of live keys in the folder reuse/ of the
 * store, which root writes at each start and the worker reads.
 *
 * Only root can read the live keys, so it leaves a copy for the worker: sealed,
 * one file for each key, named by the key's hash (acme_key_hash.h).
 * Which key a site uses again is decided in acme_key_choice.h.
 */
#ifndef ACME_KEY_REUSE_H
#define ACME_KEY_REUSE_H

#include <apr_hash.h>
#include <apr_user.h>

#include "acme_problem.h"
#include "acme_seal.h"

/** The folder; const once opened, so that all threads may use it. */
typedef struct acme_key_reuse_t acme_key_reuse_t;

/** Reads and makes nothing yet.
 *  @param dir of the store
 *  @param seal lives as long as p */
acme_key_reuse_t *acme_key_reuse_open(const char *dir, const acme_seal_t *seal,
                                      apr_pool_t *p);

/** Gets a key by its hash, as PEM that is wiped with p. APR_ENOENT when there
 *  is none, and when the file was not sealed by root for this hash. */
apr_status_t acme_key_reuse_get(const char **pem, const acme_key_reuse_t *reuse,
                                const char *hash, apr_pool_t *p);

/**
 * For root: removes each file whose hash is not wanted.
 * @param wanted by hash
 * @param gid the worker's group
 * @return by hash, the wanted keys that the worker can read already
 */
apr_hash_t *acme_key_reuse_tidy(const acme_key_reuse_t *reuse,
                                apr_hash_t *wanted, apr_gid_t gid,
                                apr_pool_t *ptemp);

/** For root: writes a key, readable by the group gid. */
apr_status_t acme_key_reuse_put(const acme_key_reuse_t *reuse, const char *hash,
                                const char *pem, apr_gid_t gid,
                                acme_problem_t *problem, apr_pool_t *ptemp);

#endif
