/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_expiry.h"

#include <apr_strings.h>

#include "acme_plan.h"
#include "acme_schedule.h"
#include "acme_time.h"

/* Returns when the renewal is due, in agreement with acme_plan(). */
static apr_time_t due_at(const acme_spec_t *spec,
                         const acme_inventory_t *inventory,
                         const acme_job_t *job)
{
    const acme_cert_info_t *info = inventory->live->info;
    apr_time_t at = acme_plan_renew_at(spec, inventory, job);
    apr_time_t last =
        acme_schedule_urgent_at(info->not_before, info->not_after);

    return inventory->pinned && at < last ? last : at;
}

/* Returns from when on the end is near, but not before a renewal has had time
 * to succeed. */
static apr_time_t near_at(const acme_spec_t *spec,
                          const acme_inventory_t *inventory,
                          const acme_job_t *job)
{
    const acme_cert_info_t *info = inventory->live->info;
    apr_time_t due = due_at(spec, inventory, job);
    apr_time_t late = due + (info->not_after - due) / 10;
    apr_time_t at = acme_schedule_warn_at(info->not_before, info->not_after,
                                          &spec->warn_window);

    return at > late ? at : late;
}

/* Returns non-zero when a virtual host serves the certificate, and it is one
 * that we renew. */
static int matters(const acme_spec_t *spec, const acme_inventory_t *inventory)
{
    return inventory->live && !spec->cert_file && !spec->dry_run && !spec->csr
           && inventory->serving != ACME_SERVING_NOTHING;
}

/* Returns what holds the renewal back, for people. */
static const char *why(const acme_spec_t *spec,
                       const acme_inventory_t *inventory, const acme_job_t *job,
                       apr_time_t now, apr_pool_t *p)
{
    if (job && acme_job_phase(job) == ACME_JOB_STAGED) {
        return "a new one waits for activation";
    }
    if (job && job->errors > 0 && job->problem) {
        return apr_psprintf(
            p, "its renewal has failed %d time%s since %s: %s", job->errors,
            job->errors == 1 ? "" : "s",
            acme_time_print(job->failing > 0 ? job->failing : job->last_run, p),
            acme_problem_text(job->problem, p));
    }
    if (job && job->limit && job->next_run > now) {
        return apr_psprintf(p,
                            "its renewal waits until %s for a limit of the "
                            "CA: %s",
                            acme_time_print(job->next_run, p), job->limit);
    }
    if (spec->renew_mode == ACME_RENEW_MANUAL && !(job && job->asked)) {
        return "it is renewed by acmectl renew only (ACMERenewMode manual)";
    }
    return apr_psprintf(p, "its renewal is due since %s",
                        acme_time_print(due_at(spec, inventory, job), p));
}

acme_expiry_e acme_expiry(const char **text, const acme_spec_t *spec,
                          const acme_inventory_t *inventory,
                          const acme_job_t *job, apr_time_t now, apr_pool_t *p)
{
    const acme_cert_info_t *info;

    *text = NULL;
    if (!matters(spec, inventory)) {
        return ACME_EXPIRY_FAR;
    }
    info = inventory->live->info;
    if (info->not_after <= now) {
        *text = apr_psprintf(p, "expired at %s; %s",
                             acme_time_print(info->not_after, p),
                             why(spec, inventory, job, now, p));
        return ACME_EXPIRY_OVER;
    }
    if (near_at(spec, inventory, job) > now) {
        return ACME_EXPIRY_FAR;
    }
    *text = apr_psprintf(p, "expires in %s, at %s; %s",
                         acme_time_print_duration(info->not_after - now, p),
                         acme_time_print(info->not_after, p),
                         why(spec, inventory, job, now, p));
    return ACME_EXPIRY_NEAR;
}

apr_time_t acme_expiry_next(const acme_spec_t *spec,
                            const acme_inventory_t *inventory,
                            const acme_job_t *job, apr_time_t now)
{
    apr_time_t at;

    if (!matters(spec, inventory)) {
        return ACME_SCHEDULE_NEVER;
    }
    at = near_at(spec, inventory, job);
    if (at <= now) {
        at = inventory->live->info->not_after;
    }
    return at > now ? at : ACME_SCHEDULE_NEVER;
}
