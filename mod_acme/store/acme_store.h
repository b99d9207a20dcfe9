/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_store.h
 * @brief Where workers keep what must survive: opaque bytes by key.
 *
 * A key is "kind/name": kind is one of the table below, name any bytes but
 * NUL, at least one. A store knows no file names, no JSON and no secrets;
 * state/acme_vault seals what goes in. Each item has a version, which changes
 * with each put; put-if-version makes read-modify-write safe between
 * processes. One contract test holds for all backends. A handle belongs to one
 * thread at a time.
 *
 * Failures set a problem of type ACME_PROBLEM_STORE, class INTERNAL, but
 * APR_ENOENT and APR_EEXIST, which are answers.
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
/** Progress, failures and schedule of each site. */
#define ACME_STORE_JOBS "jobs"
/** Certificate keys of orders under way. */
#define ACME_STORE_KEYS "keys"
/** Notes of the worker about the world outside, by subject. */
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

/** There is something that no put has made, as after a power cut or when
 *  somebody planted it. A put takes it for an absent item and replaces it. */
#define ACME_STORE_DAMAGED EBADMSG

/** Put only if there is no such item. */
#define ACME_STORE_ABSENT ""

typedef enum {
    ACME_STORE_LAZY,  /**< lost in a power cut at worst */
    ACME_STORE_SYNC,  /**< on disk when put returns */
    ACME_STORE_BATCH, /**< on disk when the next flush returns */
} acme_store_sync_e;

/** An item to be put, and how. All of it stays the caller's: a put copies what
 *  it keeps. */
typedef struct acme_store_put_t {
    const char *kind;       /**< one of the kinds above */
    const char *name;       /**< 1 to ACME_STORE_NAME_MAX bytes */
    const void *data;       /**< any bytes; may be NULL if len is 0 */
    apr_size_t len;         /**< in bytes, ACME_STORE_MAX at most */
    const char *if_version; /**< put only if the item is at this version, or
                                 ACME_STORE_ABSENT; NULL: whatever is there */
    acme_store_sync_e sync; /**< when it is on disk */
} acme_store_put_t;

typedef struct acme_store_t acme_store_t;

/** Somebody's right to act, until released, expired or its holder's death. */
typedef struct acme_lease_t acme_lease_t;

/** APR_ENOENT when there is none; ACME_STORE_DAMAGED. */
apr_status_t acme_store_get(acme_store_item_t *item, acme_store_t *store,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p);

/**
 * @param version the new one, in p; may be NULL
 * @return APR_EEXIST when the item is not at put->if_version; EFBIG when it
 *         has more than ACME_STORE_MAX bytes
 */
apr_status_t acme_store_put(const char **version, acme_store_t *store,
                            const acme_store_put_t *put,
                            acme_problem_t *problem, apr_pool_t *p);

/** Success also when there was none. */
apr_status_t acme_store_delete(acme_store_t *store, const char *kind,
                               const char *name, acme_problem_t *problem,
                               apr_pool_t *ptemp);

/** Waits until all that was put with ACME_STORE_BATCH through this handle is on
 *  disk. On failure none of it is known to be. */
apr_status_t acme_store_flush(acme_store_t *store, acme_problem_t *problem,
                              apr_pool_t *ptemp);

/** Many items will come and go through this handle, until this is taken back:
 *  the backend may keep at hand what makes that cheap. */
void acme_store_busy(acme_store_t *store, int busy);

/** Tells this version of an item from the next one without reading it. */
void acme_store_stamp(acme_file_stamp_t *stamp, acme_store_t *store,
                      const char *kind, const char *name, apr_pool_t *ptemp);

/** All names of one kind (const char *), in any order. */
apr_status_t acme_store_list(apr_array_header_t **names, acme_store_t *store,
                             const char *kind, acme_problem_t *problem,
                             apr_pool_t *p);

/**
 * Takes the lease `name`. Does not wait.
 * @param ttl after this it ends unless renewed; a backend that notices its
 *        holder's death by itself may let it live longer
 * @return APR_EBUSY when somebody else holds it
 */
apr_status_t acme_store_lease(acme_lease_t **lease, acme_store_t *store,
                              const char *name, apr_interval_time_t ttl,
                              acme_problem_t *problem, apr_pool_t *p);
/** APR_EBUSY when it was lost to somebody else, or released. */
apr_status_t acme_store_renew(acme_lease_t *lease, acme_problem_t *problem);
/** Also done when its pool is cleared. */
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
    /** NULL where a put needs none */
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
