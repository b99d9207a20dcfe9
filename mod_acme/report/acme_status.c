/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_status.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_bundle.h"
#include "acme_default.h"
#include "acme_partial_names.h"
#include "acme_revoke.h"
#include "acme_schedule.h"
#include "acme_swapped.h"
#include "config.h"

/* ---- forms of mod_md ---- */

static void set_date(acme_json_t *object, const char *key, apr_time_t t)
{
    char text[APR_RFC822_DATE_LEN];

    if (t > 0 && t != ACME_SCHEDULE_NEVER) {
        apr_rfc822_date(text, t);
        acme_json_set_str(object, key, text);
    }
}

static void set_period(acme_json_t *object, const char *key, apr_time_t from,
                       apr_time_t until, apr_pool_t *p)
{
    acme_json_t *period = acme_json_object(p);

    set_date(period, "from", from);
    set_date(period, "until", until);
    acme_json_give(object, key, period);
}

/* Prints a window as ACMERenewWindow and ACMEWarnWindow read it; `percent` is
 * the default. */
static const char *window_text(const acme_window_t *window, int percent,
                               apr_pool_t *p)
{
    apr_int64_t seconds = apr_time_sec(window->span);

    if (window->percent > 0 || seconds <= 0) {
        return apr_psprintf(p, "%d%%",
                            window->percent > 0 ? window->percent : percent);
    }
    if (seconds % 86400 == 0) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT "d", seconds / 86400);
    }
    if (seconds % 3600 == 0) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT "h", seconds / 3600);
    }
    if (seconds % 60 == 0) {
        return apr_psprintf(p, "%" APR_INT64_T_FMT "mi", seconds / 60);
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "s", seconds);
}

static int mode_number(acme_renew_mode_e mode)
{
    switch (mode) {
    case ACME_RENEW_MANUAL:
        return 0;
    case ACME_RENEW_AUTO:
        return 1;
    case ACME_RENEW_ALWAYS:
        return 2;
    }
    return 1;
}

static const char *upper(const char *text, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text);
    char *c;

    for (c = copy; *c; ++c) {
        *c = (char)toupper((unsigned char)*c);
    }
    return copy;
}

static void set_strs(acme_json_t *object, const char *key, const char *value,
                     apr_pool_t *p)
{
    acme_json_t *array = acme_json_array(p);

    if (value) {
        acme_json_append_str(array, value);
    }
    acme_json_give(object, key, array);
}

static acme_json_t *print_problem(const acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);
    acme_json_t *subproblems;
    char words[160];

    acme_json_set_int(json, "status", problem->rv);
    acme_json_set_str(json, "status-description",
                      apr_strerror(problem->rv, words, sizeof(words)));
    acme_json_set_str(json, "problem", problem->type);
    acme_json_set_str(json, "detail", problem->detail);
    acme_json_set_str(json, "activity", problem->activity);
    acme_json_set_str(json, "to-fix", problem->to_fix);
    acme_json_set_str(json, "instance", problem->instance);
    if (acme_json_get(&subproblems, acme_problem_to_json(problem, p),
                      "subproblems")
        == APR_SUCCESS) {
        acme_json_give(json, "subproblems", subproblems);
    }
    return json;
}

/* ---- one site ---- */

static acme_json_t *print_left_out(const acme_status_view_t *view,
                                   apr_pool_t *p)
{
    const acme_job_t *job = view->job;
    acme_json_t *list = acme_json_array(p);
    int i;

    for (i = 0; i < job->names->nelts; ++i) {
        const acme_job_name_t *name =
            &APR_ARRAY_IDX(job->names, i, acme_job_name_t);

        if (acme_partial_names_is_out(job, view->spec, name->name, p)) {
            acme_json_t *item = acme_json_object(p);

            acme_json_set_str(item, "name", name->name);
            acme_json_set_str(item, "detail", name->detail);
            acme_json_append_given(list, item);
        }
    }
    return list;
}

static acme_json_t *print_ca(const acme_spec_t *spec, const acme_job_t *job,
                             apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);
    acme_json_t *urls = acme_json_array(p);
    const acme_ca_spec_t *ca;
    int i;

    for (i = 0, ca = spec->ca; ca; ca = acme_spec_ca(spec, ++i)) {
        acme_json_append_str(urls, ca->url);
    }
    ca = acme_spec_ca(spec, job ? acme_job_ca(job, spec, p) : 0);
    acme_json_set_str(json, "url", ca->url);
    acme_json_set_str(json, "proto", "ACME");
    acme_json_give(json, "urls", urls);
    if (spec->more_cas && job) {
        acme_json_set_str(json, "current", ca->url);
    }
    acme_json_set_str(json, "agreement", spec->ca->agreed ? "accepted" : NULL);
    acme_json_set_strs(json, "challenges", spec->challenge_types);
    if (spec->challenge_faults) {
        acme_json_set_strs(json, "challenges-left-out", spec->challenge_faults);
    }
    if (spec->dns_records) {
        acme_json_set_strs(json, "dns-records", spec->dns_records);
    }
    return json;
}

