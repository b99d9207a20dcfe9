/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_site.h"

#include "acme_schedule.h"
#include "acme_status.h"

#define NAME ACME_T_SITE

/** A site as root found it. */
typedef struct world_t {
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_vault_t *vault;
    acme_status_counts_t counts;
    acme_judgement_server_t server;
    apr_pool_t *p;
} world_t;

static apr_array_header_t *strs(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(array, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(array, const char *) = b;
    }
    return array;
}

/** The site has a second name, and a wildcard for both. */
static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    acme_t_site_fill(
        &(acme_t_site_t){&w->ca, &w->spec, &w->info, &w->live, &w->inventory},
        p);
    w->p = p;
    w->vault = acme_t_vault(NULL, p);
    w->spec.names = strs(p, NAME, "b.example.org");
    w->spec.challenge_types = strs(p, "http-01", NULL);
    w->info.names = strs(p, "*.example.org", NULL);
    w->info.subject = "CN=" NAME;
    w->info.issuer = "CN=CA";
    return w;
}

static acme_json_t *site_of(world_t *w)
{
    memset(&w->counts, 0, sizeof(w->counts));
    return acme_status_site(&w->spec, &w->inventory, w->vault, ACME_T_NOW,
                            &w->server, &w->counts, w->p);
}

static acme_job_t *job_of(world_t *w)
{
    acme_job_t *job;

    assert_int_equal(acme_job_load(&job, w->vault, NAME, NULL, w->p), 0);
    return job;
}

static void save(world_t *w, const acme_job_t *job)
{
    assert_int_equal(acme_job_save(job, w->vault, ACME_STORE_LAZY, NULL, w->p),
                     0);
}

/** Returns a member by a path like "ca/urls". */
static acme_json_t *member(acme_json_t *json, const char *path, apr_pool_t *p)
{
    char *last;
    char *key = apr_strtok(apr_pstrdup(p, path), "/", &last);

    while (key) {
        if (acme_json_get(&json, json, key) != APR_SUCCESS) {
            return NULL;
        }
        key = apr_strtok(NULL, "/", &last);
    }
    return json;
}

static const char *text(world_t *w, acme_json_t *json, const char *path,
                        const char *key)
{
    acme_json_t *object = *path ? member(json, path, w->p) : json;
    const char *value;

    if (object == NULL
        || acme_json_get_str(&value, object, key) != APR_SUCCESS) {
        return "(none)";
    }
    return value;
}

static long number(world_t *w, acme_json_t *json, const char *path,
                   const char *key)
{
    acme_json_t *object = *path ? member(json, path, w->p) : json;
    apr_int64_t value = -99;

    assert_non_null(object);
    acme_json_get_int(&value, object, key);
    return (long)value;
}

static int flag(world_t *w, acme_json_t *json, const char *path,
                const char *key)
{
    acme_json_t *object = *path ? member(json, path, w->p) : json;
    int value = -1;

    assert_non_null(object);
    acme_json_get_bool(&value, object, key);
    return value;
}

static const char *list(world_t *w, acme_json_t *json, const char *path,
                        const char *key)
{
    acme_json_t *object = *path ? member(json, path, w->p) : json;
    apr_array_header_t *values;

    assert_int_equal(acme_json_get_strs(&values, object, key, w->p), 0);
    return apr_array_pstrcat(w->p, values, ' ');
}

static void set_problem(acme_problem_t *problem, acme_retry_e retry,
                        const char *type, const char *detail, apr_pool_t *p)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;

    *problem = none;
    acme_problem_set(problem, APR_EGENERAL, retry, type, p, "%s", detail);
}

/* ---- what is wanted and what is there ---- */

