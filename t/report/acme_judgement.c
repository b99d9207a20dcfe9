/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_site.h"

#include "acme_judgement.h"
#include "acme_metrics.h"
#include "acme_schedule.h"
#include "acme_status.h"

#define NAME  ACME_T_SITE
#define SINCE (ACME_T_NOW - ACME_TIME_HOUR)
#define SOON  (ACME_T_NOW + ACME_TIME_HOUR)

/** A site, its job and its server. */
typedef struct world_t {
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_judgement_server_t server;
    acme_job_t *job;
    acme_problem_t problem;
    acme_judgement_t judgement;
    const char *metrics;
    apr_pool_t *p;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    acme_t_site_fill(
        &(acme_t_site_t){&w->ca, &w->spec, &w->info, &w->live, &w->inventory},
        p);
    w->p = p;
    w->job = acme_job_create(NAME, p);
    return w;
}

/* ---- states ---- */

static void is_well(world_t *w)
{
    (void)w;
}

static void has_none(world_t *w)
{
    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_PLACEHOLDER;
}

static void has_none_and_an_order(world_t *w)
{
    has_none(w);
    w->job->order = acme_json_object(w->p);
}

static void is_due(world_t *w)
{
    w->info.not_before = ACME_T_NOW - 70 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW + 30 * ACME_TIME_DAY;
}

static void is_old(world_t *w)
{
    w->info.not_before = ACME_T_NOW - 98 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW + 2 * ACME_TIME_DAY;
}

static void is_over(world_t *w)
{
    w->info.not_before = ACME_T_NOW - 98 * ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW - ACME_TIME_HOUR;
}

static void is_early(world_t *w)
{
    w->info.not_before = ACME_T_NOW + ACME_TIME_DAY;
    w->info.not_after = ACME_T_NOW + 91 * ACME_TIME_DAY;
}

static void is_ready(world_t *w)
{
    w->job->staged = "beef";
    w->server.next = SOON;
    w->server.pending = 1;
}

static void is_ready_manual(world_t *w)
{
    is_ready(w);
    w->server.manual = 1;
}

static void is_blocked(world_t *w)
{
    is_ready(w);
    w->server.blocked = "the configuration does not pass its test: X";
    w->server.block_at = SINCE;
}

static void is_live_but_not_settled(world_t *w)
{
    w->job->staged = w->info.fingerprint;
    w->server.blocked = NULL;
}

static void store_is_unusable(world_t *w)
{
    w->job = NULL;
    w->server.stopped = "the folder belongs to user 33";
    w->server.stop_fix = "chown it";
    w->server.stop_at = SINCE;
    w->server.store_fails = 1;
}

static void store_is_full_while_one_is_ready(world_t *w)
{
    is_ready(w);
    w->server.stopped = "nothing can be ordered or renewed since X: it is full";
    w->server.stop_fix = "make room";
    w->server.store_fails = 1;
}

static void nobody_has_the_lease(world_t *w)
{
    w->server.stopped = "nothing is ordered since 2026: somebody has the lease";
    w->server.stop_fix = "stop the other one";
    w->server.stop_at = SINCE;
}

static void set_problem(world_t *w, acme_retry_e retry)
{
    acme_problem_set(&w->problem, APR_EGENERAL, retry,
                     ACME_PROBLEM_URN "connection", w->p, "nobody there");
    w->problem.to_fix = "open port 80";
}

static void has_failed(world_t *w)
{
    is_due(w);
    set_problem(w, ACME_RETRY_BACKOFF);
    w->job->problem = &w->problem;
    w->job->errors = 3;
    w->job->failing = SINCE;
    w->job->next_run = SOON;
}

/* Preflight has found something on the way to the names. */
static void look_has_found(world_t *w)
{
    acme_job_look_t *look = apr_pcalloc(w->p, sizeof(*look));

    look->when = SINCE;
    look->text = "port 80 is closed";
    look->to_fix = "open the firewall";
    w->job->look = look;
}

static void has_failed_as_was_found(world_t *w)
{
    has_failed(w);
    look_has_found(w);
}

static void is_blocked_whatever_was_found(world_t *w)
{
    is_blocked(w);
    look_has_found(w);
}

static void is_held(world_t *w)
{
    has_none(w);
    set_problem(w, ACME_RETRY_CONFIG);
    w->job->problem = &w->problem;
    w->job->errors = 1;
    w->job->next_run = ACME_SCHEDULE_NEVER;
    w->job->digest = acme_spec_digest(&w->spec, w->p);
    w->job->config = acme_plan_config(&w->spec, w->p);
}

static void ca_drops_connections(world_t *w)
{
    has_none_and_an_order(w);
    set_problem(w, ACME_RETRY_BACKOFF);
    acme_job_hindered(w->job, &w->problem, SINCE);
}

