/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_promote_guard.h
 * @brief Certificates that were put in place, and the server did not start.
 *
 * All that can be known of a certificate is checked before it is promoted.
 * Should the server end over one nevertheless, the next start must not meet it
 * again. Two files of root's in the store's folder:
 *
 *     unproven  while certificates are promoted and not loaded yet: each name,
 *               the newest generation before, and what was live, if anything
 *     refused   names and fingerprints of those that were taken back
 *
 * A name leaves `refused` when one of its certificates has been loaded.
 */
#ifndef ACME_PROMOTE_GUARD_H
#define ACME_PROMOTE_GUARD_H

#include "acme_certstore.h"

typedef struct acme_promote_guard_t acme_promote_guard_t;

/** What was taken back. */
typedef struct acme_promote_guard_undone_t {
    const char *name;
    int refused;      /**< the generation that was live */
    int live;         /**< the one that is live again, 0: none */
    const char *link; /**< what its pointer says again, or NULL */
} acme_promote_guard_undone_t;

/** Reads what an earlier start left; changes nothing. What cannot be read
 *  counts as not there. From then on `certstore` knows what is refused. */
acme_promote_guard_t *acme_promote_guard_read(acme_certstore_t *certstore,
                                              const char *dir, apr_pool_t *p);

/** Whether the generation that is live is one that nothing has loaded. */
int acme_promote_guard_has(const acme_promote_guard_t *guard, const char *name,
                           apr_pool_t *ptemp);

/** Takes all of these back.
 *  @param undone acme_promote_guard_undone_t of each, in p of the read */
apr_status_t acme_promote_guard_undo(apr_array_header_t **undone,
                                     acme_promote_guard_t *guard,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** Promotions for these names (const char *) are about to begin. Without
 *  success there must be none. */
apr_status_t acme_promote_guard_begin(acme_promote_guard_t *guard,
                                      const apr_array_header_t *names,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** What was promoted is loaded. */
void acme_promote_guard_end(acme_promote_guard_t *guard, apr_pool_t *ptemp);

/** How many certificates of this name were taken back, if this is one of them;
 *  else 0. */
int acme_promote_guard_refused(const acme_certstore_t *certstore,
                               const char *name, const char *fingerprint);

#endif
