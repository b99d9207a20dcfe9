/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_other_client.h
 * @brief Looks for certificates of sites in the store of another ACME client on
 * this machine, so that they can be taken over instead of ordered anew.
 *
 * Only names and dates are read; acmectl import checks all of it.
 */
#ifndef ACME_OTHER_CLIENT_H
#define ACME_OTHER_CLIENT_H

#include <apr_tables.h>
#include <apr_time.h>

typedef enum {
    ACME_OTHER_CLIENT_CERTBOT, /**< DIR/live/NAME/fullchain.pem */
    ACME_OTHER_CLIENT_MOD_MD   /**< DIR/domains/NAME/pubcert.pem */
} acme_other_client_e;

/** Returns the names of `hosts` (const char *) that an unexpired certificate
 *  there covers; none when there is no such store, or it is not ours alone to
 *  write (acme_owned.h). */
apr_array_header_t *acme_other_client_find(acme_other_client_e client,
                                           const char *dir,
                                           const apr_array_header_t *hosts,
                                           apr_time_t now, apr_pool_t *p);

#endif
