/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_eab.h
 * @brief The external account that an account at a CA is bound to, as the
 * configuration gives it: written there, or in a file that only root may read.
 *
 * The file is read at start, by root, and kept in memory. The key is shown
 * nowhere.
 */
#ifndef ACME_EAB_H
#define ACME_EAB_H

#include "acme_jws_eab.h"

typedef struct acme_eab_t {
    acme_jws_eab_t key; /**< its kid is NULL while the file was not read */
    const char *file;   /**< JSON, or NULL: it was written inline */
    const acme_problem_t *problem; /**< why the file is of no use, or NULL */
    const char *text; /**< as acme_eab_text(), where the key is not known; or
                           NULL */
} acme_eab_t;

/** Reads the file, if there is one; a failure is its problem. */
void acme_eab_load(acme_eab_t *eab, apr_pool_t *p);

/** Which external account: texts that are equal mean the same. Shows no
 *  secret. */
const char *acme_eab_name(const acme_eab_t *eab, apr_pool_t *p);

/** As acme_eab_name(), but another key for the same account is another text. */
const char *acme_eab_text(const acme_eab_t *eab, apr_pool_t *p);

#endif
