/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca_clock.h"

#include <apr_strings.h>

#include "acme_time.h"

#define ITEM "ca-date"
#define DATE "date"

/* A date that is later by less than this is not worth a write. */
#define WORTH apr_time_from_sec(1)

apr_time_t acme_ca_clock_read(acme_vault_t *vault, apr_pool_t *ptemp)
{
    acme_json_t *json;
    apr_time_t date = 0;

    if (acme_vault_get_json(&json, NULL, vault, ACME_STORE_NOTES, ITEM, NULL,
                            ptemp)
            != APR_SUCCESS
        || acme_json_get_time(&date, json, DATE) != APR_SUCCESS) {
        return 0;
    }
    return date;
}

apr_status_t acme_ca_clock_note(acme_vault_t *vault, apr_time_t date,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_time_t known = acme_ca_clock_read(vault, ptemp);
    acme_json_t *json;

    if (known && date >= known && date < known + WORTH) {
        return APR_SUCCESS;
    }
    json = acme_json_object(ptemp);
    acme_json_set_time(json, DATE, date);
    return acme_vault_put_json(vault, ACME_STORE_NOTES, ITEM, json,
                               ACME_STORE_LAZY, problem, ptemp);
}

const char *acme_ca_clock_doubt(apr_interval_time_t off, apr_pool_t *p)
{
    if (off < ACME_CA_CLOCK_OFF && off > -ACME_CA_CLOCK_OFF) {
        return NULL;
    }
    return apr_psprintf(p,
                        "the clock of this machine is %s %s the CA's: nothing "
                        "is ordered because of an expiry before it is set "
                        "right",
                        acme_time_print_duration(off > 0 ? off : -off, p),
                        off > 0 ? "behind" : "ahead of");
}
