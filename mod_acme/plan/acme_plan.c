/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_plan.h"

#include <apr_strings.h>

#include "acme_expiry_file.h"
#include "acme_jws.h"
#include "acme_partial_names.h"
#include "acme_schedule.h"
#include "acme_str.h"
#include "acme_suitable.h"
#include "acme_time.h"

/* A wait is never set longer than this; a longer one shows that the clock was
 * set back since. */
#define LONGEST_WAIT (9 * ACME_TIME_DAY)

/* A try that lies further ahead than this was made before the clock was set
 * back. A clock that is corrected by less makes the wait longer by as much. */
#define CLOCK_STEP ACME_TIME_MINUTE

static void decide(acme_plan_t *plan, acme_plan_e what, apr_time_t at,
                   const char *reason)
{
    plan->urgent = 0;
    plan->what = what;
    plan->at = at;
    plan->reason = reason;
    plan->by_age = 0;
    plan->satisfied = 0;
}

/* Plans for a site whose certificate is staged: it waits for root, or root has
 * decided. */
static void plan_staged(acme_plan_t *plan, const acme_inventory_t *inventory,
                        const acme_job_t *job, apr_time_t now)
{
    if (inventory->live
        && acme_str_same(inventory->live->info->fingerprint, job->staged)) {
        decide(plan, ACME_PLAN_SETTLE, now, "the new certificate is live");
    }
    else if (!acme_str_same(inventory->staged_fingerprint, job->staged)) {
        decide(plan, ACME_PLAN_STAGED, ACME_SCHEDULE_NEVER,
               job->swapped ? "the new certificate is served, and becomes live "
                              "with the next restart"
                            : "a new certificate waits for activation");
    }
    else if (inventory->staged == ACME_STAGED_REFUSED) {
        decide(plan, ACME_PLAN_SETTLE, now, "the new certificate was refused");
    }
    else {
        decide(plan, ACME_PLAN_SETTLE, now, "the new certificate is live");
    }
}

/* Ask only a CA of the spec, because the answer of another one does not
 * count. */
int acme_plan_is_via_ari(const acme_spec_t *spec,
                         const acme_inventory_t *inventory)
{
    return spec->via_ari && inventory->live && inventory->live->info->ari_id
           && acme_spec_find_ca(spec, inventory->live->ca_url) >= 0;
}

apr_time_t acme_plan_renew_at(const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              const acme_job_t *job)
{
    const acme_cert_info_t *info;
    apr_time_t at = 0;

    if (!inventory->live) {
        return 0;
    }
    info = inventory->live->info;
    if (job && acme_plan_is_via_ari(spec, inventory)) {
        at = acme_ari_renew_at(job->ari, info);
    }
    return at > 0 ? at
                  : acme_schedule_renew_at(info->not_before, info->not_after,
                                           &spec->renew_window);
}

const acme_blocklist_entry_t *
acme_plan_revoked(const acme_inventory_t *inventory, const acme_job_t *job)
{
    if (!inventory->live || inventory->revoked) {
        return inventory->live ? inventory->revoked : NULL;
    }
    return job && job->revoked
                   && acme_str_same(job->revoked->fingerprint,
                                    inventory->live->info->fingerprint)
               ? job->revoked
               : NULL;
}

/* Returns non-zero when the administrator wants another certificate than the
 * live one: it must not wait for others, because somebody looks for it, above
 * all when the live one is from a test CA. */
static int is_changed(const acme_spec_t *spec,
                      const acme_inventory_t *inventory, apr_pool_t *p)
{
    return inventory->live && !inventory->pinned
           && acme_suitable_change(inventory->live, spec, p) != NULL;
}

/* Need of a site for a new certificate. */
typedef struct need_t {
    const char *why; /* NULL: it needs none now */
    apr_time_t at;   /* now, or when it will need one */
    int due;         /* the time to renew the live certificate has come */
    int by_age;      /* the only reason is the live certificate's age */
} need_t;

