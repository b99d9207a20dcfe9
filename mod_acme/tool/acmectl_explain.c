/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_swapped.h"
#include "acme_text.h"
#include "acme_time.h"

/* Events of a site's log that are shown. */
#define EVENTS 6

/* ---- words ---- */

static const struct {
    const char *type;
    const char *words;
} events[] = {
    {"activated", "the new certificate is served"},
    {"asked", "the CA was asked"},
    {"certificate-ready", "the certificate is ready"},
    {"swapped", "the certificate is served"},
    {"challenge-presented", "the answer to a challenge is up"},
    {"dropped", "the new certificate is not needed"},
    {"dry-run-done", "the dry run has succeeded"},
    {"failed", "failed"},
    {"held-back", "the order is held back"},
    {"names-left-out", "names are left out"},
    {"order-created", "the CA has made an order"},
    {"order-dropped", "the order is given up"},
    {"order-resumed", "the order goes on"},
    {"order-started", "an order is begun"},
    {"recovered", "a certificate was found that was ready"},
    {"renew", "acmectl asked for a certificate"},
    {"revoked", "the certificate was revoked"},
    {"sign", "acmectl asked for a signature"},
    {"signed", "the CA has signed the request"},
    {"waits-for-limit", "waits for a limit of the CA"},
};

#define N_EVENTS ((int)(sizeof(events) / sizeof(events[0])))

/* Phases of an order, and the step of the walk that each belongs to. */
static const struct {
    const char *name;
    int step;
    const char *words;
} phases[] = {
    {"new", 0, "the CA is asked for an order"},
    {"authorize", 1, "the CA is asked what it wants to see"},
    {"present", 2, "the answers to the challenges are put up"},
    {"respond", 2, "the CA is told to look"},
    {"await", 2, "the CA looks at the answers"},
    {"finalize", 3, "the signing request is sent"},
    {"process", 3, "the CA issues the certificate"},
    {"download", 3, "the certificate is fetched"},
    {"diagnose", 1, "the CA is asked what it did not like"},
    {"cleanup", 3, "the answers are removed"},
};

#define N_PHASES ((int)(sizeof(phases) / sizeof(phases[0])))

const char *acmectl_explain_event(const char *type)
{
    int i;

    for (i = 0; i < N_EVENTS; ++i) {
        if (strcmp(events[i].type, type) == 0) {
            return events[i].words;
        }
    }
    return type;
}

/* ---- the walk of a site ---- */

/* A site, and how far it is. */
typedef struct walk_t {
    const acmectl_t *ctl;
    const acme_spec_t *spec;
    const acme_inventory_t *inventory;
    const acme_job_t *job; /* or NULL */
    acme_judgement_server_t server;
    acme_status_view_t view;
    int phase; /* index of phases, or -1: no order is under way */
} walk_t;

static void print_step(const char *name, const char *text)
{
    printf("  %-14s %s\n", name, text);
}

static const char *serves(acme_serving_e serving)
{
    switch (serving) {
    case ACME_SERVING_NOTHING:
        return "no TLS virtual host uses it (SSLEngine on)";
    case ACME_SERVING_PLACEHOLDER:
        return "https answers 503 until there is a certificate";
    case ACME_SERVING_OKC:
        return "serves its own SSLCertificateFile";
    case ACME_SERVING_LKC:
        return "serves a certificate of this module";
    }
    return "";
}

static void print_site(const walk_t *walk)
{
    apr_pool_t *p = walk->ctl->p;
    const acme_cert_info_t *info = acme_status_state_served(&walk->view);

    print_step("site",
               apr_pstrcat(p, apr_array_pstrcat(p, walk->spec->names, ' '),
                           walk->spec->place ? ", from " : "",
                           walk->spec->place ? walk->spec->place : "", NULL));
    print_step("", serves(walk->inventory->serving));
    print_step("certificate",
               info ? apr_psprintf(p, "valid until %s, serial %s",
                                   acme_time_print(info->not_after, p),
                                   info->serial)
                    : "none");
}

/* Returns the words of a step that is over, under way, or not begun. */
static const char *step_words(const walk_t *walk, int step)
{
    if (walk->phase < 0) {
        return acme_status_state_is_ready(&walk->view) ? "done"
                                                       : "nothing to do now";
    }
    return phases[walk->phase].step > step   ? "done"
           : phases[walk->phase].step < step ? "not yet"
                                             : phases[walk->phase].words;
}

