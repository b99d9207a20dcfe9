/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_own_cert_read.h
 * @brief An "other key and certificate": files that an administrator brings.
 */
#ifndef ACME_OWN_CERT_READ_H
#define ACME_OWN_CERT_READ_H

#include "acme_cert.h"

/**
 * Reads both files as mod_ssl will read them. Other things than certificates
 * may stand in the first; it may have expired; its names are not looked at.
 * @return APR_EINVAL and others, with what is wrong: mod_ssl, given these
 *         files, would stop the server
 */
apr_status_t acme_own_cert_read_read(const acme_cert_info_t **info,
                                     const char *cert_path,
                                     const char *key_path,
                                     acme_problem_t *problem, apr_pool_t *p);

#endif
