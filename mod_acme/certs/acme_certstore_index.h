/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_index.h
 * @brief A cache of parsed certificates, so that a start need not read those
 * whose files have not changed.
 *
 * It is one file of root's beside live/, with a line for each site: the
 * version, inode, size and times of the key's and the chain's file, and what
 * these said when they were read and checked. The file counts as empty when
 * anything is wrong with it: when it is damaged, when it is not ours alone to
 * write (acme_owned.h), and when another OpenSSL or another security level of
 * this machine has checked the certificates.
 */
#ifndef ACME_CERTSTORE_INDEX_H
#define ACME_CERTSTORE_INDEX_H

#include "acme_certstore_types.h"

/** The file's contents, for one thread. */
typedef struct acme_certstore_index_t acme_certstore_index_t;

/** Reads the file, if there is one that counts. */
acme_certstore_index_t *acme_certstore_index_open(const char *path,
                                                  apr_pool_t *p);

/**
 * Looks up the version of a site in the folder `dir`.
 * @param cert filled, in p, except its paths and `moved`
 * @return non-zero when the index has this version and its files have not
 *         changed since
 */
int acme_certstore_index_find(acme_certstore_cert_t *cert,
                              acme_certstore_index_t *index, const char *name,
                              int version, const char *dir, apr_pool_t *p);

/** Adds what has just been read and checked. Does nothing when the files are so
 *  young that they may change without getting another time. */
void acme_certstore_index_add(acme_certstore_index_t *index, const char *name,
                              const acme_certstore_cert_t *cert,
                              const char *dir);

/** Writes the file if anything in it has changed, without the sites that were
 *  neither found nor added. */
apr_status_t acme_certstore_index_save(acme_certstore_index_t *index);

#endif
