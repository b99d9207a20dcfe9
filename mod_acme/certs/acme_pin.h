/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_pin.h
 * @brief The note that a site's certificate was rolled back to, and is kept
 * until it must be renewed.
 *
 * `acmectl rollback` writes the version's number to pinned/NAME, root's. A site
 * whose live certificate has this number is not renewed before the last tenth
 * of its life, or ACMERenewWindow where that is shorter, unless `acmectl renew`
 * asks for it. The note has no effect once another version is live.
 */
#ifndef ACME_PIN_H
#define ACME_PIN_H

#include "acme_problem.h"

/** Writes the note; it is on disk when this returns. */
apr_status_t acme_pin_set(const char *dir, const char *name, int version,
                          acme_problem_t *problem, apr_pool_t *ptemp);

/** Removes the note. Success also when there was none. */
apr_status_t acme_pin_remove(const char *dir, const char *name,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns the number of the version, or 0 when there is no note. */
int acme_pin_get(const char *dir, const char *name, apr_pool_t *ptemp);

#endif
