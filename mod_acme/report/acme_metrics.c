/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_metrics.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_text.h"
#include "config.h"

/* Most bytes of a label: a name has at most 253, the label of a CA is cut. */
#define LABEL_MAX 300

typedef struct site_t {
    const char *name; /* escaped for a label */
    const char *labels;
    apr_int64_t values[ACME_STATUS_GAUGES];
} site_t;

struct acme_metrics_t {
    apr_pool_t *p;
    apr_array_header_t *sites; /* site_t */
    acme_status_counts_t counts;
    int attention; /* sites that somebody should look at */
};

typedef struct out_t {
    acme_metrics_out_fn *fn;
    void *baton;
} out_t;

/* In the order of acme_status_gauge_e. */
static const struct {
    const char *name;
    const char *help;
} gauges[ACME_STATUS_GAUGES] = {
    {"acme_site_state", "State of the site: 1 incomplete, 2 complete, 4 error, "
                        "5 the configuration lacks something, 0 unknown."},
    {"acme_site_renewing", "Whether a certificate is being obtained or due."},
    {"acme_site_ready", "Whether a new certificate waits for a restart."},
    {"acme_site_expiring", "Whether the served certificate nears its end and "
                           "was not renewed (1), or has expired (2)."},
    {"acme_site_failures", "Failures in a row."},
    {"acme_site_certificate_not_before_seconds",
     "Begin of the validity of the served certificate."},
    {"acme_site_certificate_not_after_seconds",
     "End of the validity of the served certificate."},
    {"acme_site_renew_at_seconds", "When the certificate is to be renewed."},
    {"acme_site_last_run_seconds", "When the site was last worked on."},
    {"acme_site_next_run_seconds", "When it is worked on next."},
    {"acme_site_hindered",
     "Whether a request of its order has failed and is repeated."},
    {"acme_site_preflight", "What preflight has found: 0 nothing, 1 faults, 2 "
                            "faults for which the order is held back."},
    {"acme_site_level", "How it goes: 0 ok, 1 due, 2 waiting, 3 failing, 4 "
                        "blocked."},
    {"acme_site_attention", "Whether somebody should look."},
};

acme_metrics_t *acme_metrics_create(int sites, apr_pool_t *p)
{
    acme_metrics_t *metrics = apr_pcalloc(p, sizeof(*metrics));

    metrics->p = p;
    metrics->sites = apr_array_make(p, sites > 0 ? sites : 1, sizeof(site_t));
    return metrics;
}

/* Escapes a text for a label. */
static const char *label(const char *text, apr_pool_t *p)
{
    char *copy, *to;
    const char *from;

    text = acme_text_bound(text, LABEL_MAX, p);
    if (!strpbrk(text, "\\\"\n")) {
        return apr_pstrdup(p, text);
    }
    copy = apr_palloc(p, 2 * strlen(text) + 1);
    for (from = text, to = copy; *from; from++) {
        if (strchr("\\\"\n", *from)) {
            *to++ = '\\';
        }
        *to++ = (char)(*from == '\n' ? 'n' : *from);
    }
    *to = '\0';
    return copy;
}

void acme_metrics_add(acme_metrics_t *metrics, const acme_spec_t *spec,
                      const acme_inventory_t *inventory, const acme_job_t *job,
                      apr_time_t now, const acme_judgement_server_t *server,
                      apr_pool_t *ptemp)
{
    site_t *site = apr_array_push(metrics->sites);
    acme_judgement_t judgement;
    acme_status_view_t view;

    site->name = label(spec->name, metrics->p);
    site->labels = apr_psprintf(metrics->p, "serves=\"%s\",authority=\"%s\"",
                                acme_inventory_serving_name(inventory->serving),
                                spec->ca ? label(spec->ca->label, ptemp) : "");
    memset(&view, 0, sizeof(view));
    view.spec = spec;
    view.inventory = inventory;
    view.job = job;
    view.now = now;
    acme_status_state(&view, ptemp);
    acme_status_state_count(&metrics->counts, &view);
    acme_status_state_gauges(site->values, &view);
    acme_judgement(&judgement, &view, server, ptemp);
    site->values[ACME_STATUS_GAUGE_LEVEL] = judgement.level;
    site->values[ACME_STATUS_GAUGE_ATTENTION] = judgement.attention;
    metrics->attention += judgement.attention;
}

static void put(const out_t *out, const char *text)
{
    out->fn(out->baton, text, strlen(text));
}