static void waits_for_a_limit(world_t *w)
{
    has_none(w);
    w->job->limit = "50 certificates per week";
    w->job->next_run = SOON;
}

static void renews_by_hand(world_t *w)
{
    w->spec.renew_mode = ACME_RENEW_MANUAL;
}

static void is_due_by_hand(world_t *w)
{
    is_due(w);
    w->spec.renew_mode = ACME_RENEW_MANUAL;
}

static void has_none_by_hand(world_t *w)
{
    has_none(w);
    w->spec.renew_mode = ACME_RENEW_MANUAL;
}

static void wants_another_key(world_t *w)
{
    w->live.ca_url = w->ca.url;
    w->spec.key.type = ACME_KEY_P384;
}

static void has_no_tls(world_t *w)
{
    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_NOTHING;
}

static void has_a_mistake_and_no_tls(world_t *w)
{
    has_no_tls(w);
    w->spec.mistake = "the virtual host at x.conf:7 has no TLS";
    w->spec.mistake_fix = "write 'SSLEngine on' into it";
}

static void has_a_mistake_and_is_well(world_t *w)
{
    w->spec.mistake = "nothing listens on port 443";
    w->spec.mistake_fix = "add 'Listen 443'";
}

static void has_a_mistake_and_failed(world_t *w)
{
    has_failed(w);
    w->spec.mistake = "no virtual host has the name b.example.org";
    w->spec.mistake_fix = "correct it";
}

static void cannot_be_put_in_place(world_t *w)
{
    is_ready(w);
    set_problem(w, ACME_RETRY_INTERNAL);
    w->problem.to_fix = "make room";
    w->inventory.staged = ACME_STAGED_FAILED;
    w->inventory.problem = &w->problem;
}

static void has_no_server(world_t *w)
{
    is_due(w);
    w->server.absent = 1;
}

static void has_an_own_file(world_t *w)
{
    w->spec.cert_file = "/etc/own.pem";
    w->inventory.live = NULL;
    w->inventory.file = &w->info;
    w->inventory.serving = ACME_SERVING_OKC;
}

static void has_a_mistake_and_an_own_file(world_t *w)
{
    has_an_own_file(w);
    has_a_mistake_and_is_well(w);
}

static void has_an_old_own_file(world_t *w)
{
    is_over(w);
    has_an_own_file(w);
}

/* ---- the table ---- */

#define B ACME_JUDGEMENT_BLOCKED
#define F ACME_JUDGEMENT_FAILING
#define W ACME_JUDGEMENT_WAITING
#define D ACME_JUDGEMENT_DUE
#define O ACME_JUDGEMENT_OK

