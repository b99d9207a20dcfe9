/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_ca.h"
#include "acme_job.h"
#include "acme_plan.h"
#include "acme_schedule.h"
#include "acme_text.h"

typedef enum { ASKED, READY, NOT_DUE, FAILED, NOT_TRIED } outcome_e;

/* The request of one site. */
typedef struct renewal_t {
    const acme_spec_t *spec;
    const char *job; /* name of the site's job */
    acme_ctl_request_t request;
    outcome_e outcome;
    const char *detail;
} renewal_t;

static const char *const outcome_names[] = {"asked", "ready", "not-due",
                                            "failed", "not-tried"};

/* Returns non-zero when the worker would order now; and for a site that is
 * named when its new certificate waits for the next restart, because that one
 * comes soon if the worker is asked. */
static int is_due(const acmectl_t *ctl, int i, const char **reason,
                  apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec = acmectl_store_spec(ctl, i);
    const acme_inventory_t *inventory = acmectl_store_inventory(ctl, i, p);
    acme_plan_t plan;
    acme_job_t *job;
    int urgent;

    if (acme_job_load(&job, ctl->vault, spec->name, &problem, p)) {
        *reason = acme_problem_text(&problem, p);
        return 0;
    }
    urgent = job->urgent;
    acme_job_requested(job, NULL, ctl->force);
    acme_plan(&plan, spec, inventory, job, apr_time_now(), p);
    if (plan.what == ACME_PLAN_SETTLE) {
        /* Decide again with the job as the worker will find it. */
        acme_job_lost(job);
        acme_plan(&plan, spec, inventory, job, apr_time_now(), p);
    }
    *reason = apr_pstrdup(p, plan.reason);
    /* Without names leave out sites that the worker would not order by
     * itself. */
    if (ctl->args->nelts == 0 && spec->renew_mode == ACME_RENEW_AUTO
        && inventory->serving == ACME_SERVING_NOTHING) {
        *reason = "no TLS virtual host uses it";
        return 0;
    }
    return plan.what == ACME_PLAN_ORDER
           || (plan.what == ACME_PLAN_STAGED && !urgent
               && ctl->args->nelts > 0);
}

/* Returns non-zero when a dry run without names tries the site: it is one that
 * the worker would order for. */
static int is_tried(const acmectl_t *ctl, int i)
{
    const acme_spec_t *spec = acmectl_store_spec(ctl, i);

    return !spec->cert_file
           && (spec->renew_mode != ACME_RENEW_AUTO
               || acme_site_cert_at(ctl->published->certs, i)
                          ->inventory->serving
                      != ACME_SERVING_NOTHING);
}

/* Sets the CA of a dry run: the CA's test service, or the CA in --ca. Returns
 * zero after printing why there is none; without names only this site is not
 * tried. */
static int set_test_ca(renewal_t *renewal, const acmectl_t *ctl)
{
    const acme_ca_spec_t *own = renewal->spec->ca;
    const acme_ca_name_t *known;
    acme_json_t *body = acme_json_object(ctl->p);
    const char *url, *label;

    known = acme_ca_find(ctl->ca ? ctl->ca : own->url);
    if (!ctl->ca && known && known->test) {
        known = acme_ca_find(known->test);
    }
    else if (!ctl->ca) {
        renewal->outcome = NOT_TRIED;
        renewal->detail = apr_psprintf(
            ctl->p,
            "%s has no test service that is known here: name the directory of "
            "one (--ca URL)",
            own->label);
        if (ctl->args->nelts > 0) {
            acmectl_io_say("%s: %s", renewal->spec->name, renewal->detail);
        }
        return ctl->args->nelts == 0;
    }
    url = known ? known->url : ctl->ca;
    label = known ? known->label : ctl->ca;
    if (strncmp(url, "https://", 8) != 0) {
        acmectl_io_say(
            "--ca must be the https URL of a directory, or one of %s",
            acme_ca_list(ctl->p));
        return 0;
    }
    acme_json_set_str(body, "ca", url);
    acme_json_set_str(body, "label", label);
    renewal->request.body = body;
    return 1;
}

