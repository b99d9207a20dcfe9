/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_vault.h
 * @brief The store behind its seal: every item sealed on its way in.
 *
 * Kind and name are the seal's purpose and name, so that an item moved or
 * copied elsewhere does not open. What does not open, or is not even an item
 * (a file without bytes, a folder), does not exist: get() answers APR_ENOENT,
 * as it does where there is nothing, and leaves one WARNING an item, of all
 * handles that share their memory of it. A handle belongs to one thread at a
 * time.
 */
#ifndef ACME_VAULT_H
#define ACME_VAULT_H

#include "acme_json.h"
#include "acme_log.h"
#include "acme_seal.h"
#include "acme_store.h"

typedef struct acme_vault_t acme_vault_t;

acme_vault_t *acme_vault_create(acme_store_t *store, const acme_seal_t *seal,
                                const acme_log_t *log, apr_pool_t *p);

/**
 * Another handle, as another thread or request needs it, over a store handle of
 * its own. All that were shared from one handle complain together once of an
 * item, from whatever thread.
 * @param vault lives as long
 */
acme_vault_t *acme_vault_share(const acme_vault_t *vault, acme_store_t *store,
                               apr_pool_t *p);

/** The store behind it, for deletes, lists and leases. */
acme_store_t *acme_vault_store(const acme_vault_t *vault);

/** Opens an item; item->data is wiped with p. */
apr_status_t acme_vault_get(acme_store_item_t *item, acme_vault_t *vault,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p);

/** Seals and puts; parameters as of acme_store_put(). */
apr_status_t acme_vault_put(const char **version, acme_vault_t *vault,
                            const char *kind, const char *name,
                            const void *data, apr_size_t len,
                            const char *if_version, acme_store_sync_e sync,
                            acme_problem_t *problem, apr_pool_t *ptemp);

/** As acme_vault_get(), parsed; what is no JSON object is APR_ENOENT too.
 *  @param version or NULL */
apr_status_t acme_vault_get_json(acme_json_t **json, const char **version,
                                 acme_vault_t *vault, const char *kind,
                                 const char *name, acme_problem_t *problem,
                                 apr_pool_t *p);

apr_status_t acme_vault_put_json(acme_vault_t *vault, const char *kind,
                                 const char *name, const acme_json_t *json,
                                 acme_store_sync_e sync,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

#endif
