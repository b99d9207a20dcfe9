/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key_hash.h
 * @brief The hash by which a key is recognized. A private key, certificates for
 * it and requests that it has signed have the same hash.
 */
#ifndef ACME_KEY_HASH_H
#define ACME_KEY_HASH_H

#include "acme_key.h"

/** Returns the SHA-256 of the public key (its SubjectPublicKeyInfo as DER) in
 *  lower case hex; "" when OpenSSL cannot encode it. */
const char *acme_key_hash(const acme_key_t *key, apr_pool_t *p);

/** Returns the hash of any public or private key. For the units of this room.
 *  @param evp NULL: returns "" */
const char *acme_key_hash_of_evp(const struct evp_pkey_st *evp, apr_pool_t *p);

#endif
