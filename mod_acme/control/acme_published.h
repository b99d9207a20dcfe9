/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_published.h
 * @brief What the configuration says, for programs that never read it.
 *
 * Startup leaves the effective settings of all sites, without secrets, in
 * desired/sites.json of the store; root writes, the worker's group reads.
 * acmectl works from it. One file, replaced in one step, and only when it
 * would be another one.
 */
#ifndef ACME_PUBLISHED_H
#define ACME_PUBLISHED_H

#include <apr_user.h>

#include "acme_inventory.h"
#include "acme_spec.h"

/** Most bytes that are read: some 100,000 sites. */
#define ACME_PUBLISHED_MAX (64 * 1024 * 1024)

/** Of the file: another one is not read. */
#define ACME_PUBLISHED_FORMAT 1

typedef struct acme_published_t {
    apr_array_header_t *specs;       /**< const acme_spec_t * */
    apr_array_header_t *inventories; /**< acme_inventory_t *, by index of specs:
                                       what was served at that start, nothing
                                       else is set */
    const char *activation;          /**< "graceful" or "manual" */
} acme_published_t;

/** Parses the text of the file. A member that is missing or mistyped is a
 *  problem that names its site. */
apr_status_t acme_published_parse(acme_published_t **published,
                                  const char *text, apr_size_t len,
                                  acme_problem_t *problem, apr_pool_t *p);

/**
 * Root's, at each start.
 * @param gid the worker's, to whom root gives folder and file to read
 * @param written nonzero when the file was another one; or NULL
 */
apr_status_t acme_published_write(const char *dir,
                                  const acme_published_t *published,
                                  apr_gid_t gid, int *written,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** APR_ENOENT, without a problem, when no server has left one yet. */
apr_status_t acme_published_read(acme_published_t **published, const char *dir,
                                 acme_problem_t *problem, apr_pool_t *p);

/** The site of that name, or the one that has it among its names; -1: none. */
int acme_published_find(const acme_published_t *published, const char *name);

#endif
