/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key.h
 * @brief Private keys: kinds, generation, PEM, wiping.
 *
 * A key belongs to the pool in which it was made, and is wiped and freed with
 * it. It is const once made, so that several threads may use it.
 */
#ifndef ACME_KEY_H
#define ACME_KEY_H

#include <apr_pools.h>

#include "acme_problem.h"

typedef struct acme_key_t acme_key_t;

struct X509_pubkey_st;

typedef enum { ACME_KEY_P256, ACME_KEY_P384, ACME_KEY_RSA } acme_key_e;

/** A kind of key. */
typedef struct acme_key_spec_t {
    acme_key_e type;
    int bits; /**< of an RSA modulus, 2048 to 4096; else 0 */
} acme_key_spec_t;

/**
 * Reads a kind of key by the names that mod_md has: "P-256" (P256, secp256r1,
 * prime256v1), "P-384" (P384, secp384r1), "RSA" (3072 bits), "RSA2048" and
 * "Default" (P-256), in upper or lower case.
 * @param bits the word after "RSA", or NULL
 * @param why on failure, what is allowed
 */
apr_status_t acme_key_spec_parse(acme_key_spec_t *spec, const char *type,
                                 const char *bits, const char **why,
                                 apr_pool_t *p);

/** Returns "P-256", "P-384" or, for instance, "RSA 3072". */
const char *acme_key_spec_print(const acme_key_spec_t *spec, apr_pool_t *p);

/** Called again and again while a key is made; non-zero gives up. */
typedef int acme_key_cancel_fn(void *baton);

/** Makes a new key. RSA takes up to seconds. APR_EINTR, and a problem of type
 *  ACME_PROBLEM_STOPPED, when cancelled.
 *  @param cancel or NULL */
apr_status_t acme_key_generate(acme_key_t **key, const acme_key_spec_t *spec,
                               acme_key_cancel_fn *cancel, void *baton,
                               acme_problem_t *problem, apr_pool_t *p);

/** Reads a key from unencrypted PEM (PKCS#8, or the traditional forms).
 *  APR_EINVAL when there is no key in it, or an encrypted one, or a key of an
 *  unsupported kind or size. */
apr_status_t acme_key_from_pem(acme_key_t **key, const char *pem,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p);

/** Prints the key as PKCS#8 PEM, unencrypted; the memory is wiped when p is
 *  cleared. */
apr_status_t acme_key_to_pem(const char **pem, const acme_key_t *key,
                             acme_problem_t *problem, apr_pool_t *p);

/** Returns the same key for another pool. It is wiped with the last of its
 *  pools. */
acme_key_t *acme_key_share(const acme_key_t *key, apr_pool_t *p);

/** Returns the kind of the key, which is always a supported one. */
acme_key_spec_t acme_key_spec(const acme_key_t *key);

/** Returns the key's EVP_PKEY; not to be freed. For the units of this room. */
struct evp_pkey_st *acme_key_evp(const acme_key_t *key);

/** Sets the public key of a request or a certificate. Returns zero when it
 *  would have to be encoded and decoded for that. For the units of this room.
 */
int acme_key_put_public(struct X509_pubkey_st *into, const acme_key_t *key);

/** Returns the hash for signatures with the key (RFC 7518 3.1): SHA-384 for
 *  P-384, else SHA-256. For the units of this room. */
const struct evp_md_st *acme_key_md(const acme_key_t *key);

/** Finds the kind of any public or private key; an RSA modulus may have any
 *  size. Returns APR_ENOTIMPL for all other kinds. For the units of this room.
 */
apr_status_t acme_key_spec_of_evp(acme_key_spec_t *spec,
                                  const struct evp_pkey_st *evp);

/** Overwrites memory in a way that the compiler does not remove. */
void acme_key_wipe(void *memory, apr_size_t len);

/** Wipes memory from p when p is cleared or destroyed. */
void acme_key_wipe_with_pool(void *memory, apr_size_t len, apr_pool_t *p);

/** Fills memory with cryptographically strong random bytes. */
apr_status_t acme_key_random(unsigned char *bytes, apr_size_t len);

/** Fills a problem with the texts of OpenSSL's error queue, and empties the
 *  queue. For the units of this room.
 *  @param doing what failed: "signing a request"
 *  @return APR_EGENERAL always */
apr_status_t acme_key_openssl_problem(acme_problem_t *problem,
                                      const char *doing, apr_pool_t *p);

#endif