static void a_good_site_has_the_members_of_mod_md(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json = site_of(w);

    assert_string_equal(text(w, json, "", "name"), NAME);
    assert_string_equal(list(w, json, "", "domains"), NAME " b.example.org");
    assert_string_equal(list(w, json, "", "contacts"), "");
    assert_string_equal(list(w, json, "ca", "urls"), "https://ca.example/dir");
    assert_string_equal(list(w, json, "ca", "challenges"), "http-01");
    assert_string_equal(text(w, json, "ca", "agreement"), "(none)");
    assert_int_equal(number(w, json, "", "state"), 2);
    assert_string_equal(text(w, json, "", "state-descr"), "(none)");
    assert_int_equal(flag(w, json, "", "renew"), 0);
    assert_int_equal(flag(w, json, "", "watched"), 1);
    assert_int_equal(number(w, json, "", "renew-mode"), 1);
    assert_string_equal(text(w, json, "", "renew-window"), "33%");
    assert_string_equal(text(w, json, "", "site"), "lkc");
    assert_string_equal(text(w, json, "cert/P-256/valid", "from"),
                        "Thu, 01 Jan 2026 03:04:05 GMT");
    assert_string_equal(text(w, json, "cert/P-256/valid", "until"),
                        "Sat, 11 Apr 2026 03:04:05 GMT");
    assert_string_equal(text(w, json, "cert/valid", "until"),
                        "Sat, 11 Apr 2026 03:04:05 GMT");
    assert_string_equal(text(w, json, "cert/P-256", "serial"), "0A1BFF");
    assert_string_equal(text(w, json, "cert/P-256", "sha256-fingerprint"),
                        "c0ffee");
    assert_string_equal(text(w, json, "", "renew-at"),
                        "Mon, 09 Mar 2026 03:04:05 GMT");
    assert_int_equal(flag(w, json, "renewal", "finished"), 0);
    assert_int_equal(number(w, json, "renewal", "errors"), 0);
    assert_string_equal(text(w, json, "renewal", "next-run"),
                        "Mon, 09 Mar 2026 03:04:05 GMT");
    assert_string_equal(text(w, json, "renewal", "last-run"), "(none)");
    assert_null(member(json, "renewal/last", w->p));
    assert_null(member(json, "problem", w->p));
}

static void settings_have_the_forms_of_mod_md(void **state)
{
    static const struct {
        acme_window_t window;
        const char *text;
    } windows[] = {
        {{0, 0}, "33%"},
        {{25, 0}, "25%"},
        {{0, 30 * ACME_TIME_DAY}, "30d"},
        {{0, 36 * ACME_TIME_HOUR}, "36h"},
        {{0, 90 * ACME_TIME_MINUTE}, "90mi"},
        {{0, 6 * APR_USEC_PER_SEC}, "6s"},
    };
    world_t *w = make_world(*state);
    int i;

    for (i = 0; i < (int)(sizeof(windows) / sizeof(windows[0])); ++i) {
        w->spec.renew_window = windows[i].window;
        assert_string_equal(text(w, site_of(w), "", "renew-window"),
                            windows[i].text);
        w->spec.warn_window = windows[i].window;
        assert_string_equal(text(w, site_of(w), "", "warn-window"),
                            i == 0 ? "10%" : windows[i].text);
    }
    w->spec.renew_mode = ACME_RENEW_MANUAL;
    assert_int_equal(number(w, site_of(w), "", "renew-mode"), 0);
    assert_int_equal(flag(w, site_of(w), "", "watched"), 0);
    w->spec.renew_mode = ACME_RENEW_ALWAYS;
    w->inventory.serving = ACME_SERVING_NOTHING;
    assert_int_equal(number(w, site_of(w), "", "renew-mode"), 2);
    assert_string_equal(text(w, site_of(w), "", "require-https"), "(none)");
    w->spec.require_https = ACME_HTTPS_PERMANENT;
    assert_string_equal(text(w, site_of(w), "", "require-https"), "permanent");
    assert_int_equal(flag(w, site_of(w), "", "watched"), 1);
    w->spec.renew_mode = ACME_RENEW_AUTO;
    assert_int_equal(flag(w, site_of(w), "", "watched"), 0);
    assert_string_equal(text(w, site_of(w), "", "site"), "none");
    w->spec.dns_records =
        strs(*state, "_acme-challenge.a. IN CNAME a.b.", NULL);
    assert_string_equal(list(w, site_of(w), "ca", "dns-records"),
                        "_acme-challenge.a. IN CNAME a.b.");
    w->ca.agreed = 1;
    w->ca.contact = "mailto:a@example.org";
    assert_string_equal(text(w, site_of(w), "ca", "agreement"), "accepted");
    assert_string_equal(list(w, site_of(w), "", "contacts"),
                        "mailto:a@example.org");
    w->info.key_type = "RSA 2048";
    assert_string_equal(text(w, site_of(w), "cert/rsa", "serial"), "0A1BFF");
}

