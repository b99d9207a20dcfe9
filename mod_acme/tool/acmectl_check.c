/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_account_record.h"
#include "acme_ca_account.h"
#include "acme_challenge_type.h"
#include "acme_dns_ares.h"
#include "acme_http_curl.h"
#include "acme_preflight.h"
#include "acme_text.h"
#include "config.h"

/* The longest wait for an answer before the preflight is looked at again. */
#define STEP apr_time_from_msec(200)

/* Most bytes of a finding in a line. */
#define TEXT_MAX 600

/* A check under way. */
typedef struct check_t {
    const acmectl_t *ctl;
    const char *name; /* of the site, or the name itself */
    const apr_array_header_t *names;
    const char *type;
    acme_caa_order_t caa; /* who orders; without types for a name of no site */
    apr_array_header_t *findings;
} check_t;

/* Says who would order from the CA that is asked next, as far as the server has
 * left it in the store. */
static void set_caa(check_t *check, const acme_spec_t *spec,
                    const acme_job_t *job)
{
    const acmectl_t *ctl = check->ctl;
    const acme_ca_spec_t *ca =
        acme_spec_ca(spec, job ? acme_job_ca(job, spec, ctl->p) : 0);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_account_record_t *record;

    check->caa.types = spec->challenge_types;
    if (ctl->vault
        && acme_account_record_load(&record, ctl->vault,
                                    acme_ca_account_name(ca, ctl->p), &problem,
                                    ctl->p)
               == APR_SUCCESS) {
        check->caa.identities = record->caa;
        check->caa.account =
            record->gone || record->deactivated ? NULL : record->url;
    }
}

/* Finds the names of a site; a name of no site is checked by itself, so that it
 * can be before it is configured. Returns zero after printing why not. */
