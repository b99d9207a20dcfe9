/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_blocklist.h
 * @brief Which certificates are revoked, and which keys are in wrong hands:
 * for ever.
 *
 * A file of root's in revoked/ of the store for each, named by the
 * certificate's fingerprint; and, when its key was compromised, one more that
 * is named by the key's hash (acme_key_hash.h). Root writes them before the CA
 * is asked, so that nothing that happens later can lose them; the worker's
 * group reads them. No certificate that has such a mark, and none whose key
 * has, is ever put in place again: not by unstash, import, rollback or
 * activation; and no such key is ever used for another.
 */
#ifndef ACME_BLOCKLIST_H
#define ACME_BLOCKLIST_H

#include <apr_user.h>

#include "acme_blocklist_entry.h"
#include "acme_cert.h"
#include "acme_problem.h"

/** Root's, at start: the worker's group reads what is there. */
apr_status_t acme_blocklist_prepare(const char *dir, apr_gid_t gid,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

/** Root's: on disk when this returns. One that is there is replaced. */
apr_status_t acme_blocklist_put(const char *dir,
                                const acme_blocklist_entry_t *revoked,
                                acme_problem_t *problem, apr_pool_t *ptemp);

/** Root's: the CA would not. The mark of a compromised key stays. */
apr_status_t acme_blocklist_withdraw(const char *dir,
                                     const acme_blocklist_entry_t *revoked,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** All marks of a store, for one thread. */
typedef struct acme_blocklist_t acme_blocklist_t;

/** Touches nothing yet; what is there is read again when it changes.
 *  @param dir of the store */
acme_blocklist_t *acme_blocklist_open(const char *dir, apr_pool_t *p);

/** The mark of that certificate, else that of its key; NULL: none.
 *  @param list NULL: there are none */
const acme_blocklist_entry_t *acme_blocklist_find(acme_blocklist_t *list,
                                                  const acme_cert_info_t *info,
                                                  apr_pool_t *p);

/** Whether a key, by its acme_key_hash(), is never to be used again.
 *  @param list NULL: none is */
int acme_blocklist_has_key(acme_blocklist_t *list, const char *key_hash);

#endif
