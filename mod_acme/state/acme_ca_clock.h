/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ca_clock.h
 * @brief The CA's clock against ours: what a worker saw in the Date of an
 * answer, left for root.
 *
 * A clock that is a day or more off the CA's is not believed: nothing is
 * ordered because something seems to have expired. And nothing is deleted for
 * its age before the CA's clock has shown that age too: root takes the earlier
 * of both, so that neither a wrong clock nor a hostile worker has anything
 * deleted before its time.
 */
#ifndef ACME_CA_CLOCK_H
#define ACME_CA_CLOCK_H

#include "acme_vault.h"

/** So much off, and the clock is not believed. */
#define ACME_CA_CLOCK_OFF apr_time_from_sec(86400)

/** Leaves the Date of a CA's answer, unless what is there is as good. */
apr_status_t acme_ca_clock_note(acme_vault_t *vault, apr_time_t date,
                                acme_problem_t *problem, apr_pool_t *ptemp);

/** The last that was left; 0: none. */
apr_time_t acme_ca_clock_read(acme_vault_t *vault, apr_pool_t *ptemp);

/** NULL where the clock is in order, else what is wrong with it.
 *  @param off the CA's minus ours */
const char *acme_ca_clock_doubt(apr_interval_time_t off, apr_pool_t *p);

#endif
