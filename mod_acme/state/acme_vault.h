/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_vault.h
 * @brief The sealed store: each item is sealed when it is put and opened when
 * it is got.
 *
 * Kind and name are the seal's purpose and name, so that an item that is moved
 * or copied elsewhere does not open. An item that does not open, an empty file
 * and a folder do not exist for the caller: get() returns APR_ENOENT, as it
 * does where there is nothing, and logs one WARNING for each item. Shared
 * handles log it once together. A handle belongs to one thread at a time.
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
 * Creates another handle, for another thread or request. Shared handles log one
 * warning about an item together.
 * @param vault lives as long as the new handle
 * @param store handle of its own
 */
acme_vault_t *acme_vault_share(const acme_vault_t *vault, acme_store_t *store,
                               apr_pool_t *p);

/** Returns the store behind the vault, for deletes, lists and leases. */
acme_store_t *acme_vault_store(const acme_vault_t *vault);

/** Gets and opens an item; item->data is wiped with p. */
apr_status_t acme_vault_get(acme_store_item_t *item, acme_vault_t *vault,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p);

/** Seals and puts an item; parameters as in acme_store_put(), with the bytes in
 *  clear. */
apr_status_t acme_vault_put(const char **version, acme_vault_t *vault,
                            const acme_store_put_t *put,
                            acme_problem_t *problem, apr_pool_t *ptemp);

/**
 * Gets and parses an item. Returns APR_ENOENT for one that is no JSON object.
 * @param version set if it is not NULL
 */
apr_status_t acme_vault_get_json(acme_json_t **json, const char **version,
                                 acme_vault_t *vault, const char *kind,
                                 const char *name, acme_problem_t *problem,
                                 apr_pool_t *p);

apr_status_t acme_vault_put_json(acme_vault_t *vault, const char *kind,
                                 const char *name, const acme_json_t *json,
                                 acme_store_sync_e sync,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

#endif
