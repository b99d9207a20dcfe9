/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_promote_loading.h
 * @brief Records how far mod_ssl is with loading certificates, so that the next
 * start knows what a start that ended was at.
 *
 * The record is a file of root's in the store's folder, `loading`: its number,
 * the certificates that mod_ssl was given last, and whether httpd ended by
 * itself or was killed. It is there from the moment when everything is promoted
 * until mod_ssl has loaded it. It is written without syncing, because a power
 * cut that loses it was no certificate's fault.
 */
#ifndef ACME_PROMOTE_LOADING_H
#define ACME_PROMOTE_LOADING_H

#include <apr_pools.h>
#include <apr_tables.h>

/** The record of this process. */
typedef struct acme_promote_loading_t acme_promote_loading_t;

/** How a start ended. */
typedef enum {
    ACME_PROMOTE_LOADING_NONE,   /**< before it came to load anything */
    ACME_PROMOTE_LOADING_KILLED, /**< from outside, or it crashed */
    ACME_PROMOTE_LOADING_ENDED   /**< httpd ended itself */
} acme_promote_loading_e;

/** Reads the record of an earlier start.
 *  @param names const char *, what mod_ssl was given last; empty: nothing yet
 *  @return NONE also when the record has another number */
acme_promote_loading_e acme_promote_loading_read(apr_array_header_t **names,
                                                 const char *dir, long number,
                                                 apr_pool_t *p);

/** Removes the record of an earlier start. */
void acme_promote_loading_remove(const char *dir, apr_pool_t *ptemp);

/** Begins a record. It notes that httpd has ended itself when p is destroyed
 *  before acme_promote_loading_close(). NULL when it cannot be written. */
acme_promote_loading_t *acme_promote_loading_open(const char *dir, long number,
                                                  apr_pool_t *p);

/** Notes the names (const char *) of certificates that are about to be given to
 *  mod_ssl. */
void acme_promote_loading_note(acme_promote_loading_t *loading,
                               const char *const *names, int count);

/** Removes the record: all is loaded. */
void acme_promote_loading_close(acme_promote_loading_t *loading);

#endif
