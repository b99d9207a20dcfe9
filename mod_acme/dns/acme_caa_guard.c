/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_caa_guard.h"

#include "acme_caa_lookup.h"

typedef struct need_t {
    acme_caa_order_t order;
    int needs;
    apr_pool_t *p;
} need_t;

/* Returns non-zero when the records allow an order by this account, and would
 * not by another one. */
static int needs_account(const acme_caa_order_t *order,
                         const apr_array_header_t *records, apr_pool_t *p)
{
    acme_caa_order_t other = *order;
    acme_caa_verdict_t with, without;

    other.account = "";
    acme_caa_judge(&with, order, records, p);
    acme_caa_judge(&without, &other, records, p);
    return with.what == ACME_CAA_ALLOWED && without.what != ACME_CAA_ALLOWED;
}

static void judge(void *baton, const char *at,
                  const apr_array_header_t *records,
                  const acme_problem_t *problem)
{
    need_t *need = baton;

    (void)at;
    (void)problem;
    need->needs = records && needs_account(&need->order, records, need->p);
}

apr_array_header_t *acme_caa_guard(acme_dns_t *dns, acme_http_t *http,
                                   const apr_array_header_t *names,
                                   const acme_caa_order_t *order,
                                   apr_time_t until, apr_pool_t *p)
{
    apr_array_header_t *needs = apr_array_make(p, 4, sizeof(const char *));
    need_t *all = apr_pcalloc(p, sizeof(*all) * ((size_t)names->nelts + 1));
    apr_time_t at, now;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        all[i].order = *order;
        all[i].order.identifier = name;
        all[i].p = p;
        if (acme_caa_first(name)) {
            acme_caa_lookup(dns, name, judge, &all[i], p);
        }
    }
    for (at = dns->run(dns); at != 0; at = dns->run(dns)) {
        now = apr_time_now();
        if (now >= until) {
            dns->cancel(dns, NULL);
            continue;
        }
        at = at < until ? at : until;
        http->run(http, at > now ? at - now : 0);
    }
    for (i = 0; i < names->nelts; ++i) {
        if (all[i].needs) {
            APR_ARRAY_PUSH(needs, const char *) = all[i].order.identifier;
        }
    }
    return needs;
}
