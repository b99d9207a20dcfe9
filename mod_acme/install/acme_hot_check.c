/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_hot_check.h"

#include "acme_time.h"
#include "acme_tls_cert.h"

/* Returns why the certificate is left for a restart, although it is in
 * order. */
static acme_hot_reason_e find_reason(const acme_hot_check_t *check,
                                     const acme_chain_t *chain,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    const acme_cert_info_t *info = acme_cert_chain_info(chain);
    const acme_blocklist_entry_t *entry =
        acme_blocklist_find(check->blocklist, info, p);

    if (entry) {
        acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p, "%s",
                         acme_blocklist_entry_text(entry, p));
        return ACME_HOT_UNFIT;
    }
    if (info->not_before <= check->newest) {
        acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                         "it is valid from %s, and the site had one that is "
                         "valid from %s",
                         acme_time_print(info->not_before, p),
                         acme_time_print(check->newest, p));
        return ACME_HOT_OLDER;
    }
    if (check->is_stapled && acme_tls_cert_has_ocsp(chain)) {
        acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p, "%s",
                         acme_hot_table_reason_text(ACME_HOT_STAPLED));
        return ACME_HOT_STAPLED;
    }
    return ACME_HOT_ACCEPTED;
}

acme_hot_reason_e acme_hot_check(acme_key_t **key, acme_chain_t **chain,
                                 const acme_hot_check_t *check,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    acme_promote_staged_t staged = {.spec = check->spec, .live = check->live};
    acme_hot_reason_e reason;
    acme_store_item_t item;

    if (acme_vault_get(&item, check->vault, ACME_STORE_STAGING,
                       check->spec->name, problem, p)
        != APR_SUCCESS) {
        if (!problem->detail) {
            acme_cert_refuse(problem, ACME_RETRY_INTERNAL, p, "%s",
                             acme_hot_table_reason_text(ACME_HOT_DAMAGED));
        }
        return ACME_HOT_DAMAGED;
    }
    if (acme_promote_read(&staged, &item, problem, p) != APR_SUCCESS) {
        return ACME_HOT_DAMAGED;
    }
    if (acme_promote_check(&staged, check->now, problem, p) != APR_SUCCESS) {
        return ACME_HOT_UNFIT;
    }
    reason = find_reason(check, staged.chain, problem, p);
    if (reason == ACME_HOT_ACCEPTED) {
        *key = staged.key;
        *chain = staged.chain;
    }
    return reason;
}
