/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_expiry_file.h"
#include "acme_job.h"
#include "acme_partial_names.h"
#include "acme_plan.h"
#include "acme_schedule.h"
#include "acme_text.h"

#define LOOK_AGAIN apr_time_from_msec(500)

/* A server that restarts has no worker for a moment. */
#define ABSENCE apr_time_from_sec(15)

typedef enum {
    SITE_WAITING,
    SITE_SERVED,
    SITE_UNWANTED, /* no certificate would ever be ordered for it */
    SITE_STUCK     /* an administrator has to act first */
} site_e;

static const char *last_note(const acme_job_t *job, apr_pool_t *p)
{
    const acme_job_entry_t *entry;

    if (job->log->nelts == 0) {
        return "nothing was done yet";
    }
    entry = &APR_ARRAY_IDX(job->log, job->log->nelts - 1, acme_job_entry_t);
    return acme_text_escape(apr_pstrcat(p, acmectl_explain_event(entry->type),
                                        entry->detail ? ": " : "",
                                        entry->detail, NULL),
                            300, p);
}

/* Judges a site with an own certificate file: the file is served, or an
 * administrator has to repair it. */
static site_e judge_file(const acme_spec_t *spec,
                         const acme_inventory_t *inventory, const char **why,
                         apr_pool_t *p)
{
    const acme_cert_info_t *info = inventory->file;

    if (!info) {
        *why = inventory->problem ? acme_problem_text(inventory->problem, p)
                                  : "its certificate file cannot be read";
        return SITE_STUCK;
    }
    if (info->not_after <= apr_time_now()) {
        *why =
            acme_expiry_file(inventory, &spec->warn_window, apr_time_now(), p);
        return SITE_STUCK;
    }
    if (inventory->serving != ACME_SERVING_OKC) {
        *why = "its certificate file is served after the next restart";
        return SITE_STUCK;
    }
    *why = "served";
    return SITE_SERVED;
}

/* Returns why the live certificate is not what the configuration wants now, or
 * NULL. The worker may not have begun yet. */
static const char *other(const acme_spec_t *spec,
                         const acme_inventory_t *inventory,
                         const acme_job_t *job, apr_pool_t *p)
{
    acme_plan_t plan;

    acme_plan(&plan, spec, inventory, job, apr_time_now(), p);
    return plan.other ? apr_pstrcat(
               p, "another certificate is wanted: ", plan.other, NULL)
                      : NULL;
}

/* Returns what a site waits for, and why. */
static site_e judge(const acmectl_t *ctl, int i, const char **why,
                    apr_pool_t *p)
{
    const acme_spec_t *spec = acmectl_store_spec(ctl, i);
    const acme_inventory_t *inventory = acmectl_store_inventory(ctl, i, p);
    const acme_cert_info_t *info =
        inventory->live ? inventory->live->info : NULL;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job = NULL;

    *why = "the store cannot be read";
    if (!ctl->vault
        || acme_job_load(&job, ctl->vault, spec->name, &problem, p)) {
        return SITE_WAITING;
    }
    if (spec->renew_mode == ACME_RENEW_AUTO
        && inventory->serving == ACME_SERVING_NOTHING) {
        *why = spec->mistake ? spec->mistake : "no TLS virtual host uses it";
        return spec->mistake ? SITE_STUCK : SITE_UNWANTED;
    }
    if (spec->cert_file) {
        return judge_file(spec, inventory, why, p);
    }
    if (info && info->not_after > apr_time_now()
        && (inventory->pinned
            || !acme_partial_names_missing(job, spec, info->names, p))
        && !job->staged && !other(spec, inventory, job, p)
        && !acme_plan_revoked(inventory, job)
        && (inventory->serving == ACME_SERVING_LKC
            || inventory->serving == ACME_SERVING_NOTHING)) {
        *why = "served";
        return SITE_SERVED;
    }
    if (job->staged && job->swapped) {
        *why = "served";
        return SITE_SERVED;
    }
    *why = job->hindrance              ? acme_problem_text(job->hindrance, p)
           : job->problem              ? acme_problem_text(job->problem, p)
           : job->order || job->staged ? last_note(job, p)
                                       : other(spec, inventory, job, p);
    if (!*why) {
        *why = last_note(job, p);
    }
    if (job->staged || job->order) {
        return SITE_WAITING;
    }
    if (acme_job_phase(job) == ACME_JOB_HELD && job->problem) {
        return SITE_STUCK;
    }
    if (spec->renew_mode == ACME_RENEW_MANUAL && !job->asked) {
        *why = "ACMERenewMode is manual: acmectl renew";
        return SITE_STUCK;
    }
    return SITE_WAITING;
}

static const char *site_name(site_e site)
{
    switch (site) {
    case SITE_SERVED:
        return "served";
    case SITE_UNWANTED:
        return "unwanted";
    case SITE_STUCK:
        return "stuck";
    case SITE_WAITING:
        break;
    }
    return "waiting";
}