static void add(apr_array_header_t *renewals, const acmectl_t *ctl, int i)
{
    renewal_t *renewal = apr_array_push(renewals);
    const char *reason;

    memset(renewal, 0, sizeof(*renewal));
    renewal->spec = acmectl_store_spec(ctl, i);
    renewal->job = renewal->spec->name;
    renewal->request.what = ACME_CTL_RENEW;
    renewal->request.name = renewal->spec->name;
    renewal->request.force = ctl->force;
    if (ctl->dry_run) {
        renewal->job = acme_ctl_request_dry_name(renewal->spec->name, ctl->p);
    }
    else if (!is_due(ctl, i, &reason, ctl->p)) {
        renewal->outcome = NOT_DUE;
        renewal->detail = reason;
    }
}

/* Returns the named sites, or all that are due or are tried; NULL after
 * printing which name is unknown. */
static apr_array_header_t *collect(acmectl_t *ctl)
{
    apr_array_header_t *renewals = apr_array_make(ctl->p, 8, sizeof(renewal_t));
    const char *reason;
    apr_pool_t *each;
    int i, n;

    for (i = 0; i < ctl->args->nelts; ++i) {
        n = acmectl_store_site(ctl, APR_ARRAY_IDX(ctl->args, i, const char *));
        if (n < 0) {
            return NULL;
        }
        add(renewals, ctl, n);
        n = acmectl_store_second_key(ctl, n);
        if (n >= 0) {
            add(renewals, ctl, n);
        }
    }
    apr_pool_create(&each, ctl->p);
    for (i = 0; ctl->args->nelts == 0 && i < ctl->published->certs->nelts;
         ++i) {
        apr_pool_clear(each);
        if (ctl->dry_run ? is_tried(ctl, i) : is_due(ctl, i, &reason, each)) {
            add(renewals, ctl, i);
        }
    }
    apr_pool_destroy(each);
    return renewals;
}

static int count(const apr_array_header_t *renewals, outcome_e outcome)
{
    int i, n = 0;

    for (i = 0; i < renewals->nelts; ++i) {
        n += APR_ARRAY_IDX(renewals, i, renewal_t).outcome == outcome;
    }
    return n;
}

/* Returns what to do about a failure, and when the next try is. */
static const char *outlook(const acme_job_t *job, apr_pool_t *p)
{
    const char *to_fix = job->problem ? job->problem->to_fix : NULL;
    const char *next = NULL;

    if (job->next_run > 0 && job->next_run != ACME_SCHEDULE_NEVER) {
        next = apr_pstrcat(p, "; next try ", acmectl_io_date(job->next_run, p),
                           " UTC", NULL);
    }
    return apr_pstrcat(p, next ? next : "", to_fix ? "; to fix: " : "",
                       to_fix ? acme_text_escape(to_fix, 600, p) : "", NULL);
}

static const char *failure_since(const acme_job_t *job, apr_time_t when)
{
    const acme_job_entry_t *entry;
    int i;

    for (i = job->log->nelts - 1; i >= 0; --i) {
        entry = &APR_ARRAY_IDX(job->log, i, acme_job_entry_t);
        if (entry->when < when) {
            return NULL;
        }
        if (strcmp(entry->type, "failed") == 0) {
            return entry->detail ? entry->detail : "it failed";
        }
    }
    return NULL;
}

/* Updates the outcome of a request. Returns what is going on. */
static const char *follow(const acmectl_t *ctl, renewal_t *renewal,
                          apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_job_entry_t *last;
    const char *failure;
    acme_job_t *job;

    if (acme_job_load(&job, ctl->vault, renewal->job, &problem, p)
        || !job->request || strcmp(job->request, renewal->request.id) != 0) {
        return "the server has not seen it yet";
    }
    failure = failure_since(job, renewal->request.when);
    if (failure) {
        renewal->outcome = FAILED;
        renewal->detail =
            apr_pstrcat(ctl->p, acme_text_escape(failure, 1000, p),
                        ctl->dry_run ? "" : outlook(job, p), NULL);
    }
    else if (job->asked == ACME_ASKED_NO) {
        renewal->outcome = READY;
        renewal->detail =
            ctl->dry_run   ? "the dry run has succeeded; nothing was "
                             "changed"
            : job->swapped ? "the certificate is served"
            : job->staged  ? "the certificate is ready, and is served after "
                             "the next restart"
                           : "done";
    }
    if (job->log->nelts == 0) {
        return "";
    }
    last = &APR_ARRAY_IDX(job->log, job->log->nelts - 1, acme_job_entry_t);
    return acmectl_explain_event(last->type);
}

