/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_inventory.h
 * @brief What a site has, as root found it at start: immutable once children
 * run.
 *
 * With the spec (what is wanted) and the job (what is being done) it is all
 * that plan and status need.
 */
#ifndef ACME_INVENTORY_H
#define ACME_INVENTORY_H

#include "acme_blocklist_entry.h"
#include "acme_certstore_types.h"
#include "acme_deployed.h"

/** What the site's TLS virtual hosts serve. */
typedef enum {
    ACME_SERVING_NOTHING,     /**< it has no TLS virtual host */
    ACME_SERVING_PLACEHOLDER, /**< and a 503 */
    ACME_SERVING_OKC,         /**< its own SSLCertificateFile */
    ACME_SERVING_LKC          /**< a certificate of ours */
} acme_serving_e;

/** What became of the staged certificate at this start. */
typedef enum {
    ACME_STAGED_NONE,     /**< nothing was staged */
    ACME_STAGED_PROMOTED, /**< it is live now */
    ACME_STAGED_LIVE,     /**< it was live already */
    ACME_STAGED_REFUSED,  /**< for good; the problem says why, nothing has
                               changed */
    ACME_STAGED_FAILED    /**< not now (a full disk); the problem says why,
                               nothing has changed, it stays staged */
} acme_staged_e;

typedef struct acme_inventory_t {
    acme_serving_e serving;
    const acme_certstore_cert_t *live; /**< or NULL; it may have expired */
    int pinned; /**< live was rolled back to (acme_pin.h) */
    acme_staged_e staged;
    const char *staged_fingerprint; /**< or NULL */
    const acme_cert_info_t *file;   /**< of the administrator's own, if the spec
                                       names one and it can be read */
    const acme_problem_t *problem;  /**< why staged or live is of no use */
    acme_deployed_e deployed; /**< as the record has it after this start */
    const acme_certstore_cert_t *stashed; /**< under the site's name, or NULL */
    int foreign; /**< live is from a CA that the site is not configured for */
    int aged;    /**< there is no live one, and what was kept has expired */
    const acme_blocklist_entry_t
        *revoked; /**< live has to be replaced: its mark */
    int decided;  /**< what it has was decided upon */
} acme_inventory_t;

/** "none", "http", "okc", "lkc": the `site` member of the status. */
const char *acme_inventory_serving_name(acme_serving_e serving);

#endif