/** A state, and what every surface says of it. */
static const struct {
    void (*make)(world_t *w);
    acme_judgement_level_e level;
    int attention;
    acme_judgement_level_e server;
    const char *what; /* part of the sentence */
    const char *next; /* or NULL: nothing happens by itself */
    const char *mend; /* part of it, or NULL */
} table[] = {
    {is_well, O, 0, O, "valid until 2026-04-11T", "renewed", NULL},
    {has_none, W, 1, O, "no certificate yet, https answers 503", "ordered",
     NULL},
    {has_none_and_an_order, W, 1, O, "an order is under way",
     "the order goes on", NULL},
    {is_due, D, 0, O, "its renewal is due", "ordered", NULL},
    {is_old, F, 1, O, "expires in 2 days", "ordered", NULL},
    {is_over, F, 1, O, "expired at", "ordered", NULL},
    {is_early, B, 1, O, "clients refuse it until 2026-01-03T", NULL,
     "then acmectl renew " NAME},
    {is_ready, W, 0, W, "waits for the server's own restart",
     "the server restarts itself gracefully", NULL},
    {is_ready_manual, W, 1, W, "served after the next restart", NULL,
     "apachectl graceful"},
    {is_blocked, B, 1, B, "the server is not restarted, since 2026-01-02T02:",
     "checked again", "apachectl configtest"},
    {has_failed_as_was_found, F, 1, O, "; preflight finds: port 80 is closed",
     "tried again", "open the firewall; open port 80"},
    {is_blocked_whatever_was_found, B, 1, B,
     "; preflight finds: port 80 is closed", "checked again",
     "mend what it names; open the firewall"},
    {is_live_but_not_settled, O, 0, O, "valid until", "renewed", NULL},
    {store_is_unusable, B, 1, B,
     "nothing can be ordered or renewed, since 2026-01-02T02:", NULL,
     "chown it"},
    {store_is_full_while_one_is_ready, B, 1, B, "it is full", NULL,
     "make room"},
    {nobody_has_the_lease, B, 1, B, "somebody has the lease", NULL,
     "stop the other one"},
    {has_failed, F, 1, O, "failed 3 times since 2026-01-02T02:04:05Z: ",
     "tried again", "open port 80; then acmectl renew " NAME},
    {is_held, B, 1, O, "not tried again before the configuration changes", NULL,
     "open port 80"},
    {ca_drops_connections, W, 1, O,
     "its order makes no progress, since 2026-01-02T02:04:05Z: connection: "
     "nobody there",
     "the request is repeated", "open port 80"},
    {waits_for_a_limit, W, 1, O, "50 certificates per week", "ordered", NULL},
    {renews_by_hand, O, 0, O, "not renewed by itself", NULL,
     "acmectl renew " NAME ", from 2026-"},
    {is_due_by_hand, D, 1, O, "which only acmectl does", NULL,
     "acmectl renew " NAME},
    {has_none_by_hand, B, 1, O, "which only acmectl does", NULL,
     "acmectl renew " NAME},
    {wants_another_key, W, 1, O, "another kind of key: P-384", "ordered", NULL},
    {has_no_tls, O, 0, O, "no TLS virtual host uses it", NULL, NULL},
    {has_a_mistake_and_no_tls, B, 1, O,
     "nothing is ordered; the virtual host at x.conf:7 has no TLS", NULL,
     "write 'SSLEngine on' into it, then apachectl graceful"},
    {has_a_mistake_and_is_well, B, 1, O,
     "valid until 2026-04-11T03:04:05Z; nothing listens on port 443", "renewed",
     "add 'Listen 443', then apachectl graceful"},
    {has_a_mistake_and_failed, B, 1, O,
     "nobody there; no virtual host has the name b.example.org", "tried again",
     "correct it, then apachectl graceful; open port 80; then acmectl renew"},
    {has_a_mistake_and_an_own_file, B, 1, O, "nothing listens on port 443",
     NULL, "add 'Listen 443'"},
    {cannot_be_put_in_place, B, 1, W, "could not be put in place", NULL,
     "make room, then apachectl graceful"},
    {has_no_server, D, 0, W, "its renewal is due", "ordered when a server runs",
     "apachectl start"},
    {has_an_own_file, O, 0, O, "its own file", NULL, NULL},
    {has_an_old_own_file, B, 1, O, "expired", NULL, "renew /etc/own.pem"},
};

static void collect(void *baton, const char *text, apr_size_t len)
{
    world_t *w = baton;

    (void)len;
    w->metrics = apr_pstrcat(w->p, w->metrics, text, NULL);
}

/* Asserts that the metrics have this line. */
static void assert_metric(world_t *w, const char *name, int site, int value)
{
    const char *line = apr_psprintf(w->p, "\n%s%s %d\n", name,
                                    site ? "{site=\"" NAME "\"}" : "", value);

    if (!strstr(w->metrics, line)) {
        fail_msg("no %s in\n%s", line, w->metrics);
    }
}

static void assert_part(const char *text, const char *part, int row)
{
    if (part ? !text || !strstr(text, part) : text != NULL) {
        fail_msg("row %d: %s, not %s", row, text ? text : "(none)",
                 part ? part : "(none)");
    }
}

static const char *str(const acme_json_t *json, const char *key)
{
    const char *value = NULL;

    (void)acme_json_get_str(&value, json, key);
    return value;
}

/* Asserts that the JSON says the same. */
static void assert_json(world_t *w, acme_json_t *json,
                        const acme_judgement_t *judgement)
{
    acme_json_t *said;
    int attention = -1;

    (void)w;
    assert_int_equal(acme_json_get(&said, json, "judgement"), APR_SUCCESS);
    assert_string_equal(str(said, "level"),
                        acme_judgement_level_name(judgement->level));
    assert_string_equal(str(said, "what"), judgement->what);
    assert_int_equal(acme_json_get_bool(&attention, said, "attention"), 0);
    assert_int_equal(attention, judgement->attention);
    assert_int_equal(!str(said, "to-fix"), !judgement->mend);
    assert_int_equal(!str(said, "next"), !judgement->next);
    assert_int_equal(!str(said, "at"), judgement->at <= 0);
}