/* Prints the names for which acme-tls/1 is known, as mod_md does. */
static acme_json_t *print_proto(const acme_spec_t *spec, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    if (spec->alpn_names) {
        acme_json_set_strs(json, "acme-tls/1", spec->alpn_names);
    }
    else {
        acme_json_give(json, "acme-tls/1", acme_json_array(p));
    }
    return json;
}

static acme_json_t *print_cert(const acme_cert_info_t *info, apr_pool_t *p)
{
    acme_json_t *cert = acme_json_object(p);
    acme_json_t *json = acme_json_object(p);

    set_period(cert, "valid", info->not_before, info->not_after, p);
    acme_json_set_str(cert, "serial", upper(info->serial, p));
    acme_json_set_str(cert, "sha256-fingerprint", info->fingerprint);
    acme_json_set_str(cert, "ari-cert-id", info->ari_id);
    acme_json_give(json, acme_status_state_key_type(info->key_type), cert);
    set_period(json, "valid", info->not_before, info->not_after, p);
    return json;
}

static acme_json_t *print_ari(const acme_status_view_t *view, apr_pool_t *p)
{
    const acme_ari_t *ari = acme_status_state_ari(view);
    acme_json_t *json;

    if (!ari) {
        return NULL;
    }
    json = acme_json_object(p);
    if (ari->start > 0) {
        set_period(json, "window", ari->start, ari->end, p);
        set_date(json, "selected", ari->selected);
    }
    set_date(json, "retry-after", ari->next);
    acme_json_set_str(json, "explanation-url", ari->explanation);
    if (ari->problem) {
        acme_json_give(json, "problem", print_problem(ari->problem, p));
    }
    return json;
}

static acme_json_t *print_limits(const acme_job_t *job, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "waits-for", job->limit);
    set_date(json, "until", job->next_run);
    return json;
}

static acme_json_t *print_stash(const acme_certstore_cert_t *stashed,
                                apr_pool_t *p)
{
    acme_json_t *json = print_cert(stashed->info, p);

    acme_json_set_strs(json, "domains", stashed->info->names);
    set_date(json, "since", stashed->moved);
    return json;
}

static acme_json_t *print_revoked(const acme_inventory_t *inventory,
                                  const acme_job_t *job, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked = acme_plan_revoked(inventory, job);
    acme_json_t *json;

    if (!revoked) {
        return NULL;
    }
    json = acme_json_object(p);
    set_date(json, "when", revoked->when);
    acme_json_set_str(json, "reason", acme_revoke_reason_name(revoked->reason));
    acme_json_set_bool(json, "confirmed", revoked->done);
    return json;
}

/* Prints what preflight has found, or returns NULL when it has found nothing
 * wrong. */
static acme_json_t *print_look(const acme_job_t *job, apr_pool_t *p)
{
    const acme_job_look_t *look = job->look;
    acme_json_t *json;

    if (!look || !look->text) {
        return NULL;
    }
    json = acme_json_object(p);
    set_date(json, "when", look->when);
    set_date(json, "held-since", look->held);
    acme_json_set_bool(json, "refuted", look->refuted);
    if (look->faults) {
        acme_json_give(json, "faults", look->faults);
    }
    return json;
}

/* Prints the newest entry first, as mod_md does. */
static acme_json_t *print_log(const acme_job_t *job, apr_pool_t *p)
{
    acme_json_t *entries = acme_json_array(p);
    acme_json_t *json = acme_json_object(p);
    int i;

    for (i = job->log->nelts - 1; i >= 0; --i) {
        const acme_job_entry_t *entry =
            &APR_ARRAY_IDX(job->log, i, acme_job_entry_t);
        acme_json_t *line = acme_json_object(p);

        set_date(line, "when", entry->when);
        acme_json_set_str(line, "type", entry->type);
        acme_json_set_str(line, "detail", entry->detail);
        acme_json_append_given(entries, line);
    }
    acme_json_give(json, "entries", entries);
    return json;
}

/* Returns the certificate that waits for activation, or NULL where it cannot be
 * read. The key in it is wiped with p. */
