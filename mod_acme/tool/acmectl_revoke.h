/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl_revoke.h
 * @brief Finds the certificate that acmectl revoke is about.
 */
#ifndef ACMECTL_REVOKE_H
#define ACMECTL_REVOKE_H

#include "acmectl.h"

typedef struct acmectl_revoke_t {
    acmectl_t *ctl;
    const char *name;        /**< name it is filed under */
    const acme_spec_t *spec; /**< spec of its site, or NULL */
    const char *where;       /**< where it is, to print, such as "live" */
    int is_live;
    acme_chain_t *chain;
    const acme_cert_info_t *info;
    const char *ca_url; /**< or NULL */
    const char *key_path;
} acmectl_revoke_t;

/** Finds a certificate by its name, --generation and --serial. Returns zero
 * after printing why there is none. */
int acmectl_revoke_find(acmectl_revoke_t *revoke, const char *word);

/** Returns its key, which never leaves this process, or NULL and the
 * problem. */
acme_key_t *acmectl_revoke_find_key(const acmectl_revoke_t *revoke,
                                    acme_problem_t *problem);

#endif