static void assert_counts(world_t *w, int ok, int renew, int errored, int ready)
{
    site_of(w);
    assert_int_equal(w->counts.total, 1);
    assert_int_equal(w->counts.ok, ok);
    assert_int_equal(w->counts.renew, renew);
    assert_int_equal(w->counts.errored, errored);
    assert_int_equal(w->counts.ready, ready);
}

static void a_good_site_is_ok_and_nothing_else(void **state)
{
    assert_counts(make_world(*state), 1, 0, 0, 0);
}

static void what_is_stashed_and_was_deployed_is_shown(void **state)
{
    world_t *w = make_world(*state);
    acme_certstore_cert_t stashed = *w->inventory.live;
    acme_json_t *json = site_of(w);

    assert_string_equal(text(w, json, "", "deployed"), "none");
    assert_string_equal(text(w, json, "", "stash"), "(none)");
    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_NOTHING;
    w->inventory.deployed = ACME_DEPLOYED_HTTP;
    stashed.moved = apr_time_from_sec(1767323045);
    w->inventory.stashed = &stashed;
    json = site_of(w);
    assert_string_equal(text(w, json, "", "deployed"), "http");
    assert_string_equal(text(w, json, "stash", "since"),
                        "Fri, 02 Jan 2026 03:04:05 GMT");
}

static void a_site_without_certificate_is_incomplete(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json;

    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_PLACEHOLDER;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 1);
    assert_string_equal(text(w, json, "", "state-descr"),
                        "certificate(P-256) is missing");
    assert_int_equal(flag(w, json, "", "renew"), 1);
    assert_string_equal(text(w, json, "", "site"), "http");
    assert_string_equal(text(w, json, "", "renew-at"), "(none)");
    assert_null(member(json, "cert", w->p));
    assert_counts(w, 0, 1, 0, 0);
}

static void a_site_with_an_added_name_is_incomplete(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json;

    w->info.names = strs(w->p, NAME, NULL);
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 1);
    acme_t_contains(text(w, json, "", "state-descr"), "b.example.org");
    assert_int_equal(flag(w, json, "", "renew"), 1);
    assert_counts(w, 0, 1, 0, 0);
}

static void an_expired_one_is_an_error_and_says_so(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json;

    w->info.not_before = ACME_T_NOW - 9 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 4);
    acme_t_contains(text(w, json, "", "state-descr"),
                    "expired at 2026-01-02T03:04:05Z; ");
    assert_counts(w, 0, 1, 0, 0);
    assert_int_equal(w->counts.expiring, 1);
    /* a certificate that is not served needs no warning */
    w->inventory.serving = ACME_SERVING_NOTHING;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 2);
    assert_string_equal(text(w, json, "", "state-descr"), "expired");
    assert_int_equal(w->counts.expiring, 0);
}

