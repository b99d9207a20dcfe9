/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_blocklist.h
 * @brief The list of revoked certificates and compromised keys, which are
 * never used again.
 *
 * Each entry is a file of root's in revoked/ of the store, named by the
 * certificate's fingerprint. When the key was compromised, a second file is
 * named by the key's hash (acme_key_hash.h). Root writes both before the CA is
 * asked, so that nothing that happens later can lose them; the worker's group
 * reads them. A certificate that is listed, or whose key is listed, is never
 * put in place again: not from the stash, by an import, by a rollback or by a
 * promotion. A listed key is never used for another certificate.
 */
#ifndef ACME_BLOCKLIST_H
#define ACME_BLOCKLIST_H

#include <apr_user.h>

#include "acme_blocklist_entry.h"
#include "acme_cert.h"
#include "acme_problem.h"

/** For root, at start: gives the folder and its files to the worker's group.
 *  Success also when there is no folder yet. */
apr_status_t acme_blocklist_prepare(const char *dir, apr_gid_t gid,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

/** For root: writes an entry, or replaces it. It is on disk when this
 *  returns. */
apr_status_t acme_blocklist_put(const char *dir,
                                const acme_blocklist_entry_t *revoked,
                                acme_problem_t *problem, apr_pool_t *ptemp);

/** For root: removes an entry after the CA has refused the revocation. The
 *  entry of a compromised key stays. */
apr_status_t acme_blocklist_withdraw(const char *dir,
                                     const acme_blocklist_entry_t *revoked,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** All entries of a store, for one thread. */
typedef struct acme_blocklist_t acme_blocklist_t;

/** Opens the list, without reading it yet. It is read when it is asked, and
 *  again when the folder changes.
 *  @param dir of the store */
acme_blocklist_t *acme_blocklist_open(const char *dir, apr_pool_t *p);

/** Returns the entry of a certificate, else that of its key; NULL when neither
 *  is listed. A damaged entry counts as one that the CA has confirmed.
 *  @param list NULL: nothing is listed */
const acme_blocklist_entry_t *acme_blocklist_find(acme_blocklist_t *list,
                                                  const acme_cert_info_t *info,
                                                  apr_pool_t *p);

/** Returns non-zero when a key, given by its acme_key_hash(), is compromised.
 *  @param list NULL: nothing is listed */
int acme_blocklist_has_key(acme_blocklist_t *list, const char *key_hash);

#endif