static void walk(world_t *w, int row)
{
    acme_metrics_t *metrics = acme_metrics_create(1, w->p);
    acme_metrics_server_t shown = {NULL, NULL};
    acme_judgement_t of_server;
    acme_status_view_t view;

    memset(&view, 0, sizeof(view));
    view.spec = &w->spec;
    view.inventory = &w->inventory;
    view.job = w->job;
    view.now = ACME_T_NOW;
    acme_status_state(&view, w->p);
    acme_judgement(&w->judgement, &view, &w->server, w->p);
    if (w->judgement.level != table[row].level
        || w->judgement.attention != table[row].attention) {
        fail_msg("row %d: level %d, attention %d: %s", row, w->judgement.level,
                 w->judgement.attention, w->judgement.what);
    }
    assert_part(w->judgement.what, table[row].what, row);
    assert_part(w->judgement.next, table[row].next, row);
    assert_part(w->judgement.mend, table[row].mend, row);
    acme_judgement_of_server(&of_server, &w->server, w->p);
    assert_int_equal(of_server.level, table[row].server);
    assert_json(w,
                acme_status_brief(&w->spec, &w->inventory, w->job, NULL,
                                  ACME_T_NOW, &w->server, NULL, w->p),
                &w->judgement);
    assert_json(w, acme_status_frame(&w->server, NULL, w->p), &of_server);
    shown.server = &w->server;
    w->metrics = "";
    acme_metrics_add(metrics, &w->spec, &w->inventory, w->job, ACME_T_NOW,
                     &w->server, w->p);
    acme_metrics_print(metrics, &shown, collect, w);
    assert_metric(w, "acme_site_level", 1, w->judgement.level);
    assert_metric(w, "acme_site_attention", 1, w->judgement.attention);
    assert_metric(w, "acme_sites_attention", 0, w->judgement.attention);
    assert_metric(w, "acme_level", 0, of_server.level);
    assert_metric(w, "acme_ordering", 0, w->server.stopped == NULL);
    assert_metric(w, "acme_store_usable", 0, !w->server.store_fails);
}

static void each_state_is_the_same_everywhere(void **state)
{
    int i;

    for (i = 0; i < (int)(sizeof(table) / sizeof(table[0])); ++i) {
        world_t *w = make_world(*state);

        table[i].make(w);
        walk(w, i);
    }
}

static void the_outlook_has_the_time_and_how_far_it_is(void **state)
{
    acme_judgement_t judgement;

    memset(&judgement, 0, sizeof(judgement));
    assert_null(acme_judgement_outlook(&judgement, ACME_T_NOW, *state));
    judgement.next = "renewed";
    assert_string_equal(acme_judgement_outlook(&judgement, ACME_T_NOW, *state),
                        "renewed");
    judgement.at = SOON;
    assert_string_equal(acme_judgement_outlook(&judgement, ACME_T_NOW, *state),
                        "renewed in 1 hour, at 2026-01-02T04:04:05Z");
    judgement.at = SINCE;
    assert_string_equal(acme_judgement_outlook(&judgement, ACME_T_NOW, *state),
                        "renewed now");
}

static void a_public_page_names_no_place(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"", ""},
        {"valid until 2026-04-11T03:04:05Z",
         "valid until 2026-04-11T03:04:05Z"},
        {"the virtual host at /etc/x/y.conf:7 has no TLS",
         "the virtual host at " ACME_JUDGEMENT_PLACE " has no TLS"},
        {"port 80 (virtual host at /x.conf:12), where",
         "port 80 (virtual host at " ACME_JUDGEMENT_PLACE "), where"},
        {"at conf/x.conf:3: correct it",
         "at " ACME_JUDGEMENT_PLACE ": correct it"},
        {"at '/a:1'; /b:22",
         "at '" ACME_JUDGEMENT_PLACE "'; " ACME_JUDGEMENT_PLACE},
        {"https://ca.test:14000/dir", "https://ca.test:14000/dir"},
        {"connect https://ca.test:14000", "connect https://ca.test:14000"},
        {"listens on [::1]:443 and 10.0.0.1:80, write '<VirtualHost *:443>'",
         "listens on [::1]:443 and 10.0.0.1:80, write '<VirtualHost *:443>'"},
        {"chown root /var/lib/x", "chown root /var/lib/x"},
        {"/ : 7", "/ : 7"},
    };
    size_t i;

    assert_null(acme_judgement_without_places(NULL, *state));
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(
            acme_judgement_without_places(cases[i].text, *state),
            cases[i].shown);
    }
}

static void what_a_ca_says_is_one_line(void **state)
{
    world_t *w = make_world(*state);
    acme_status_view_t view;

    is_over(w);
    has_failed(w);
    w->problem.detail = "no\n\x1b[31m";
    memset(&view, 0, sizeof(view));
    view.spec = &w->spec;
    view.inventory = &w->inventory;
    view.job = w->job;
    view.now = ACME_T_NOW;
    acme_status_state(&view, w->p);
    acme_judgement(&w->judgement, &view, &w->server, w->p);
    assert_null(strpbrk(w->judgement.what, "\n\x1b"));
}

ACME_T_MAIN(ACME_T(each_state_is_the_same_everywhere),
            ACME_T(the_outlook_has_the_time_and_how_far_it_is),
            ACME_T(a_public_page_names_no_place),
            ACME_T(what_a_ca_says_is_one_line))
