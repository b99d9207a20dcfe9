/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_export.h
 * @brief What is exported and imported: keys with their certificates, and
 * accounts.
 *
 * As text it is JSON. A bundle, the file of `acmectl export`, is that text in
 * an acme_lockbox, or the text itself with --plain.
 */
#ifndef ACME_EXPORT_H
#define ACME_EXPORT_H

#include <apr_tables.h>

#include "acme_bundle.h"
#include "acme_lockbox.h"

/** An account at a CA. */
typedef struct acme_export_account_t {
    const char *ca_url;  /**< of its directory */
    const char *contact; /**< "mailto:...", or NULL */
    const char *eab_kid; /**< of the external account it is bound to, or NULL */
    const char *url;     /**< of the account, or NULL: the CA is asked */
    const char *key_pem; /**< unencrypted */
    apr_time_t created;  /**< or 0 */
} acme_export_account_t;

typedef struct acme_export_t {
    apr_array_header_t *bundles;  /**< acme_bundle_t * */
    apr_array_header_t *accounts; /**< acme_export_account_t * */
} acme_export_t;

/** Most certificates that one may have. */
#define ACME_EXPORT_MAX 10000

acme_export_t *acme_export_create(apr_pool_t *p);

/** JSON text; wiped when p is cleared. */
const char *acme_export_print(const acme_export_t *export, apr_pool_t *p);

/** The reverse: form only. Problems say which entry and what about it. */
apr_status_t acme_export_parse(acme_export_t **export, const char *text,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p);

/**
 * Whether one certificate is fit to be taken over, by itself: a name that a
 * site can have and the certificate covers, and everything that
 * acme_cert_check() wants, now.
 * @param info of the leaf, in p
 */
apr_status_t acme_export_check(const acme_cert_info_t **info,
                               const acme_bundle_t *bundle, apr_time_t now,
                               acme_problem_t *problem, apr_pool_t *p);

/** Whether an account's key is one that can sign, and its CA an https URL. */
apr_status_t acme_export_check_account(const acme_export_account_t *account,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** The account's record in the store (acme_ca_account.h). */
acme_json_t *acme_export_account_record(const acme_export_account_t *account,
                                        apr_pool_t *p);

/** From a record in the store; NULL when it is damaged. */
acme_export_account_t *acme_export_account_of(const acme_json_t *record,
                                              apr_pool_t *p);

#endif
