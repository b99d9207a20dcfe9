/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_judgement.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_text.h"
#include "acme_time.h"

#define RESTART "apachectl graceful"

/* Most bytes of a text of others in a sentence. */
#define TEXT_MAX 600

/* Clocks may differ by this much. */
#define SLOW_CLOCK (5 * ACME_TIME_MINUTE)

static const struct {
    const char *name;
    const char *text;
} levels[ACME_JUDGEMENT_LEVELS] = {
    {"ok", "all that is wanted is there"},
    {"due", "something is to be done, and will be done by itself"},
    {"waiting", "it is under way, or waits for its time"},
    {"failing", "it has failed, and is tried again by itself"},
    {"blocked", "it does not go on before somebody acts"},
};

const char *acme_judgement_level_name(acme_judgement_level_e level)
{
    return levels[level].name;
}

const char *acme_judgement_level_text(acme_judgement_level_e level)
{
    return levels[level].text;
}

static void set(acme_judgement_t *judgement, acme_judgement_level_e level,
                const char *what)
{
    judgement->level = level;
    judgement->attention = level >= ACME_JUDGEMENT_FAILING;
    judgement->what = what;
}

static void set_next(acme_judgement_t *judgement, const char *next,
                     apr_time_t at)
{
    judgement->next = next;
    judgement->at = at == ACME_SCHEDULE_NEVER ? 0 : at;
}

static const char *since(apr_time_t at, apr_pool_t *p)
{
    return at > 0 ? apr_pstrcat(p, ", since ", acme_time_print(at, p), NULL)
                  : "";
}

/* Returns the text, without a "since" where it has one of its own. */
static const char *stop_text(const acme_judgement_server_t *server,
                             apr_pool_t *p)
{
    return strstr(server->stopped, "since ")
               ? server->stopped
               : apr_pstrcat(p, "nothing can be ordered or renewed",
                             since(server->stop_at, p), ": ", server->stopped,
                             NULL);
}

/* ---- a site ---- */

/* A site that is judged, and what was found of it so far. */
typedef struct subject_t {
    const acme_status_view_t *view;
    const acme_judgement_server_t *server;
    const acme_cert_info_t *info; /* of the certificate that it serves */
    int good;                     /* it has all names, and has not expired */
    const char *has;              /* "valid until ...", or what is wrong */
    apr_pool_t *p;
} subject_t;

static const char *of_site(const subject_t *s, const char *command)
{
    return apr_pstrcat(s->p, command, s->view->spec->name, NULL);
}

/* Puts what the site serves before a sentence. */
static const char *with(const subject_t *s, const char *text)
{
    return apr_pstrcat(s->p, s->has, "; ", text, NULL);
}

/* Returns what is wrong, which may be in the CA's words, as one clean line; or
 * NULL. */
static const char *descr(const subject_t *s)
{
    return s->view->descr ? acme_text_escape(s->view->descr, TEXT_MAX, s->p)
                          : NULL;
}

static int is_watched(const subject_t *s)
{
    return s->view->spec->renew_mode != ACME_RENEW_AUTO
           || s->view->inventory->serving != ACME_SERVING_NOTHING;
}

static void look(subject_t *s)
{
    const acme_status_view_t *view = s->view;
    const char *until;

    s->info = acme_status_state_served(view);
    s->good = view->state == ACME_STATUS_COMPLETE && s->info
              && s->info->not_after > view->now;
    if (!s->info) {
        s->has = view->inventory->serving == ACME_SERVING_OKC
                     ? "serves its own SSLCertificateFile, and has no "
                       "certificate of this module yet"
                 : view->inventory->serving == ACME_SERVING_NOTHING
                     ? "has no certificate"
                     : "has no certificate yet, https answers 503";
        return;
    }
    until = acme_time_print(s->info->not_after, s->p);
    s->has = s->info->not_after <= view->now
                 ? apr_pstrcat(s->p, "expired at ", until, NULL)
                 : apr_pstrcat(s->p, "valid until ", until, NULL);
}