/* Returns non-zero when no client accepts the certificate yet. Either a clock
 * was ahead when it was obtained, or ours is behind now, which happens to
 * machines that have just been switched on: so an administrator has to ask for
 * another one. */
static int is_to_come(const acme_cert_info_t *info, apr_time_t now)
{
    return info->not_before > now + 5 * ACME_TIME_MINUTE;
}

/* Returns why a certificate is needed now, or NULL, and sets the other parts of
 * the need. */
static const char *find_need(need_t *need, const acme_spec_t *spec,
                             const acme_inventory_t *inventory,
                             const acme_job_t *job, int pinned, apr_time_t now,
                             apr_pool_t *p)
{
    const acme_cert_info_t *info;
    const acme_blocklist_entry_t *revoked;
    const char *name, *why;
    apr_time_t last;

    need->at = now;
    need->due = 0;
    need->by_age = inventory->aged;
    if (!inventory->live) {
        return inventory->aged ? "what was kept has expired"
                               : "first certificate";
    }
    info = inventory->live->info;
    if (info->not_after <= now) {
        need->by_age = 1;
        return apr_psprintf(p, "expired %s ago",
                            acme_time_print_duration(now - info->not_after, p));
    }
    revoked = acme_plan_revoked(inventory, job);
    if (revoked) {
        return acme_blocklist_entry_text(revoked, p);
    }
    if (job->asked && is_to_come(info, now)) {
        return apr_psprintf(
            p, "valid only in %s",
            acme_time_print_duration(info->not_before - now, p));
    }
    name =
        pinned ? NULL : acme_partial_names_missing(job, spec, info->names, p);
    if (name) {
        return apr_psprintf(p, "name added: %s", name);
    }
    why = pinned ? NULL : acme_suitable_change(inventory->live, spec, p);
    if (why) {
        return why;
    }
    if (inventory->foreign && !pinned) {
        return "the certificate is from another authority";
    }
    need->at = acme_plan_renew_at(spec, inventory, job);
    if (pinned) {
        /* A pinned certificate ignores the ARI time, because the administrator
         * chose it. */
        last = acme_schedule_urgent_at(info->not_before, info->not_after);
        need->at = need->at > last ? need->at : last;
    }
    need->due = need->at <= now;
    if (need->due && !pinned && acme_plan_is_via_ari(spec, inventory)
        && acme_ari_renew_at(job->ari, info) > 0) {
        need->by_age = 1;
        return apr_psprintf(p, "the CA wants it renewed, it expires in %s",
                            acme_time_print_duration(info->not_after - now, p));
    }
    if (need->due) {
        need->by_age = 1;
        return apr_psprintf(p, "expires in %s",
                            acme_time_print_duration(info->not_after - now, p));
    }
    return NULL;
}

/* Plans to ask the CA when to renew, before an order: the CA was never asked
 * about this certificate, or it is time to ask again. Not when anything is
 * urgent, a request of acmectl included, because its answer must not wait. *at
 * is made the time of the query if that comes first and there is no need. */
static int plan_ari_query(acme_plan_t *plan, apr_time_t *at, const need_t *need,
                          const acme_spec_t *spec,
                          const acme_inventory_t *inventory,
                          const acme_job_t *job, apr_time_t now)
{
    const acme_cert_info_t *info;
    apr_time_t query_at;

    if (!acme_plan_is_via_ari(spec, inventory)
        || spec->renew_mode == ACME_RENEW_MANUAL
        || (spec->renew_mode == ACME_RENEW_AUTO
            && inventory->serving == ACME_SERVING_NOTHING)) {
        return 0;
    }
    info = inventory->live->info;
    query_at = acme_ari_next_query(job->ari, info, now);
    if (!need->why) {
        *at = query_at < *at ? query_at : *at;
    }
    if (query_at > now || job->asked
        || (need->why
            && (job->order || !need->due || acme_ari_is_of(job->ari, info)
                || now >= acme_schedule_urgent_at(info->not_before,
                                                  info->not_after)))) {
        return 0;
    }
    decide(plan, ACME_PLAN_ARI_QUERY, now, "the CA is asked when to renew it");
    return 1;
}