static void one_that_nears_its_end_says_what_holds_it_back(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = acme_job_create(NAME, w->p);
    acme_problem_t problem;
    acme_json_t *json;

    w->info.not_before = ACME_T_NOW - 80 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW + 8 * ACME_TIME_DAY;
    set_problem(&problem, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK,
                "nobody there", w->p);
    job->errors = 7;
    job->problem = &problem;
    job->failing = ACME_T_NOW - 5 * ACME_TIME_DAY;
    job->last_run = ACME_T_NOW - ACME_TIME_HOUR;
    save(w, job);
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 2);
    acme_t_contains(text(w, json, "", "state-descr"), "expires in 8 days, at ");
    acme_t_contains(text(w, json, "", "state-descr"),
                    "failed 7 times since 2025-12-28T03:04:05Z: ");
    acme_t_contains(text(w, json, "", "state-descr"), "nobody there");
    assert_string_equal(text(w, json, "renewal", "failing-since"),
                        "Sun, 28 Dec 2025 03:04:05 GMT");
    assert_counts(w, 1, 1, 1, 0);
    assert_int_equal(w->counts.expiring, 1);
    w->spec.warn_window.span = 7 * ACME_TIME_DAY;
    json = site_of(w);
    assert_string_equal(text(w, json, "", "state-descr"), "(none)");
    assert_int_equal(w->counts.expiring, 0);
}

static void a_due_one_renews_and_is_ok(void **state)
{
    world_t *w = make_world(*state);

    w->info.not_before = ACME_T_NOW - 80 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW + 10 * ACME_TIME_DAY;
    assert_int_equal(flag(w, site_of(w), "", "renew"), 1);
    assert_counts(w, 1, 1, 0, 0);
}

static void a_damaged_one_is_an_error(void **state)
{
    world_t *w = make_world(*state);
    acme_problem_t problem;
    acme_json_t *json;

    set_problem(&problem, ACME_RETRY_INTERNAL, ACME_PROBLEM_CERTIFICATE,
                "privkey.pem is missing", w->p);
    problem.to_fix = "do this";
    w->inventory.live = NULL;
    w->inventory.problem = &problem;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 4);
    assert_string_equal(text(w, json, "", "state-descr"),
                        "privkey.pem is missing");
    assert_string_equal(text(w, json, "problem", "problem"),
                        ACME_PROBLEM_CERTIFICATE);
    assert_string_equal(text(w, json, "problem", "to-fix"), "do this");
    assert_counts(w, 0, 1, 1, 0);
}

static void a_refused_one_does_not_make_a_working_one_an_error(void **state)
{
    world_t *w = make_world(*state);
    acme_problem_t problem;
    acme_json_t *json;

    set_problem(&problem, ACME_RETRY_BACKOFF, ACME_PROBLEM_CERTIFICATE,
                "refused", w->p);
    w->inventory.staged = ACME_STAGED_REFUSED;
    w->inventory.problem = &problem;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 2);
    assert_string_equal(text(w, json, "problem", "detail"), "refused");
    w->inventory.live = NULL;
    assert_int_equal(number(w, site_of(w), "", "state"), 1);
    assert_counts(w, 0, 1, 1, 0);
}

/* ---- what is being done ---- */

