/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_keeper.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_fit.h"
#include "acme_ident.h"
#include "acme_time.h"

/** So many stashed at once are no accident of one site. */
#define MASS_MIN 2

struct acme_keeper_t {
    const acme_keeper_config_t *config;
    apr_pool_t *p;
    acme_shelf_t *shelf;
    apr_hash_t *specs;           /* name -> const acme_spec_t * */
    apr_hash_t *heirs;           /* name of a former site -> whose its is now */
    apr_array_header_t *stashed; /* stashed_t */
    int had;                     /* sites that had one when all began */
    int moves;
};

/** One that was stashed, and why. */
typedef struct stashed_t {
    const char *name;
    acme_wanted_e wanted;
} stashed_t;

/** What one site may choose from. */
typedef struct choice_t {
    acme_keeper_t *keeper;
    const acme_spec_t *spec;
    acme_shelf_item_t *items[ACME_LIVE_PLACES]; /* the best of each place */
    acme_site_cert_t certs[ACME_LIVE_PLACES];
    const char *why[ACME_LIVE_PLACES];
    apr_pool_t *ptemp;
} choice_t;

static int is_wanted(void *baton, const char *name)
{
    const acme_keeper_t *keeper = baton;

    return apr_hash_get(keeper->specs, name, APR_HASH_KEY_STRING) != NULL;
}

acme_keeper_t *acme_keeper_create(const acme_keeper_config_t *config,
                                  apr_pool_t *p)
{
    acme_keeper_t *keeper = apr_pcalloc(p, sizeof(*keeper));
    const apr_array_header_t *items;
    int i;

    keeper->config = config;
    keeper->p = p;
    keeper->specs = apr_hash_make(p);
    keeper->heirs = apr_hash_make(p);
    keeper->stashed = apr_array_make(p, 8, sizeof(stashed_t));
    for (i = 0; i < config->specs->nelts; ++i) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(config->specs, i, const acme_spec_t *);

        apr_hash_set(keeper->specs, spec->name, APR_HASH_KEY_STRING, spec);
    }
    keeper->shelf = acme_shelf_read(config->live, is_wanted, keeper, p);
    items = acme_shelf_items(keeper->shelf);
    for (i = 0; i < items->nelts; ++i) {
        keeper->had += APR_ARRAY_IDX(items, i, acme_shelf_item_t *)->place
                       == ACME_LIVE_SERVED;
    }
    return keeper;
}

int acme_keeper_moves(const acme_keeper_t *keeper)
{
    return keeper->moves;
}

const acme_deployed_site_t *acme_keeper_before(const acme_deployed_t *before,
                                               const acme_spec_t *spec)
{
    const acme_deployed_site_t *site = acme_deployed_find(before, spec->name);
    int i;

    for (i = 0; !site && i < spec->names->nelts; ++i) {
        site = acme_deployed_find(before,
                                  APR_ARRAY_IDX(spec->names, i, const char *));
    }
    return site;
}

/* Nothing has changed, and the next start tries again. */
static void complain(const acme_keeper_t *keeper, const char *name,
                     const acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_log(keeper->config->log, ACME_LOG_ERR, 0,
             ACME_TAG(0560) "%s: what is kept of its "
                            "certificates could not be put "
                            "where it belongs, and is tried "
                            "again at the next start: %s",
             name, acme_problem_text(problem, ptemp));
}

/** Moves one from the shelf into live/ of a site. */
static int take(acme_keeper_t *keeper, acme_shelf_item_t *item,
                const acme_spec_t *spec, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_live_move(keeper->config->live, item->place, item->name,
                       ACME_LIVE_SERVED, spec->name, &problem, ptemp)) {
        complain(keeper, spec->name, &problem, ptemp);
        return 0;
    }
    item->gone = 1;
    if (item->place == ACME_LIVE_SERVED) {
        apr_hash_set(keeper->heirs, item->name, APR_HASH_KEY_STRING,
                     spec->name);
    }
    ++keeper->moves;
    return 1;
}

static void archive(acme_keeper_t *keeper, acme_shelf_item_t *item,
                    const char *why, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_live_archive(keeper->config->live, item->place, item->name,
                          &problem, ptemp)) {
        complain(keeper, item->name, &problem, ptemp);
        return;
    }
    item->gone = 1;
    acme_log(keeper->config->log, ACME_LOG_INFO, 0,
             ACME_TAG(0561) "%s: the certificate in %s is only archived from "
                            "now on: %s",
             item->name, acme_live_place_name(item->place), why);
}