static void print_order(const walk_t *walk)
{
    const acme_job_t *job = walk->job;
    apr_pool_t *p = walk->ctl->p;
    const char *url = NULL;

    if (!job || (!job->order && !job->staged)) {
        print_step("order", walk->spec->cert_file
                                ? "none: ACMECertificateFile is yours to renew"
                                : apr_pstrcat(p, "none under way, at ",
                                              walk->spec->ca->label, NULL));
    }
    else {
        if (job->order) {
            (void)acme_json_get_str(&url, job->order, "order");
        }
        print_step("order", apr_pstrcat(p, step_words(walk, 0), ": ",
                                        job->reason ? job->reason : "", NULL));
        if (url) {
            print_step("", acme_text_escape(url, 300, p));
        }
    }
    if (job && job->hindrance) {
        print_step("", apr_psprintf(p, "makes no progress since %s: %s",
                                    acme_time_print(job->hindered, p),
                                    acme_problem_text(job->hindrance, p)));
    }
}

/* Prints what the CA said of single names the last time. */
static void print_names(const walk_t *walk)
{
    const acme_problem_t *problem = walk->job ? walk->job->problem : NULL;
    apr_pool_t *p = walk->ctl->p;
    int i;

    print_step("authorization", step_words(walk, 1));
    if (!problem || !problem->subproblems) {
        return;
    }
    for (i = 0; i < problem->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(problem->subproblems, i, acme_subproblem_t);

        print_step(
            "", acme_text_escape(
                    apr_pstrcat(p, sub->identifier ? sub->identifier : "a name",
                                " was refused: ",
                                sub->detail ? sub->detail : sub->type, NULL),
                    600, p));
    }
}

static const char *challenge_words(const char *type)
{
    return strcmp(type, "http-01") == 0
               ? ": the CA fetches http://NAME/.well-known/acme-challenge/"
           : strcmp(type, "tls-alpn-01") == 0
               ? ": the CA makes a TLS handshake with NAME at port 443"
               : "";
}

static void print_challenge(const walk_t *walk)
{
    acme_json_t *presented;
    apr_pool_t *p = walk->ctl->p;
    const char *types = "";
    int i;

    for (i = 0; i < walk->spec->challenge_types->nelts; ++i) {
        const char *type =
            APR_ARRAY_IDX(walk->spec->challenge_types, i, const char *);

        types = apr_pstrcat(p, types, i ? "; " : "", type,
                            challenge_words(type), NULL);
    }
    print_step("challenge",
               apr_pstrcat(p, step_words(walk, 2), " (", types, ")", NULL));
    for (i = 0; walk->spec->challenge_faults
                && i < walk->spec->challenge_faults->nelts;
         ++i) {
        print_step("", apr_pstrcat(p, "left out: ",
                                   APR_ARRAY_IDX(walk->spec->challenge_faults,
                                                 i, const char *),
                                   NULL));
    }
    if (walk->phase < 0
        || acme_json_get(&presented, walk->job->order, "presented")) {
        return;
    }
    for (i = 0; i < acme_json_count(presented); ++i) {
        const char *name = "";

        (void)acme_json_get_str(&name, acme_json_at(presented, i),
                                "identifier");
        print_step("", apr_pstrcat(p, "up for ", acme_text_escape(name, 300, p),
                                   NULL));
    }
}

static void print_activation(const walk_t *walk)
{
    apr_pool_t *p = walk->ctl->p;
    const acme_judgement_server_t *server = &walk->server;

    print_step("activation",
               !acme_status_state_is_ready(&walk->view)
                   ? walk->phase < 0 ? "nothing to do now" : "not yet"
               : server->blocked ? apr_pstrcat(
                     p, "the server is not restarted: ",
                     acme_text_escape(server->blocked, 600, p), NULL)
               : server->manual ? "waits for a restart by hand"
                                : "waits for the server's own restart");
}

static void print_events(const walk_t *walk)
{
    const apr_array_header_t *log = walk->job ? walk->job->log : NULL;
    apr_pool_t *p = walk->ctl->p;
    int i;

    for (i = log && log->nelts > EVENTS ? log->nelts - EVENTS : 0;
         log && i < log->nelts; ++i) {
        const acme_job_entry_t *entry =
            &APR_ARRAY_IDX(log, i, acme_job_entry_t);

        printf("  %s  %s%s%s\n", acme_time_print(entry->when, p),
               acmectl_explain_event(entry->type), entry->detail ? ": " : "",
               entry->detail ? acme_text_escape(entry->detail, 300, p) : "");
    }
}

