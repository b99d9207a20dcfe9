/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_install.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_install_private.h"
#include "acme_certstore.h"

/* From this number on, when they are most of all, stashed certificates are
 * logged in one notice. */
#define MASS_MIN 2

/* The name of a certificate that was stashed, and the reason. */
typedef struct stashed_t {
    const char *name;
    acme_wanted_e wanted;
} stashed_t;

static int is_wanted(void *baton, const char *name)
{
    const acme_install_t *install = baton;

    return apr_hash_get(install->specs, name, APR_HASH_KEY_STRING) != NULL;
}

acme_install_t *acme_install_create(const acme_install_config_t *config,
                                    apr_pool_t *p)
{
    acme_install_t *install = apr_pcalloc(p, sizeof(*install));
    const apr_array_header_t *items;
    int i;

    install->config = config;
    install->p = p;
    install->specs = apr_hash_make(p);
    install->successors = apr_hash_make(p);
    install->stashed = apr_array_make(p, 8, sizeof(stashed_t));
    for (i = 0; i < config->certs->nelts; ++i) {
        const acme_spec_t *spec = acme_site_cert_at(config->certs, i)->spec;

        apr_hash_set(install->specs, spec->name, APR_HASH_KEY_STRING, spec);
    }
    acme_install_shared_index(install);
    install->index =
        acme_cert_index_read(config->certstore, is_wanted, install, p);
    items = acme_cert_index_items(install->index);
    for (i = 0; i < items->nelts; ++i) {
        install->had += APR_ARRAY_IDX(items, i, acme_cert_index_item_t *)->place
                        == ACME_PLACE_LIVE;
    }
    return install;
}

const acme_deployed_site_t *acme_install_before(const acme_deployed_t *before,
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

static void reread(acme_install_t *install, const acme_spec_t *spec,
                   acme_inventory_t *inventory)
{
    acme_certstore_cert_t *live;

    inventory->live = NULL;
    if (acme_certstore_get(&live, install->config->certstore, spec->name, NULL,
                           install->p)
            == APR_SUCCESS
        && acme_certstore_loads(live, spec->security_level, NULL, install->p)
               == APR_SUCCESS) {
        inventory->live = live;
    }
}

static void note_stashed(acme_install_t *install, const char *name,
                         acme_wanted_e wanted)
{
    stashed_t *stashed = apr_array_push(install->stashed);

    stashed->name = apr_pstrdup(install->p, name);
    stashed->wanted = wanted;
}

/* Returns the suitability of a certificate without regard to a site. */
static acme_suitable_e worth(const acme_install_t *install,
                             const acme_certstore_cert_t *cert,
                             apr_pool_t *ptemp)
{
    if (acme_certstore_refusal(install->config->certstore, cert->info, ptemp)) {
        return ACME_SUITABLE_REVOKED;
    }
    return cert->info->not_after > install->config->now ? ACME_SUITABLE_FULL
                                                        : ACME_SUITABLE_EXPIRED;
}

/* Archives a revoked certificate and does not stash it, because no site may use
 * it again. Returns non-zero on success. */
static int retire(acme_install_t *install, const char *name,
                  const acme_certstore_cert_t *live, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_certstore_move_archive(install->config->certstore, ACME_PLACE_LIVE,
                                    name, &problem, ptemp)) {
        acme_install_choice_complain(install, name, &problem, ptemp);
        return 0;
    }
    acme_log(
        install->config->log, ACME_LOG_INFO, 0,
        ACME_TAG(0846) "%s: its certificate %s is only archived and not "
                       "stashed: %s",
        name, live->info->serial,
        acme_certstore_refusal(install->config->certstore, live->info, ptemp));
    return 1;
}

/* Stashes a live certificate that its site does not want, or archives it when
 * it is revoked. Returns non-zero when it is not live any more. */
