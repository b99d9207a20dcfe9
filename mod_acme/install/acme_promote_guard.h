/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_promote_guard.h
 * @brief Takes back promoted certificates with which the server did not start.
 *
 * Everything that can be known of a certificate is checked before it is
 * promoted. If the server ends over one nevertheless, starts must not try it
 * for ever. But most starts that end are killed, or end over something else,
 * and then the promoted certificates are as good as before. Root has three
 * files for this in the store's folder:
 *
 *     unproven  while promoted certificates are not loaded yet: each name, its
 *               newest version before, and what its pointer said, if anything;
 *               and what is held against them so far, in lines that begin
 *               with #
 *     loading   what mod_ssl was loading (acme_promote_loading.h)
 *     refused   names and fingerprints of the certificates that were taken back
 *
 * The next start judges by what mod_ssl was loading when the server ended:
 *
 *     nothing yet                       it tries them again
 *     a promoted certificate, and
 *       httpd ended itself              this one is taken back and refused
 *       httpd was killed or crashed     it is tried once more; the second time
 *                                       it is taken back and refused
 *     something else, for the
 *       first time                      it tries them again
 *       second time                     all are taken back for one start
 *       third time, and the start
 *       without them went well          all are taken back and refused
 *
 * A name is removed from `refused` when one of its certificates was loaded.
 */
#ifndef ACME_PROMOTE_GUARD_H
#define ACME_PROMOTE_GUARD_H

#include "acme_certstore.h"

/** Both files, for one start. */
typedef struct acme_promote_guard_t acme_promote_guard_t;

/** Tells what becomes of a certificate that was promoted and not loaded. */
typedef enum {
    ACME_PROMOTE_GUARD_AGAIN,  /**< stays live, and is tried again */
    ACME_PROMOTE_GUARD_HELD,   /**< taken back for this start */
    ACME_PROMOTE_GUARD_REFUSED /**< taken back and never tried again */
} acme_promote_guard_verdict_e;

/** A certificate that was promoted and not loaded. */
typedef struct acme_promote_guard_found_t {
    const char *name;
    acme_promote_guard_verdict_e verdict;
    int version;      /**< the version that was promoted */
    int live;         /**< when taken back: the version that is live again,
                           0: none */
    const char *link; /**< what the pointer said before it, or NULL */
} acme_promote_guard_found_t;

/** Reads the files and changes nothing. A file that cannot be read counts as
 *  empty. From now on acme_promote_guard_refused() works for `certstore`. */
acme_promote_guard_t *acme_promote_guard_read(acme_certstore_t *certstore,
                                              const char *dir, apr_pool_t *p);

/** Returns non-zero when a site's live certificate was promoted by an earlier
 *  start and never loaded. */
int acme_promote_guard_has(const acme_promote_guard_t *guard, const char *name,
                           apr_pool_t *ptemp);

/** Judges all certificates that an earlier start promoted and did not load, and
 *  takes back those that shall not be tried now.
 *  @param found acme_promote_guard_found_t of each, in p of the read */
apr_status_t acme_promote_guard_recover(apr_array_header_t **found,
                                        acme_promote_guard_t *guard,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Records that certificates of these names (const char *) are about to be
 *  promoted, beside those that are tried again. Promote none when this
 *  fails. */
apr_status_t acme_promote_guard_begin(acme_promote_guard_t *guard,
                                      const apr_array_header_t *names,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Records that mod_ssl comes next. */
void acme_promote_guard_loading(acme_promote_guard_t *guard);

/** Records that these certificates (const char *) are about to be given to
 *  mod_ssl. Costs nothing when nothing is on trial. */
void acme_promote_guard_give(acme_promote_guard_t *guard,
                             const char *const *names, int count);

/** Records that all promoted certificates were loaded. */
void acme_promote_guard_end(acme_promote_guard_t *guard, apr_pool_t *ptemp);

/** Returns how many certificates of this name were taken back when this is one
 *  of them; else 0. */
int acme_promote_guard_refused(const acme_certstore_t *certstore,
                               const char *name, const char *fingerprint);

#endif
