/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_clock.h
 * @brief The CA's clock, compared with ours: the worker notes the Date of a
 * CA's response, and root reads the note.
 *
 * If our clock is a day or more off the CA's, it is not trusted: nothing is
 * ordered because a certificate seems to have expired. And nothing is deleted
 * because of its age before the CA's clock has shown that age too: root takes
 * the earlier time of both, so that neither a wrong clock nor a hostile worker
 * can have anything deleted too early.
 */
#ifndef ACME_CA_CLOCK_H
#define ACME_CA_CLOCK_H

#include "acme_vault.h"

/** A clock that is off by this much is not trusted. */
#define ACME_CA_CLOCK_OFF apr_time_from_sec(86400)

/** Notes the Date of a CA's response, unless the date that is noted is about
 *  the same. */
apr_status_t acme_ca_clock_note(acme_vault_t *vault, apr_time_t date,
                                acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns the date that was noted last; 0: none. */
apr_time_t acme_ca_clock_read(acme_vault_t *vault, apr_pool_t *ptemp);

/**
 * Returns what is wrong with our clock, or NULL.
 * @param off the CA's time minus ours
 */
const char *acme_ca_clock_doubt(apr_interval_time_t off, apr_pool_t *p);

#endif