static void a_failure_is_told_with_what_to_do(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = job_of(w);
    acme_problem_t problem;
    acme_subproblem_t *sub;
    acme_json_t *json, *subs;

    w->inventory.live = NULL;
    set_problem(&problem, ACME_RETRY_BACKOFF,
                ACME_PROBLEM_URN "rejectedIdentifier", "no <such> \"name\"",
                w->p);
    problem.activity = "ordering";
    problem.to_fix = "look into DNS";
    problem.subproblems = apr_array_make(w->p, 1, sizeof(acme_subproblem_t));
    sub = apr_array_push(problem.subproblems);
    sub->identifier = "b.example.org";
    sub->type = ACME_PROBLEM_URN "caa";
    sub->detail = "CAA forbids";
    job->errors = 3;
    job->last_run = ACME_T_NOW - ACME_TIME_MINUTE;
    job->next_run = ACME_T_NOW + ACME_TIME_HOUR;
    job->problem = &problem;
    save(w, job);
    json = site_of(w);
    assert_int_equal(number(w, json, "renewal", "errors"), 3);
    assert_string_equal(text(w, json, "renewal", "last-run"),
                        "Fri, 02 Jan 2026 03:03:05 GMT");
    assert_string_equal(text(w, json, "renewal", "next-run"),
                        "Fri, 02 Jan 2026 04:04:05 GMT");
    assert_int_equal(number(w, json, "renewal/last", "status"), APR_EGENERAL);
    assert_string_equal(text(w, json, "renewal/last", "problem"),
                        ACME_PROBLEM_URN "rejectedIdentifier");
    assert_string_equal(text(w, json, "renewal/last", "detail"),
                        "no <such> \"name\"");
    assert_string_equal(text(w, json, "renewal/last", "activity"), "ordering");
    assert_string_equal(text(w, json, "renewal/last", "to-fix"),
                        "look into DNS");
    subs = member(json, "renewal/last/subproblems", w->p);
    assert_int_equal(acme_json_count(subs), 1);
    assert_string_equal(text(w, acme_json_at(subs, 0), "identifier", "value"),
                        "b.example.org");
    assert_string_equal(text(w, acme_json_at(subs, 0), "", "detail"),
                        "CAA forbids");
    assert_counts(w, 0, 1, 1, 0);
}

static void
what_only_the_administrator_can_mend_is_missing_information(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = job_of(w);
    acme_problem_t problem;
    acme_json_t *json;

    w->inventory.live = NULL;
    set_problem(&problem, ACME_RETRY_CONFIG, ACME_PROBLEM_CONFIG,
                "the terms are not accepted", w->p);
    job->errors = 1;
    job->problem = &problem;
    job->next_run = ACME_SCHEDULE_NEVER;
    job->digest = acme_spec_digest(&w->spec, w->p);
    job->config = acme_plan_config(&w->spec, w->p);
    save(w, job);
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 5);
    assert_string_equal(text(w, json, "", "state-descr"),
                        "the terms are not accepted");
    assert_string_equal(text(w, json, "renewal", "next-run"), "(none)");
}

static void what_waits_for_activation_is_finished(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = job_of(w);
    acme_json_t *json;

    job->staged = "abcdef";
    job->errors = 2; /* before it was staged */
    job->last_run = ACME_T_NOW;
    save(w, job);
    json = site_of(w);
    assert_int_equal(flag(w, json, "renewal", "finished"), 1);
    assert_int_equal(number(w, json, "renewal", "errors"), 0);
    assert_int_equal(flag(w, json, "", "renew"), 1);
    assert_int_equal(number(w, json, "renewal/last", "status"), 0);
    assert_string_equal(text(w, json, "renewal", "next-run"), "(none)");
    assert_counts(w, 1, 1, 0, 1);
}

static void the_log_is_newest_first_and_of_one_site_only(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = job_of(w);
    acme_json_t *entries, *brief;

    acme_job_note(job, ACME_T_NOW, "order-created", NULL);
    acme_job_note(job, ACME_T_NOW + APR_USEC_PER_SEC, "issued", "by %s", "CA");
    save(w, job);
    entries = member(site_of(w), "renewal/log/entries", w->p);
    assert_int_equal(acme_json_count(entries), 2);
    assert_string_equal(text(w, acme_json_at(entries, 0), "", "type"),
                        "issued");
    assert_string_equal(text(w, acme_json_at(entries, 0), "", "detail"),
                        "by CA");
    assert_string_equal(text(w, acme_json_at(entries, 1), "", "type"),
                        "order-created");
    assert_string_equal(text(w, acme_json_at(entries, 1), "", "when"),
                        "Fri, 02 Jan 2026 03:04:05 GMT");
    brief = acme_status_brief(&w->spec, &w->inventory, NULL, w->vault,
                              ACME_T_NOW, &w->server, NULL, w->p);
    assert_non_null(member(brief, "renewal", w->p));
    assert_null(member(brief, "renewal/log", w->p));
}

