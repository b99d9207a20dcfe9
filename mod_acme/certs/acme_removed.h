/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_removed.h
 * @brief Remembers how new a certificate was that is not in the store any more,
 * so that nothing older comes back under its name.
 *
 * A staged certificate has to be newer than the live or stashed one. Where
 * neither is left, because `acmectl delete` removed it, it expired in the
 * stash, or another name has it now, a program that runs as httpd's user could
 * put back a sealed copy that it has kept. So root leaves a small file of its
 * own in removed/ of the store: NAME, with the time from which the certificate
 * was valid, and its fingerprint. It stays for longer than a certificate lives.
 */
#ifndef ACME_REMOVED_H
#define ACME_REMOVED_H

#include <apr_time.h>

#include "acme_certstore.h"

/** Notes the certificate in a place, if there is one that can be read; call it
 *  before the certificate is removed. It is on disk when this returns.
 *  @param given non-zero: another name has it from now on, so it may come back
 *         itself, and only older ones may not */
apr_status_t acme_removed_note(const acme_certstore_t *certstore,
                               acme_place_e place, const char *name, int given,
                               acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns the time from which the newest certificate of that name was valid
 *  that is gone, or 0. */
apr_time_t acme_removed_time(const acme_certstore_t *certstore,
                             const char *name, apr_pool_t *ptemp);

/** Returns non-zero when a certificate must not come back under that name: it
 *  is older than the newest one that is gone, or that one itself. Another one
 *  of the same second may come, because a CA may issue two in one second. */
int acme_removed_bars(const acme_certstore_t *certstore, const char *name,
                      const acme_cert_info_t *info, apr_pool_t *ptemp);

/** Forgets all names whose certificates are so old that no copy of them can be
 *  valid any more. */
void acme_removed_prune(const acme_certstore_t *certstore, apr_time_t now,
                        apr_pool_t *ptemp);

#endif