static const acme_cert_info_t *read_staged(const char *name,
                                           acme_vault_t *vault, apr_pool_t *p)
{
    acme_store_item_t item;
    acme_bundle_t *bundle;
    acme_chain_t *chain;

    return acme_vault_get(&item, vault, ACME_STORE_STAGING, name, NULL, p)
                       == APR_SUCCESS
                   && acme_bundle_parse(&bundle, item.data, item.len, NULL, p)
                          == APR_SUCCESS
                   && acme_cert_chain_parse(&chain, bundle->chain_pem,
                                            strlen(bundle->chain_pem), NULL, p)
                          == APR_SUCCESS
               ? acme_cert_chain_info(chain)
               : NULL;
}

static acme_json_t *print_renewal(const acme_status_view_t *view, int with_log,
                                  const acme_cert_info_t *staged, apr_pool_t *p)
{
    const acme_job_t *job = view->job;
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "name", view->spec->name);
    acme_json_set_bool(json, "finished", acme_status_state_is_ready(view));
    acme_json_set_int(json, "errors", acme_status_state_errors(job));
    if (acme_status_state_errors(job) > 0) {
        set_date(json, "failing-since", job->failing);
    }
    if (acme_status_state_is_scheduled(view)) {
        set_date(json, "next-run", view->plan.at);
    }
    set_date(json, "last-run", job->last_run);
    if (staged) {
        acme_json_give(json, "cert", print_cert(staged, p));
    }
    if (job->hindrance) {
        acme_json_t *hindrance = print_problem(job->hindrance, p);

        set_date(hindrance, "since", job->hindered);
        acme_json_give(json, "hindrance", hindrance);
    }
    if (job->problem) {
        acme_json_give(json, "last", print_problem(job->problem, p));
    }
    else if (job->last_run > 0) {
        acme_json_t *last = acme_json_object(p);

        acme_json_set_int(last, "status", APR_SUCCESS);
        acme_json_set_str(last, "status-description", "Success");
        acme_json_give(json, "last", last);
    }
    if (with_log) {
        acme_json_give(json, "log", print_log(job, p));
    }
    return json;
}

static acme_json_t *print_site(const acme_status_view_t *view,
                               const acme_problem_t *problem, int with_log,
                               const acme_cert_info_t *staged, apr_pool_t *p)
{
    const acme_spec_t *spec = view->spec;
    const acme_inventory_t *inventory = view->inventory;
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "name", spec->name);
    acme_json_set_str(json, "of", acme_spec_of(spec));
    acme_json_set_strs(json, "domains", spec->names);
    set_strs(json, "contacts", spec->ca->contact, p);
    acme_json_give(json, "ca", print_ca(spec, view->job, p));
    acme_json_give(json, "proto", print_proto(spec, p));
    if (spec->ca->eab) {
        acme_json_t *eab = acme_json_object(p);

        acme_json_set_str(eab, "kid", acme_eab_name(spec->ca->eab, p));
        acme_json_give(json, "eab", eab);
    }
    acme_json_set_int(json, "state", view->state);
    acme_json_set_str(json, "state-descr", view->descr);
    acme_json_set_bool(json, "renew", view->renew);
    acme_json_set_int(json, "renew-mode", mode_number(spec->renew_mode));
    if (spec->require_https != ACME_HTTPS_OFF) {
        acme_json_set_str(json, "require-https",
                          acme_spec_require_https_name(spec->require_https));
    }
    acme_json_set_str(
        json, "renew-window",
        window_text(&spec->renew_window, ACME_DEFAULT_RENEW_PERCENT, p));
    acme_json_set_str(
        json, "warn-window",
        window_text(&spec->warn_window, ACME_DEFAULT_WARN_PERCENT, p));
    set_date(json, "renew-at", view->renew_at);
    acme_json_set_bool(json, "must-staple", spec->must_staple);
    acme_json_set_str(json, "profile", spec->profile);
    if (spec->profile) {
        acme_json_set_bool(json, "profile-mandatory", spec->profile_mandatory);
    }
    acme_json_set_bool(json, "watched",
                       spec->renew_mode == ACME_RENEW_ALWAYS
                           || (spec->renew_mode == ACME_RENEW_AUTO
                               && inventory->serving != ACME_SERVING_NOTHING));
    acme_json_set_str(json, "site",
                      acme_inventory_serving_name(inventory->serving));
    acme_json_set_str(json, "deployed",
                      acme_deployed_name(inventory->deployed));
    if (inventory->stashed) {
        acme_json_give(json, "stash", print_stash(inventory->stashed, p));
    }
    if (acme_status_state_served(view)) {
        acme_json_give(json, "cert",
                       print_cert(acme_status_state_served(view), p));
    }
    acme_json_set_str(json, "cert-file", spec->cert_file);
    acme_json_give(json, "revoked", print_revoked(inventory, view->job, p));
    if (view->job && *acme_partial_names_print(view->job, spec, p)) {
        acme_json_give(json, "left-out", print_left_out(view, p));
    }
    acme_json_give(json, "ari", print_ari(view, p));
    if (problem) {
        acme_json_give(json, "problem", print_problem(problem, p));
    }
    if (view->job && view->job->limit && view->job->next_run > view->now) {
        acme_json_give(json, "limits", print_limits(view->job, p));
    }
    if (view->job) {
        acme_json_give(json, "preflight", print_look(view->job, p));
        acme_json_give(json, "renewal",
                       print_renewal(view, with_log, staged, p));
    }
    return json;
}