static void judge_file(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_status_view_t *view = s->view;

    if (view->state == ACME_STATUS_COMPLETE && !view->descr) {
        set(judgement, ACME_JUDGEMENT_OK,
            with(s, "its own file (ACMECertificateFile), which you renew"));
        return;
    }
    set(judgement,
        view->expiry == ACME_EXPIRY_NEAR ? ACME_JUDGEMENT_DUE
                                         : ACME_JUDGEMENT_BLOCKED,
        view->descr ? descr(s) : s->has);
    judgement->attention = 1;
    judgement->mend =
        apr_psprintf(s->p, "renew %s, then " RESTART, view->spec->cert_file);
}

/* A new certificate is there, and is not served yet. */
static void judge_ready(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_judgement_server_t *server = s->server;
    const acme_problem_t *problem = s->view->inventory->problem;

    if (s->view->inventory->staged == ACME_STAGED_FAILED && problem) {
        set(judgement, ACME_JUDGEMENT_BLOCKED,
            with(s, apr_pstrcat(s->p,
                                "a new certificate is ready, but could not be "
                                "put in place: ",
                                acme_problem_text(problem, s->p), NULL)));
        judgement->mend =
            apr_pstrcat(s->p, problem->to_fix ? problem->to_fix : "mend that",
                        ", then ", RESTART, NULL);
        return;
    }
    if (server->blocked) {
        set(judgement, ACME_JUDGEMENT_BLOCKED,
            with(s,
                 apr_pstrcat(s->p,
                             "a new certificate is ready, but the server "
                             "is not restarted",
                             since(server->block_at, s->p), ": ",
                             acme_text_escape(server->blocked, TEXT_MAX, s->p),
                             NULL)));
        set_next(judgement, "checked again", server->next);
        judgement->mend = "apachectl configtest, mend what it names";
        return;
    }
    set(judgement, ACME_JUDGEMENT_WAITING,
        with(s, server->manual
                    ? "a new certificate is ready, and is served after the "
                      "next restart (ACMEActivation manual)"
                    : "a new certificate is ready, and waits for the server's "
                      "own restart"));
    if (server->absent) {
        judgement->mend = "apachectl start";
    }
    else if (server->manual) {
        judgement->attention = 1;
        judgement->mend = RESTART;
    }
    else {
        set_next(judgement, "the server restarts itself gracefully",
                 server->next);
    }
}

/* The last try has failed, or something waits for a limit of the CA. Returns
 * zero when neither is so. */
static int judge_wait(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_status_view_t *view = s->view;
    const acme_job_t *job = view->job;

    if (acme_job_phase(job) == ACME_JOB_HELD && job->problem
        && view->plan.what == ACME_PLAN_IDLE && !view->plan.satisfied) {
        set(judgement, ACME_JUDGEMENT_BLOCKED,
            with(s, apr_pstrcat(s->p, acme_problem_text(job->problem, s->p),
                                "; not tried again before the configuration "
                                "changes",
                                NULL)));
        judgement->mend = job->problem->to_fix
                              ? job->problem->to_fix
                              : "change the configuration, then " RESTART;
        return 1;
    }
    if (job->look && job->look->held && job->next_run > view->now) {
        set(judgement, ACME_JUDGEMENT_FAILING,
            with(s, apr_pstrcat(s->p, "its order is held back",
                                since(job->look->held, s->p),
                                ", because the CA cannot validate it: ",
                                job->look->text, NULL)));
        set_next(judgement, "looked at again", job->next_run);
        judgement->mend = job->look->to_fix;
        return 1;
    }
    if (job->limit && job->next_run > view->now) {
        set(judgement, ACME_JUDGEMENT_WAITING,
            with(s, apr_pstrcat(s->p, "its order waits for a limit of the CA: ",
                                acme_text_escape(job->limit, TEXT_MAX, s->p),
                                NULL)));
        set_next(judgement, "ordered", job->next_run);
        return 1;
    }
    if (acme_status_state_errors(job) > 0 && job->problem) {
        set(judgement, ACME_JUDGEMENT_FAILING,
            with(s,
                 apr_psprintf(s->p, "failed %d time%s since %s: %s",
                              job->errors, job->errors == 1 ? "" : "s",
                              acme_time_print(job->failing > 0 ? job->failing
                                                               : job->last_run,
                                              s->p),
                              acme_problem_text(job->problem, s->p))));
        set_next(judgement, "tried again",
                 job->next_run > view->now ? job->next_run : view->now);
        judgement->mend =
            job->problem->to_fix
                ? apr_pstrcat(s->p, job->problem->to_fix, "; then ",
                              of_site(s, "acmectl renew "), NULL)
                : of_site(s, "acmectl renew ");
        return 1;
    }
    return 0;
}

