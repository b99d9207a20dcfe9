/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_setting.h
 * @brief Directives as they are set, and how they add up: pure.
 *
 * A table has one row per directive. The values of a site's virtual hosts and
 * of the set that names it are joined; rows that they leave open are filled in
 * from the server.
 */
#ifndef ACME_SETTING_H
#define ACME_SETTING_H

/** A directive that is set; `place` NULL: it is not set. */
typedef struct acme_setting_t {
    const char *text;  /**< its arguments, canonical: equal text means equal
                            value */
    const char *place; /**< "FILE:LINE" */
    const void *value;
} acme_setting_t;

/** Fills the rows that `inner` leaves open from `outer`. */
void acme_setting_merge(acme_setting_t *inner, const acme_setting_t *outer,
                        int count);

/** Adds the rows that another virtual host of the same site sets. No virtual
 *  host is stronger: two values for a row are a contradiction.
 *  @return the first row on which both disagree, which stays as it was; or
 *         count */
int acme_setting_join(acme_setting_t *site, const acme_setting_t *more,
                      int count);

#endif
