/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver.h"

#include <string.h>

#include "acme_solver_alpn.h"
#include "acme_solver_http.h"

typedef struct solver_t {
    const char *type;
    apr_status_t (*present)(const acme_solver_means_t *means,
                            const acme_challenge_t *challenge,
                            acme_problem_t *problem, apr_pool_t *ptemp);
    apr_status_t (*cleanup)(const acme_solver_means_t *means,
                            const acme_challenge_t *challenge,
                            acme_problem_t *problem, apr_pool_t *ptemp);
    int sweeps;
} solver_t;

static const solver_t solvers[] = {
    {"http-01", acme_solver_http_present, acme_solver_http_cleanup, 1},
    {"tls-alpn-01", acme_solver_alpn_present, acme_solver_alpn_cleanup, 1},
};

/* Finds the solver of a challenge; sets the problem when there is none. */
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

apr_status_t acme_solver_present(const acme_solver_means_t *means,
                                 const acme_challenge_t *challenge,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    const solver_t *solver = find(challenge, problem, ptemp);

    return solver ? solver->present(means, challenge, problem, ptemp)
                  : APR_ENOTIMPL;
}

apr_status_t acme_solver_cleanup(const acme_solver_means_t *means,
                                 const acme_challenge_t *challenge,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    const solver_t *solver = find(challenge, problem, ptemp);

    return solver ? solver->cleanup(means, challenge, problem, ptemp)
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