/* ---- what a site can choose from ---- */

/* Usable ones first, those for all names first of these, then who expires
 * last. */
static int is_better(acme_fit_e fit, const acme_shelf_item_t *item,
                     acme_fit_e best_fit, const acme_shelf_item_t *best)
{
    if (!best || fit != best_fit) {
        return !best || fit > best_fit;
    }
    return item->cert->info->not_after > best->cert->info->not_after;
}

static void consider(void *baton, acme_shelf_item_t *item)
{
    choice_t *choice = baton;
    const acme_keeper_t *keeper = choice->keeper;
    const acme_live_cert_t *cert = item->cert;
    int place = item->place;
    const char *why;
    acme_fit_e fit;
    int issuer;

    /* What nobody knows the origin of must be trusted by the world; what was
     * live for another site of ours is as good as it was. */
    issuer = acme_fit_issuer(cert, choice->spec)
             || ((!cert->ca_url || place == ACME_LIVE_SERVED)
                 && acme_live_is_trusted(keeper->config->live, item->place,
                                         item->name, choice->ptemp));
    fit = acme_fit(&why, cert, choice->spec, issuer, keeper->config->now,
                   choice->ptemp);
    if (is_better(fit, item, choice->certs[place].fit, choice->items[place])) {
        choice->items[place] = item;
        choice->certs[place].fit = fit;
        choice->certs[place].not_after = cert->info->not_after;
        choice->why[place] = why;
    }
}

/** The site that these names were split from, and where its certificate is. */
static const char *split_from(const acme_keeper_t *keeper,
                              const acme_spec_t *spec)
{
    const acme_deployed_site_t *site =
        acme_deployed_find(keeper->config->before, spec->name);
    const char *heir;

    if (!site || strcmp(site->name, spec->name) == 0) {
        return NULL;
    }
    heir = apr_hash_get(keeper->heirs, site->name, APR_HASH_KEY_STRING);
    return heir ? heir : site->name;
}

/**
 * A site without any: that of a site which had its names goes on here. Where
 * the other one is still there, both have it, each with files of its own.
 */
static void inherit(choice_t *choice)
{
    acme_keeper_t *keeper = choice->keeper;
    acme_shelf_item_t *item = choice->items[ACME_LIVE_SERVED];
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec = choice->spec;
    acme_live_cert_t *cert;
    acme_bundle_t *bundle;
    const char *from, *why;

    if (item && acme_site_usable(&choice->certs[ACME_LIVE_SERVED])) {
        if (take(keeper, item, spec, choice->ptemp)) {
            acme_log(keeper->config->log, ACME_LOG_NOTICE, 0,
                     ACME_TAG(0562) "%s: goes on with the certificate that was "
                                    "filed under %s",
                     spec->name, item->name);
        }
        return;
    }
    from = split_from(keeper, spec);
    if (!from
        || acme_live_get(&cert, keeper->config->live, from, NULL, choice->ptemp)
        || acme_fit(&why, cert, spec, acme_fit_issuer(cert, spec),
                    keeper->config->now, choice->ptemp)
               < ACME_FIT_NARROW
        || acme_live_bundle(&bundle, keeper->config->live, ACME_LIVE_SERVED,
                            from, NULL, choice->ptemp)) {
        return;
    }
    bundle->name = spec->name;
    if (acme_live_install(keeper->config->live, bundle,
                          keeper->config->archive_keep, &problem,
                          choice->ptemp)) {
        complain(keeper, spec->name, &problem, choice->ptemp);
        return;
    }
    ++keeper->moves;
    acme_log(keeper->config->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0563) "%s: was split from %s, and goes on with a copy of "
                            "its certificate",
             spec->name, from);
}

static void reread(acme_keeper_t *keeper, const acme_spec_t *spec,
                   acme_holding_t *holding)
{
    acme_live_cert_t *live;

    holding->live =
        acme_live_get(&live, keeper->config->live, spec->name, NULL, keeper->p)
                == APR_SUCCESS
            ? live
            : NULL;
}

/* ---- one site ---- */

