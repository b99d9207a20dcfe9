/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_command.h"

#include <apr_strings.h>

static const char *what(const acme_solver_dns_work_t *work)
{
    return work->what == ACME_SOLVER_DNS_SETUP ? "setup" : "teardown";
}

/* Tells which command has failed, and for what. */
static void explain(acme_problem_t *problem, const acme_solver_dns_work_t *work,
                    apr_pool_t *p)
{
    const acme_solver_dns_record_t *record = work->record;

    problem->detail = apr_psprintf(
        p, "the dns-01 command %s (%s) for the record %s %s",
        APR_ARRAY_IDX(record->how.argv, 0, const char *), what(work),
        acme_solver_dns_record_name(record, p), problem->detail);
}

static const char *const *make_argv(const acme_solver_dns_work_t *work)
{
    const acme_solver_dns_record_t *record = work->record;
    apr_array_header_t *argv = apr_array_copy(work->p, record->how.argv);

    APR_ARRAY_PUSH(argv, const char *) = what(work);
    APR_ARRAY_PUSH(argv, const char *) = record->identifier;
    if (work->what == ACME_SOLVER_DNS_SETUP
        || record->how.version != ACME_DNS_COMMAND_V1) {
        APR_ARRAY_PUSH(argv, const char *) = record->value;
    }
    APR_ARRAY_PUSH(argv, const char *) = NULL;
    return (const char *const *)argv->elts;
}

static apr_status_t start(acme_solver_dns_work_t *work, apr_time_t now,
                          acme_problem_t *problem)
{
    const char *env[2] = {NULL, NULL};
    acme_command_t *command;
    apr_status_t rv;

    env[0] =
        apr_pstrcat(work->p, "ACME_RECORD=",
                    acme_solver_dns_record_name(work->record, work->p), NULL);
    rv =
        acme_command_start(&command, work->tools->commands, make_argv(work),
                           env, work->record->how.limit, now, problem, work->p);
    if (rv != APR_SUCCESS) {
        explain(problem, work, work->p);
        return rv;
    }
    work->state = command;
    return APR_EAGAIN;
}

static apr_status_t poll(acme_solver_dns_work_t *work, apr_time_t now,
                         acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = acme_command_poll(work->state, now, problem, p);

    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
        explain(problem, work, p);
    }
    return rv;
}

static void stop(acme_solver_dns_work_t *work, apr_time_t now)
{
    acme_command_stop(work->state, now);
}

/* Version 1 names no value. */
static int clears_name(const acme_dns_spec_t *how)
{
    return how->version == ACME_DNS_COMMAND_V1;
}

const acme_solver_dns_way_t acme_solver_dns_command = {
    ACME_DNS_COMMAND, start, poll, stop, clears_name,
};
