/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_deployed.h
 * @brief What each site served when a start last succeeded: root's record,
 * the file `sites` of the store.
 *
 * It is what a configuration is compared with: a site that is not in it any
 * more was undeployed. Written whole, in pre_mpm only; root only (0600).
 */
#ifndef ACME_DEPLOYED_H
#define ACME_DEPLOYED_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "acme_problem.h"

/** Most bytes of the record. */
#define ACME_DEPLOYED_MAX (64 * 1024 * 1024)

/** What a site last served. */
typedef enum {
    ACME_DEPLOYED_NONE,
    ACME_DEPLOYED_HTTP,
    ACME_DEPLOYED_OKC,
    ACME_DEPLOYED_LKC
} acme_deployed_e;

#define ACME_DEPLOYED_COUNT 4

typedef struct acme_deployed_site_t {
    const char *name;                /**< the first of names */
    const apr_array_header_t *names; /**< const char *, canonical */
    acme_deployed_e state;
    int managed;                          /**< zero: it did not ask for ACME */
    const apr_array_header_t *cert_files; /**< const char *; of an OKC */
    const apr_array_header_t *key_files;
} acme_deployed_site_t;

typedef struct acme_deployed_t {
    apr_array_header_t *sites; /**< acme_deployed_site_t * */
    apr_time_t written;        /**< or 0: by the clock of then */
    apr_hash_t *by_name;       /**< every name -> acme_deployed_site_t * */
} acme_deployed_t;

/** "none", "http", "okc", "lkc": `deployed` of the record and the status. */
const char *acme_deployed_name(acme_deployed_e state);

/** An empty one. */
acme_deployed_t *acme_deployed_create(apr_pool_t *p);

/** The site is not copied, and belongs to a pool that lives as long. Of two
 *  with one name the first has it. */
void acme_deployed_add(acme_deployed_t *deployed,
                       const acme_deployed_site_t *site);

/** APR_ENOENT when there is none: nothing was ever deployed. */
apr_status_t acme_deployed_read(acme_deployed_t **deployed, const char *dir,
                                acme_problem_t *problem, apr_pool_t *p);

/** Replaces it whole, synced. */
apr_status_t acme_deployed_write(const char *dir,
                                 const acme_deployed_t *deployed,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** The site that had this name, be it its first or another; or NULL. */
const acme_deployed_site_t *acme_deployed_find(const acme_deployed_t *deployed,
                                               const char *name);

#endif
