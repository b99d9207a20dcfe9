/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ctl_restart.h
 * @brief The stamp that tells a running server of a change in its store.
 *
 * acmectl touches it, as root, when what is to be served has changed; the
 * activator compares it with what startup saw, and restarts as it does for a
 * certificate that was staged.
 */
#ifndef ACME_CTL_RESTART_H
#define ACME_CTL_RESTART_H

#include "acme_problem.h"

/** Its path in the store. */
const char *acme_ctl_restart_path(const char *dir, apr_pool_t *p);

/** Makes it another one: once, after the last change.
 *  @param what was done: one line for people who look at the file */
apr_status_t acme_ctl_restart_touch(const char *dir, const char *what,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

#endif