/* Says what is needed, and that it is under way. */
static void judge_need(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_status_view_t *view = s->view;
    const acme_job_t *job = view->job;
    const char *why =
        view->plan.other ? apr_pstrcat(
            s->p, "another one is wanted: ", view->plan.other, NULL)
        : s->good ? "its renewal is due"
        : s->info ? view->descr ? descr(s) : "it is renewed"
                  : "one is ordered";

    if (job->hindrance) {
        set(judgement, ACME_JUDGEMENT_WAITING,
            with(s,
                 apr_pstrcat(s->p, why, "; its order makes no progress",
                             since(job->hindered, s->p), ": ",
                             acme_problem_text(job->hindrance, s->p), NULL)));
        set_next(judgement, "the request is repeated", 0);
        judgement->mend = job->hindrance->to_fix;
        return;
    }
    set(judgement,
        job->order || !s->good ? ACME_JUDGEMENT_WAITING : ACME_JUDGEMENT_DUE,
        with(s, job->order
                    ? apr_pstrcat(s->p, why, "; an order is under way", NULL)
                    : why));
    if (s->server->absent) {
        set_next(judgement, "ordered when a server runs", 0);
        judgement->mend = "apachectl start";
    }
    else {
        set_next(judgement, job->order ? "the order goes on" : "ordered",
                 job->order ? 0 : view->plan.at);
    }
}

static void judge_manual(acme_judgement_t *judgement, const subject_t *s)
{
    set(judgement, s->good ? ACME_JUDGEMENT_DUE : ACME_JUDGEMENT_BLOCKED,
        with(s,
             apr_pstrcat(
                 s->p, s->good ? "it is to be renewed" : "one is to be ordered",
                 ", which only acmectl does (ACMERenewMode manual): ",
                 s->view->plan.reason, NULL)));
    judgement->attention = 1;
    judgement->mend = of_site(s, "acmectl renew ");
}

/* Clients refuse the certificate for now. Returns zero when they do not. */
static int judge_early(acme_judgement_t *judgement, const subject_t *s)
{
    if (!s->info || s->info->not_before <= s->view->now + SLOW_CLOCK) {
        return 0;
    }
    set(judgement, ACME_JUDGEMENT_BLOCKED,
        with(s, apr_psprintf(s->p,
                             "clients refuse it until %s, because it is valid "
                             "only from then on: a clock was ahead when it was "
                             "obtained, or this machine's is behind now",
                             acme_time_print(s->info->not_before, s->p))));
    judgement->attention = 1;
    judgement->mend =
        of_site(s, "set this machine's clock right, then acmectl renew ");
    return 1;
}

static void judge_good(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_status_view_t *view = s->view;

    if (judge_early(judgement, s)) {
        return;
    }
    if (view->spec->renew_mode == ACME_RENEW_MANUAL) {
        set(judgement, ACME_JUDGEMENT_OK,
            with(s, "not renewed by itself (ACMERenewMode manual)"));
        judgement->mend =
            view->renew_at > 0
                ? apr_psprintf(s->p, "acmectl renew %s, from %s on",
                               view->spec->name,
                               acme_time_print(view->renew_at, s->p))
                : NULL;
        return;
    }
    if (!is_watched(s)) {
        set(judgement, ACME_JUDGEMENT_OK,
            with(s, "no TLS virtual host uses it, so nothing is ordered"));
        return;
    }
    set(judgement, ACME_JUDGEMENT_OK, view->descr ? with(s, descr(s)) : s->has);
    set_next(judgement, "renewed", view->renew_at);
}

/* The store cannot be used, or nobody may order. */
static void judge_stopped(acme_judgement_t *judgement, const subject_t *s)
{
    set(judgement, ACME_JUDGEMENT_BLOCKED, with(s, stop_text(s->server, s->p)));
    judgement->mend = s->server->stop_fix;
}