static void head(const out_t *out, const char *name, const char *help)
{
    char text[400];

    apr_snprintf(text, sizeof(text), "# HELP %s %s\n# TYPE %s gauge\n", name,
                 help, name);
    put(out, text);
}

static void one(const out_t *out, const char *name, const char *help,
                apr_int64_t value)
{
    char text[200];

    head(out, name, help);
    apr_snprintf(text, sizeof(text), "%s %" APR_INT64_T_FMT "\n", name, value);
    put(out, text);
}

/* Prints one metric of all sites. A value that is not known has no line. */
static void each(const out_t *out, const acme_metrics_t *metrics, int gauge)
{
    char text[2 * LABEL_MAX + 200];
    const site_t *site;
    int i;

    head(out, gauges[gauge].name, gauges[gauge].help);
    for (i = 0; i < metrics->sites->nelts; i++) {
        site = &APR_ARRAY_IDX(metrics->sites, i, site_t);
        if (site->values[gauge] == ACME_STATUS_GAUGE_NONE) {
            continue;
        }
        apr_snprintf(text, sizeof(text),
                     "%s{site=\"%s\"} %" APR_INT64_T_FMT "\n",
                     gauges[gauge].name, site->name, site->values[gauge]);
        put(out, text);
    }
}

static void infos(const out_t *out, const acme_metrics_t *metrics)
{
    char text[4 * LABEL_MAX + 200];
    const site_t *site;
    int i;

    head(out, "acme_site_info", "What the site serves, and who signs for it.");
    for (i = 0; i < metrics->sites->nelts; i++) {
        site = &APR_ARRAY_IDX(metrics->sites, i, site_t);
        apr_snprintf(text, sizeof(text), "acme_site_info{site=\"%s\",%s} 1\n",
                     site->name, site->labels);
        put(out, text);
    }
}

static void totals(const out_t *out, const acme_metrics_t *metrics)
{
    const acme_status_counts_t *counts = &metrics->counts;

    one(out, "acme_sites", "Managed sites.", counts->total);
    one(out, "acme_sites_ok",
        "Sites whose certificate has all names and has not expired.",
        counts->ok);
    one(out, "acme_sites_renewing",
        "Sites whose certificate is being obtained or due.", counts->renew);
    one(out, "acme_sites_errored",
        "Sites that failed last time, or whose store cannot be read.",
        counts->errored);
    one(out, "acme_sites_expiring",
        "Sites whose certificate nears its end or has expired.",
        counts->expiring);
    one(out, "acme_sites_ready", "Sites that wait for a restart.",
        counts->ready);
    one(out, "acme_sites_attention", "Sites that somebody should look at.",
        metrics->attention);
}

static void server_part(const out_t *out, const acme_metrics_server_t *server,
                        apr_pool_t *p)
{
    const acme_status_activation_t *activation = server->activation;
    acme_judgement_t judgement;

    acme_judgement_of_server(&judgement, server->server, p);
    one(out, "acme_level",
        "How it goes with the server as a whole: 0 ok, "
        "2 waiting, 4 blocked.",
        judgement.level);
    one(out, "acme_store_usable", "Whether the store can be used.",
        !server->server->store_fails);
    one(out, "acme_ordering",
        "Whether orders are made: 0 where the store cannot be used, or another "
        "worker is waited for.",
        server->server->stopped == NULL);
    if (!activation) {
        return;
    }
    one(out, "acme_activation_pending",
        "Sites whose new certificate the next restart activates.",
        activation->pending);
    one(out, "acme_activation_blocked",
        "Whether the restart that would activate them is held back.",
        activation->blocked != NULL);
    if (activation->next > 0 && activation->next != ACME_SCHEDULE_NEVER) {
        one(out, "acme_activation_next_seconds", "When that restart is wanted.",
            apr_time_sec(activation->next));
    }
    one(out, "acme_generation", "Generation of the server's configuration.",
        activation->generation);
}

void acme_metrics_print(const acme_metrics_t *metrics,
                        const acme_metrics_server_t *server,
                        acme_metrics_out_fn *fn, void *baton)
{
    out_t out;
    int i;

    out.fn = fn;
    out.baton = baton;
    head(&out, "acme_build_info", "The version of mod_acme.");
    put(&out, "acme_build_info{version=\"" ACME_VERSION "\"} 1\n");
    server_part(&out, server, metrics->p);
    totals(&out, metrics);
    infos(&out, metrics);
    for (i = 0; i < ACME_STATUS_GAUGES; i++) {
        each(&out, metrics, i);
    }
}
