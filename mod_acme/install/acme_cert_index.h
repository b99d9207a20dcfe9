/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_cert_index.h
 * @brief All certificates that no site serves at present, found by the names
 * that they cover: those in stash/ and import/, and those in live/ whose site
 * is gone.
 *
 * Read once at start, under the store's lock. A certificate is found by the
 * names in it and not by the name that it is filed under, so that a site keeps
 * its certificate when its first name changes, or when sites are merged or
 * split.
 */
#ifndef ACME_CERT_INDEX_H
#define ACME_CERT_INDEX_H

#include "acme_certstore.h"

/** A certificate and its place. */
typedef struct acme_cert_index_item_t {
    acme_place_e place;
    const char *name;                  /**< that it is filed under */
    const acme_certstore_cert_t *cert; /**< NULL: it cannot be used */
    const acme_problem_t *problem;     /**< why it cannot be used, else NULL */
    int gone;                          /**< it has left its place since */
    int taken; /**< a site serves a copy of it; it stays in its place until
                    all sites are decided */
    const char *left; /**< why a site did not take it, when other sites can;
                           or NULL */
    int useless;      /**< left for what it is, and not for a better one */
} acme_cert_index_item_t;

typedef struct acme_cert_index_t acme_cert_index_t;

/** Returns non-zero when the configuration has a site of that name, so that its
 *  live certificate does not belong into the index. */
typedef int acme_cert_index_wanted_fn(void *baton, const char *name);

/** Reads the three places. A certificate that cannot be read is an item with a
 *  problem. */
acme_cert_index_t *acme_cert_index_read(const acme_certstore_t *certstore,
                                        acme_cert_index_wanted_fn *wanted,
                                        void *baton, apr_pool_t *p);

/** Returns all items: acme_cert_index_item_t *, by place, then by name. */
const apr_array_header_t *acme_cert_index_items(const acme_cert_index_t *index);

/** Returns the item that is filed under a name in a place, or NULL. */
acme_cert_index_item_t *acme_cert_index_filed(const acme_cert_index_t *index,
                                              acme_place_e place,
                                              const char *name);

/** Called for an item. */
typedef void acme_cert_index_visit_fn(void *baton,
                                      acme_cert_index_item_t *item);

/** Calls back for each item that covers a host's name, by a wildcard too, and
 *  is not gone. */
void acme_cert_index_visit(const acme_cert_index_t *index, const char *host,
                           acme_cert_index_visit_fn *visit, void *baton,
                           apr_pool_t *ptemp);

#endif