static void judge_managed(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_status_view_t *view = s->view;
    const acme_job_t *job = view->job;
    const acme_problem_t *problem = view->inventory->problem;

    if (s->server->stopped
        && (is_watched(s) || (job && (job->order || job->staged)))) {
        judge_stopped(judgement, s);
    }
    else if (!job) {
        set(judgement, ACME_JUDGEMENT_FAILING,
            with(s, view->descr && !s->good ? descr(s)
                                            : "the store could not be read"));
        judgement->mend = problem ? problem->to_fix : NULL;
    }
    else if (acme_status_state_is_ready(view)) {
        judge_ready(judgement, s);
    }
    else if (job->hindrance || view->plan.satisfied
             || !judge_wait(judgement, s)) {
        if (view->plan.what == ACME_PLAN_MANUAL) {
            judge_manual(judgement, s);
        }
        else if (view->plan.what == ACME_PLAN_IDLE && !view->plan.satisfied
                 && !is_watched(s)) {
            judge_good(judgement, s);
        }
        else if (view->plan.satisfied || view->plan.what == ACME_PLAN_SETTLE
                 || (view->plan.what == ACME_PLAN_ARI_QUERY && s->good
                     && !view->plan.other)) {
            judge_good(judgement, s);
        }
        else {
            judge_need(judgement, s);
        }
    }
    if (problem && judgement->level < ACME_JUDGEMENT_FAILING) {
        judgement->level = ACME_JUDGEMENT_FAILING;
        judgement->what = apr_pstrcat(s->p, judgement->what, "; ",
                                      acme_problem_text(problem, s->p), NULL);
        judgement->mend = judgement->mend ? judgement->mend : problem->to_fix;
    }
    if (view->expiry != ACME_EXPIRY_FAR
        && judgement->level < ACME_JUDGEMENT_FAILING) {
        judgement->level = ACME_JUDGEMENT_FAILING;
        judgement->what = view->descr ? descr(s) : judgement->what;
    }
    judgement->attention |= judgement->level >= ACME_JUDGEMENT_FAILING
                            || (is_watched(s) && !s->good);
}

/* Adds what preflight has found wrong, unless that is all there is to say. It
 * is to be mended before the next renewal, or explains a failure. */
static void add_look(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_job_t *job = s->view->job;
    const acme_job_look_t *look = job ? job->look : NULL;

    if (!look || !look->text || look->refuted || look->held) {
        return;
    }
    judgement->what = apr_pstrcat(s->p, judgement->what,
                                  "; preflight finds: ", look->text, NULL);
    if (judgement->level <= ACME_JUDGEMENT_DUE) {
        judgement->level = ACME_JUDGEMENT_DUE;
        judgement->attention = 1;
    }
    if (judgement->mend && look->to_fix) {
        /* The remedy of what blocks comes first: nothing else helps before. */
        int blocked = judgement->level == ACME_JUDGEMENT_BLOCKED;

        judgement->mend =
            apr_pstrcat(s->p, blocked ? judgement->mend : look->to_fix, "; ",
                        blocked ? look->to_fix : judgement->mend, NULL);
    }
    else if (look->to_fix) {
        judgement->mend = look->to_fix;
    }
}

/* Adds what of the configuration keeps the site from being ordered or reached:
 * that lasts until somebody acts, whatever else is so. */
static void add_mistake(acme_judgement_t *judgement, const subject_t *s)
{
    const acme_spec_t *spec = s->view->spec;
    const char *fix = spec->mistake_fix ? apr_pstrcat(s->p, spec->mistake_fix,
                                                      ", then " RESTART, NULL)
                                        : NULL;

    judgement->level = ACME_JUDGEMENT_BLOCKED;
    judgement->attention = 1;
    judgement->what =
        apr_pstrcat(s->p, judgement->what, "; ", spec->mistake, NULL);
    judgement->mend = judgement->mend && fix
                          ? apr_pstrcat(s->p, fix, "; ", judgement->mend, NULL)
                      : fix ? fix
                            : judgement->mend;
}

void acme_judgement(acme_judgement_t *judgement, const acme_status_view_t *view,
                    const acme_judgement_server_t *server, apr_pool_t *p)
{
    subject_t s;

    memset(judgement, 0, sizeof(*judgement));
    memset(&s, 0, sizeof(s));
    s.view = view;
    s.server = server;
    s.p = p;
    look(&s);
    if (view->spec->cert_file) {
        judge_file(judgement, &s);
    }
    else {
        judge_managed(judgement, &s);
        add_look(judgement, &s);
    }
    if (view->spec->mistake) {
        add_mistake(judgement, &s);
    }
}

