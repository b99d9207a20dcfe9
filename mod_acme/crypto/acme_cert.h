/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_cert.h
 * @brief Certificate chains: parse, describe, check.
 */
#ifndef ACME_CERT_H
#define ACME_CERT_H

#include <apr_tables.h>
#include <apr_time.h>

#include "acme_key.h"

/** The public facts of a certificate. Strings are printable. */
typedef struct acme_cert_info_t {
    apr_array_header_t *names; /**< const char *, canonical, from the SAN */
    const char *subject;       /**< RFC 2253, or "" */
    const char *issuer;
    const char *serial;      /**< lower case hex */
    const char *fingerprint; /**< SHA-256 of the DER, lower case hex */
    const char *key_type;    /**< as acme_key_spec_print(), or "?"; an RSA
                                    modulus may be of any size */
    const char *key_hash;    /**< as acme_key_hash() */
    const char *ari_id;      /**< CertID of RFC 9773 4.1; NULL when it does not
                                    name its issuer's key */
    apr_time_t not_before;
    apr_time_t not_after;
} acme_cert_info_t;

/** A chain: the leaf, then its issuers in order. Owned by its pool. */
typedef struct acme_chain_t acme_chain_t;

/** Most certificates that a chain may have. */
#define ACME_CHAIN_MAX 16

/** Fills a problem of type ACME_PROBLEM_CERTIFICATE.
 *  @param problem may be NULL
 *  @return APR_EINVAL always */
apr_status_t acme_cert_refuse(acme_problem_t *problem, acme_retry_e retry,
                              apr_pool_t *p, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** Parses PEM with one certificate or more, at most ACME_CHAIN_MAX. Anything
 *  but certificates and white space is refused (RFC 8555 9.1).
 *  @return APR_EINVAL, and a problem of type ACME_PROBLEM_CERTIFICATE */
apr_status_t acme_cert_chain_parse(acme_chain_t **chain, const char *pem,
                                   apr_size_t len, acme_problem_t *problem,
                                   apr_pool_t *p);

/**
 * Reads the certificates in a CA's answer and puts them in order: the leaf, its
 * issuer, and so on; doubles and certificates that are not on this way are left
 * out. Text beside the PEM blocks is ignored (RFC 8555 9.1 forbids it, CAs send
 * it). A leaf whose issuer is missing keeps the others behind it, so that
 * acme_cert_check() says so.
 * @param pem set in p; it is for acme_cert_chain_parse()
 * @param chain set to what that would make of it; or NULL
 * @param key_hash acme_key_hash() of the leaf's key; NULL, or of none of them:
 *        the leaf is the first that has issued no other
 * @return APR_EINVAL, type ACME_PROBLEM_PROTOCOL: there is no certificate, or
 *         one is damaged; APR_EACCES, class CONFIG: a private key is there
 */
apr_status_t acme_cert_sort(const char **pem, acme_chain_t **chain,
                            const char *text, apr_size_t len,
                            const char *key_hash, acme_problem_t *problem,
                            apr_pool_t *p);

/** Returns the facts of the leaf; they live as long as the chain. */
const acme_cert_info_t *acme_cert_chain_info(const acme_chain_t *chain);

/** Returns the number of certificates, the leaf included. */
int acme_cert_chain_count(const acme_chain_t *chain);

/** Returns non-zero when the issuer of the last certificate has that common
 *  name. */
int acme_cert_chain_leads_to(const acme_chain_t *chain, const char *name);

/** Encodes the leaf as base64url of its DER. */
apr_status_t acme_cert_chain_leaf(const char **leaf, const acme_chain_t *chain,
                                  acme_problem_t *problem, apr_pool_t *p);

/** Adds the first certificate of another chain to a chain, unless that is
 *  full. For the units of this room.
 *  @param chain *chain NULL: it is made, and that certificate is its leaf
 *  @param one has to live as long as the chain */
void acme_cert_chain_add(acme_chain_t **chain, const acme_chain_t *one,
                         apr_pool_t *p);

/** Returns certificate i, 0 for the leaf; not to be freed. For the units of
 *  this room. */
struct x509_st *acme_cert_chain_at(const acme_chain_t *chain, int i);

/** Prints PEM of the leaf, of the rest (which may be ""), and of both. */
apr_status_t acme_cert_chain_print(const char **leaf, const char **rest,
                                   const char **full, const acme_chain_t *chain,
                                   acme_problem_t *problem, apr_pool_t *p);

/**
 * Loads the chain and its key into an SSL_CTX, as mod_ssl will load them, at a
 * security level of OpenSSL. The level is the only limit for keys and
 * signatures of a chain.
 * @param level used if it is higher than OpenSSL's default on this machine
 */
apr_status_t acme_cert_check_loads(const acme_chain_t *chain,
                                   const acme_key_t *key, int level,
                                   acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns what acme_cert_check_loads() depends on besides its arguments, as
 *  one line: OpenSSL's version, and the security level of this machine. */
const char *acme_cert_check_loader(apr_pool_t *p);

/**
 * Checks a chain before it may be served: the leaf is for the key and covers
 * each name, notBefore <= now (with five minutes of tolerance) < notAfter, each
 * certificate but the last is issued by the next one, and the chain loads
 * (acme_cert_check_loads()).
 * @param names canonical, may be empty
 * @return APR_EINVAL, and a problem of type ACME_PROBLEM_CERTIFICATE, for the
 *         first check that fails
 */
apr_status_t acme_cert_check(const acme_chain_t *chain, const acme_key_t *key,
                             const apr_array_header_t *names, apr_time_t now,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** The part of acme_cert_check() that each certificate but the last is issued
 *  by the next one. */
apr_status_t acme_cert_check_order(const acme_chain_t *chain,
                                   acme_problem_t *problem, apr_pool_t *p);

/** The part of acme_cert_check() that tells a certificate from what was
 *  ordered: the key matches, each name is covered. */
apr_status_t acme_cert_check_ordered(const acme_chain_t *chain,
                                     const acme_key_t *key,
                                     const apr_array_header_t *names,
                                     acme_problem_t *problem,
                                     apr_pool_t *ptemp);

/** The part of acme_cert_check() that is left after acme_cert_check_ordered()
 *  and acme_cert_check_loads(): the dates, and who has issued whom. */
apr_status_t acme_cert_check_valid(const acme_chain_t *chain, apr_time_t now,
                                   acme_problem_t *problem, apr_pool_t *ptemp);

/**
 * Makes a self-signed certificate, with which TLS handshakes succeed before
 * there is another certificate. Its notBefore is an hour before now, for
 * clients whose clock is slow.
 * @param name put into the SAN and, unless it has over 64 bytes, the subject
 */
apr_status_t acme_cert_placeholder(const char **pem, const acme_key_t *key,
                                   const char *name, apr_time_t now,
                                   apr_interval_time_t lifetime,
                                   acme_problem_t *problem, apr_pool_t *p);

#endif