static void judge_live(acme_site_cert_t *cert, acme_holding_t *holding,
                       const choice_t *choice)
{
    const acme_live_cert_t *live = holding->live;
    const char *why;
    int issuer;

    if (!live) {
        cert->fit = ACME_FIT_ABSENT;
        return;
    }
    /* What is served already and trusted by the world stays until it is due,
     * also when the CA was changed. */
    issuer =
        acme_fit_issuer(live, choice->spec)
        || acme_live_is_trusted(choice->keeper->config->live, ACME_LIVE_SERVED,
                                choice->spec->name, choice->ptemp);
    cert->fit = acme_fit(&why, live, choice->spec, issuer,
                         choice->keeper->config->now, choice->ptemp);
    cert->not_after = live->info->not_after;
    holding->foreign = !issuer;
}

static void say_served(const choice_t *choice, acme_live_place_e place)
{
    const acme_shelf_item_t *item = choice->items[place];
    const acme_keeper_t *keeper = choice->keeper;
    int wider = choice->certs[place].fit == ACME_FIT_NARROW;

    if (place == ACME_LIVE_STASHED) {
        acme_log(keeper->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0564) "%s: unstashed the certificate %s, valid until "
                                "%s; %s",
                 choice->spec->name, item->cert->info->serial,
                 acme_time_print(item->cert->info->not_after, choice->ptemp),
                 wider ? choice->why[place] : "none has to be ordered");
    }
    else {
        acme_log(keeper->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0565) "%s: the imported certificate %s is used from "
                                "now on, valid until %s; %s",
                 choice->spec->name, item->cert->info->serial,
                 acme_time_print(item->cert->info->not_after, choice->ptemp),
                 wider ? choice->why[place] : "none has to be ordered");
    }
}

static void carry_out(const choice_t *choice,
                      const acme_site_actions_t *actions)
{
    acme_keeper_t *keeper = choice->keeper;
    acme_shelf_item_t *stashed = choice->items[ACME_LIVE_STASHED];
    acme_shelf_item_t *imported = choice->items[ACME_LIVE_IMPORTED];

    if (actions->move == ACME_SITE_UNSTASH
        && take(keeper, stashed, choice->spec, choice->ptemp)) {
        say_served(choice, ACME_LIVE_STASHED);
    }
    if (actions->move == ACME_SITE_IMPORT
        && take(keeper, imported, choice->spec, choice->ptemp)) {
        say_served(choice, ACME_LIVE_IMPORTED);
    }
    if (stashed && !stashed->gone && actions->stashed == ACME_SITE_ARCHIVE) {
        archive(keeper, stashed, "the imported one expires later",
                choice->ptemp);
    }
    if (imported && !imported->gone && actions->imported == ACME_SITE_ARCHIVE) {
        if (acme_site_usable(&choice->certs[ACME_LIVE_IMPORTED])) {
            archive(keeper, imported, "the other one expires later",
                    choice->ptemp);
        }
        else {
            acme_log(keeper->config->log, ACME_LOG_WARNING, 0,
                     ACME_TAG(0572) "%s: the imported certificate is of no "
                                    "use and only archived: %s",
                     choice->spec->name, choice->why[ACME_LIVE_IMPORTED]);
            archive(keeper, imported, choice->why[ACME_LIVE_IMPORTED],
                    choice->ptemp);
        }
    }
}

static void note_stashed(acme_keeper_t *keeper, const char *name,
                         acme_wanted_e wanted)
{
    stashed_t *stashed = apr_array_push(keeper->stashed);

    stashed->name = apr_pstrdup(keeper->p, name);
    stashed->wanted = wanted;
    ++keeper->moves;
}

/** What is live for a site that does not want it.
 *  @return nonzero when it was stashed */
static int put_away(acme_keeper_t *keeper, const char *name,
                    const acme_live_cert_t *live,
                    const acme_deployed_site_t *before, acme_wanted_e wanted,
                    apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_shelf_item_t *other;
    acme_site_actions_t actions;
    acme_site_facts_t facts;

    memset(&facts, 0, sizeof(facts));
    facts.deployed = before ? before->state : ACME_DEPLOYED_NONE;
    facts.wanted = wanted;
    facts.clock_good = keeper->config->clock_good;
    facts.live.fit = live->info->not_after > keeper->config->now
                         ? ACME_FIT_FULL
                         : ACME_FIT_EXPIRED;
    facts.live.not_after = live->info->not_after;
    acme_site_decide(&actions, &facts);
    if (actions.move != ACME_SITE_STASH) {
        return 0;
    }
    if (acme_live_stash(keeper->config->live, name, &problem, ptemp)) {
        complain(keeper, name, &problem, ptemp);
        return 0;
    }
    note_stashed(keeper, name, wanted);
    other = acme_shelf_filed(keeper->shelf, ACME_LIVE_STASHED, name);
    if (other) {
        /* Only archived from now on. */
        other->gone = 1;
    }
    return 1;
}

