/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_import_choice.h
 * @brief Of several certificates for the same names those that are worth an
 * import, and the names that they are filed under.
 *
 * Other clients name certificates freely, and may have several for a name:
 * certbot's NAME-0001, an elliptic and an RSA one, one of a test CA. One that
 * another one of the same CA and kind of key replaces in all names, and for at
 * least as long, is left out. All others are taken, each under a name of its
 * own that it covers, so that a site finds the best for it by their names; an
 * elliptic and an RSA one with the same name become the two of a site.
 */
#ifndef ACME_IMPORT_CHOICE_H
#define ACME_IMPORT_CHOICE_H

#include "acme_import.h"

/** A certificate that was found. */
typedef struct acme_import_choice_t {
    const char *what;             /**< "live/example.org" */
    acme_bundle_t *bundle;        /**< its name is the preferred one */
    const acme_cert_info_t *info; /**< of its leaf */
} acme_import_choice_t;

/** Adds the certificates that are worth it to the import, and the others to
 *  those that were left out.
 *  @param certs acme_import_choice_t * */
void acme_import_choice(acme_import_t *found, const apr_array_header_t *certs,
                        apr_time_t now, apr_pool_t *p);

#endif
