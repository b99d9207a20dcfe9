/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_partial_names.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"

static acme_job_name_t *find(const acme_job_t *job, const char *name)
{
    int i;

    for (i = 0; i < job->names->nelts; ++i) {
        acme_job_name_t *one = &APR_ARRAY_IDX(job->names, i, acme_job_name_t);

        if (!strcmp(one->name, name)) {
            return one;
        }
    }
    return NULL;
}

/* What is remembered is of this spec. */
static int holds(const acme_job_t *job, const acme_spec_t *spec,
                 apr_pool_t *ptemp)
{
    return spec->optional && job->names->nelts && job->digest
           && !strcmp(job->digest, acme_spec_digest(spec, ptemp));
}

static int is_out(const acme_job_t *job, const acme_spec_t *spec,
                  const char *name)
{
    const acme_job_name_t *one = find(job, name);

    return one && one->failures >= ACME_PARTIAL_NAMES_FAILURES
           && acme_spec_is_optional(spec, name);
}

int acme_partial_names_is_out(const acme_job_t *job, const acme_spec_t *spec,
                              const char *name, apr_pool_t *ptemp)
{
    return holds(job, spec, ptemp) && is_out(job, spec, name);
}

const char *acme_partial_names_missing(const acme_job_t *job,
                                       const acme_spec_t *spec,
                                       const apr_array_header_t *held,
                                       apr_pool_t *ptemp)
{
    int known;
    int i;

    if (!acme_spec_missing(spec, held, ACME_SPEC_ALL)) {
        return NULL;
    }
    known = job && holds(job, spec, ptemp);
    for (i = 0; i < spec->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (!acme_ident_covered(held, name)
            && !(known && is_out(job, spec, name))) {
            return name;
        }
    }
    return NULL;
}

const apr_array_header_t *acme_partial_names(const acme_job_t *job,
                                             const acme_spec_t *spec,
                                             apr_pool_t *p)
{
    apr_array_header_t *names;
    int i;

    if (!holds(job, spec, p)) {
        return spec->names;
    }
    names = apr_array_make(p, spec->names->nelts, sizeof(const char *));
    for (i = 0; i < spec->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (!is_out(job, spec, name)) {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    return names;
}

/* Whether the CA blames optional names, and nothing else. */
static int blames_optional(const acme_spec_t *spec,
                           const acme_problem_t *problem)
{
    int i;

    if (!spec->optional || !problem->subproblems
        || !problem->subproblems->nelts) {
        return 0;
    }
    for (i = 0; i < problem->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t);

        if (!sub->identifier || !acme_spec_is_optional(spec, sub->identifier)) {
            return 0;
        }
    }
    return 1;
}

/* A name may be in several subproblems: once for one failure. */
static int is_first(const apr_array_header_t *subproblems, int at)
{
    const char *name =
        APR_ARRAY_IDX(subproblems, at, acme_subproblem_t).identifier;
    int i;

    for (i = 0; i < at; ++i) {
        if (!strcmp(APR_ARRAY_IDX(subproblems, i, acme_subproblem_t).identifier,
                    name)) {
            return 0;
        }
    }
    return 1;
}

int acme_partial_names_failed(acme_job_t *job, const acme_spec_t *spec,
                              const acme_problem_t *problem, apr_pool_t *ptemp)
{
    int futile = problem->retry == ACME_RETRY_PERMANENT
                 || problem->retry == ACME_RETRY_CONFIG;
    int count = 0;
    int i;

    if (!holds(job, spec, ptemp)) {
        acme_partial_names_forget(job);
    }
    if (!blames_optional(spec, problem)) {
        return 0;
    }
    for (i = 0; i < problem->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t);
        acme_job_name_t *one = find(job, sub->identifier);

        if (!is_first(problem->subproblems, i)) {
            continue;
        }
        if (!one) {
            one = apr_array_push(job->names);
            one->name = apr_pstrdup(job->p, sub->identifier);
            one->failures = 0;
        }
        one->detail = sub->detail ? apr_pstrdup(job->p, sub->detail) : NULL;
        one->failures =
            futile ? ACME_PARTIAL_NAMES_FAILURES : one->failures + 1;
        count += one->failures == ACME_PARTIAL_NAMES_FAILURES;
    }
    return count;
}

void acme_partial_names_forget(acme_job_t *job)
{
    apr_array_clear(job->names);
}

const char *acme_partial_names_print(const acme_job_t *job,
                                     const acme_spec_t *spec, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; holds(job, spec, p) && i < job->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(job->names, i, acme_job_name_t).name;

        if (is_out(job, spec, name)) {
            text = apr_pstrcat(p, text, *text ? ", " : "", name, NULL);
        }
    }
    return text;
}