/* Returns non-zero, and plans to wait, when the last try holds the next one
 * back. */
static int plan_wait(acme_plan_t *plan, const acme_spec_t *spec,
                     const acme_job_t *job, apr_time_t now, apr_pool_t *p)
{
    if (job->digest && strcmp(job->digest, acme_spec_digest(spec, p)) != 0) {
        return 0;
    }
    if (acme_job_phase(job) == ACME_JOB_HELD) {
        if (!acme_str_same(job->config, acme_plan_config(spec, p))) {
            return 0;
        }
        decide(plan, ACME_PLAN_IDLE, ACME_SCHEDULE_NEVER,
               "not tried again before its configuration changes");
        return 1;
    }
    if (job->next_run <= now || job->next_run > now + LONGEST_WAIT
        || job->last_run > now + CLOCK_STEP) {
        return 0;
    }
    if (job->limit) {
        decide(plan, ACME_PLAN_IDLE, job->next_run,
               apr_psprintf(p, "ordered in %s, for a limit of the CA: %s",
                            acme_time_print_duration(job->next_run - now, p),
                            job->limit));
        return 1;
    }
    if (job->look && job->look->held) {
        decide(plan, ACME_PLAN_IDLE, job->next_run,
               apr_psprintf(p, "held back, looked at again in %s: %s",
                            acme_time_print_duration(job->next_run - now, p),
                            job->look->text ? job->look->text : "preflight"));
        return 1;
    }
    decide(plan, ACME_PLAN_IDLE, job->next_run,
           apr_psprintf(p, "tried again in %s, after %d failure%s",
                        acme_time_print_duration(job->next_run - now, p),
                        job->errors, job->errors == 1 ? "" : "s"));
    return 1;
}

/* Plans for a site with the administrator's own certificate, which is only
 * watched. */
static void plan_file(acme_plan_t *plan, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, apr_time_t now,
                      apr_pool_t *p)
{
    const acme_cert_info_t *info = inventory->file;
    apr_time_t at;

    if (!info) {
        decide(plan, ACME_PLAN_IDLE, ACME_SCHEDULE_NEVER,
               "its own certificate file is served, and cannot be read");
        return;
    }
    at = acme_schedule_warn_at(info->not_before, info->not_after,
                               &spec->warn_window);
    if (at > now) {
        decide(plan, ACME_PLAN_IDLE, at,
               apr_psprintf(p,
                            "its own certificate file is served, valid "
                            "until %s",
                            acme_time_print(info->not_after, p)));
        return;
    }
    plan->warning = acme_expiry_file(inventory, &spec->warn_window, now, p);
    decide(plan, ACME_PLAN_IDLE, now + ACME_TIME_DAY, plan->warning);
}

/* Returns non-zero when the order or the failures in the job are older than the
 * certificate that is live now, because it was imported, unstashed or rolled
 * back to. */
static int is_overtaken(const acme_job_t *job,
                        const acme_inventory_t *inventory)
{
    return (job->order || job->problem || job->errors > 0) && job->instead
           && inventory->live
           && strcmp(job->instead, inventory->live->info->fingerprint) != 0;
}

