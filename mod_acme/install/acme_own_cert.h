/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_own_cert.h
 * @brief What a site serves until there is a certificate of ours: its own
 * SSLCertificateFile, or the one that it had, while that is valid. Read by
 * root at start.
 */
#ifndef ACME_OWN_CERT_H
#define ACME_OWN_CERT_H

#include "acme_problem.h"

typedef enum {
    ACME_OWN_CERT_VALID,
    ACME_OWN_CERT_EXPIRED,
    ACME_OWN_CERT_UNKNOWN /**< cannot be read (a key under a passphrase), or is
                               of a kind that is not known here */
} acme_own_cert_e;

/**
 * @param cert_files const char *, absolute paths of PEM files, as mod_ssl has
 *        them: certificates, and perhaps keys and parameters
 * @param key_files the same; empty: the keys are in the files of certificates
 * @param problem why it is not VALID
 */
acme_own_cert_e acme_own_cert_check(const apr_array_header_t *cert_files,
                                    const apr_array_header_t *key_files,
                                    apr_time_t now, acme_problem_t *problem,
                                    apr_pool_t *ptemp);

#endif
