/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_install_private.h
 * @brief What the files of acme_install share.
 */
#ifndef ACME_INSTALL_PRIVATE_H
#define ACME_INSTALL_PRIVATE_H

#include <apr_hash.h>

#include "acme_deployed.h"
#include "acme_inventory.h"
#include "acme_cert_index.h"
#include "acme_log.h"
#include "acme_site_decide.h"
#include "acme_spec.h"

typedef struct acme_install_config_t {
    const acme_certstore_t *live;
    const acme_deployed_t *before;   /**< what was deployed */
    const apr_array_header_t *specs; /**< const acme_spec_t * */
    apr_time_t now;
    int clock_good;
    apr_time_t proven; /**< what is deleted for its age was too old at this
                            time already; 0: nothing is */
    apr_interval_time_t stash_keep; /**< 0: until it expires */
    int archive_keep;
    const acme_log_t *log;
} acme_install_config_t;

struct acme_install_t {
    const acme_install_config_t *config;
    apr_pool_t *p;
    acme_cert_index_t *index;
    apr_hash_t *specs;           /* name -> const acme_spec_t * */
    apr_hash_t *heirs;           /* name of a former site -> whose its is now */
    apr_array_header_t *stashed; /* of acme_install.c */
    int had;                     /* sites that had one when all began */
    int moves;
};

#endif
