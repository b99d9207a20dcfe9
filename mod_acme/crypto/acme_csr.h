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
 * Makes a CSR for names: all are in subjectAltName (dNSName or iPAddress), the
 * subject is empty, and the key signs it.
 * @param names canonical names, at least one
 * @param must_staple non-zero: ask for the TLS feature extension (RFC 7633)
 * @param csr base64url of the DER, as `finalize` wants it
 */
apr_status_t acme_csr_create(const char **csr, const acme_key_t *key,
                             const apr_array_header_t *names, int must_staple,
                             acme_problem_t *problem, apr_pool_t *p);

/** The same with the first name as common name, which some CAs insist on (CA/B
 *  Forum and RFC 8555 7.4 do not). The subject stays empty when that name is
 *  longer than a common name may be. */
apr_status_t acme_csr_create_named(const char **csr, const acme_key_t *key,
                                   const apr_array_header_t *names,
                                   int must_staple, acme_problem_t *problem,
                                   apr_pool_t *p);

/** Most bytes of a CSR as DER. */
#define ACME_CSR_MAX 16384

/** Converts a CSR to PEM. */
apr_status_t acme_csr_read_to_pem(const char **pem, const char *csr,
                                  acme_problem_t *problem, apr_pool_t *p);

/**
 * Reads a CSR that another machine has made. It must be signed by its own key,
 * and the key must be of a supported kind and size.
 * @param names set to the names that it asks for, canonical, at least one. A
 *         CSR is refused when its common name is not among them, or when no
 *         certificate can have one of them
 */
apr_status_t acme_csr_read_pem(const char **csr, apr_array_header_t **names,
                               const char *pem, apr_size_t len,
                               acme_problem_t *problem, apr_pool_t *p);

/** Returns the hash of the CSR's key (acme_key_hash.h), or "" when the key
 *  cannot be read. */
const char *acme_csr_read_key_hash(const char *csr, apr_pool_t *p);

/** Checks that the leaf of a chain is for the key of the CSR and covers its
 *  names. */
apr_status_t acme_csr_read_match(const char *csr, const acme_chain_t *chain,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

#endif
