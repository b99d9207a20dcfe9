/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_status_state.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_expiry_file.h"
#include "acme_partial_names.h"
#include "acme_schedule.h"

const char *acme_status_state_key_type(const char *key_type)
{
    return strncmp(key_type, "RSA", 3) == 0 ? "rsa" : key_type;
}

/* Returns non-zero when orders fail because the configuration lacks
 * something. */
static int lacks_information(const acme_job_t *job)
{
    return job && job->problem && job->problem->retry == ACME_RETRY_CONFIG;
}

/* Returns the sentence about names that were left out of the certificate, or
 * NULL. */
static const char *left_out(const acme_status_view_t *view, apr_pool_t *p)
{
    const char *names =
        view->job ? acme_partial_names_print(view->job, view->spec, p) : "";

    return *names
               ? apr_psprintf(p, "left out, since it keeps failing: %s", names)
               : NULL;
}

static const char *other(const char *why, apr_pool_t *p)
{
    return apr_pstrcat(p, "another certificate is wanted: ", why, NULL);
}

/* Judges a site whose certificate is the administrator's own file. */
static void judge_file(acme_status_view_t *view, apr_pool_t *p)
{
    const acme_inventory_t *inventory = view->inventory;

    if (!inventory->file) {
        view->state = ACME_STATUS_ERROR;
        view->descr = inventory->problem ? inventory->problem->detail
                                         : "its certificate file was not read";
        return;
    }
    view->descr =
        acme_expiry_file(inventory, &view->spec->warn_window, view->now, p);
    view->expiry = !view->descr                              ? ACME_EXPIRY_FAR
                   : inventory->file->not_after <= view->now ? ACME_EXPIRY_OVER
                                                             : ACME_EXPIRY_NEAR;
    view->state = view->expiry == ACME_EXPIRY_OVER ? ACME_STATUS_ERROR
                                                   : ACME_STATUS_COMPLETE;
}

const char *acme_status_state_revoked(const acme_spec_t *spec,
                                      const acme_inventory_t *inventory,
                                      const acme_job_t *job, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked = acme_plan_revoked(inventory, job);

    if (!revoked) {
        return NULL;
    }
    return apr_psprintf(p, "the certificate is %s%s%s",
                        inventory->serving == ACME_SERVING_OKC
                            ? "not served, since "
                            : "served until there is another one, but ",
                        acme_blocklist_entry_text(revoked, p),
                        spec->renew_mode == ACME_RENEW_MANUAL
                            ? "; ACMERenewMode is manual: acmectl renew "
                              "orders it"
                            : "");
}

static void judge_state(acme_status_view_t *view, apr_pool_t *p)
{
    const acme_certstore_cert_t *live = view->inventory->live;
    const char *ends;
    const acme_problem_t *problem = view->inventory->problem;
    acme_staged_e staged = view->inventory->staged;
    const char *type =
        acme_status_state_key_type(acme_key_spec_print(&view->spec->key, p));
    const char *missing = live ? acme_partial_names_missing(
                              view->job, view->spec, live->info->names, p)
                               : NULL;

    if (view->spec->cert_file) {
        judge_file(view, p);
        return;
    }
    view->expiry = acme_expiry(&ends, view->spec, view->inventory, view->job,
                               view->now, p);
    if (acme_plan_revoked(view->inventory, view->job)) {
        view->state = ACME_STATUS_INCOMPLETE;
        view->descr = acme_status_state_revoked(view->spec, view->inventory,
                                                view->job, p);
    }
    else if (view->expiry == ACME_EXPIRY_OVER) {
        view->state = ACME_STATUS_ERROR;
        view->descr = ends;
    }
    else if (live && missing == NULL && view->plan.other
             && strcmp(acme_status_state_key_type(live->info->key_type), type)
                    != 0) {
        /* as mod_md has it: the kind of key that is wanted is not there */
        view->state = ACME_STATUS_INCOMPLETE;
        view->descr = apr_psprintf(p, "certificate(%s) is missing", type);
    }
    else if (live && missing == NULL) {
        view->state = ACME_STATUS_COMPLETE;
        view->descr = ends                                 ? ends
                      : live->info->not_after <= view->now ? "expired"
                      : view->plan.other ? other(view->plan.other, p)
                                         : left_out(view, p);
    }
    else if (live) {
        view->state = ACME_STATUS_INCOMPLETE;
        view->descr = apr_psprintf(
            p,
            "certificate(%s) does not cover all "
            "domains: %s is missing",
            acme_status_state_key_type(live->info->key_type), missing);
    }
    else if (problem && staged != ACME_STAGED_REFUSED
             && staged != ACME_STAGED_FAILED) {
        view->state = ACME_STATUS_ERROR;
        view->descr = problem->detail;
    }
    else if (lacks_information(view->job)) {
        view->state = ACME_STATUS_MISSING_INFORMATION;
        view->descr = view->job->problem->detail;
    }
    else if (view->job == NULL) {
        view->state = ACME_STATUS_UNKNOWN;
        view->descr = "the store could not be read";
    }
    else {
        view->state = ACME_STATUS_INCOMPLETE;
        view->descr = apr_psprintf(p, "certificate(%s) is missing", type);
    }
}

