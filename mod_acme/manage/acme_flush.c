/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_flush.h"

unsigned int acme_flush_want(acme_flush_t *flush)
{
    if (flush->turn == 0) {
        flush->turn = 1;
    }
    flush->wanted = 1;
    return flush->turn;
}

apr_status_t acme_flush_rv(const acme_flush_t *flush, unsigned int ticket,
                           acme_problem_t *problem, apr_pool_t *p)
{
    if (ticket == flush->turn) {
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
    flush->turn = flush->turn == ~0u ? 1 : flush->turn + 1;
    flush->problem = none;
    flush->rv = acme_store_flush(store, &flush->problem, p);
    return 1;
}