static int find_names(check_t *check)
{
    const acmectl_t *ctl = check->ctl;
    const char *text = APR_ARRAY_IDX(ctl->args, 0, const char *);
    const apr_array_header_t *types;
    apr_array_header_t *names;
    const acme_spec_t *spec;
    acme_job_t *job = NULL;
    int i;

    check->name = acmectl_store_name(ctl, text);
    if (!check->name) {
        return 0;
    }
    i = acme_published_find(ctl->published, check->name);
    if (i < 0) {
        names = apr_array_make(ctl->p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(names, const char *) = check->name;
        check->names = names;
        check->type = ctl->type ? ctl->type : "http-01";
        return 1;
    }
    spec = acmectl_store_spec(ctl, i);
    check->name = spec->name;
    check->names = spec->names;
    if (ctl->vault) {
        (void)acme_job_load(&job, ctl->vault, spec->name, NULL, ctl->p);
    }
    set_caa(check, spec, job);
    types =
        acme_spec_challenges(spec, job ? job->failed_challenge : NULL, ctl->p);
    check->type = ctl->type      ? ctl->type
                  : types->nelts ? APR_ARRAY_IDX(types, 0, const char *)
                                 : "http-01";
    return 1;
}

/* Answers what the preflight asks until it is over, or --timeout. */
static void wait_for(acme_preflight_t *preflight,
                     const acme_preflight_config_t *config,
                     apr_interval_time_t timeout)
{
    apr_time_t end = apr_time_now() + timeout;

    while (!acme_preflight_step(preflight)
           || acme_preflight_pending(preflight)) {
        if (config->dns) {
            (void)config->dns->run(config->dns);
        }
        config->http->run(config->http, STEP);
        if (apr_time_now() > end) {
            acme_preflight_give_up(preflight);
            config->http->cancel(config->http, 1);
        }
    }
}

/* Runs the preflight to its end. Returns zero after printing why it cannot
 * begin. */
static int run(check_t *check)
{
    const acmectl_t *ctl = check->ctl;
    acme_http_curl_config_t curl = {.user_agent =
                                        "mod_acme/" ACME_VERSION " preflight"};
    acme_preflight_config_t config = {
        .names = check->names,
        .type = check->type,
        .seal = ctl->seal,
        .http_port = ctl->published->http_port,
        .https_port = ctl->published->https_port,
        .caa = check->caa.types ? &check->caa : NULL,
    };
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const apr_array_header_t *servers = ctl->published->dns_servers;
    acme_dns_ares_config_t ares = {.servers = servers,
                                   .clock = &acme_time_system_clock};
    acme_preflight_t *preflight;

    if (acme_http_curl_global_init() != APR_SUCCESS
        || acme_http_curl_create(&config.http, &curl, ares.clock, NULL,
                                 &problem, ctl->p)
               != APR_SUCCESS) {
        acmectl_io_say("libcurl cannot be set up");
        return 0;
    }
    ares.http = config.http;
    /* Without it libcurl looks the names up. */
    (void)acme_dns_ares_create(&config.dns, &ares, &problem, ctl->p);
    config.resolvers_named = servers && servers->nelts > 0;
    preflight = acme_preflight_create(&config, ctl->p);
    acmectl_io_progress(apr_pstrcat(ctl->p, check->name, ": looking", NULL));
    wait_for(preflight, &config, ctl->timeout);
    acmectl_io_progress(NULL);
    check->findings = acme_preflight_findings(preflight, ctl->p);
    return 1;
}

/* Returns the records that ACMEDnsResponder needs for the names, or NULL. */
static const apr_array_header_t *records_of(const check_t *check)
{
    int i = acme_published_find(check->ctl->published, check->name);

    return i < 0 ? NULL : acmectl_store_spec(check->ctl, i)->dns_records;
}

/* Prints what is to be published, whichever type was looked at. */
static void print_records(const check_t *check)
{
    const apr_array_header_t *records = records_of(check);
    int i;

    for (i = 0; records && i < records->nelts; ++i) {
        printf("%s, for ACMEDnsResponder: %s\n",
               i ? "and" : "to be published once in the DNS",
               APR_ARRAY_IDX(records, i, const char *));
    }
}

static void print_json(const check_t *check)
{
    apr_pool_t *p = check->ctl->p;
    acme_json_t *json = acme_json_object(p);
    const char *to_fix;
    const char *worst = acme_preflight_finding_state(
        acme_preflight_finding_worst(check->findings));
    const char *text = acme_preflight_finding_text(check->findings, &to_fix, p);

    acme_json_set_str(json, "name", check->name);
    acme_json_set_str(json, "challenge", check->type);
    acme_json_set_str(json, "state", worst);
    acme_json_set_str(json, "problem", text);
    acme_json_set_str(json, "to-fix", to_fix);
    acme_json_give(json, "checks",
                   acme_preflight_finding_json(check->findings, 1, p));
    if (records_of(check)) {
        acme_json_set_strs(json, "dns-records", records_of(check));
    }
    acmectl_io_print_json(check->ctl, json);
}

static void print_text(const check_t *check)
{
    apr_pool_t *p = check->ctl->p;
    const char *last = "";
    int i;

    for (i = 0; i < check->findings->nelts; ++i) {
        const acme_preflight_finding_t *one =
            acme_preflight_finding_at(check->findings, i);

        if (strcmp(last, one->name) != 0) {
            printf("%s (%s)\n", one->name, check->type);
            last = one->name;
        }
        printf("  %-8s %-9s %s\n", acme_preflight_finding_state(one->state),
               acme_preflight_finding_check(one->check),
               acme_text_escape(one->detail, TEXT_MAX, p));
        if (one->to_fix) {
            printf("           to fix:   %s\n", one->to_fix);
        }
    }
}

int acmectl_check(acmectl_t *ctl)
{
    check_t check = {.ctl = ctl};

    if (ctl->type && !acme_challenge_type(ctl->type)) {
        return acmectl_io_usage("--type %s: write http-01, tls-alpn-01 or "
                                "dns-01",
                                ctl->type);
    }
    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    if (!ctl->seal) {
        acmectl_io_say("no server has started with this store yet, so none "
                       "can answer");
        return CTL_FAILED;
    }
    if (!find_names(&check) || !run(&check)) {
        return CTL_FAILED;
    }
    if (ctl->json) {
        print_json(&check);
    }
    else {
        print_text(&check);
        print_records(&check);
    }
    return acme_preflight_finding_worst(check.findings) >= ACME_PREFLIGHT_FAULT
               ? CTL_FAILED
               : CTL_DONE;
}