/* The source of the job, and how much of it is printed. */
typedef struct source_t {
    const acme_job_t *job; /* NULL: it is loaded */
    acme_vault_t *vault;
    int with_log;
} source_t;

static acme_json_t *status_site(const acme_spec_t *spec,
                                const acme_inventory_t *inventory,
                                source_t *source, apr_time_t now,
                                const acme_judgement_server_t *server,
                                acme_status_counts_t *counts, apr_pool_t *p)
{
    acme_problem_t unread = ACME_PROBLEM_INIT;
    const acme_problem_t *problem = inventory->problem;
    acme_job_t *job = NULL;
    acme_judgement_t judgement;
    acme_status_view_t view;
    acme_json_t *json;

    memset(&view, 0, sizeof(view));
    view.spec = spec;
    view.inventory = inventory;
    view.now = now;
    view.job = source->job;
    if (source->vault && !source->job) {
        if (acme_job_load(&job, source->vault, spec->name, &unread, p)
            == APR_SUCCESS) {
            view.job = job;
        }
        else if (problem == NULL) {
            problem = &unread;
        }
    }
    view.inventory =
        acme_swapped_inventory(spec, inventory, view.job, source->vault, p);
    if (view.inventory != inventory) {
        problem = NULL;
    }
    acme_status_state(&view, p);
    if (counts) {
        acme_status_state_count(counts, &view);
    }
    json = print_site(&view, problem, source->with_log,
                      source->vault && acme_status_state_is_ready(&view)
                          ? read_staged(spec->name, source->vault, p)
                          : NULL,
                      p);
    acme_judgement(&judgement, &view, server, p);
    acme_json_give(json, "judgement", acme_judgement_to_json(&judgement, p));
    return json;
}

acme_json_t *acme_status_site(const acme_spec_t *spec,
                              const acme_inventory_t *inventory,
                              acme_vault_t *vault, apr_time_t now,
                              const acme_judgement_server_t *server,
                              acme_status_counts_t *counts, apr_pool_t *p)
{
    source_t source = {NULL, NULL, 1};

    source.vault = vault;
    return status_site(spec, inventory, &source, now, server, counts, p);
}

acme_json_t *acme_status_brief(const acme_spec_t *spec,
                               const acme_inventory_t *inventory,
                               const acme_job_t *job, acme_vault_t *vault,
                               apr_time_t now,
                               const acme_judgement_server_t *server,
                               acme_status_counts_t *counts, apr_pool_t *p)
{
    source_t source = {NULL, NULL, 0};

    source.job = job;
    source.vault = vault;
    return status_site(spec, inventory, &source, now, server, counts, p);
}

/* ---- the server ---- */

static acme_json_t *print_activation(const acme_status_activation_t *activation,
                                     apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "mode", activation->mode);
    acme_json_set_int(json, "pending", activation->pending);
    acme_json_set_str(json, "blocked", activation->blocked);
    set_date(json, "next", activation->next);
    acme_json_set_int(json, "generation", activation->generation);
    if (activation->hot) {
        acme_json_set_int(activation->hot, "swapped", activation->swapped);
        acme_json_give(json, "hot", activation->hot);
    }
    return json;
}

acme_json_t *acme_status_frame(const acme_judgement_server_t *server,
                               const acme_status_activation_t *activation,
                               apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);
    acme_judgement_t judgement;

    acme_judgement_of_server(&judgement, server, p);
    acme_json_set_str(json, "version", ACME_VERSION);
    acme_json_give(json, "judgement", acme_judgement_to_json(&judgement, p));
    acme_json_set_str(json, server->store_fails ? "unusable" : "waiting",
                      server->stopped);
    if (activation) {
        acme_json_give(json, "activation", print_activation(activation, p));
    }
    return json;
}
