/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_san.h
 * @brief Names in certificates: reads and writes subjectAltName (RFC 5280
 * 4.2.1.6). For the units of this room.
 */
#ifndef ACME_SAN_H
#define ACME_SAN_H

#include <apr_tables.h>

#include <openssl/x509v3.h>

#include "acme_problem.h"

/** Most names that a certificate may have. */
#define ACME_SAN_MAX 1000

/**
 * Makes a subjectAltName of names, to be freed with GENERAL_NAMES_free().
 * @param names canonical names, at least one
 */
apr_status_t acme_san_create(GENERAL_NAMES **san,
                             const apr_array_header_t *names,
                             acme_problem_t *problem, apr_pool_t *p);

/**
 * Reads the names of a certificate, canonical. Names that no site can have are
 * left out: other types, names with a NUL in them, and names that
 * acme_ident_canonical() refuses.
 * @return APR_EINVAL when there are more than ACME_SAN_MAX or the extension
 *         cannot be read; APR_SUCCESS and an empty array when there is none
 */
apr_status_t acme_san_names(apr_array_header_t **names, const X509 *cert,
                            apr_pool_t *p);

#endif
