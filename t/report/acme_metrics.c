/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_site.h"

#include <apr_strings.h>

#include "acme_metrics.h"
#include "acme_schedule.h"

#define NAME ACME_T_SITE

typedef struct world_t {
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_status_activation_t activation;
    acme_judgement_server_t known;
    acme_metrics_server_t server;
    const char *text;
    apr_pool_t *p;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    acme_t_site_fill(
        &(acme_t_site_t){&w->ca, &w->spec, &w->info, &w->live, &w->inventory},
        p);
    w->p = p;
    w->server.server = &w->known;
    w->server.activation = &w->activation;
    w->text = "";
    return w;
}

static void out(void *baton, const char *text, apr_size_t len)
{
    world_t *w = baton;

    assert_int_equal(strlen(text), len);
    w->text = apr_pstrcat(w->p, w->text, text, NULL);
}

static void print(world_t *w, const acme_metrics_t *metrics)
{
    w->text = "";
    acme_metrics_print(metrics, &w->server, out, w);
}

static void print_site(world_t *w, const acme_job_t *job)
{
    acme_metrics_t *metrics = acme_metrics_create(1, w->p);

    acme_metrics_add(metrics, &w->spec, &w->inventory, job, ACME_T_NOW,
                     &w->known, w->p);
    print(w, metrics);
}

/** Checks that the output has this line. */
static void has(const world_t *w, const char *line)
{
    if (!strstr(w->text, apr_pstrcat(w->p, "\n", line, "\n", NULL))) {
        fail_msg("no line %s in\n%s", line, w->text);
    }
}

static void has_not(const world_t *w, const char *part)
{
    if (strstr(w->text, part)) {
        fail_msg("%s is in\n%s", part, w->text);
    }
}

static const char *seconds(world_t *w, const char *name, apr_time_t t)
{
    return apr_psprintf(w->p, "%s{site=\"" NAME "\"} %" APR_INT64_T_FMT, name,
                        apr_time_sec(t));
}

static void a_good_site(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = acme_job_create(NAME, w->p);

    job->last_run = ACME_T_NOW - ACME_TIME_HOUR;
    print_site(w, job);
    has(w, "acme_sites 1");
    has(w, "acme_sites_ok 1");
    has(w, "acme_sites_renewing 0");
    has(w, "acme_sites_errored 0");
    has(w, "acme_sites_ready 0");
    has(w, "acme_site_info{site=\"" NAME
           "\",serves=\"lkc\",authority=\"ca.example\"} 1");
    has(w, "acme_site_state{site=\"" NAME "\"} 2");
    has(w, "acme_site_renewing{site=\"" NAME "\"} 0");
    has(w, "acme_site_failures{site=\"" NAME "\"} 0");
    has(w, "acme_site_expiring{site=\"" NAME "\"} 0");
    has(w, "acme_sites_expiring 0");
    w->info.not_before = ACME_T_NOW - 95 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW + 5 * ACME_TIME_DAY;
    print_site(w, job);
    has(w, "acme_site_expiring{site=\"" NAME "\"} 1");
    has(w, "acme_sites_expiring 1");
    w->info.not_after = ACME_T_NOW - 1;
    print_site(w, job);
    has(w, "acme_site_expiring{site=\"" NAME "\"} 2");
    has(w, "acme_site_state{site=\"" NAME "\"} 4");
}

static void the_times_of_a_site(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = acme_job_create(NAME, w->p);

    job->last_run = ACME_T_NOW - ACME_TIME_HOUR;
    print_site(w, job);
    has(w, seconds(w, "acme_site_certificate_not_before_seconds",
                   w->info.not_before));
    has(w, seconds(w, "acme_site_certificate_not_after_seconds",
                   w->info.not_after));
    has(w, seconds(w, "acme_site_last_run_seconds", job->last_run));
    has(w, seconds(w, "acme_site_renew_at_seconds",
                   acme_plan_renew_at(&w->spec, &w->inventory, job)));
}

static void a_site_that_fails(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = acme_job_create(NAME, w->p);

    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_PLACEHOLDER;
    job->errors = 3;
    job->problem = apr_pcalloc(w->p, sizeof(*job->problem));
    acme_problem_set((acme_problem_t *)(apr_uintptr_t)job->problem,
                     APR_EGENERAL, ACME_RETRY_BACKOFF, ACME_PROBLEM_NETWORK,
                     w->p, "nobody answers");
    job->next_run = ACME_T_NOW + ACME_TIME_HOUR;
    print_site(w, job);
    has(w, "acme_sites_ok 0");
    has(w, "acme_sites_errored 1");
    has(w, "acme_site_state{site=\"" NAME "\"} 1");
    has(w, "acme_site_renewing{site=\"" NAME "\"} 1");
    has(w, "acme_site_failures{site=\"" NAME "\"} 3");
    has(w, seconds(w, "acme_site_next_run_seconds", job->next_run));
    /* a value that is not known has no line */
    has_not(w, "acme_site_certificate_not_after_seconds{");
    has_not(w, "acme_site_last_run_seconds{");
    /* nor has a time that never comes */
    w->spec.renew_mode = ACME_RENEW_MANUAL;
    print_site(w, acme_job_create(NAME, w->p));
    has_not(w, "acme_site_next_run_seconds{");
}

