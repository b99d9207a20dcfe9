/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_key_hash.h
 * @brief What a key is known by: the same text for a private key, for the
 * certificates that were issued for it and for requests that it has signed.
 */
#ifndef ACME_KEY_HASH_H
#define ACME_KEY_HASH_H

#include "acme_key.h"

/** SHA-256 of the public key (its SubjectPublicKeyInfo as DER), lower case
 *  hex; "" when OpenSSL cannot write it. */
const char *acme_key_hash(const acme_key_t *key, apr_pool_t *p);

/** The same of any public or private key. For the units of this folder.
 *  @param evp NULL: "" */
const char *acme_key_hash_of_evp(const struct evp_pkey_st *evp, apr_pool_t *p);

#endif
