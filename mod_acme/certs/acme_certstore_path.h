/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_path.h
 * @brief Where the files of one site are: for the units that read, write and
 * make what acme_certstore.h promises.
 */
#ifndef ACME_CERTSTORE_PATH_H
#define ACME_CERTSTORE_PATH_H

#include <apr_tables.h>

#include "acme_certstore_types.h"
#include "acme_problem.h"

#define ACME_CERTSTORE_KEY   "privkey.pem"
#define ACME_CERTSTORE_CERT  "cert.pem"
#define ACME_CERTSTORE_CHAIN "chain.pem"
#define ACME_CERTSTORE_FULL  "fullchain.pem"
#define ACME_CERTSTORE_META  "meta.json"

/* Members of meta.json. */
#define ACME_CERTSTORE_NAME      "name"
#define ACME_CERTSTORE_CA_URL    "ca-url"
#define ACME_CERTSTORE_PROFILE   "profile"
#define ACME_CERTSTORE_ORDER_URL "order-url"
#define ACME_CERTSTORE_OBTAINED  "obtained"

/** The acme_certstore_t of acme_certstore.h. */
struct acme_certstore_t {
    const char *places[ACME_PLACES]; /**< folders */
    const char *archive;
    int is_read_only;                 /**< made by acme_certstore_look() */
    apr_array_header_t *refused;      /**< of acme_promote_guard.h, or NULL */
    const char *index;                /**< live.index; NULL: it is not ours */
    struct acme_blocklist_t *revoked; /**< marks of this store */
    struct acme_certstore_index_t *known; /**< NULL: read everything */
    apr_pool_t *pknown;
};

typedef struct acme_certstore_path_t {
    const char *name;
    const char *folder;  /**< live, stash, import */
    const char *link;    /**< live/NAME, stash/NAME, import/NAME */
    const char *archive; /**< archive/NAME */
    const char *target;  /**< what the link says but for the number */
} acme_certstore_path_t;

/** Where a pointer leads to. */
typedef struct acme_certstore_target_t {
    const char *link;    /**< what the pointer says */
    const char *archive; /**< folder of all its generations */
    const char *dir;     /**< of this one */
    int number;
} acme_certstore_target_t;

void acme_certstore_path_find(acme_certstore_path_t *site,
                              const struct acme_certstore_t *certstore,
                              acme_place_e place, const char *name,
                              apr_pool_t *p);

/**
 * The site's own generation that its pointer leads to.
 * @return APR_ENOENT when there is no pointer; APR_EINVAL when something else
 *         is in its place, or it leads into the archive of another name
 */
apr_status_t acme_certstore_path_pointed(int *number,
                                         const acme_certstore_path_t *site);

/** Where its pointer leads to, be it into the archive of another name. Fails
 *  as acme_certstore_path_pointed(). */
apr_status_t
acme_certstore_path_follow(acme_certstore_target_t *aim,
                           const struct acme_certstore_t *certstore,
                           const acme_certstore_path_t *site, apr_pool_t *p);

/** Whether the files that its pointer leads to, and all folders that lead to
 *  them, are ours and may be written by nobody else. */
apr_status_t
acme_certstore_path_is_owned(const struct acme_certstore_t *certstore,
                             const acme_certstore_path_t *site,
                             const acme_certstore_target_t *aim,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** Whether any pointer, of whatever name and place, leads to that generation;
 *  nonzero also when nobody can tell. */
int acme_certstore_path_is_pointed(const struct acme_certstore_t *certstore,
                                   const char *archive, int number,
                                   apr_pool_t *ptemp);

/** Makes a folder, 0700. One that is there must be ours and nobody else's. */
apr_status_t acme_certstore_path_mkdir(const char *path,
                                       acme_problem_t *problem, apr_pool_t *p);

#endif