static void a_site_whose_job_is_not_known(void **state)
{
    world_t *w = make_world(*state);

    print_site(w, NULL);
    has(w, "acme_site_state{site=\"" NAME "\"} 2");
    has_not(w, "acme_site_failures{");
    w->inventory.live = NULL;
    print_site(w, NULL);
    has(w, "acme_site_state{site=\"" NAME "\"} 0");
}

static void a_site_that_waits_for_a_restart(void **state)
{
    world_t *w = make_world(*state);
    acme_job_t *job = acme_job_create(NAME, w->p);

    job->staged = "beef";
    print_site(w, job);
    has(w, "acme_sites_ready 1");
    has(w, "acme_site_ready{site=\"" NAME "\"} 1");
}

static void what_is_said_beside_the_sites(void **state)
{
    world_t *w = make_world(*state);
    acme_metrics_t *none = acme_metrics_create(0, w->p);

    w->activation.pending = 7;
    w->activation.generation = 4;
    print(w, none);
    has(w, "acme_store_usable 1");
    has(w, "acme_ordering 1");
    has(w, "acme_activation_pending 7");
    has(w, "acme_activation_blocked 0");
    has(w, "acme_generation 4");
    has_not(w, "acme_activation_next_seconds");
    has(w, "acme_level 0");
    w->known.stopped = "the store is full";
    w->known.store_fails = 1;
    w->activation.blocked = "the configuration is broken";
    w->activation.next = ACME_T_NOW;
    print(w, none);
    has(w, "acme_store_usable 0");
    has(w, "acme_ordering 0");
    has(w, "acme_level 4");
    has(w, "acme_activation_blocked 1");
    has(w, apr_psprintf(w->p, "acme_activation_next_seconds %" APR_INT64_T_FMT,
                        apr_time_sec(ACME_T_NOW)));
    has_not(w, "broken");
    w->server.activation = NULL;
    print(w, none);
    has_not(w, "acme_activation");
}

/* Each metric has one HELP, one TYPE, and then all of its lines. */
static void the_lines_of_a_metric_stand_together(void **state)
{
    world_t *w = make_world(*state);
    acme_metrics_t *metrics = acme_metrics_create(3, w->p);
    acme_job_t *job = acme_job_create(NAME, w->p);
    const char *metric = "";
    char *line, *last, *copy;
    int i;

    job->last_run = ACME_T_NOW;
    for (i = 0; i < 3; i++) {
        acme_metrics_add(metrics, &w->spec, &w->inventory, job, ACME_T_NOW,
                         &w->known, w->p);
    }
    print(w, metrics);
    has(w, "acme_sites 3");
    copy = apr_pstrdup(w->p, w->text);
    for (line = apr_strtok(copy, "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        if (!strncmp(line, "# HELP ", 7)) {
            metric = apr_pstrndup(w->p, line + 7, strcspn(line + 7, " "));
            assert_null(
                strstr(strstr(w->text, line) + 1,
                       apr_pstrcat(w->p, "# HELP ", metric, " ", NULL)));
        }
        else if (!strncmp(line, "# TYPE ", 7)) {
            assert_string_equal(line + 7,
                                apr_pstrcat(w->p, metric, " gauge", NULL));
        }
        else {
            assert_int_equal(strcspn(line, "{ "), strlen(metric));
            assert_int_equal(strncmp(line, metric, strlen(metric)), 0);
        }
    }
}

static void labels_are_escaped(void **state)
{
    world_t *w = make_world(*state);
    char *longest = apr_pcalloc(w->p, 5001);

    w->ca.label = "a \"b\" \\ c\nd";
    print_site(w, NULL);
    assert_non_null(
        strstr(w->text, "authority=\"a \\\"b\\\" \\\\ c\\nd\"} 1\n"));
    memset(longest, '"', 5000);
    w->ca.label = longest;
    print_site(w, NULL);
    assert_true(strlen(w->text) < 5000);
    w->spec.ca = NULL;
    print_site(w, NULL);
    assert_non_null(strstr(w->text, "authority=\"\"} 1\n"));
}

ACME_T_MAIN(ACME_T(a_good_site), ACME_T(the_times_of_a_site),
            ACME_T(a_site_that_fails), ACME_T(a_site_whose_job_is_not_known),
            ACME_T(a_site_that_waits_for_a_restart),
            ACME_T(what_is_said_beside_the_sites),
            ACME_T(the_lines_of_a_metric_stand_together),
            ACME_T(labels_are_escaped))