static int put_away(acme_install_t *install, const char *name,
                    const acme_certstore_cert_t *live,
                    const acme_deployed_site_t *before, acme_wanted_e wanted,
                    apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_cert_index_item_t *other;
    acme_site_decide_actions_t actions;
    acme_site_decide_facts_t facts;

    memset(&facts, 0, sizeof(facts));
    facts.deployed = before ? before->state : ACME_DEPLOYED_NONE;
    facts.wanted = wanted;
    facts.clock_good = install->config->clock_good;
    facts.live.suitable = worth(install, live, ptemp);
    facts.live.not_after = live->info->not_after;
    acme_site_decide(&actions, &facts);
    if (actions.move == ACME_SITE_DECIDE_RETIRE) {
        return retire(install, name, live, ptemp);
    }
    if (actions.move != ACME_SITE_DECIDE_STASH) {
        return 0;
    }
    if (acme_certstore_move_stash(install->config->certstore, name, &problem,
                                  ptemp)) {
        acme_install_choice_complain(install, name, &problem, ptemp);
        return 0;
    }
    note_stashed(install, name, wanted);
    other = acme_cert_index_filed(install->index, ACME_PLACE_STASH, name);
    if (other) {
        /* The stash had another one under this name, which is archived now. */
        other->gone = 1;
    }
    return 1;
}

static const acme_certstore_cert_t *stashed_for(acme_install_t *install,
                                                const acme_spec_t *spec)
{
    const acme_cert_index_item_t *item =
        acme_cert_index_filed(install->index, ACME_PLACE_STASH, spec->name);
    acme_certstore_cert_t *cert;

    if (item && item->taken) {
        return NULL;
    }
    return acme_certstore_get_at(&cert, install->config->certstore,
                                 ACME_PLACE_STASH, spec->name, NULL, install->p)
                   == APR_SUCCESS
               ? cert
               : NULL;
}

/* Looks for a certificate where a site has none, and nothing as good is kept
 * that could be its. */
static void find_live(acme_install_choice_t *choice,
                      acme_inventory_t *inventory,
                      const acme_deployed_site_t *before)
{
    if (inventory->live) {
        return;
    }
    acme_install_choice_inherit(choice);
    reread(choice->install, choice->spec, inventory);
    if (!inventory->live
        && !acme_site_decide_is_usable(&choice->certs[ACME_PLACE_STASH])
        && !acme_site_decide_is_usable(&choice->certs[ACME_PLACE_IMPORT])) {
        acme_install_choice_restore(choice, before);
        reread(choice->install, choice->spec, inventory);
    }
}

static acme_site_decide_serve_e decide(acme_install_t *install,
                                       const acme_site_cert_t *cert,
                                       acme_wanted_e wanted, int okc,
                                       apr_pool_t *ptemp)
{
    const acme_spec_t *spec = cert->spec;
    acme_inventory_t *inventory = cert->inventory;
    const acme_deployed_site_t *before =
        acme_install_before(install->config->before, spec);
    acme_site_decide_actions_t actions;
    acme_site_decide_facts_t facts;
    acme_install_choice_t choice;

    install->had += inventory->live != NULL;
    if (wanted != ACME_WANTED_ACME) {
        if (inventory->live
            && put_away(install, spec->name, inventory->live, before, wanted,
                        ptemp)) {
            inventory->live = NULL;
        }
        inventory->stashed = stashed_for(install, spec);
        return ACME_SITE_DECIDE_SERVE_NOTHING;
    }
    memset(&choice, 0, sizeof(choice));
    choice.install = install;
    choice.site = cert->site;
    choice.spec = spec;
    choice.ptemp = ptemp;
    acme_cert_index_visit(install->index, acme_spec_host(spec),
                          acme_install_choice_consider, &choice, ptemp);
    find_live(&choice, inventory, before);
    memset(&facts, 0, sizeof(facts));
    facts.deployed = before ? before->state : ACME_DEPLOYED_NONE;
    facts.wanted = wanted;
    facts.okc = okc;
    facts.clock_good = install->config->clock_good;
    facts.stashed = choice.certs[ACME_PLACE_STASH];
    facts.imported = choice.certs[ACME_PLACE_IMPORT];
    acme_install_choice_judge_live(&facts.live, inventory, &choice);
    acme_site_decide(&actions, &facts);
    acme_log(install->config->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0566) "%s: deployed %s, wanted %s: %s%s", spec->name,
             acme_deployed_name(facts.deployed),
             acme_site_decide_wanted_name(wanted),
             acme_site_decide_move_name(actions.move),
             actions.order ? ", to be ordered" : "");
    acme_install_choice_carry_out(&choice, &actions);
    if (actions.move != ACME_SITE_DECIDE_LEAVE) {
        reread(install, spec, inventory);
        acme_install_choice_judge_live(&facts.live, inventory, &choice);
    }
    inventory->aged =
        !inventory->live && facts.stashed.suitable == ACME_SUITABLE_EXPIRED;
    inventory->stashed = stashed_for(install, spec);
    return actions.serve == ACME_SITE_DECIDE_SERVE_LKC && !inventory->live
               ? (okc ? ACME_SITE_DECIDE_SERVE_OKC
                      : ACME_SITE_DECIDE_SERVE_PLACEHOLDER)
               : actions.serve;
}

