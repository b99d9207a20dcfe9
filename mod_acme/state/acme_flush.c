/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_flush.h"

unsigned int acme_flush_want(acme_flush_t *flush)
{
    if (flush->round == 0) {
        flush->round = 1;
    }
    flush->wanted = 1;
    return flush->round;
}

apr_status_t acme_flush_rv(const acme_flush_t *flush, unsigned int ticket,
                           acme_problem_t *problem, apr_pool_t *p)
{
    if (ticket == flush->round) {
        return APR_EAGAIN;
    }
    if (flush->rv != APR_SUCCESS) {
        *problem = *acme_problem_dup(&flush->problem, p);
    }
    return flush->rv;
}

int acme_flush_run(acme_flush_t *flush, acme_store_t *store, apr_pool_t *p)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;

    if (!flush->wanted) {
        return 0;
    }
    flush->wanted = 0;
    flush->round = flush->round == ~0u ? 1 : flush->round + 1;
    flush->problem = none;
    flush->rv = acme_store_flush(store, &flush->problem, p);
    return 1;
}
