/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_inventory.h
 * @brief What a site has, as root found it at start: immutable once children
 * run.
 *
 * Plan and status need nothing else but the spec (what is wanted) and the job
 * (what the worker remembers).
 */
#ifndef ACME_INVENTORY_H
#define ACME_INVENTORY_H

#include "acme_blocklist_entry.h"
#include "acme_certstore_types.h"
#include "acme_deployed.h"

/** The certificate that the site's TLS virtual hosts serve. */
typedef enum {
    ACME_SERVING_NOTHING,     /**< it has no TLS virtual host */
    ACME_SERVING_PLACEHOLDER, /**< and a 503 */
    ACME_SERVING_OKC,         /**< its own SSLCertificateFile */
    ACME_SERVING_LKC          /**< a managed certificate */
} acme_serving_e;

/** The fate of the staged certificate at this start. */
typedef enum {
    ACME_STAGED_NONE,     /**< nothing was staged */
    ACME_STAGED_PROMOTED, /**< it is live now */
    ACME_STAGED_LIVE,     /**< it was live already */
    ACME_STAGED_REFUSED,  /**< for good: the problem says why; nothing has
                               changed */
    ACME_STAGED_FAILED    /**< this time (a full disk): the problem says why;
                               nothing has changed, it stays staged */
} acme_staged_e;

typedef struct acme_inventory_t {
    acme_serving_e serving;
    const acme_certstore_cert_t *live; /**< or NULL; it may have expired */
    int pinned; /**< live was rolled back to (acme_pin.h) */
    acme_staged_e staged;
    const char *staged_fingerprint; /**< or NULL */
    const acme_cert_info_t *file;   /**< of the spec's ACMECertificateFile, if
                                       there is one that can be read */
    const acme_problem_t
        *problem;             /**< why the staged or live one is not used */
    acme_deployed_e deployed; /**< in the record after this start */
    const acme_certstore_cert_t *stashed; /**< under the site's name, or NULL */
    int foreign; /**< live is from a CA that the site does not name, and no
                      chain of it is trusted here */
    int aged;    /**< nothing is live, and the stashed one has expired */
    const acme_blocklist_entry_t
        *revoked; /**< why live must be replaced at once, or NULL */
    int decided;  /**< this start has decided what it has */
} acme_inventory_t;

/** "none", "http", "okc", "lkc": the `site` member of the status. */
const char *acme_inventory_serving_name(acme_serving_e serving);

#endif