acme_site_decide_serve_e acme_install_site(acme_install_t *install,
                                           const acme_site_cert_t *cert,
                                           acme_wanted_e wanted, int okc)
{
    acme_site_decide_serve_e serve;
    apr_pool_t *ptemp;

    apr_pool_create(&ptemp, install->p);
    serve = decide(install, cert, wanted, okc, ptemp);
    apr_pool_destroy(ptemp);
    return serve;
}

/* ---- certificates that no site wants any more ---- */

static acme_wanted_e wanted_of(const acme_install_t *install,
                               const acme_cert_index_item_t *item,
                               acme_install_wanted_fn *wanted, void *baton)
{
    const acme_deployed_site_t *before =
        acme_deployed_find(install->config->before, item->name);

    return wanted(baton, before ? before->names : item->cert->info->names);
}

static void put_away_rest(acme_install_t *install,
                          acme_install_wanted_fn *wanted, void *baton,
                          acme_cert_index_item_t *item, apr_pool_t *ptemp)
{
    item->gone =
        put_away(install, item->name, item->cert,
                 acme_deployed_find(install->config->before, item->name),
                 wanted_of(install, item, wanted, baton), ptemp);
}

/* Stashes an import that no site has taken, or archives it. */
static void put_import(acme_install_t *install, acme_cert_index_item_t *item,
                       apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *other;
    acme_site_decide_actions_t actions;
    acme_site_decide_facts_t facts;

    memset(&facts, 0, sizeof(facts));
    facts.wanted = ACME_WANTED_NOTHING;
    facts.clock_good = install->config->clock_good;
    facts.imported.suitable = worth(install, item->cert, ptemp);
    facts.imported.not_after = item->cert->info->not_after;
    if (acme_certstore_get_at(&other, install->config->certstore,
                              ACME_PLACE_STASH, item->name, NULL, ptemp)
        == APR_SUCCESS) {
        facts.stashed.suitable = worth(install, other, ptemp);
        facts.stashed.not_after = other->info->not_after;
    }
    acme_site_decide(&actions, &facts);
    if (actions.imported != ACME_SITE_DECIDE_TO_STASH) {
        acme_install_choice_archive(
            install, item,
            facts.imported.suitable == ACME_SUITABLE_REVOKED
                ? acme_certstore_refusal(install->config->certstore,
                                         item->cert->info, ptemp)
            : facts.imported.suitable == ACME_SUITABLE_EXPIRED
                ? "it has expired"
                : "the stashed one expires later",
            ptemp);
        return;
    }
    if (acme_certstore_move(install->config->certstore, ACME_PLACE_IMPORT,
                            item->name, ACME_PLACE_STASH, item->name, &problem,
                            ptemp)) {
        acme_install_choice_complain(install, item->name, &problem, ptemp);
        return;
    }
    item->gone = 1;
    acme_log(install->config->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0567) "%s: no site asks for ACME with the imported "
                            "certificate yet: it is stashed until one does",
             item->name);
}

