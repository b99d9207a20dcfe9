/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_blocklist_entry.h
 * @brief One revoked certificate, or one compromised key, as a value: pure.
 *
 * An administrator asks for a revocation once and for ever; the blocklist
 * (acme_blocklist.h) keeps the entry on root's disk, a revocation in progress
 * (acme_revoke_order.h) and a job (acme_job.h) carry a copy of it.
 */
#ifndef ACME_BLOCKLIST_ENTRY_H
#define ACME_BLOCKLIST_ENTRY_H

#include "acme_json.h"

/** Strings belong to the pool that the entry was made or parsed in. */
typedef struct acme_blocklist_entry_t {
    const char *fingerprint; /**< of the certificate: SHA-256, hex */
    const char *key_hash;    /**< of its key (acme_key_hash.h) */
    const char *name;        /**< of the site */
    const char *serial;      /**< hex, or NULL: not known */
    int reason;              /**< code of RFC 5280 section 5.3.1, for RFC 8555
                                section 7.6 (acme_revoke.h) */
    apr_time_t when;         /**< when the revocation was requested */
    int done;                /**< nonzero: the CA has confirmed it */
} acme_blocklist_entry_t;

/** Returns non-zero when the reason is a compromised key: then the key must
 *  never be used again, whatever the CA answers. */
int acme_blocklist_entry_is_compromised(const acme_blocklist_entry_t *revoked);

/** Returns non-zero when the certificate has to be replaced at once: the CA has
 *  revoked it, or its key is compromised. */
int acme_blocklist_entry_is_final(const acme_blocklist_entry_t *revoked);

/** A clause for people: "it was revoked (superseded) at TIME"; "its key was
 *  compromised, ...". */
const char *acme_blocklist_entry_text(const acme_blocklist_entry_t *revoked,
                                      apr_pool_t *p);

acme_json_t *acme_blocklist_entry_to_json(const acme_blocklist_entry_t *revoked,
                                          apr_pool_t *p);

/** Returns NULL when a member is missing or damaged; strings are json's. */
acme_blocklist_entry_t *acme_blocklist_entry_from_json(const acme_json_t *json,
                                                       apr_pool_t *p);

#endif
