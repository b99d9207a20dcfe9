/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_expiry_file.h"

#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_time.h"

const char *acme_expiry_file(const acme_inventory_t *inventory,
                             const acme_window_t *window, apr_time_t now,
                             apr_pool_t *p)
{
    const acme_cert_info_t *info = inventory->file;
    const char *when;

    if (!info
        || now < acme_schedule_warn_at(info->not_before, info->not_after,
                                       window)) {
        return NULL;
    }
    when = acme_time_print(info->not_after, p);
    if (info->not_after <= now) {
        return apr_psprintf(p,
                            "the certificate in its ACMECertificateFile has "
                            "expired at %s; replace both files and restart "
                            "gracefully",
                            when);
    }
    return apr_psprintf(p,
                        "the certificate in its ACMECertificateFile expires in "
                        "%s, at %s; replace both files and restart gracefully",
                        acme_time_print_duration(info->not_after - now, p),
                        when);
}
