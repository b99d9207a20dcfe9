/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_t_certstore.h
 * @brief Counts what a store of certificates keeps.
 */
#ifndef ACME_T_CERTSTORE_H
#define ACME_T_CERTSTORE_H

#include "acme_archive.h"
#include "acme_certstore.h"
#include "acme_certstore_path.h"

/** Returns how many versions archive/NAME has besides the live one. */
static inline int acme_t_archived(const acme_certstore_t *certstore,
                                  const char *name, apr_pool_t *p)
{
    apr_array_header_t *numbers;
    acme_certstore_path_t site;
    int live = 0;
    int count = 0;
    int i;

    assert_int_equal(acme_certstore_versions(&numbers, certstore, name, p), 0);
    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, name, p);
    acme_certstore_path_pointed(&live, &site);
    for (i = 0; i < numbers->nelts; ++i) {
        count += APR_ARRAY_IDX(numbers, i, int) != live;
    }
    return count;
}

#endif
