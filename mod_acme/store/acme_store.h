/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store.h
 * @brief The interface of the store, in which workers keep items over restarts:
 * opaque bytes by key.
 *
 * A key is "kind/name": the kind is one of the constants below, the name has
 * any bytes but NUL, at least one. A store knows no file names, no JSON and no
 * secrets; state/acme_vault seals items before they are put. Each item has a
 * version, which changes with each put. A put for a certain version makes
 * read-modify-write safe between processes. One test, the contract, runs over
 * all backends (t/store/acme_store.c). A handle belongs to one thread at a
 * time.
 *
 * Failures set a problem of type ACME_PROBLEM_STORE, class INTERNAL. APR_ENOENT
 * and APR_EEXIST are results and set no problem.
 */
#ifndef ACME_STORE_H
#define ACME_STORE_H

#include <errno.h>

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "acme_problem.h"
#include "acme_file_stamp.h"

/** Accounts at CAs. */
#define ACME_STORE_ACCOUNTS "accounts"
/** Finished certificates that wait for root to promote them. */
#define ACME_STORE_STAGING "staging"
/** Pending http-01 answers, by token. */
#define ACME_STORE_CHALLENGES "challenges"
/** Records of dns-01 challenges that are in the DNS, by value. */
#define ACME_STORE_DNS "dns"
/** Progress, failures and schedule of each site. */
#define ACME_STORE_JOBS "jobs"
/** Certificate keys of orders in progress. */
#define ACME_STORE_KEYS "keys"
/** Notes of the worker that are not about a single site, by subject. */
#define ACME_STORE_NOTES "notes"

/** Most bytes of an item and of a name. */
#define ACME_STORE_MAX      (512 * 1024)
#define ACME_STORE_NAME_MAX 1024

/** All kinds, NULL-terminated: each backend makes room for them. */
extern const char *const acme_store_kinds[];

typedef struct acme_store_item_t {
    char *data; /**< a NUL follows, not counted */
    apr_size_t len;
    const char *version; /**< opaque */
} acme_store_item_t;

/** The item is not as a put writes it, for instance after a power cut, or
 *  because another program has written it. A put treats it as absent and
 *  replaces it. */
#define ACME_STORE_DAMAGED EBADMSG

/** As if_version: put only if there is no such item. */
#define ACME_STORE_ABSENT ""

typedef enum {
    ACME_STORE_LAZY,  /**< may be lost in a power cut */
    ACME_STORE_SYNC,  /**< on disk when put returns */
    ACME_STORE_BATCH, /**< on disk when the next flush returns */
} acme_store_sync_e;

/** An item to be put, and how. It belongs to the caller: a put copies what it
 *  keeps. */
typedef struct acme_store_put_t {
    const char *kind;       /**< one of the kinds above */
    const char *name;       /**< 1 to ACME_STORE_NAME_MAX bytes */
    const void *data;       /**< any bytes; may be NULL if len is 0 */
    apr_size_t len;         /**< in bytes, ACME_STORE_MAX at most */
    const char *if_version; /**< put only if the item is at this version, or
                                 ACME_STORE_ABSENT; NULL: in any case */
    acme_store_sync_e sync; /**< when it is on disk */
} acme_store_put_t;

typedef struct acme_store_t acme_store_t;

/** A right to act, which ends when it is released or expires, or when its
 *  holder ends. */
typedef struct acme_lease_t acme_lease_t;

/** Gets an item. APR_ENOENT when there is none; ACME_STORE_DAMAGED. */
apr_status_t acme_store_get(acme_store_item_t *item, acme_store_t *store,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p);

/**
 * Writes an item, or replaces it.
 * @param version set to the new version, in p; may be NULL
 * @return APR_EEXIST when the item is not at put->if_version; EFBIG when it
 *         has more than ACME_STORE_MAX bytes
 */
apr_status_t acme_store_put(const char **version, acme_store_t *store,
                            const acme_store_put_t *put,
                            acme_problem_t *problem, apr_pool_t *p);

/** Removes an item. Success also when there is none. */
apr_status_t acme_store_delete(acme_store_t *store, const char *kind,
                               const char *name, acme_problem_t *problem,
                               apr_pool_t *ptemp);

/** Waits until all items that were put with ACME_STORE_BATCH through this
 *  handle are on disk. On failure any of them may not be. */
apr_status_t acme_store_flush(acme_store_t *store, acme_problem_t *problem,
                              apr_pool_t *ptemp);

/** Tells the backend that many items will be put and deleted through this
 *  handle, so that it may keep resources for that.
 *  @param busy zero: that is over */
void acme_store_busy(acme_store_t *store, int busy);

/** Reads a stamp that changes with the version of an item, without reading the
 *  item. */
void acme_store_stamp(acme_file_stamp_t *stamp, acme_store_t *store,
                      const char *kind, const char *name, apr_pool_t *ptemp);

/** Lists the names of all items of a kind (const char *), in any order. */
apr_status_t acme_store_list(apr_array_header_t **names, acme_store_t *store,
                             const char *kind, acme_problem_t *problem,
                             apr_pool_t *p);

/**
 * Takes the lease `name`. Does not wait.
 * @param ttl time after which it ends unless renewed; a backend that notices
 *         the end of its holder may let it last longer
 * @return APR_EBUSY when it is held already
 */
apr_status_t acme_store_lease(acme_lease_t **lease, acme_store_t *store,
                              const char *name, apr_interval_time_t ttl,
                              acme_problem_t *problem, apr_pool_t *p);
/** Renews a lease. APR_EBUSY when another holder has taken it, or it was
 *  released. */
apr_status_t acme_store_renew(acme_lease_t *lease, acme_problem_t *problem);
/** Releases a lease, as does clearing its pool. */
void acme_store_release(acme_lease_t *lease);

/** The functions of a backend; acme_store.c calls through them. */
typedef struct acme_store_backend_t {
    const char *name;
    apr_status_t (*get)(acme_store_item_t *item, acme_store_t *store,
                        const char *kind, const char *name,
                        acme_problem_t *problem, apr_pool_t *p);
    apr_status_t (*put)(const char **version, acme_store_t *store,
                        const acme_store_put_t *put, acme_problem_t *problem,
                        apr_pool_t *p);
    apr_status_t (*del)(acme_store_t *store, const char *kind, const char *name,
                        acme_problem_t *problem, apr_pool_t *ptemp);
    apr_status_t (*list)(apr_array_header_t **names, acme_store_t *store,
                         const char *kind, acme_problem_t *problem,
                         apr_pool_t *p);
    apr_status_t (*lease)(acme_lease_t **lease, acme_store_t *store,
                          const char *name, apr_interval_time_t ttl,
                          acme_problem_t *problem, apr_pool_t *p);
    apr_status_t (*renew)(acme_lease_t *lease, acme_problem_t *problem);
    void (*release)(acme_lease_t *lease);
    /** NULL when a put needs no flush */
    apr_status_t (*flush)(acme_store_t *store, acme_problem_t *problem,
                          apr_pool_t *ptemp);
    void (*busy)(acme_store_t *store, int busy); /**< or NULL */
    void (*stamp)(acme_file_stamp_t *stamp, acme_store_t *store,
                  const char *kind, const char *name, apr_pool_t *ptemp);
} acme_store_backend_t;

struct acme_store_t {
    const acme_store_backend_t *backend;
    void *self;
};

struct acme_lease_t {
    acme_store_t *store;
    void *self;
};

#endif