static void a_planted_job_changes_nothing(void **state)
{
    world_t *w = make_world(*state);

    acme_t_plant(w->vault, ACME_STORE_JOBS, NAME, "{\"errors\":9}", w->p);
    assert_int_equal(number(w, site_of(w), "renewal", "errors"), 0);
    assert_counts(w, 1, 0, 0, 0);
}

static void assert_date(world_t *w, acme_json_t *json, const char *path,
                        const char *key, apr_time_t t)
{
    char date[APR_RFC822_DATE_LEN];

    apr_rfc822_date(date, t);
    assert_string_equal(text(w, json, path, key), date);
}

static void what_the_ca_says_of_the_renewal_is_shown(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = job_of(w);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_ari_t ari = {0};
    acme_json_t *json;

    acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, w->p, "nobody there");
    ari.cert = "key.serial";
    ari.start = ACME_T_NOW + 10 * ACME_TIME_DAY;
    ari.end = ACME_T_NOW + 12 * ACME_TIME_DAY;
    ari.selected = ACME_T_NOW + 11 * ACME_TIME_DAY;
    ari.next = ACME_T_NOW + ACME_TIME_DAY;
    ari.explanation = "https://ca.example/why";
    ari.problem = &problem;
    job->ari = &ari;
    save(w, job);
    w->spec.via_ari = 1;
    w->info.ari_id = "key.serial";
    w->live.ca_url = w->ca.url;
    json = site_of(w);
    assert_date(w, json, "ari/window", "from", ari.start);
    assert_date(w, json, "ari/window", "until", ari.end);
    assert_date(w, json, "ari", "selected", ari.selected);
    assert_date(w, json, "ari", "retry-after", ari.next);
    assert_date(w, json, "", "renew-at", ari.selected);
    assert_string_equal(text(w, json, "ari", "explanation-url"),
                        "https://ca.example/why");
    assert_string_equal(text(w, json, "ari/problem", "detail"), "nobody there");
    assert_string_equal(text(w, json, "cert/P-256", "ari-cert-id"),
                        "key.serial");
    /* about another certificate it says nothing */
    w->info.ari_id = "key.other";
    assert_null(member(site_of(w), "ari", w->p));
    w->info.ari_id = "key.serial";
    w->spec.via_ari = 0;
    assert_null(member(site_of(w), "ari", w->p));
}

static void without_a_store_what_is_served_is_known(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json;

    w->vault = NULL;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 2);
    assert_null(member(json, "renewal", w->p));
    assert_non_null(member(json, "cert", w->p));
    w->inventory.live = NULL;
    json = site_of(w);
    assert_int_equal(number(w, json, "", "state"), 0);
    acme_t_contains(text(w, json, "", "state-descr"), "store");
    assert_counts(w, 0, 1, 0, 0);
}

/* ---- the server ---- */

static void the_frame_has_the_state_of_activation(void **state)
{
    world_t *w = make_world(*state);
    acme_status_activation_t activation = {.mode = "graceful",
                                           .pending = 2,
                                           .blocked = "syntax error",
                                           .next = ACME_T_NOW,
                                           .generation = 7};
    acme_json_t *json = acme_status_frame(&w->server, &activation, w->p);

    assert_string_not_equal(text(w, json, "", "version"), "(none)");
    assert_string_equal(text(w, json, "activation", "mode"), "graceful");
    assert_int_equal(number(w, json, "activation", "pending"), 2);
    assert_string_equal(text(w, json, "activation", "blocked"), "syntax error");
    assert_string_equal(text(w, json, "activation", "next"),
                        "Fri, 02 Jan 2026 03:04:05 GMT");
    assert_int_equal(number(w, json, "activation", "generation"), 7);
    assert_string_equal(text(w, json, "", "unusable"), "(none)");
    activation.hot = acme_json_object(w->p);
    activation.swapped = 3;
    json = acme_status_frame(&w->server, &activation, w->p);
    assert_int_equal(
        number(w, member(json, "activation", w->p), "hot", "swapped"), 3);
}

