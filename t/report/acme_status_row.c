/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_site.h"

#include "acme_status.h"
#include "acme_status_row.h"

#define NAME  ACME_T_SITE
#define WHY   "https://ca.example/why"
#define WHAT  "https://ca.example/what"
#define WHERE "https://ca.example/where"

typedef struct world_t {
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_judgement_server_t server;
    acme_status_counts_t counts;
    acme_ari_t ari;
    acme_problem_t problem;
    acme_problem_t hindrance;
    acme_job_t *job;
    acme_vault_t *vault;
    acme_status_row_t row;
    apr_pool_t *p;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    acme_t_site_fill(
        &(acme_t_site_t){&w->ca, &w->spec, &w->info, &w->live, &w->inventory},
        p);
    w->p = p;
    w->live.ca_url = w->ca.url;
    w->info.ari_id = "aYhba4dG.AIdlQ";
    w->spec.via_ari = 1;
    w->job = acme_job_create(NAME, p);
    return w;
}

static void look(world_t *w)
{
    acme_status_view_t view;

    memset(&view, 0, sizeof(view));
    memset(&w->counts, 0, sizeof(w->counts));
    view.spec = &w->spec;
    view.inventory = &w->inventory;
    view.job = w->job;
    view.now = ACME_T_NOW;
    acme_status_row(&w->row, &view, w->vault, &w->server, &w->counts, w->p);
}

static void set_problem(acme_problem_t *problem, const char *instance,
                        apr_pool_t *p)
{
    static const acme_problem_t none = ACME_PROBLEM_INIT;

    *problem = none;
    acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_LATER, "dns", p,
                     "no such name");
    problem->instance = instance;
}

/** Returns "OBJECT/.../KEY" of what acme_status_brief() says. */
static const char *json_of(world_t *w, const char *path)
{
    acme_json_t *json =
        acme_status_brief(&w->spec, &w->inventory, w->job, w->vault, ACME_T_NOW,
                          &w->server, NULL, w->p);
    char *last, *next;
    char *key = apr_strtok(apr_pstrdup(w->p, path), "/", &last);
    const char *text;

    while ((next = apr_strtok(NULL, "/", &last)) != NULL) {
        if (acme_json_get(&json, json, key)) {
            return NULL;
        }
        key = next;
    }
    return acme_json_get_str(&text, json, key) ? NULL : text;
}

/** All that is in a row is in the JSON, and the other way round. */
static void is_as_in_json(world_t *w)
{
    const acme_judgement_t *judgement = &w->row.judgement;
    char date[APR_RFC822_DATE_LEN];
    const struct {
        const char *row;
        const char *path;
    } same[] = {
        {acme_judgement_level_name(judgement->level), "judgement/level"},
        {judgement->what, "judgement/what"},
        {judgement->next, "judgement/next"},
        {judgement->mend, "judgement/to-fix"},
        {w->row.problem, "renewal/last/instance"},
        {w->row.hindrance, "renewal/hindrance/instance"},
        {w->row.ari, "ari/explanation-url"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); ++i) {
        const char *json = json_of(w, same[i].path);

        if (!json || !same[i].row ? json != same[i].row
                                  : strcmp(json, same[i].row) != 0) {
            fail_msg("%s: '%s', '%s'", same[i].path, json, same[i].row);
        }
    }
    if (w->row.until) {
        apr_rfc822_date(date, w->row.until);
        assert_string_equal(json_of(w, "cert/valid/until"), date);
    }
    else {
        assert_null(json_of(w, "cert/valid/until"));
    }
    if (judgement->at) {
        apr_rfc822_date(date, judgement->at);
        assert_string_equal(json_of(w, "judgement/at"), date);
    }
    else {
        assert_null(json_of(w, "judgement/at"));
    }
}

static void a_good_site_is_as_in_json(void **state)
{
    world_t *w = make_world(*state);

    look(w);
    is_as_in_json(w);
    assert_int_equal(w->row.judgement.level, ACME_JUDGEMENT_OK);
    assert_true(w->row.until == w->info.not_after);
    assert_true(w->row.judgement.at > ACME_T_NOW);
    assert_null(w->row.problem);
    assert_null(w->row.hindrance);
    assert_null(w->row.ari);
    assert_int_equal(w->counts.total, 1);
    assert_int_equal(w->counts.ok, 1);
}

static void a_site_without_a_certificate_is_as_in_json(void **state)
{
    world_t *w = make_world(*state);

    w->inventory.live = NULL;
    w->inventory.serving = ACME_SERVING_PLACEHOLDER;
    look(w);
    is_as_in_json(w);
    assert_true(w->row.until == 0);
    assert_int_equal(w->counts.ok, 0);
}

static void pages_of_the_ca_are_as_in_json(void **state)
{
    world_t *w = make_world(*state);

    set_problem(&w->problem, WHAT, w->p);
    set_problem(&w->hindrance, WHERE, w->p);
    w->ari.cert = w->info.ari_id;
    w->ari.next = ACME_T_NOW + ACME_TIME_HOUR;
    w->ari.explanation = WHY;
    w->job->problem = &w->problem;
    w->job->hindrance = &w->hindrance;
    w->job->ari = &w->ari;
    look(w);
    is_as_in_json(w);
    assert_string_equal(w->row.problem, WHAT);
    assert_string_equal(w->row.hindrance, WHERE);
    assert_string_equal(w->row.ari, WHY);
    /* Information about another certificate does not count. */
    w->ari.cert = "other.cert";
    look(w);
    is_as_in_json(w);
    assert_null(w->row.ari);
}

static void a_job_that_is_not_given_is_loaded(void **state)
{
    world_t *w = make_world(*state);

    w->vault = acme_t_vault(NULL, w->p);
    set_problem(&w->problem, WHAT, w->p);
    w->job->problem = &w->problem;
    assert_int_equal(
        acme_job_save(w->job, w->vault, ACME_STORE_LAZY, NULL, w->p), 0);
    w->job = NULL;
    look(w);
    is_as_in_json(w);
    assert_string_equal(w->row.problem, WHAT);
}

static void a_store_that_cannot_be_used_leaves_the_job_out(void **state)
{
    world_t *w = make_world(*state);

    w->job = NULL;
    look(w);
    is_as_in_json(w);
    assert_int_equal(w->row.judgement.level, ACME_JUDGEMENT_FAILING);
    assert_null(w->row.problem);
}

ACME_T_MAIN(ACME_T(a_good_site_is_as_in_json),
            ACME_T(a_site_without_a_certificate_is_as_in_json),
            ACME_T(pages_of_the_ca_are_as_in_json),
            ACME_T(a_job_that_is_not_given_is_loaded),
            ACME_T(a_store_that_cannot_be_used_leaves_the_job_out))
