/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_install_recover.h
 * @brief Puts links of the store back that a copy or a backup has lost, under
 * the store's lock.
 */
#ifndef ACME_INSTALL_RECOVER_H
#define ACME_INSTALL_RECOVER_H

#include "acme_certstore.h"

/** A pointer that was put back. */
typedef struct acme_install_recovered_t {
    acme_place_e place;
    const char *name;
    int version;
} acme_install_recovered_t;

/**
 * Puts pointers back that are none any more, because the store was copied or
 * restored by a program that does not know symbolic links: a folder with the
 * files of a version, or a file with the text of the link. A folder whose
 * version is not in the archive becomes one. What cannot be used is left alone.
 * @return acme_install_recovered_t, in p
 */
apr_array_header_t *acme_install_recover(const acme_certstore_t *certstore,
                                         apr_pool_t *p);

#endif
