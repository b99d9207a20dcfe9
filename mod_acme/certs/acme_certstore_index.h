/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_index.h
 * @brief What is known of certificates whose files have not changed: spares a
 * start the parsing of all of them.
 *
 * One file of root's beside live/, a line per site: the generation, the stamps
 * (inode, size and times) of its key and chain, and what they said when they
 * were read and checked. Whatever is wrong with it, it is no more than empty:
 * so too when it is not ours, or might be written by others, and when another
 * OpenSSL or another security level of this machine's has judged.
 */
#ifndef ACME_CERTSTORE_INDEX_H
#define ACME_CERTSTORE_INDEX_H

#include "acme_certstore_types.h"

typedef struct acme_certstore_index_t acme_certstore_index_t;

/** Reads the file, if there is one. */
acme_certstore_index_t *acme_certstore_index_open(const char *path,
                                                  apr_pool_t *p);

/**
 * What is known of the site's generation in the folder `dir`.
 * @param cert filled, in p, but for its paths
 * @return nonzero if it is known and the files are as they were
 */
int acme_certstore_index_find(acme_certstore_cert_t *cert,
                              acme_certstore_index_t *index, const char *name,
                              int version, const char *dir, apr_pool_t *p);

/** Remembers what has just been read and checked. Files that may still change
 *  unnoticed, because they are younger than the clock's step, are not. */
void acme_certstore_index_add(acme_certstore_index_t *index, const char *name,
                              const acme_certstore_cert_t *cert,
                              const char *dir);

/** Writes the file, if anything in it has changed: without the sites that
 *  nobody has asked for. */
apr_status_t acme_certstore_index_save(acme_certstore_index_t *index);

#endif