void acme_status_state(acme_status_view_t *view, apr_pool_t *p)
{
    const acme_job_t *job = view->job;

    memset(&view->plan, 0, sizeof(view->plan));
    if (job) {
        acme_plan(&view->plan, view->spec, view->inventory, job, view->now, p);
    }
    if (!view->spec->cert_file) {
        view->renew_at = acme_plan_renew_at(view->spec, view->inventory, job);
    }
    judge_state(view, p);
    view->renew =
        !view->spec->cert_file
        && (view->state != ACME_STATUS_COMPLETE || view->renew_at <= view->now
            || view->plan.other
            || (job && (job->order || acme_status_state_is_ready(view))));
}

const acme_cert_info_t *acme_status_state_served(const acme_status_view_t *view)
{
    const acme_inventory_t *inventory = view->inventory;

    if (view->spec->cert_file) {
        return inventory->file;
    }
    return inventory->live ? inventory->live->info : NULL;
}

const acme_ari_t *acme_status_state_ari(const acme_status_view_t *view)
{
    const acme_ari_t *ari = view->job ? view->job->ari : NULL;

    return ari && acme_plan_is_via_ari(view->spec, view->inventory)
                   && acme_ari_is_of(ari, view->inventory->live->info)
               ? ari
               : NULL;
}

int acme_status_state_is_ready(const acme_status_view_t *view)
{
    return view->job && view->plan.what == ACME_PLAN_STAGED;
}

int acme_status_state_errors(const acme_job_t *job)
{
    return !job || (job->staged && !job->problem) ? 0 : job->errors;
}

void acme_status_state_count(acme_status_counts_t *counts,
                             const acme_status_view_t *view)
{
    const acme_job_t *job = view->job;
    const acme_cert_info_t *info = acme_status_state_served(view);

    ++counts->total;
    counts->ok += view->state == ACME_STATUS_COMPLETE && info
                  && info->not_after > view->now;
    counts->renew += view->renew;
    counts->expiring += view->expiry != ACME_EXPIRY_FAR;
    if (view->inventory->problem || acme_status_state_errors(job) > 0) {
        ++counts->errored;
    }
    else if (acme_status_state_is_ready(view)) {
        ++counts->ready;
    }
}

int acme_status_state_is_scheduled(const acme_status_view_t *view)
{
    return view->job
           && (view->plan.what == ACME_PLAN_IDLE
               || view->plan.what == ACME_PLAN_ORDER);
}

/* ---- as numbers ---- */

static apr_int64_t gauge_time(apr_time_t t)
{
    return t > 0 && t != ACME_SCHEDULE_NEVER ? apr_time_sec(t)
                                             : ACME_STATUS_GAUGE_NONE;
}

/* Returns what preflight has found, as a number. */
static apr_int64_t look_number(const acme_job_t *job)
{
    const acme_job_look_t *look = job ? job->look : NULL;

    if (!job) {
        return ACME_STATUS_GAUGE_NONE;
    }
    if (!look || !look->text || look->refuted) {
        return 0;
    }
    return look->held ? 2 : 1;
}

void acme_status_state_gauges(apr_int64_t *values,
                              const acme_status_view_t *view)
{
    const acme_cert_info_t *info = acme_status_state_served(view);
    const acme_job_t *job = view->job;
    int i;

    for (i = 0; i < ACME_STATUS_GAUGES; ++i) {
        values[i] = ACME_STATUS_GAUGE_NONE;
    }
    values[ACME_STATUS_GAUGE_STATE] = view->state;
    values[ACME_STATUS_GAUGE_RENEW] = view->renew;
    values[ACME_STATUS_GAUGE_EXPIRING] = view->expiry;
    values[ACME_STATUS_GAUGE_READY] = acme_status_state_is_ready(view);
    if (job) {
        values[ACME_STATUS_GAUGE_FAILURES] = acme_status_state_errors(job);
        values[ACME_STATUS_GAUGE_LAST_RUN] = gauge_time(job->last_run);
        values[ACME_STATUS_GAUGE_HINDERED] = job->hindrance != NULL;
    }
    values[ACME_STATUS_GAUGE_PREFLIGHT] = look_number(job);
    values[ACME_STATUS_GAUGE_NOT_BEFORE] =
        gauge_time(info ? info->not_before : 0);
    values[ACME_STATUS_GAUGE_NOT_AFTER] =
        gauge_time(info ? info->not_after : 0);
    values[ACME_STATUS_GAUGE_RENEW_AT] = gauge_time(view->renew_at);
    values[ACME_STATUS_GAUGE_NEXT_RUN] =
        gauge_time(acme_status_state_is_scheduled(view) ? view->plan.at : 0);
}
