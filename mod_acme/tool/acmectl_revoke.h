/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl_revoke.h
 * @brief Which certificate acmectl revoke is about.
 */
#ifndef ACMECTL_REVOKE_H
#define ACMECTL_REVOKE_H

#include "acmectl.h"

typedef struct ctl_revoke_t {
    ctl_t *ctl;
    const char *name;        /**< it is filed under */
    const acme_spec_t *spec; /**< of its site, or NULL */
    const char *where;       /**< for people: "live" */
    int is_live;
    acme_chain_t *chain;
    const acme_cert_info_t *info;
    const char *ca_url; /**< or NULL */
    const char *key_path;
} ctl_revoke_t;

/** By name, --generation and --serial; zero: said why there is none. */
int acmectl_revoke_find(ctl_revoke_t *revoke, const char *word);

/** Its key, which stays here; NULL: the problem says why. */
acme_key_t *acmectl_revoke_find_key(const ctl_revoke_t *revoke,
                                    acme_problem_t *problem);

#endif
