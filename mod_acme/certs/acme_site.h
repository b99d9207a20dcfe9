/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site.h
 * @brief The managed sites of one configuration.
 *
 * A list of sites is an array of acme_site_t *, in the order of the
 * configuration. Startup makes it in the pool of the configuration and fills it
 * in; children and their threads only read it.
 */
#ifndef ACME_SITE_H
#define ACME_SITE_H

#include "acme_file_stamp.h"
#include "acme_inventory.h"
#include "acme_spec.h"

/** A managed site. */
typedef struct acme_site_t {
    const acme_spec_t *spec;     /**< what the administrator wants */
    acme_inventory_t *inventory; /**< what it has; NULL until startup looks */
    int index;                   /**< in its list, and in what is shared between
                                      processes by index */
    acme_file_stamp_t staged;    /**< the staged certificate that startup saw;
                                      empty: none, or it still has to be put in
                                      place */
} acme_site_t;

/** Adds a site to the end of a list; it lives as long as the list.
 *  @param inventory or NULL */
acme_site_t *acme_site_add(apr_array_header_t *sites, const acme_spec_t *spec,
                           acme_inventory_t *inventory);

/** Returns the site with this index. */
acme_site_t *acme_site_at(const apr_array_header_t *sites, int index);

/** Returns the site of this name, or NULL. */
acme_site_t *acme_site_find(const apr_array_header_t *sites, const char *name);

#endif