static const acme_live_cert_t *stashed_for(acme_keeper_t *keeper,
                                           const acme_spec_t *spec)
{
    acme_live_cert_t *cert;

    return acme_live_get_at(&cert, keeper->config->live, ACME_LIVE_STASHED,
                            spec->name, NULL, keeper->p)
                   == APR_SUCCESS
               ? cert
               : NULL;
}

static acme_site_serve_e keep(acme_keeper_t *keeper, const acme_spec_t *spec,
                              acme_holding_t *holding, acme_wanted_e wanted,
                              int okc, apr_pool_t *ptemp)
{
    const acme_deployed_site_t *before =
        acme_keeper_before(keeper->config->before, spec);
    acme_site_actions_t actions;
    acme_site_facts_t facts;
    choice_t choice;

    keeper->had += holding->live != NULL;
    if (wanted != ACME_WANTED_ACME) {
        if (holding->live
            && put_away(keeper, spec->name, holding->live, before, wanted,
                        ptemp)) {
            holding->live = NULL;
        }
        holding->stashed = stashed_for(keeper, spec);
        return ACME_SITE_SERVE_NOTHING;
    }
    memset(&choice, 0, sizeof(choice));
    choice.keeper = keeper;
    choice.spec = spec;
    choice.ptemp = ptemp;
    acme_shelf_visit(keeper->shelf, spec->name, consider, &choice, ptemp);
    if (!holding->live && !acme_site_usable(&choice.certs[ACME_LIVE_STASHED])) {
        inherit(&choice);
        reread(keeper, spec, holding);
    }
    memset(&facts, 0, sizeof(facts));
    facts.deployed = before ? before->state : ACME_DEPLOYED_NONE;
    facts.wanted = wanted;
    facts.okc = okc;
    facts.clock_good = keeper->config->clock_good;
    facts.stashed = choice.certs[ACME_LIVE_STASHED];
    facts.imported = choice.certs[ACME_LIVE_IMPORTED];
    judge_live(&facts.live, holding, &choice);
    acme_site_decide(&actions, &facts);
    acme_log(keeper->config->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0566) "%s: deployed %s, wanted %s: %s%s", spec->name,
             acme_deployed_name(facts.deployed), acme_wanted_name(wanted),
             acme_site_move_name(actions.move),
             actions.order ? ", to be ordered" : "");
    carry_out(&choice, &actions);
    if (actions.move != ACME_SITE_LEAVE) {
        reread(keeper, spec, holding);
        judge_live(&facts.live, holding, &choice);
    }
    holding->aged = !holding->live && facts.stashed.fit == ACME_FIT_EXPIRED;
    holding->stashed = stashed_for(keeper, spec);
    return actions.serve == ACME_SITE_SERVE_LKC && !holding->live
               ? (okc ? ACME_SITE_SERVE_OKC : ACME_SITE_SERVE_PLACEHOLDER)
               : actions.serve;
}

acme_site_serve_e acme_keeper_site(acme_keeper_t *keeper,
                                   const acme_spec_t *spec,
                                   acme_holding_t *holding,
                                   acme_wanted_e wanted, int okc)
{
    acme_site_serve_e serve;
    apr_pool_t *ptemp;

    apr_pool_create(&ptemp, keeper->p);
    serve = keep(keeper, spec, holding, wanted, okc, ptemp);
    apr_pool_destroy(ptemp);
    return serve;
}

/* ---- what no site wants any more ---- */

static void put_away_rest(acme_keeper_t *keeper, acme_keeper_wanted_fn *wanted,
                          void *baton, acme_shelf_item_t *item,
                          apr_pool_t *ptemp)
{
    const acme_deployed_site_t *before =
        acme_deployed_find(keeper->config->before, item->name);
    const apr_array_header_t *names =
        before ? before->names : item->cert->info->names;

    item->gone = put_away(keeper, item->name, item->cert, before,
                          wanted(baton, names), ptemp);
}

