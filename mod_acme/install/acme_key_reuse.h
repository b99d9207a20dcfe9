/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key_reuse.h
 * @brief Keys that are used again (ACMEKeyReuse): root, which alone can read
 * what is live, leaves them for the worker at each start, sealed, in a folder
 * that is root's and that the worker reads.
 *
 * A key that is compromised, or whose certificate was revoked for whatever
 * reason, is neither left nor used again. What no site wants to use again is
 * removed.
 */
#ifndef ACME_KEY_REUSE_H
#define ACME_KEY_REUSE_H

#include "acme_certstore.h"
#include "acme_plan.h"
#include "acme_seal.h"

/** The folder; const once opened. */
typedef struct acme_key_reuse_t acme_key_reuse_t;

/** @param dir the store's
 *  @param seal lives as long */
acme_key_reuse_t *acme_key_reuse_open(const char *dir, const acme_seal_t *seal,
                                      apr_pool_t *p);

/** The hash (acme_key_hash.h) of the key that the next certificate is for; NULL
 *  when that is a new one.
 *  @param job NULL: nobody has asked the CA */
const char *acme_key_reuse_hash(const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                const acme_job_t *job);

/** Whether a CA has refused the key that an order was for: then, with the same
 *  names, the next one is for a new one. */
int acme_key_reuse_is_refused(const acme_problem_t *problem);

/**
 * For root, at a start, when what is live is known. What cannot be left is
 * said, and the next certificate has a new key.
 * @param specs const acme_spec_t *, with holdings (acme_inventory_t *)
 * @param gid the worker's
 */
void acme_key_reuse_leave(const acme_key_reuse_t *reuse,
                          const apr_array_header_t *specs,
                          const apr_array_header_t *inventories,
                          const acme_certstore_t *live, apr_gid_t gid,
                          const acme_log_t *log, apr_pool_t *ptemp);

/** The key by its hash, as PEM that is wiped with p. APR_ENOENT when there is
 *  none, also when what is there was not left by root. */
apr_status_t acme_key_reuse_get(const char **pem, const acme_key_reuse_t *reuse,
                                const char *hash, apr_pool_t *p);

#endif
