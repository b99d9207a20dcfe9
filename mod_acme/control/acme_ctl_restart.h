/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_restart.h
 * @brief A file of the store that tells a running server to restart for a
 * change.
 *
 * acmectl writes it, as root, when the certificates to be served have changed.
 * The activator compares it with what startup saw, and restarts as for a staged
 * certificate.
 */
#ifndef ACME_CTL_RESTART_H
#define ACME_CTL_RESTART_H

#include "acme_problem.h"

/** Returns its path in the store. */
const char *acme_ctl_restart_path(const char *dir, apr_pool_t *p);

/** Replaces the file. To be called once, after the last change.
 *  @param what was done: one line for people who look at the file */
apr_status_t acme_ctl_restart_touch(const char *dir, const char *what,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

#endif
