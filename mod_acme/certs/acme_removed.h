/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_removed.h
 * @brief Remembers which certificates a name had, so that no older one comes
 * back under it.
 *
 * A worker is not trusted to stage a new certificate, and a program that runs
 * as httpd's user can put back a sealed copy of an older one that it has kept.
 * The live certificate does not tell alone what is older: `acmectl delete` may
 * have removed it, and CAs date certificates back, by up to 48 hours, so that
 * one from another CA may be new although its notBefore is earlier. So root
 * leaves a small file of its own in removed/ of the store before a certificate
 * is replaced, rolled back from or removed: NAME, with the latest notBefore
 * that a certificate of that name had, the latest time when one was obtained,
 * and which ones were there in the 48 hours before the first of these. It stays
 * for longer than a certificate lives.
 */
#ifndef ACME_REMOVED_H
#define ACME_REMOVED_H

#include <apr_time.h>

#include "acme_certstore.h"

/** Notes the certificate in a place, if there is one that can be read; call it
 *  before the certificate is replaced or removed. It is on disk when this
 *  returns.
 *  @param given non-zero: another name has it from now on, so it may come back
 *         itself, and only older ones may not */
apr_status_t acme_removed_note(const acme_certstore_t *certstore,
                               acme_place_e place, const char *name, int given,
                               acme_problem_t *problem, apr_pool_t *ptemp);

/**
 * Returns a clause that says why a staged certificate is not new; NULL when it
 * is. It is not new when the name had it before; when its notBefore is more
 * than 48 hours earlier than the latest that the name had; and when it is
 * earlier or the same, and the certificate was obtained earlier.
 *
 * What the name had may be of a time that has not come yet, because the clocks
 * of this machine and of the CA were ahead. Such dates bar nothing; in their
 * place the certificate has to be of the last 48 hours.
 * @param obtained what the worker says, or 0
 * @param now the later one of this machine's time and the CA's as it was heard
 *        last: a clock that was set back must not take the bar away
 * @param live the site's present one, live or stashed; NULL: there is none that
 *        can be used
 */
const char *acme_removed_refusal(const acme_certstore_t *certstore,
                                 const char *name, const acme_cert_info_t *info,
                                 apr_time_t obtained,
                                 const acme_certstore_cert_t *live,
                                 apr_time_t now, apr_pool_t *p);

/** Returns non-zero when the name had this certificate, and its note was
 *  written after the time `at`, by the clock of the file system. */
int acme_removed_since(const acme_certstore_t *certstore, const char *name,
                       const char *fingerprint, apr_time_t at, apr_pool_t *p);

/** Returns the latest notBefore that a certificate of this name had, or 0: none
 *  is known.
 *  @param live as for acme_removed_refusal() */
apr_time_t acme_removed_newest(const acme_certstore_t *certstore,
                               const char *name,
                               const acme_certstore_cert_t *live,
                               apr_pool_t *ptemp);

/** Forgets all names whose certificates are so old that no copy of them can be
 *  valid any more. */
void acme_removed_prune(const acme_certstore_t *certstore, apr_time_t now,
                        apr_pool_t *ptemp);

#endif