static void a_certificate_that_is_served_hot_is_shown(void **state)
{
    world_t *w = make_world(*state);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, w->p);
    acme_job_t *job = acme_job_create(NAME, w->p);
    acme_json_t *json;

    acme_t_put(w->vault, ACME_STORE_STAGING, NAME,
               acme_bundle_print(bundle, w->p), w->p);
    acme_job_staged(job, acme_t_fingerprint(bundle, w->p), ACME_T_NOW);
    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_PLACEHOLDER;
    w->spec.names = strs(w->p, NAME, NULL);
    json = acme_status_brief(&w->spec, &w->inventory, job, w->vault, ACME_T_NOW,
                             &w->server, NULL, w->p);
    assert_string_equal(text(w, json, "", "site"), "http");
    assert_string_equal(text(w, json, "judgement", "level"), "waiting");
    acme_job_swapped(job, 1);
    json = acme_status_brief(&w->spec, &w->inventory, job, w->vault, ACME_T_NOW,
                             &w->server, NULL, w->p);
    assert_string_equal(text(w, json, "", "site"), "lkc");
    assert_string_equal(text(w, json, "judgement", "level"), "ok");
    assert_non_null(member(json, "cert", w->p));
}

static void the_frame_says_why_the_store_cannot_be_used(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json;

    w->server.stopped = "the secret is gone";
    w->server.store_fails = 1;
    json = acme_status_frame(&w->server, NULL, w->p);

    assert_string_equal(text(w, json, "", "unusable"), "the secret is gone");
    assert_null(member(json, "activation", w->p));
}

/* ---- what is out of the ordinary ---- */

static void a_brief_site_is_of_the_job_that_is_given(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = acme_job_create(NAME, w->p);
    acme_json_t *json;

    job->errors = 3;
    json = acme_status_brief(&w->spec, &w->inventory, job, w->vault, ACME_T_NOW,
                             &w->server, NULL, w->p);
    assert_string_equal(text(w, json, "", "name"), NAME);
    assert_int_equal(number(w, json, "renewal", "errors"), 3);
}

static void a_revoked_one_says_when_and_why(void **state)
{
    world_t *w = make_world(*state);
    acme_blocklist_entry_t revoked;
    acme_json_t *json;

    assert_null(member(site_of(w), "revoked", w->p));
    memset(&revoked, 0, sizeof(revoked));
    revoked.fingerprint = w->info.fingerprint;
    revoked.key_hash = "beef";
    revoked.name = NAME;
    revoked.reason = 4;
    revoked.when = ACME_T_NOW;
    revoked.done = 1;
    w->inventory.revoked = &revoked;
    json = site_of(w);
    assert_string_equal(text(w, json, "revoked", "reason"), "superseded");
    assert_string_equal(text(w, json, "revoked", "when"),
                        "Fri, 02 Jan 2026 03:04:05 GMT");
    assert_int_equal(flag(w, json, "revoked", "confirmed"), 1);
    assert_int_equal(number(w, json, "", "state"), 1);
    acme_t_contains(text(w, json, "", "state-descr"), "superseded");
    /* even when the job is not known */
    w->vault = NULL;
    assert_non_null(member(site_of(w), "revoked", w->p));
    w->inventory.live = NULL;
    assert_null(member(site_of(w), "revoked", w->p));
}

