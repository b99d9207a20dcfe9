/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_setting.h
 * @brief Directives as they were set, and how they add up: pure.
 *
 * A table has one row per directive. Where a value comes from: the virtual
 * hosts of a site and the set that names it are joined, and what they leave
 * open is merged in from the server.
 */
#ifndef ACME_SETTING_H
#define ACME_SETTING_H

/** One directive as it was set; `place` NULL means that it was not. */
typedef struct acme_setting_t {
    const char *text;  /**< its arguments, canonical: equal text, equal value */
    const char *place; /**< "FILE:LINE" */
    const void *value;
} acme_setting_t;

/** Fills what `inner` leaves open with what is set outside of it. */
void acme_setting_merge(acme_setting_t *inner, const acme_setting_t *outer,
                        int count);

/**
 * Adds what another virtual host of the same site sets. Nobody is stronger: a
 * setting with two values is a contradiction.
 * @return the row on which both disagree, as it was before; or count
 */
int acme_setting_join(acme_setting_t *site, const acme_setting_t *more,
                      int count);

#endif
