/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_partial_names.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"

static const acme_job_name_t *find(const acme_job_t *job, const char *name)
{
    int i;

    for (i = 0; i < job->names->nelts; ++i) {
        const acme_job_name_t *one =
            &APR_ARRAY_IDX(job->names, i, acme_job_name_t);

        if (!strcmp(one->name, name)) {
            return one;
        }
    }
    return NULL;
}

/* Returns non-zero when the remembered failures are of this spec. */
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

    return one && one->failures >= ACME_JOB_NAME_FAILURES
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
