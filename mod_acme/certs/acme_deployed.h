/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_deployed.h
 * @brief What each site served when a start last succeeded: root's record,
 * the file `sites` of the store.
 *
 * A start compares the configuration with it: a site that is in the record and
 * no longer in the configuration was undeployed. It is replaced whole, in
 * pre_mpm only, and only root reads it (0600).
 */
#ifndef ACME_DEPLOYED_H
#define ACME_DEPLOYED_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "acme_problem.h"

/** Most bytes of the record. */
#define ACME_DEPLOYED_MAX (64 * 1024 * 1024)

/** The certificate that a site served last. */
typedef enum {
    ACME_DEPLOYED_NONE,
    ACME_DEPLOYED_HTTP, /**< no TLS */
    ACME_DEPLOYED_OKC,  /**< "other key and certificate": an own one */
    ACME_DEPLOYED_LKC   /**< "Let's Encrypt key and certificate": a managed one,
                             whichever the CA is */
} acme_deployed_e;

#define ACME_DEPLOYED_COUNT 4

typedef struct acme_deployed_site_t {
    const char *name;                /**< the first of names */
    const apr_array_header_t *names; /**< const char *, canonical */
    acme_deployed_e state;
    int managed;                          /**< zero: it did not ask for ACME */
    const apr_array_header_t *cert_files; /**< const char *; of its own
                                               certificate, or NULL */
    const apr_array_header_t *key_files;
    const char *chain_file; /**< of the certificates above them, or NULL */
} acme_deployed_site_t;

typedef struct acme_deployed_t {
    apr_array_header_t *sites; /**< acme_deployed_site_t * */
    apr_time_t written;        /**< or 0; by the clock of that time */
    apr_hash_t *by_name;       /**< every name -> acme_deployed_site_t * */
} acme_deployed_t;

/** "none", "http", "okc", "lkc": `deployed` of the record and the status. */
const char *acme_deployed_name(acme_deployed_e state);

/** Makes an empty record. */
acme_deployed_t *acme_deployed_create(apr_pool_t *p);

/** Adds a site, which is not copied and must live as long as the record. When
 *  two sites have one name, the first is found by it. */
void acme_deployed_add(acme_deployed_t *deployed,
                       const acme_deployed_site_t *site);

/** Reads the record. APR_ENOENT when there is none: nothing was ever deployed.
 *  Damaged sites are left out. */
apr_status_t acme_deployed_read(acme_deployed_t **deployed, const char *dir,
                                acme_problem_t *problem, apr_pool_t *p);

/** Replaces the record whole; it is on disk when this returns. */
apr_status_t acme_deployed_write(const char *dir,
                                 const acme_deployed_t *deployed,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns the site that had this name, as its first or as another; or NULL. */
const acme_deployed_site_t *acme_deployed_find(const acme_deployed_t *deployed,
                                               const char *name);

/** Notes that a site serves nothing of ours any more, because its certificate
 *  was deleted. Success also when it is not in the record, or there is none. */
apr_status_t acme_deployed_forget(const char *dir, const char *name,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

#endif
