/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site.h
 * @brief The managed sites of one configuration, and their certificates.
 *
 * A site has one certificate, or one for each of two kinds of keys. Each
 * certificate is ordered, stored and renewed by itself; what configures and
 * serves a site walks its certificates. A list of certificates is an array of
 * acme_site_cert_t *. Startup makes it in the pool of the configuration and
 * fills it in; children and their threads only read it.
 */
#ifndef ACME_SITE_H
#define ACME_SITE_H

#include "acme_file_stamp.h"
#include "acme_inventory.h"
#include "acme_spec.h"

struct acme_site_t;

/** The certificate of a site for one kind of key. */
typedef struct acme_site_cert_t {
    struct acme_site_t *site;
    const acme_spec_t *spec;     /**< what the administrator wants; its kind
                                      says which of the site's it is */
    acme_inventory_t *inventory; /**< what there is; NULL until startup looks */
    int index;                   /**< in its list, and in what is shared between
                                      processes by index */
    acme_file_stamp_t staged;    /**< the staged certificate that startup saw;
                                      empty: none, or it still has to be put in
                                      place */
} acme_site_cert_t;

/** A managed site. */
typedef struct acme_site_t {
    /** By kind. The first is always there; the second is NULL when the site has
     *  one kind of key. */
    acme_site_cert_t *certs[ACME_SPEC_KINDS];
} acme_site_t;

/** Makes a site, and adds its first certificate to the end of a list; both live
 *  as long as the list.
 *  @param inventory or NULL */
acme_site_t *acme_site_add(apr_array_header_t *certs, const acme_spec_t *spec,
                           acme_inventory_t *inventory);

/** Adds the second certificate of a site to the end of a list.
 *  @param spec of the second kind
 *  @param inventory or NULL */
acme_site_cert_t *acme_site_add_second(acme_site_t *site,
                                       apr_array_header_t *certs,
                                       const acme_spec_t *spec,
                                       acme_inventory_t *inventory);

/** Returns non-zero when the site has two kinds of keys, so that each of its
 *  certificates has a key of its kind only. */
int acme_site_has_two(const acme_site_t *site);

/** Returns the certificate with this index. */
acme_site_cert_t *acme_site_cert_at(const apr_array_header_t *certs, int index);

/** Returns the certificate that is filed under this name, or NULL. */
acme_site_cert_t *acme_site_cert_find(const apr_array_header_t *certs,
                                      const char *name);

#endif