/* Counts the sites by their state, and shows the first that waits. */
static void look(const acmectl_t *ctl, const apr_array_header_t *sites,
                 int counts[SITE_STUCK + 1], apr_pool_t *p)
{
    const char *why, *line = NULL;
    site_e site;
    int i;

    memset(counts, 0, sizeof(int) * (SITE_STUCK + 1));
    for (i = 0; i < sites->nelts; ++i) {
        int n = APR_ARRAY_IDX(sites, i, int);

        site = judge(ctl, n, &why, p);
        ++counts[site];
        if (site == SITE_WAITING && !line) {
            line = apr_psprintf(p, "%s: %s", acmectl_store_spec(ctl, n)->name,
                                why);
        }
    }
    if (line) {
        acmectl_io_progress(
            apr_psprintf(p, "%d of %d served; %s", counts[SITE_SERVED],
                         sites->nelts - counts[SITE_UNWANTED], line));
    }
}

static int report(const acmectl_t *ctl, const apr_array_header_t *sites)
{
    acme_json_t *json = acme_json_object(ctl->p);
    acme_json_t *list = acme_json_array(ctl->p);
    const char *why;
    int i, failed = 0;

    acmectl_io_progress(NULL);
    for (i = 0; i < sites->nelts; ++i) {
        int n = APR_ARRAY_IDX(sites, i, int);
        site_e site = judge(ctl, n, &why, ctl->p);
        acme_json_t *one = acme_json_object(ctl->p);

        acme_json_set_str(one, "name", acmectl_store_spec(ctl, n)->name);
        acme_json_set_str(one, "result", site_name(site));
        acme_json_set_str(one, "detail", why);
        acme_json_append(list, one);
        if (site == SITE_WAITING || site == SITE_STUCK) {
            ++failed;
            if (!ctl->json) {
                acmectl_io_say("%s: not served: %s",
                               acmectl_store_spec(ctl, n)->name, why);
            }
        }
    }
    if (ctl->json) {
        acme_json_set(json, "sites", list);
        acme_json_set_int(json, "failed", failed);
        acmectl_io_print_json(ctl, json);
    }
    else if (!failed) {
        printf("%d site%s: every wanted certificate is served\n", sites->nelts,
               sites->nelts == 1 ? "" : "s");
    }
    return failed ? CTL_FAILED : CTL_DONE;
}

/* Returns indexes (int) of the named sites, or of all; NULL after printing
 * which name is unknown. */
static apr_array_header_t *chosen(const acmectl_t *ctl)
{
    apr_array_header_t *sites = apr_array_make(ctl->p, 8, sizeof(int));
    int i, n;

    for (i = 0; i < ctl->args->nelts; ++i) {
        n = acmectl_store_site(ctl, APR_ARRAY_IDX(ctl->args, i, const char *));
        if (n < 0) {
            return NULL;
        }
        APR_ARRAY_PUSH(sites, int) = n;
        n = acmectl_store_second_key(ctl, n);
        if (n >= 0) {
            APR_ARRAY_PUSH(sites, int) = n;
        }
    }
    for (i = 0; ctl->args->nelts == 0 && i < ctl->published->certs->nelts;
         ++i) {
        APR_ARRAY_PUSH(sites, int) = i;
    }
    return sites;
}

/* Reads the configuration again, because a restart may have changed it. */
static void refresh(acmectl_t *ctl, apr_pool_t *p)
{
    acme_published_t *published;

    if (acme_published_read(&published, ctl->dir, NULL, p) == APR_SUCCESS) {
        ctl->published = published;
    }
}

/* Says why nothing can be ordered while sites wait. */
static void say_stop(const acmectl_t *ctl, int waiting)
{
    acme_judgement_server_t server;
    acme_judgement_t judgement;

    acmectl_server(&server, ctl);
    if (waiting == 0 || (!server.stopped && !server.blocked)) {
        return;
    }
    acme_judgement_of_server(&judgement, &server, ctl->p);
    acmectl_io_say("%s", judgement.what);
    if (judgement.mend) {
        acmectl_io_say("what to do: %s", judgement.mend);
    }
}

int acmectl_wait(acmectl_t *ctl)
{
    apr_time_t begun = apr_time_now(), seen = begun;
    apr_array_header_t *sites;
    int counts[SITE_STUCK + 1];
    apr_pool_t *round, *last = NULL;

    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    sites = chosen(ctl);
    if (!sites) {
        return CTL_FAILED;
    }
    if (sites->nelts == 0) {
        acmectl_io_say("no site is managed with %s", ctl->dir);
        return CTL_NOTHING;
    }
    for (;;) {
        apr_time_t now = apr_time_now();

        apr_pool_create(&round, ctl->p);
        refresh(ctl, round);
        sites = chosen(ctl);
        if (!sites) {
            return CTL_FAILED;
        }
        if (last) {
            apr_pool_destroy(last);
        }
        last = round;
        look(ctl, sites, counts, round);
        if (ctl->ctl_requests && acme_ctl_request_attended(ctl->ctl_requests)) {
            seen = now;
        }
        if (counts[SITE_WAITING] == 0 || now - begun >= ctl->timeout) {
            break;
        }
        if (now - seen > ABSENCE) {
            acmectl_io_say("no server is running with this store");
            break;
        }
        apr_sleep(LOOK_AGAIN);
    }
    say_stop(ctl, counts[SITE_WAITING]);
    return report(ctl, sites);
}
