/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver.h"

#include <string.h>

#include "acme_command.h"
#include "acme_schedule.h"
#include "acme_solver_alpn.h"
#include "acme_solver_dns.h"
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
    apr_interval_time_t again; /* between two calls of `present`; 0: none is
                                  needed before a key is made */
} solver_t;

static const solver_t solvers[] = {
    {"http-01", acme_solver_http_present, acme_solver_http_cleanup, 1, 0},
    {"tls-alpn-01", acme_solver_alpn_present, acme_solver_alpn_cleanup, 1, 0},
    {"dns-01", acme_solver_dns_present, acme_solver_dns_cleanup, 0,
     ACME_COMMAND_POLL},
};

/* Returns the solver of a type, or NULL. */
static const solver_t *find_type(const char *type)
{
    apr_size_t i;

    for (i = 0; i < sizeof(solvers) / sizeof(solvers[0]); ++i) {
        if (strcmp(solvers[i].type, type) == 0) {
            return &solvers[i];
        }
    }
    return NULL;
}

/* Finds the solver of a challenge; sets the problem when there is none. */
static const solver_t *find(const acme_challenge_t *challenge,
                            acme_problem_t *problem, apr_pool_t *p)
{
    const solver_t *solver = find_type(challenge->type);

    if (!solver) {
        acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_PERMANENT,
                         ACME_PROBLEM_CONFIG, p,
                         "%s: nothing here can answer a challenge of type "
                         "%.64s",
                         challenge->identifier, challenge->type);
    }
    return solver;
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

apr_time_t acme_solver_again(const acme_solver_means_t *means,
                             const acme_challenge_t *challenge)
{
    const solver_t *solver = find_type(challenge->type);

    return solver && solver->again ? means->now + solver->again
                                   : ACME_SCHEDULE_NEVER;
}

int acme_solver_sweeps(const char *type)
{
    const solver_t *solver = find_type(type);

    return solver && solver->sweeps;
}