/* Returns non-zero when a certificate is certainly too old for the stash. */
static int is_over(const acme_install_t *install,
                   const acme_certstore_cert_t *cert)
{
    const acme_install_config_t *config = install->config;
    apr_time_t end = cert->info->not_after;

    if (config->stash_keep > 0 && cert->moved > 0
        && cert->moved + config->stash_keep < end) {
        end = cert->moved + config->stash_keep;
    }
    return config->clock_good && end <= config->now && end <= config->proven;
}

static void delete_old(acme_install_t *install, acme_cert_index_item_t *item,
                       apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (!is_over(install, item->cert)) {
        return;
    }
    if (acme_certstore_move_remove(install->config->certstore, item->place,
                                   item->name, &problem, ptemp)) {
        acme_install_choice_complain(install, item->name, &problem, ptemp);
        return;
    }
    item->gone = 1;
    acme_log(install->config->log, ACME_LOG_DEBUG, 0,
             ACME_TAG(0568) "%s: the stashed certificate is deleted, its time "
                            "is over",
             item->name);
}

static void say_stashed(const acme_install_t *install)
{
    int count = install->stashed->nelts;
    int mass = count >= MASS_MIN && 2 * count > install->had;
    int i;

    for (i = 0; i < count; ++i) {
        const stashed_t *stashed =
            &APR_ARRAY_IDX(install->stashed, i, stashed_t);

        acme_log(
            install->config->log, mass ? ACME_LOG_INFO : ACME_LOG_NOTICE, 0,
            ACME_TAG(0569) "%s: %s: its certificate is stashed, and served "
                           "again with no order when the site wants it",
            stashed->name, acme_site_decide_wanted_name(stashed->wanted));
    }
    if (mass) {
        acme_log(install->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0570) "%d of %d sites do not want their "
                                "certificates any more: these are "
                                "stashed, and served again with no "
                                "order when the sites come back",
                 count, install->had);
    }
}

void acme_install_rest(acme_install_t *install, acme_install_wanted_fn *wanted,
                       void *baton)
{
    const apr_array_header_t *items = acme_cert_index_items(install->index);
    apr_pool_t *ptemp;
    int i;

    apr_pool_create(&ptemp, install->p);
    for (i = 0; i < items->nelts; ++i) {
        acme_cert_index_item_t *item =
            APR_ARRAY_IDX(items, i, acme_cert_index_item_t *);

        apr_pool_clear(ptemp);
        if (item->gone) {
            continue;
        }
        if (!item->cert) {
            acme_log(install->config->log, ACME_LOG_WARNING, 0,
                     ACME_TAG(0571) "%s: a kept certificate cannot be used and "
                                    "is left alone: %s",
                     item->name, acme_problem_text(item->problem, ptemp));
        }
        else if (acme_install_shared_is_live(install, item)) {
            acme_install_shared_finish(install, item, ptemp);
        }
        else if (item->left) {
            acme_install_choice_settle(install, item, ptemp);
        }
        else if (item->place == ACME_PLACE_LIVE) {
            put_away_rest(install, wanted, baton, item, ptemp);
        }
        else if (item->place == ACME_PLACE_IMPORT) {
            put_import(install, item, ptemp);
        }
        else if (wanted_of(install, item, wanted, baton) != ACME_WANTED_ACME) {
            delete_old(install, item, ptemp);
        }
    }
    apr_pool_destroy(ptemp);
    say_stashed(install);
}
