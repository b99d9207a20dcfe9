/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_hot_check.h"

#include <string.h>

#include "acme_time.h"
#include "acme_tls_cert.h"

static acme_hot_reason_e older(const acme_cert_info_t *info, apr_time_t than,
                               acme_problem_t *problem, apr_pool_t *p)
{
    acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p,
                     "it is valid from %s, and the site had one that is valid "
                     "from %s",
                     acme_time_print(info->not_before, p),
                     acme_time_print(than, p));
    return ACME_HOT_OLDER;
}

/* Returns non-zero when another certificate, if there is one, is as new. */
static int is_overtaken(const acme_cert_info_t *info,
                        const acme_cert_info_t *other)
{
    return other && strcmp(info->fingerprint, other->fingerprint) != 0
           && info->not_before <= other->not_before;
}

/* Returns why the certificate is left for a restart, although it is in order.
 * @param live that root has made live since the start, or NULL */
static acme_hot_reason_e find_reason(const acme_hot_check_t *check,
                                     const acme_chain_t *chain,
                                     const acme_cert_info_t *live,
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
        return older(info, check->newest, problem, p);
    }
    if (is_overtaken(info, live)) {
        return older(info, live->not_before, problem, p);
    }
    if (is_overtaken(info, check->before)) {
        return older(info, check->before->not_before, problem, p);
    }
    if (check->is_stapled && acme_tls_cert_has_ocsp(chain)) {
        acme_cert_refuse(problem, ACME_RETRY_BACKOFF, p, "%s",
                         acme_hot_table_reason_text(ACME_HOT_STAPLED));
        return ACME_HOT_STAPLED;
    }
    return ACME_HOT_ACCEPTED;
}

/* Gets the item of the staged certificate, or that of the live one. */
static apr_status_t get(acme_store_item_t *item, const acme_hot_check_t *check,
                        const acme_store_item_t *live, acme_problem_t *problem,
                        apr_pool_t *p)
{
    apr_status_t rv = acme_vault_get(item, check->vault, ACME_STORE_STAGING,
                                     check->spec->name, problem, p);

    if (rv == APR_ENOENT && live->data) {
        *item = *live;
        return APR_SUCCESS;
    }
    return rv;
}

/* Checks the staged certificate, or the live one that stands in for it. */
static acme_hot_reason_e check_staged(acme_promote_staged_t *staged,
                                      const acme_hot_check_t *check,
                                      const acme_store_item_t *promoted,
                                      const acme_cert_info_t *live,
                                      acme_problem_t *problem, apr_pool_t *p)
{
    acme_store_item_t item;

    if (get(&item, check, promoted, problem, p) != APR_SUCCESS) {
        if (!problem->detail) {
            acme_cert_refuse(problem, ACME_RETRY_INTERNAL, p, "%s",
                             acme_hot_table_reason_text(ACME_HOT_DAMAGED));
        }
        return ACME_HOT_DAMAGED;
    }
    if (acme_promote_read(staged, &item, problem, p) != APR_SUCCESS) {
        return ACME_HOT_DAMAGED;
    }
    if (acme_promote_check(staged, check->now, problem, p) != APR_SUCCESS) {
        return ACME_HOT_UNFIT;
    }
    return find_reason(check, staged->chain, live, problem, p);
}

acme_hot_reason_e acme_hot_check(acme_promote_staged_t *found,
                                 const acme_hot_check_t *check,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    acme_promote_staged_t staged = {.spec = check->spec, .live = check->live};
    acme_promote_staged_t live = {.spec = check->spec, .live = check->live};
    acme_problem_t unread = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info;
    acme_store_item_t promoted;
    acme_hot_reason_e reason;

    memset(&promoted, 0, sizeof(promoted));
    if (check->bundles
        && acme_hot_bundle_get(&promoted, check->bundles, check->spec->name, p)
               == APR_SUCCESS
        && acme_promote_read(&live, &promoted, &unread, p) != APR_SUCCESS) {
        live.chain = NULL;
    }
    info = live.chain ? acme_cert_chain_info(live.chain) : NULL;
    reason = check_staged(&staged, check, &promoted, info, problem, p);
    if (reason == ACME_HOT_ACCEPTED) {
        *found = staged;
    }
    else if (check->or_live && info
             && acme_promote_check(&live, check->now, &unread, p) == APR_SUCCESS
             && find_reason(check, live.chain, NULL, &unread, p)
                    == ACME_HOT_ACCEPTED) {
        *found = live;
    }
    return reason;
}