/* ---- the server ---- */

void acme_judgement_of_server(acme_judgement_t *judgement,
                              const acme_judgement_server_t *server,
                              apr_pool_t *p)
{
    memset(judgement, 0, sizeof(*judgement));
    if (server->stopped) {
        set(judgement, ACME_JUDGEMENT_BLOCKED, stop_text(server, p));
        judgement->mend = server->stop_fix;
    }
    else if (server->blocked) {
        set(judgement, ACME_JUDGEMENT_BLOCKED,
            apr_psprintf(p,
                         "%d new certificate%s, but the server is not "
                         "restarted%s: %s",
                         server->pending,
                         server->pending == 1 ? " is ready" : "s are ready",
                         since(server->block_at, p),
                         acme_text_escape(server->blocked, TEXT_MAX, p)));
        set_next(judgement, "checked again", server->next);
        judgement->mend = "apachectl configtest, mend what it names";
    }
    else if (server->absent) {
        set(judgement, ACME_JUDGEMENT_WAITING,
            "no server is running with this store, and only a server orders "
            "and renews");
        judgement->mend = "apachectl start";
    }
    else if (server->pending > 0) {
        set(judgement, ACME_JUDGEMENT_WAITING,
            apr_psprintf(p, "%d new certificate%s for a restart",
                         server->pending,
                         server->pending == 1 ? " waits" : "s wait"));
        if (server->manual) {
            judgement->mend = RESTART;
        }
        else {
            set_next(judgement, "the server restarts itself gracefully",
                     server->next);
        }
    }
    else {
        set(judgement, ACME_JUDGEMENT_OK, "orders and renews by itself");
    }
}

/* Returns the length of a place, "FILE:LINE", at the beginning of a word, or 0.
 * A URL with a port is none. */
static apr_size_t place_length(const char *word, apr_size_t len)
{
    const char *slash = memchr(word, '/', len);
    apr_size_t end = len;
    apr_size_t digits;

    while (end && !apr_isdigit(word[end - 1])) {
        end--;
    }
    for (digits = end; digits && apr_isdigit(word[digits - 1]); digits--) {
    }
    if (!slash || digits == end || digits < 2 || word[digits - 1] != ':'
        || slash > word + digits || (slash > word && slash[-1] == ':')) {
        return 0;
    }
    return end;
}

const char *acme_judgement_without_places(const char *text, apr_pool_t *p)
{
    static const char ends[] = " \t,;()'\"";
    apr_array_header_t *parts = apr_array_make(p, 8, sizeof(const char *));

    while (text && *text) {
        apr_size_t len = strcspn(text, ends);
        apr_size_t place = place_length(text, len);
        apr_size_t gap = strspn(text + len, ends);

        if (place) {
            APR_ARRAY_PUSH(parts, const char *) = ACME_JUDGEMENT_PLACE;
        }
        APR_ARRAY_PUSH(parts, const char *) =
            apr_pstrmemdup(p, text + place, len + gap - place);
        text += len + gap;
    }
    return text ? apr_array_pstrcat(p, parts, 0) : NULL;
}

const char *acme_judgement_outlook(const acme_judgement_t *judgement,
                                   apr_time_t now, apr_pool_t *p)
{
    if (!judgement->next) {
        return NULL;
    }
    if (judgement->at <= 0) {
        return judgement->next;
    }
    if (judgement->at <= now) {
        return apr_pstrcat(p, judgement->next, " now", NULL);
    }
    return apr_psprintf(p, "%s in %s, at %s", judgement->next,
                        acme_time_print_duration(judgement->at - now, p),
                        acme_time_print(judgement->at, p));
}

acme_json_t *acme_judgement_to_json(const acme_judgement_t *judgement,
                                    apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);
    char date[APR_RFC822_DATE_LEN];

    acme_json_set_str(json, "level",
                      acme_judgement_level_name(judgement->level));
    acme_json_set_bool(json, "attention", judgement->attention);
    acme_json_set_str(json, "what", judgement->what);
    acme_json_set_str(json, "next", judgement->next);
    if (judgement->at > 0) {
        apr_rfc822_date(date, judgement->at);
        acme_json_set_str(json, "at", date);
    }
    acme_json_set_str(json, "to-fix", judgement->mend);
    return json;
}
