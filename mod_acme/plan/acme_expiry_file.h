/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_expiry_file.h
 * @brief The warning about an administrator's own certificate that nears its
 * end: pure.
 *
 * acme_expiry.h judges what we renew; an ACMECertificateFile is replaced by the
 * administrator, so nothing but the time counts.
 */
#ifndef ACME_EXPIRY_FILE_H
#define ACME_EXPIRY_FILE_H

#include "acme_inventory.h"
#include "acme_spec.h"

/**
 * Judges the administrator's own certificate, inventory->file.
 * @param window the time before its end in which it is warned about
 * @return a sentence's end for people: "the certificate in its
 *         ACMECertificateFile expires in 9 days, at TIME; replace both files
 *         and restart gracefully", or that it has expired; NULL when there is
 *         no such file or it is not near its end
 */
const char *acme_expiry_file(const acme_inventory_t *inventory,
                             const acme_window_t *window, apr_time_t now,
                             apr_pool_t *p);

#endif
