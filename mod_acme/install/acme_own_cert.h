/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_own_cert.h
 * @brief An administrator's own key and certificate: PEM files that root reads
 * at start.
 *
 * A site may have a former SSLCertificateFile, which it serves until it has a
 * managed certificate (acme_own_cert_check()), or an ACMECertificateFile
 * instead of a managed certificate (acme_own_cert_read()).
 */
#ifndef ACME_OWN_CERT_H
#define ACME_OWN_CERT_H

#include "acme_cert.h"

typedef enum {
    ACME_OWN_CERT_VALID,
    ACME_OWN_CERT_EXPIRED,
    ACME_OWN_CERT_UNKNOWN /**< cannot be read (a key under a passphrase), or is
                               of a kind that is not known here */
} acme_own_cert_e;

/**
 * Judges what a site serves until it has a managed certificate.
 * @param cert_files const char *, absolute paths of PEM files, as mod_ssl has
 *        them: certificates, and perhaps keys and parameters
 * @param key_files the same; empty: the keys are in the files of certificates
 * @param now microseconds since 1970
 * @param problem says why it is not VALID
 */
acme_own_cert_e acme_own_cert_check(const apr_array_header_t *cert_files,
                                    const apr_array_header_t *key_files,
                                    apr_time_t now, acme_problem_t *problem,
                                    apr_pool_t *ptemp);

/**
 * Reads both files as mod_ssl will read them. Other things than certificates
 * may stand in the first; it may have expired; its names are not looked at.
 * @param info of the leaf, in p
 * @return APR_EINVAL and others, with what is wrong: mod_ssl, given these
 *         files, would stop the server
 */
apr_status_t acme_own_cert_read(const acme_cert_info_t **info,
                                const char *cert_path, const char *key_path,
                                acme_problem_t *problem, apr_pool_t *p);

/**
 * Joins the certificate of a file, the first one in it, with those of its
 * SSLCertificateChainFile, because mod_ssl takes both from one file when it is
 * given no chain file.
 * @param pem in p
 * @param skip_first nonzero: the chain file is that of a certificate, too, so
 *        that mod_ssl leaves its first one out
 */
apr_status_t acme_own_cert_join(const char **pem, const char *cert_path,
                                const char *chain_path, int skip_first,
                                acme_problem_t *problem, apr_pool_t *p);

/** Returns the certificates in a text, because other programs write words, a
 *  key or parameters beside them; the text itself when there is none. */
const char *acme_own_cert_only(const char *text, apr_pool_t *p);

/** Returns non-zero when there is more than one certificate in the file. */
int acme_own_cert_has_chain(const char *cert_path, apr_pool_t *ptemp);

#endif