static void a_name_that_was_left_out_is_shown(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job;
    acme_job_name_t *out;
    acme_json_t *json;

    w->spec.names = strs(w->p, NAME, "b.elsewhere.example");
    w->spec.optional = strs(w->p, "b.elsewhere.example", NULL);
    assert_non_null(strstr(text(w, site_of(w), "", "state-descr"),
                           "b.elsewhere.example is missing"));
    job = job_of(w);
    job->digest = acme_spec_digest(&w->spec, w->p);
    out = apr_array_push(job->names);
    out->name = "b.elsewhere.example";
    out->failures = 2;
    out->detail = "it points <elsewhere>";
    save(w, job);
    json = site_of(w);
    assert_string_equal(text(w, json, "", "state-descr"),
                        "left out, since it keeps failing: "
                        "b.elsewhere.example");
    assert_int_equal(w->counts.ok, 1);
    assert_int_equal(acme_json_count(member(json, "left-out", w->p)), 1);
    assert_string_equal(
        text(w, acme_json_at(member(json, "left-out", w->p), 0), "", "detail"),
        "it points <elsewhere>");
    w->spec.optional = NULL;
    assert_null(member(site_of(w), "left-out", w->p));
}

static void a_certificate_of_ones_own_is_shown(void **state)
{
    world_t *w = make_world(*state);
    acme_json_t *json;
    int renew = 1;

    w->spec.cert_file = "/etc/ssl/own.pem";
    w->spec.cert_key_file = "/etc/ssl/own.key";
    w->inventory.live = NULL;
    w->inventory.file = &w->info;
    w->inventory.serving = ACME_SERVING_OKC;
    json = site_of(w);
    assert_string_equal(text(w, json, "", "site"), "okc");
    assert_string_equal(text(w, json, "", "cert-file"), "/etc/ssl/own.pem");
    assert_string_equal(text(w, json, "cert/P-256", "serial"), "0A1BFF");
    assert_string_equal(text(w, json, "", "renew-at"), "(none)");
    assert_int_equal(acme_json_get_bool(&renew, json, "renew"), APR_SUCCESS);
    assert_false(renew);
    assert_int_equal(w->counts.ok, 1);
    w->info.not_after = ACME_T_NOW + ACME_TIME_HOUR;
    assert_non_null(
        strstr(text(w, site_of(w), "", "state-descr"), "expires in"));
    w->info.not_after = ACME_T_NOW;
    site_of(w);
    assert_int_equal(w->counts.ok, 0);
    w->inventory.file = NULL;
    assert_non_null(
        strstr(acme_json_print(site_of(w), 0, w->p), "\"state\":4"));
}

ACME_T_MAIN(ACME_T(what_the_ca_says_of_the_renewal_is_shown),
            ACME_T(a_good_site_has_the_members_of_mod_md),
            ACME_T(settings_have_the_forms_of_mod_md),
            ACME_T(a_good_site_is_ok_and_nothing_else),
            ACME_T(what_is_stashed_and_was_deployed_is_shown),
            ACME_T(a_site_without_certificate_is_incomplete),
            ACME_T(a_site_with_an_added_name_is_incomplete),
            ACME_T(an_expired_one_is_an_error_and_says_so),
            ACME_T(one_that_nears_its_end_says_what_holds_it_back),
            ACME_T(a_due_one_renews_and_is_ok),
            ACME_T(a_damaged_one_is_an_error),
            ACME_T(a_refused_one_does_not_make_a_working_one_an_error),
            ACME_T(a_failure_is_told_with_what_to_do),
            ACME_T(what_only_the_administrator_can_mend_is_missing_information),
            ACME_T(what_waits_for_activation_is_finished),
            ACME_T(the_log_is_newest_first_and_of_one_site_only),
            ACME_T(a_planted_job_changes_nothing),
            ACME_T(without_a_store_what_is_served_is_known),
            ACME_T(the_frame_has_the_state_of_activation),
            ACME_T(a_certificate_that_is_served_hot_is_shown),
            ACME_T(the_frame_says_why_the_store_cannot_be_used),
            ACME_T(a_brief_site_is_of_the_job_that_is_given),
            ACME_T(a_revoked_one_says_when_and_why),
            ACME_T(a_name_that_was_left_out_is_shown),
            ACME_T(a_certificate_of_ones_own_is_shown))
