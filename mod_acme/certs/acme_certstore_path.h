/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore_path.h
 * @brief Paths and pointers of the store of certificates, and its struct: for
 * the units that carry out what acme_certstore.h promises.
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
#define ACME_CERTSTORE_IMPORTED  "imported"
#define ACME_CERTSTORE_ORDER_URL "order-url"
#define ACME_CERTSTORE_OBTAINED  "obtained"

/** The acme_certstore_t of acme_certstore.h. */
struct acme_certstore_t {
    const char *places[ACME_PLACES]; /**< folders */
    const char *archive;
    const char *removed;         /**< folder of acme_removed.h */
    int is_read_only;            /**< opened by acme_certstore_look() */
    apr_array_header_t *refused; /**< of acme_promote_guard.h, or NULL */
    int is_held; /**< non-zero: nothing is promoted in this start, likewise */
    const char *index;                    /**< path of live.index */
    struct acme_blocklist_t *revoked;     /**< of this store */
    struct acme_certstore_index_t *known; /**< NULL: read all files */
    apr_pool_t *pknown;
    struct acme_certstore_foreign_t *foreign;
};

/** The pointers that lead into the archive of another name: few, so that a look
 *  for the pointers of a version need not read all of them. */
typedef struct acme_certstore_foreign_t {
    apr_pool_t *p;
    apr_array_header_t *links; /**< paths, const char *; NULL: not read yet */
} acme_certstore_foreign_t;

/** Paths of one site in one place. */
typedef struct acme_certstore_path_t {
    const char *name;
    const char *folder;  /**< live, stash or import */
    const char *link;    /**< live/NAME, stash/NAME or import/NAME */
    const char *archive; /**< archive/NAME */
    const char *target;  /**< what the link says, without the number */
} acme_certstore_path_t;

/** The target of a pointer. */
typedef struct acme_certstore_target_t {
    const char *link;    /**< what the pointer says */
    const char *archive; /**< folder of all versions */
    const char *dir;     /**< folder of this version */
    int number;
} acme_certstore_target_t;

/** Fills in the paths of a site, without touching the disk. */
void acme_certstore_path_find(acme_certstore_path_t *site,
                              const struct acme_certstore_t *certstore,
                              acme_place_e place, const char *name,
                              apr_pool_t *p);

/**
 * Reads which version in the site's own archive its pointer leads to.
 * @return APR_ENOENT when there is no pointer; APR_EINVAL when something else
 *         is in its place, or it leads into the archive of another name
 */
apr_status_t acme_certstore_path_pointed(int *number,
                                         const acme_certstore_path_t *site);

/** Reads where a site's pointer leads to, also when that is the archive of
 *  another name. Fails as acme_certstore_path_pointed(), but for that. */
apr_status_t
acme_certstore_path_follow(acme_certstore_target_t *aim,
                           const struct acme_certstore_t *certstore,
                           const acme_certstore_path_t *site, apr_pool_t *p);

/** Takes apart what a pointer says. APR_EINVAL when that is no version in the
 *  archive. */
apr_status_t acme_certstore_path_parse(acme_certstore_target_t *aim,
                                       const struct acme_certstore_t *certstore,
                                       const char *text, apr_pool_t *p);

/** Returns success when the key and the chain that a pointer leads to, and all
 *  folders on the way, are ours alone to write (acme_owned.h); else APR_EACCES
 *  and a problem that names the path. */
apr_status_t
acme_certstore_path_is_owned(const struct acme_certstore_t *certstore,
                             const acme_certstore_path_t *site,
                             const acme_certstore_target_t *aim,
                             acme_problem_t *problem, apr_pool_t *ptemp);

/** Returns non-zero when any pointer, of any name and place, leads to this
 *  version, and when a folder cannot be read, because the version must stay
 *  then. */
int acme_certstore_path_is_pointed(const struct acme_certstore_t *certstore,
                                   const char *archive, int number,
                                   apr_pool_t *ptemp);

/** Tells of a pointer that was put in its place, and that may lead into the
 *  archive of another name. */
void acme_certstore_path_changed(const struct acme_certstore_t *certstore,
                                 const acme_certstore_path_t *site,
                                 apr_pool_t *ptemp);

/** Makes a folder, 0700. Fails with APR_EACCES when it is there already and not
 *  ours alone to write (acme_owned.h). */
apr_status_t acme_certstore_path_mkdir(const char *path,
                                       acme_problem_t *problem, apr_pool_t *p);

#endif
