/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_published.h
 * @brief The effective configuration of all sites, for programs that cannot
 * read httpd's.
 *
 * Startup writes it, without secrets, to desired/sites.json of the store. Root
 * writes, the worker's group reads; acmectl works from it. The file is replaced
 * in one step, and only when its text changes.
 */
#ifndef ACME_PUBLISHED_H
#define ACME_PUBLISHED_H

#include <apr_user.h>

#include "acme_site.h"

/** Most bytes that are read: some 100,000 sites. */
#define ACME_PUBLISHED_MAX (64 * 1024 * 1024)

/** Format number of the file; another one is not read. */
#define ACME_PUBLISHED_FORMAT 1

typedef struct acme_published_t {
    /** acme_site_cert_t *; their inventories tell what was served after that
     *  start, all other members are empty */
    apr_array_header_t *certs;
    const char *activation; /**< "graceful", "hot" or "manual" */
    int http_port;          /**< where requests of a CA to port 80 arrive, by
                                 ACMEPortMap; 0: they do not */
    int https_port;         /**< the same for port 443 */
    const apr_array_header_t *dns_servers; /**< const char *, of ACMEDnsServers;
                                                NULL or empty: those of the
                                                machine */
} acme_published_t;

/** Parses the text of the file. A member that is missing or mistyped is a
 *  problem that names its site. */
apr_status_t acme_published_parse(acme_published_t **published,
                                  const char *text, apr_size_t len,
                                  acme_problem_t *problem, apr_pool_t *p);

/** Writes the file, at each start. For root.
 *  @param gid the worker's group, which may read folder and file
 *  @param written set to nonzero when the text has changed; or NULL */
apr_status_t acme_published_write(const char *dir,
                                  const acme_published_t *published,
                                  apr_gid_t gid, int *written,
                                  acme_problem_t *problem, apr_pool_t *ptemp);

/** Reads the file. Returns APR_ENOENT, without a problem, when no server has
 *  started with this store yet. */
apr_status_t acme_published_read(acme_published_t **published, const char *dir,
                                 acme_problem_t *problem, apr_pool_t *p);

/** Returns the index of the site of that name, or of the site that has it among
 *  its names; -1: none. */
int acme_published_find(const acme_published_t *published, const char *name);

#endif