void acme_plan(acme_plan_t *plan, const acme_spec_t *spec,
               const acme_inventory_t *inventory, const acme_job_t *job,
               apr_time_t now, apr_pool_t *p)
{
    need_t need;
    apr_time_t at;

    plan->warning = NULL;
    plan->needless = 0;
    plan->other = NULL;
    if (spec->cert_file) {
        plan_file(plan, spec, inventory, now, p);
        return;
    }
    switch (acme_job_phase(job)) {
    case ACME_JOB_STAGED:
        plan_staged(plan, inventory, job, now);
        return;
    case ACME_JOB_SIGNED:
        decide(plan, ACME_PLAN_IDLE, ACME_SCHEDULE_NEVER,
               "the certificate for another machine's request is there");
        return;
    case ACME_JOB_HELD:
    case ACME_JOB_WAITING:
    case ACME_JOB_ORDERED:
    case ACME_JOB_IDLE:
        break;
    }
    need.why = find_need(&need, spec, inventory, job,
                         inventory->pinned && !job->asked, now, p);
    if (need.why && inventory->live && !need.by_age) {
        plan->other = need.why;
    }
    if (!need.why && job->asked == ACME_ASKED_FORCE) {
        need.why = "asked for by acmectl renew";
    }
    plan->needless = !need.why && is_overtaken(job, inventory);
    at = need.at;
    if (plan_ari_query(plan, &at, &need, spec, inventory, job, now)) {
        return;
    }
    if (!need.why && job->order && !plan->needless
        && acme_str_same(job->digest, acme_spec_digest(spec, p))) {
        need.why = "an order is under way";
    }
    if (!need.why) {
        decide(plan, ACME_PLAN_IDLE, at,
               apr_psprintf(p, "renewed in %s",
                            acme_time_print_duration(need.at - now, p)));
        plan->satisfied = 1;
    }
    else if (spec->renew_mode == ACME_RENEW_MANUAL && !job->asked) {
        decide(plan, ACME_PLAN_MANUAL, ACME_SCHEDULE_NEVER, need.why);
    }
    else if (spec->renew_mode == ACME_RENEW_AUTO
             && inventory->serving == ACME_SERVING_NOTHING && !job->asked) {
        decide(plan, ACME_PLAN_IDLE, ACME_SCHEDULE_NEVER,
               "no TLS virtual host uses it");
    }
    else if (!plan_wait(plan, spec, job, now, p)) {
        decide(plan, ACME_PLAN_ORDER, now, need.why);
        /* An administrator who asks for a certificate waits for it. */
        plan->urgent = job->asked || acme_plan_revoked(inventory, job) != NULL
                       || is_changed(spec, inventory, p)
                       || (acme_plan_is_via_ari(spec, inventory)
                           && acme_ari_is_of(job->ari, inventory->live->info)
                           && acme_ari_is_urgent(job->ari, now));
        plan->by_age = need.by_age && !job->asked && !job->order;
    }
}

const char *acme_plan_name(acme_plan_e what)
{
    switch (what) {
    case ACME_PLAN_IDLE:
        return "idle";
    case ACME_PLAN_ORDER:
        return "order";
    case ACME_PLAN_STAGED:
        return "staged";
    case ACME_PLAN_SETTLE:
        return "settle";
    case ACME_PLAN_MANUAL:
        return "manual";
    case ACME_PLAN_ARI_QUERY:
        return "ask";
    }
    return "?";
}

const char *acme_plan_config(const acme_spec_t *spec, apr_pool_t *p)
{
    const char *text = apr_psprintf(
        p, "%s\n%s\n%d\n%d\n%s", acme_spec_digest(spec, p),
        apr_array_pstrcat(p, spec->challenge_types, ','),
        spec->profile_mandatory, spec->security_level,
        spec->optional ? apr_array_pstrcat(p, spec->optional, ',') : "");
    const acme_ca_spec_t *ca;
    int i;

    for (i = 0, ca = spec->ca; ca; ca = acme_spec_ca(spec, ++i)) {
        text = apr_psprintf(p, "%s\n%s\n%d\n%s", text,
                            ca->ca_file ? ca->ca_file : "", ca->agreed,
                            acme_eab_text(ca->eab, p));
    }
    return acme_jws_sha256_hex(text, p);
}
