/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_csr.h
 * @brief Certificate signing requests (RFC 2986, RFC 8555 7.4).
 */
#ifndef ACME_CSR_H
#define ACME_CSR_H

#include <apr_tables.h>

#include "acme_cert.h"

/**
 * A CSR for these names: all in subjectAltName (dNSName or iPAddress), an
 * empty subject, signed with the key.
 * @param names canonical names, at least one
 * @param must_staple asks for the TLS feature extension (RFC 7633)
 * @param csr base64url of the DER, as `finalize` wants it
 */
apr_status_t acme_csr_create(const char **csr, const acme_key_t *key,
                             const apr_array_header_t *names, int must_staple,
                             acme_problem_t *problem, apr_pool_t *p);

/** Most bytes of a CSR as DER. */
#define ACME_CSR_MAX 16384

/** The same as PEM. */
apr_status_t acme_csr_read_to_pem(const char **pem, const char *csr,
                                  acme_problem_t *problem, apr_pool_t *p);

/**
 * Reads one that another machine has made: its signature must be by its own
 * key, and the key of a supported kind and size.
 * @param names all that it asks for, canonical: at least one; a common name
 *        that is not among them is refused, as is what no certificate names
 */
apr_status_t acme_csr_read_pem(const char **csr, apr_array_header_t **names,
                               const char *pem, apr_size_t len,
                               acme_problem_t *problem, apr_pool_t *p);

/** Returns the hash of its key (acme_key_hash.h), or "" when the key cannot be
 *  read. */
const char *acme_csr_read_key_hash(const char *csr, apr_pool_t *p);

/** Checks that the leaf is for the key of the CSR and covers its names. */
apr_status_t acme_csr_read_match(const char *csr, const acme_chain_t *chain,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

#endif