/** An import that no site has taken. */
static void put_import(acme_keeper_t *keeper, acme_shelf_item_t *item,
                       apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_live_cert_t *other;
    acme_site_actions_t actions;
    acme_site_facts_t facts;

    memset(&facts, 0, sizeof(facts));
    facts.wanted = ACME_WANTED_NOTHING;
    facts.clock_good = keeper->config->clock_good;
    facts.imported.fit = item->cert->info->not_after > keeper->config->now
                             ? ACME_FIT_FULL
                             : ACME_FIT_EXPIRED;
    facts.imported.not_after = item->cert->info->not_after;
    if (acme_live_get_at(&other, keeper->config->live, ACME_LIVE_STASHED,
                         item->name, NULL, ptemp)
        == APR_SUCCESS) {
        facts.stashed.fit = other->info->not_after > keeper->config->now
                                ? ACME_FIT_FULL
                                : ACME_FIT_EXPIRED;
        facts.stashed.not_after = other->info->not_after;
    }
    acme_site_decide(&actions, &facts);
    if (actions.imported != ACME_SITE_TO_STASH) {
        archive(keeper, item,
                facts.imported.fit == ACME_FIT_EXPIRED
                    ? "it has expired"
                    : "the stashed one expires later",
                ptemp);
        return;
    }
    if (acme_live_move(keeper->config->live, ACME_LIVE_IMPORTED, item->name,
                       ACME_LIVE_STASHED, item->name, &problem, ptemp)) {
        complain(keeper, item->name, &problem, ptemp);
        return;
    }
    item->gone = 1;
    ++keeper->moves;
    acme_log(keeper->config->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0567) "%s: no site asks for ACME with the imported "
                            "certificate yet: it is stashed until one does",
             item->name);
}

/** Whether it is too old for the stash, beyond doubt. */
static int is_over(const acme_keeper_t *keeper, const acme_live_cert_t *cert)
{
    const acme_keeper_config_t *config = keeper->config;
    apr_time_t end = cert->info->not_after;

    if (config->stash_keep > 0 && cert->moved > 0
        && cert->moved + config->stash_keep < end) {
        end = cert->moved + config->stash_keep;
    }
    return config->clock_good && end <= config->now && end <= config->proven;
}

static void delete_old(acme_keeper_t *keeper, acme_shelf_item_t *item,
                       apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!is_over(keeper, item->cert)) {
        return;
    }
    if (acme_live_remove(keeper->config->live, item->place, item->name,
                         &problem, ptemp)) {
        complain(keeper, item->name, &problem, ptemp);
        return;
    }
    item->gone = 1;
    acme_log(keeper->config->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0568) "%s: the stashed certificate is deleted, its time "
                            "is over",
             item->name);
}

static void say_stashed(const acme_keeper_t *keeper)
{
    int count = keeper->stashed->nelts;
    int mass = count >= MASS_MIN && 2 * count > keeper->had;
    int i;

    for (i = 0; i < count; ++i) {
        const stashed_t *stashed =
            &APR_ARRAY_IDX(keeper->stashed, i, stashed_t);

        acme_log(
            keeper->config->log, mass ? ACME_LOG_INFO : ACME_LOG_NOTICE, 0,
            ACME_TAG(0569) "%s: %s: its certificate is stashed, and served "
                           "again with no order when the site wants it",
            stashed->name, acme_wanted_name(stashed->wanted));
    }
    if (mass) {
        acme_log(keeper->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0570) "%d of %d sites do not want their "
                                "certificates any more: these are "
                                "stashed, and served again with no "
                                "order when the sites come back",
                 count, keeper->had);
    }
}

void acme_keeper_rest(acme_keeper_t *keeper, acme_keeper_wanted_fn *wanted,
                      void *baton)
{
    const apr_array_header_t *items = acme_shelf_items(keeper->shelf);
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, keeper->p);
    for (i = 0; i < items->nelts; ++i) {
        acme_shelf_item_t *item = APR_ARRAY_IDX(items, i, acme_shelf_item_t *);

        apr_pool_clear(ptemp);
        if (item->gone) {
            continue;
        }
        if (!item->cert) {
            acme_log(keeper->config->log, ACME_LOG_WARNING, 0,
                     ACME_TAG(0571) "%s: a certificate that is kept is of no "
                                    "use and is left alone: %s",
                     item->name, acme_problem_text(item->problem, ptemp));
        }
        else if (item->place == ACME_LIVE_SERVED) {
            put_away_rest(keeper, wanted, baton, item, ptemp);
        }
        else if (item->place == ACME_LIVE_IMPORTED) {
            put_import(keeper, item, ptemp);
        }
        else {
            delete_old(keeper, item, ptemp);
        }
    }
    apr_pool_destroy(ptemp);
    say_stashed(keeper);
}
