/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_export.h
 * @brief Exports: keys with their certificates, and accounts.
 *
 * As text an export is JSON. The file of `acmectl export` is that text in an
 * acme_lockbox, or the text itself with --plain.
 */
#ifndef ACME_EXPORT_H
#define ACME_EXPORT_H

#include <apr_tables.h>

#include "acme_bundle.h"
#include "acme_lockbox.h"

/** An account at a CA. */
typedef struct acme_export_account_t {
    const char *ca_url;  /**< URL of its directory */
    const char *contact; /**< "mailto:...", or NULL */
    const char *eab_kid; /**< key identifier of its external account, or NULL */
    const char *url;     /**< URL of the account, or NULL: the CA is asked */
    const char *key_pem; /**< unencrypted */
    apr_time_t created;  /**< when it was created, or 0 */
} acme_export_account_t;

typedef struct acme_export_t {
    apr_array_header_t *bundles;  /**< acme_bundle_t * */
    apr_array_header_t *accounts; /**< acme_export_account_t * */
} acme_export_t;

/** Most certificates, and most accounts, of an export. */
#define ACME_EXPORT_MAX 10000

acme_export_t *acme_export_create(apr_pool_t *p);

/** Prints an export as JSON text, which is wiped when p is cleared. */
const char *acme_export_print(const acme_export_t *export, apr_pool_t *p);

/** Parses what acme_export_print() wrote, and checks its form only. A problem
 *  names the entry and what is wrong with it. */
apr_status_t acme_export_parse(acme_export_t **export, const char *text,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p);

/** Checks that a certificate can be taken over: its name is one that a site can
 *  have and the certificate covers, and acme_cert_check() accepts it now.
 *  @param info of the certificate, in p */
apr_status_t acme_export_check(const acme_cert_info_t **info,
                               const acme_bundle_t *bundle, apr_time_t now,
                               acme_problem_t *problem, apr_pool_t *p);

/** Checks that the key of an account can sign, and that its CA is an https
 *  URL. */
apr_status_t acme_export_check_account(const acme_export_account_t *account,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Makes the account's record in the store (acme_ca_account.h). */
acme_json_t *acme_export_account_record(const acme_export_account_t *account,
                                        apr_pool_t *p);

/** Reads an account from its record in the store; NULL: it is damaged. */
acme_export_account_t *acme_export_account_of(const acme_json_t *record,
                                              apr_pool_t *p);

#endif
