/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_cert_index.h
 * @brief All that is kept and not served at present, found by the names that
 * it covers: the stash, imports, and what is live for no site any more.
 *
 * Read once at start, under the store's lock. A certificate is known by its
 * names, not by what it was once filed under: so it is found when a site's
 * first name changes, and when sets are merged or split.
 */
#ifndef ACME_CERT_INDEX_H
#define ACME_CERT_INDEX_H

#include "acme_certstore.h"

/** One certificate, and where it is. */
typedef struct acme_cert_index_item_t {
    acme_place_e place;
    const char *name;                  /**< it is filed under */
    const acme_certstore_cert_t *cert; /**< NULL: it is of no use */
    const acme_problem_t *problem;     /**< why, then */
    int gone; /**< it is nowhere on the shelf any more */
} acme_cert_index_item_t;

typedef struct acme_cert_index_t acme_cert_index_t;

/** Whether a site of that name is wanted, so that its live one is not on the
 *  shelf. */
typedef int acme_cert_index_wanted_fn(void *baton, const char *name);

acme_cert_index_t *acme_cert_index_read(const acme_certstore_t *certstore,
                                        acme_cert_index_wanted_fn *wanted,
                                        void *baton, apr_pool_t *p);

/** Everything: acme_cert_index_item_t *, in the order of their names. */
const apr_array_header_t *acme_cert_index_items(const acme_cert_index_t *index);

/** Those filed under a name; NULL: none. */
acme_cert_index_item_t *acme_cert_index_filed(const acme_cert_index_t *index,
                                              acme_place_e place,
                                              const char *name);

/**
 * Calls back for each that covers a host's name, wildcards too, and is not
 * gone.
 */
typedef void acme_cert_index_visit_fn(void *baton,
                                      acme_cert_index_item_t *item);

void acme_cert_index_visit(const acme_cert_index_t *index, const char *host,
                           acme_cert_index_visit_fn *visit, void *baton,
                           apr_pool_t *ptemp);

#endif