static int find_phase(const acme_job_t *job)
{
    const char *name;
    int i;

    if (!job || !job->order
        || acme_json_get_str(&name, job->order, "phase") != APR_SUCCESS) {
        return -1;
    }
    for (i = 0; i < N_PHASES; ++i) {
        if (strcmp(phases[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int explain_site(const acmectl_t *ctl, int i)
{
    apr_time_t now = apr_time_now();
    acme_judgement_t judgement;
    acme_job_t *job = NULL;
    const char *next;
    walk_t walk;

    memset(&walk, 0, sizeof(walk));
    walk.ctl = ctl;
    walk.spec = acmectl_store_spec(ctl, i);
    walk.inventory = acmectl_store_inventory(ctl, i, ctl->p);
    if (ctl->vault
        && acme_job_load(&job, ctl->vault, walk.spec->name, NULL, ctl->p)
               == APR_SUCCESS) {
        walk.job = job;
    }
    walk.inventory = acme_swapped_inventory(walk.spec, walk.inventory, walk.job,
                                            ctl->vault, ctl->p);
    walk.phase = find_phase(walk.job);
    acmectl_server(&walk.server, ctl);
    walk.view.spec = walk.spec;
    walk.view.inventory = walk.inventory;
    walk.view.job = walk.job;
    walk.view.now = now;
    acme_status_state(&walk.view, ctl->p);
    acme_judgement(&judgement, &walk.view, &walk.server, ctl->p);
    printf("%s: %s: %s\n\n", walk.spec->name,
           acme_judgement_level_name(judgement.level), judgement.what);
    print_site(&walk);
    print_order(&walk);
    print_names(&walk);
    print_challenge(&walk);
    print_activation(&walk);
    putchar('\n');
    print_events(&walk);
    next = acme_judgement_outlook(&judgement, now, ctl->p);
    printf("\n  next:   %s\n", next ? next : "nothing by itself");
    printf("  to fix: %s\n", judgement.mend ? judgement.mend : "nothing");
    return judgement.attention ? CTL_FAILED : CTL_DONE;
}

/* ---- messages ---- */

typedef struct text_t {
    const char *title; /* "ACME0341", "network", or a sentence: types */
    const char *text;
} text_t;

/* The sections of docs/problems.md. */
static const text_t texts[] = {
#include "acmectl_problems.inc"
};

#define N_TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

/* Returns the tag in a word or in a line of the log, or NULL. */
static const char *find_tag(const char *word, apr_pool_t *p)
{
    const char *at = word;

    if (strspn(word, "0123456789") == 4 && word[4] == '\0') {
        return apr_pstrcat(p, "ACME", word, NULL);
    }
    while ((at = strstr(at, "ACME")) != NULL) {
        at += 4;
        if (strspn(at, "0123456789") >= 4) {
            return apr_pstrcat(p, "ACME", apr_pstrndup(p, at, 4), NULL);
        }
    }
    return NULL;
}

/* Returns non-zero when a section is about this tag or this problem type. */
static int is_about(const text_t *text, const char *word)
{
    apr_size_t len = strlen(word);
    const char *at;

    if (strcmp(text->title, word) == 0) {
        return 1;
    }
    at = strchr(text->title, ':');
    while (at && (at = strstr(at, word)) != NULL) {
        if (at[-1] == ' ' && (at[len] == ',' || at[len] == '\0')) {
            return 1;
        }
        at += len;
    }
    return 0;
}

/* Returns zero when there is no such section. */
static int explain_text(const char *word)
{
    int i;

    for (i = 0; i < N_TEXTS; ++i) {
        if (is_about(&texts[i], word)) {
            printf("%s\n\n%s", texts[i].title, texts[i].text);
            return 1;
        }
    }
    return 0;
}

int acmectl_explain(acmectl_t *ctl)
{
    const char *word = APR_ARRAY_IDX(ctl->args, 0, const char *);
    const char *last = strrchr(word, ':');
    const char *tag = find_tag(word, ctl->p);
    int i;

    if (tag && explain_text(tag)) {
        return CTL_DONE;
    }
    if (tag) {
        acmectl_io_say("%s is a message of level info or debug, which asks for "
                       "nothing, or of another version",
                       tag);
        return CTL_NOTHING;
    }
    if (explain_text(last ? last + 1 : word)) {
        return CTL_DONE;
    }
    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    i = acmectl_store_site(ctl, word);
    return i < 0 ? CTL_FAILED : explain_site(ctl, i);
}
