/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_eab.h
 * @brief The external account that our account at a CA is bound to (RFC 8555
 * section 7.3.4), as the configuration gives it: inline, or in a file that only
 * root may read.
 *
 * Root reads the file at start and keeps it in memory. The key is never shown.
 */
#ifndef ACME_EAB_H
#define ACME_EAB_H

#include "acme_jws_eab.h"

typedef struct acme_eab_t {
    acme_jws_eab_t key; /**< its kid is NULL until the file is read */
    const char *file;   /**< path of a JSON file, or NULL: it was written
                             inline */
    const acme_problem_t *problem; /**< why the file cannot be used, or NULL */
    const char *text; /**< acme_eab_text() of a key that is not known here,
                           or NULL */
} acme_eab_t;

/** Reads the file, if there is one. A failure is noted as its problem. */
void acme_eab_load(acme_eab_t *eab, apr_pool_t *p);

/** Returns a text that is the same for the same external account: its key
 *  identifier, or its file. Shows no secret. */
const char *acme_eab_name(const acme_eab_t *eab, apr_pool_t *p);

/** Returns a text that differs for another key of the same account, too. Shows
 *  no secret. */
const char *acme_eab_text(const acme_eab_t *eab, apr_pool_t *p);

#endif
