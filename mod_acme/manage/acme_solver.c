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

#include "acme_solver.h"

#include <string.h>

#include "acme_solver_http.h"

typedef struct solver_t {
    const char *type;
    apr_status_t (*present)(acme_vault_t *vault,
                            const acme_challenge_t *challenge, apr_time_t now,
                            acme_problem_t *problem, apr_pool_t *ptemp);
    apr_status_t (*cleanup)(acme_vault_t *vault,
                            const acme_challenge_t *challenge,
                            acme_problem_t *problem, apr_pool_t *ptemp);
    int sweeps;
} solver_t;

static const solver_t solvers[] = {
    {"http-01", acme_solver_http_present, acme_solver_http_cleanup, 1},
};

/* NULL, and a problem, when nobody can. */
static const solver_t *find(const acme_challenge_t *challenge,
                            acme_problem_t *problem, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; i < sizeof(solvers) / sizeof(solvers[0]); ++i) {
        if (strcmp(solvers[i].type, challenge->type) == 0) {
            return &solvers[i];
        }
    }
    acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                     ACME_PROBLEM_CONFIG, p,
                     "%s: nothing here can answer a challenge of type %.64s",
                     challenge->identifier, challenge->type);
    return NULL;
}

apr_status_t acme_solver_present(acme_vault_t *vault,
                                 const acme_challenge_t *challenge,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *ptemp)
{
    const solver_t *solver = find(challenge, problem, ptemp);

    return solver ? solver->present(vault, challenge, now, problem, ptemp)
                  : APR_ENOTIMPL;
}

apr_status_t acme_solver_cleanup(acme_vault_t *vault,
                                 const acme_challenge_t *challenge,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    const solver_t *solver = find(challenge, problem, ptemp);

    return solver ? solver->cleanup(vault, challenge, problem, ptemp)
                  : APR_ENOTIMPL;
}

int acme_solver_sweeps(const char *type)
{
    apr_size_t i;

    for (i = 0; i < sizeof(solvers) / sizeof(solvers[0]); ++i) {
        if (strcmp(solvers[i].type, type) == 0) {
            return solvers[i].sweeps;
        }
    }
    return 0;
}