typedef struct journey_t {
    const acmectl_t *ctl;
    apr_array_header_t *renewals;
} journey_t;

static int look(void *baton, const char **line, apr_pool_t *p)
{
    const journey_t *journey = baton;
    int i, asked;

    for (i = 0; i < journey->renewals->nelts; ++i) {
        renewal_t *renewal = &APR_ARRAY_IDX(journey->renewals, i, renewal_t);

        if (renewal->outcome == ASKED) {
            *line = apr_pstrcat(p, renewal->spec->name, ": ",
                                follow(journey->ctl, renewal, p), NULL);
        }
    }
    asked = count(journey->renewals, ASKED);
    if (*line) {
        *line = apr_psprintf(p, "%d under way; %s", asked, *line);
    }
    return asked == 0;
}

static int report(const acmectl_t *ctl, const apr_array_header_t *renewals,
                  const char *why)
{
    acme_json_t *json = acme_json_object(ctl->p);
    acme_json_t *list = acme_json_array(ctl->p);
    int i;

    acmectl_io_progress(NULL);
    for (i = 0; i < renewals->nelts; ++i) {
        const renewal_t *renewal = &APR_ARRAY_IDX(renewals, i, renewal_t);
        acme_json_t *one = acme_json_object(ctl->p);
        const char *detail = renewal->outcome == ASKED ? why : renewal->detail;

        acme_json_set_str(one, "name", renewal->spec->name);
        acme_json_set_str(one, "result", outcome_names[renewal->outcome]);
        acme_json_set_str(one, "detail", detail);
        acme_json_append(list, one);
        if (!ctl->json) {
            printf("%s: %s\n", renewal->spec->name, detail);
        }
    }
    if (ctl->json) {
        acme_json_set(json, "sites", list);
        acmectl_io_print_json(ctl, json);
    }
    if (count(renewals, FAILED) + count(renewals, ASKED) > 0) {
        return CTL_FAILED;
    }
    return count(renewals, READY) > 0 ? CTL_DONE : CTL_NOTHING;
}

static int queue(acmectl_t *ctl, apr_array_header_t *renewals)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i;

    for (i = 0; ctl->dry_run && i < renewals->nelts; ++i) {
        if (!set_test_ca(&APR_ARRAY_IDX(renewals, i, renewal_t), ctl)) {
            return 0;
        }
    }
    for (i = 0; i < renewals->nelts; ++i) {
        renewal_t *renewal = &APR_ARRAY_IDX(renewals, i, renewal_t);

        if (renewal->outcome == ASKED
            && acme_ctl_request_put(ctl->ctl_requests, &renewal->request,
                                    &problem, ctl->p)) {
            acmectl_io_fail(ctl, &problem);
            return 0;
        }
    }
    return 1;
}

int acmectl_renew(acmectl_t *ctl)
{
    apr_array_header_t *renewals;
    journey_t journey;
    const char *why;
    int i;

    if (ctl->ca && !ctl->dry_run) {
        return acmectl_io_usage(
            "--ca is for --dry-run: the configuration says where "
            "certificates come from");
    }
    if (ctl->force && ctl->args->nelts == 0) {
        return acmectl_io_usage(
            "--force needs names: it orders what is not due");
    }
    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    if (!acmectl_follow_attended(ctl)) {
        return CTL_FAILED;
    }
    renewals = collect(ctl);
    if (!renewals || !queue(ctl, renewals)) {
        return CTL_FAILED;
    }
    if (renewals->nelts == 0 && !ctl->json) {
        printf(ctl->dry_run ? "there is nothing to try\n" : "nothing is due\n");
    }
    journey.ctl = ctl;
    journey.renewals = renewals;
    why = acmectl_follow(ctl, look, &journey);
    for (i = 0; i < renewals->nelts; ++i) {
        const renewal_t *renewal = &APR_ARRAY_IDX(renewals, i, renewal_t);

        /* Keep requests that are under way, for the next worker. */
        if (renewal->request.id && renewal->outcome != ASKED) {
            acme_ctl_request_remove(ctl->ctl_requests, &renewal->request,
                                    ctl->p);
        }
    }
    return report(ctl, renewals, why);
}
