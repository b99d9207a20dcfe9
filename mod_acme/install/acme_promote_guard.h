/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_promote_guard.h
 * @brief Takes back promoted certificates with which the server did not start.
 *
 * Everything that can be known of a certificate is checked before it is
 * promoted. If the server ends over one nevertheless, the next start must not
 * try it again. Root has two files for this in the store's folder:
 *
 *     unproven  while promoted certificates are not loaded yet: each name, its
 *               newest version before, and what its pointer said, if anything
 *     refused   names and fingerprints of the certificates that were taken back
 *
 * A name is removed from `refused` when one of its certificates was loaded.
 */
#ifndef ACME_PROMOTE_GUARD_H
#define ACME_PROMOTE_GUARD_H

#include "acme_certstore.h"

/** Both files, for one start. */
typedef struct acme_promote_guard_t acme_promote_guard_t;

/** A certificate that was taken back. */
typedef struct acme_promote_guard_undone_t {
    const char *name;
    int refused;      /**< the version that was live */
    int live;         /**< the version that is live again, 0: none */
    const char *link; /**< what the pointer says again, or NULL */
} acme_promote_guard_undone_t;

/** Reads both files and changes nothing. A file that cannot be read counts as
 *  empty. From now on acme_promote_guard_refused() works for `certstore`. */
acme_promote_guard_t *acme_promote_guard_read(acme_certstore_t *certstore,
                                              const char *dir, apr_pool_t *p);

/** Returns non-zero when a site's live certificate was promoted by an earlier
 *  start and never loaded. */
int acme_promote_guard_has(const acme_promote_guard_t *guard, const char *name,
                           apr_pool_t *ptemp);

/** Takes back all certificates that an earlier start promoted and did not load.
 *  @param undone acme_promote_guard_undone_t of each, in p of the read */
apr_status_t acme_promote_guard_undo(apr_array_header_t **undone,
                                     acme_promote_guard_t *guard,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** Records that certificates of these names (const char *) are about to be
 *  promoted. Promote none when this fails. */
apr_status_t acme_promote_guard_begin(acme_promote_guard_t *guard,
                                      const apr_array_header_t *names,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Records that all promoted certificates were loaded. */
void acme_promote_guard_end(acme_promote_guard_t *guard, apr_pool_t *ptemp);

/** Returns how many certificates of this name were taken back when this is one
 *  of them; else 0. */
int acme_promote_guard_refused(const acme_certstore_t *certstore,
                               const char *name, const char *fingerprint);

#endif
