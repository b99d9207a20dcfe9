/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_install.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_install_private.h"
#include "acme_suitable.h"
#include "acme_certstore.h"
#include "acme_ident.h"
#include "acme_time.h"

void acme_install_choice_complain(const acme_install_t *install,
                                  const char *name,
                                  const acme_problem_t *problem,
                                  apr_pool_t *ptemp)
{
    acme_log(install->config->log, ACME_LOG_ERR, 0,
             ACME_TAG(0560) "%s: a kept certificate could not be "
                            "put in its place, which the next start "
                            "tries again: %s",
             name, acme_problem_text(problem, ptemp));
}

/* Makes an item the live certificate of a site. Returns non-zero on success. */
static int take(const acme_install_choice_t *choice,
                acme_cert_index_item_t *item)
{
    acme_install_t *install = choice->install;
    const acme_spec_t *spec = choice->spec;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *ptemp = choice->ptemp;

    if (item->place != ACME_PLACE_LIVE
        && acme_install_shared_by_others(install, item, choice->site, ptemp)) {
        if (acme_install_shared_copy(install, item, spec, &problem, ptemp)) {
            acme_install_choice_complain(install, spec->name, &problem, ptemp);
            return 0;
        }
        return 1;
    }
    if (acme_certstore_move(install->config->certstore, item->place, item->name,
                            ACME_PLACE_LIVE, spec->name, &problem, ptemp)) {
        acme_install_choice_complain(install, spec->name, &problem, ptemp);
        return 0;
    }
    item->gone = 1;
    if (item->place == ACME_PLACE_LIVE) {
        apr_hash_set(install->successors, item->name, APR_HASH_KEY_STRING,
                     spec->name);
    }
    return 1;
}

void acme_install_choice_archive(acme_install_t *install,
                                 acme_cert_index_item_t *item, const char *why,
                                 apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_certstore_move_archive(install->config->certstore, item->place,
                                    item->name, &problem, ptemp)) {
        acme_install_choice_complain(install, item->name, &problem, ptemp);
        return;
    }
    item->gone = 1;
    acme_log(install->config->log, ACME_LOG_INFO, 0,
             ACME_TAG(0561) "%s: the certificate in %s is only archived from "
                            "now on: %s",
             item->name, acme_certstore_place_name(item->place), why);
}

/* ---- the certificates that a site can choose from ---- */

/* Judges a certificate that this site does not serve. */
static acme_suitable_e worth_of(const char **why,
                                const acme_certstore_cert_t *cert,
                                const acme_install_choice_t *choice, int issuer)
{
    const acme_install_config_t *config = choice->install->config;

    *why = acme_certstore_refusal(config->certstore, cert->info, choice->ptemp);
    return *why ? ACME_SUITABLE_REVOKED
                : acme_suitable(why, cert, choice->spec, issuer, config->now,
                                choice->ptemp);
}

/* Returns how many names of the site a certificate covers. */
static int covered(const acme_certstore_cert_t *cert, const acme_spec_t *spec)
{
    int i, count = 0;

    for (i = 0; i < spec->names->nelts; ++i) {
        count += acme_ident_covered(
            cert->info->names, APR_ARRAY_IDX(spec->names, i, const char *));
    }
    return count;
}

/* Returns how a certificate compares with another one that is as suitable:
 * positive when it goes first. It covers more names of the site; no order is
 * needed with it; it lives longer, by days; its key is of the wanted kind,
 * because an EC and an RSA certificate of one site are as old as each other;
 * it lives longer. */
static int compare(const acme_certstore_cert_t *a,
                   const acme_certstore_cert_t *b,
                   const acme_install_choice_t *choice)
{
    const acme_spec_t *spec = choice->spec;
    const char *key = acme_key_spec_print(&spec->key, choice->ptemp);
    apr_time_t days =
        a->info->not_after / ACME_TIME_DAY - b->info->not_after / ACME_TIME_DAY;
    int order = covered(a, spec) - covered(b, spec);

    if (!order) {
        order = (acme_suitable_change(b, spec, choice->ptemp) != NULL)
                - (acme_suitable_change(a, spec, choice->ptemp) != NULL);
    }
    if (!order) {
        order = (days > 0) - (days < 0);
    }
    if (!order) {
        order = (strcmp(a->info->key_type, key) == 0)
                - (strcmp(b->info->key_type, key) == 0);
    }
    return order ? order
                 : (a->info->not_after > b->info->not_after)
                       - (a->info->not_after < b->info->not_after);
}

/* Returns non-zero when an item goes before the best so far: the more suitable
 * one first. */
static int is_better(acme_suitable_e worth, const acme_cert_index_item_t *item,
                     acme_suitable_e best_worth,
                     const acme_cert_index_item_t *best,
                     const acme_install_choice_t *choice)
{
    if (!best || worth != best_worth) {
        return !best || worth > best_worth;
    }
    return compare(item->cert, best->cert, choice) > 0;
}

void acme_install_choice_consider(void *baton, acme_cert_index_item_t *item)
{
    acme_install_choice_t *choice = baton;
    const acme_install_t *install = choice->install;
    const acme_certstore_cert_t *cert = item->cert;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int place = item->place;
    const char *why;
    acme_suitable_e worth;
    int issuer;

    if (acme_site_has_two(choice->site)
        && !acme_suitable_key(cert, choice->spec)) {
        return;
    }
    /* A certificate of an unknown CA will do when this machine trusts it. So
     * will one of another CA that was live for another site, because it was
     * good enough to be served there. */
    issuer = acme_suitable_issuer(cert, choice->spec)
             || ((!cert->ca_url || place == ACME_PLACE_LIVE)
                 && acme_certstore_is_trusted(install->config->certstore,
                                              item->place, item->name,
                                              choice->ptemp));
    worth = worth_of(&why, cert, choice, issuer);
    /* A certificate that mod_ssl cannot load would end the start. A revoked one
     * is not tried, because it is archived for being revoked. */
    if (worth > ACME_SUITABLE_REVOKED
        && acme_certstore_loads(cert, choice->spec->security_level, &problem,
                                choice->ptemp)
               != APR_SUCCESS) {
        worth = ACME_SUITABLE_UNSUITABLE;
        why = acme_problem_text(&problem, choice->ptemp);
    }
    if (is_better(worth, item, choice->certs[place].suitable,
                  choice->items[place], choice)) {
        choice->items[place] = item;
        choice->certs[place].suitable = worth;
        choice->certs[place].not_after = cert->info->not_after;
        choice->why[place] = why;
    }
}

/* Returns the name of the site that has the certificate of the site which these
 * names belonged to before, or NULL. For a site's second kind of key that is
 * the site itself, because its certificate may be of this kind until now. */
static const char *split_from(const acme_install_t *install,
                              const acme_spec_t *spec)
{
    const acme_deployed_site_t *site =
        acme_deployed_find(install->config->before, spec->name);
    const char *successor;

    if (spec->kind == ACME_SPEC_SECOND_KEY) {
        return acme_spec_of(spec);
    }
    if (!site || strcmp(site->name, spec->name) == 0) {
        return NULL;
    }
    successor =
        apr_hash_get(install->successors, site->name, APR_HASH_KEY_STRING);
    return successor ? successor : site->name;
}

/* Returns the suitability of the live certificate of a site for another one;
 * less than ACME_SUITABLE_PARTIAL when that cannot use it. */
static acme_suitable_e worth_of_live(const acme_install_choice_t *choice,
                                     const char *name,
                                     const acme_certstore_cert_t *cert)
{
    const char *why;
    int issuer;

    if (acme_site_has_two(choice->site)
        && !acme_suitable_key(cert, choice->spec)) {
        return ACME_SUITABLE_UNSUITABLE;
    }
    issuer =
        acme_suitable_issuer(cert, choice->spec)
        || (!cert->ca_url
            && acme_certstore_is_trusted(choice->install->config->certstore,
                                         ACME_PLACE_LIVE, name, choice->ptemp));
    return worth_of(&why, cert, choice, issuer);
}

/* The best live certificate of the other sites for a site. */
typedef struct lent_t {
    const acme_install_choice_t *choice;
    acme_cert_index_item_t item; /* its cert is NULL: there is none */
    acme_suitable_e worth;
} lent_t;

static void consider_lent(void *baton, const acme_site_cert_t *other)
{
    lent_t *lent = baton;
    const acme_install_choice_t *choice = lent->choice;
    acme_cert_index_item_t item = {.place = ACME_PLACE_LIVE};
    acme_suitable_e worth;

    /* It may have been stashed since the sites were indexed. A site beside one
     * that asks for a wildcard itself is to have a certificate of its own. */
    item.cert = other->inventory->live;
    item.name = other->spec->name;
    if (!item.cert || strcmp(item.name, choice->spec->name) == 0
        || (other->site != choice->site
            && acme_ident_covered(other->spec->names,
                                  acme_spec_host(choice->spec)))) {
        return;
    }
    worth = worth_of_live(choice, item.name, item.cert);
    if (worth >= ACME_SUITABLE_PARTIAL
        && acme_certstore_loads(item.cert, choice->spec->security_level, NULL,
                                choice->ptemp)
               == APR_SUCCESS
        && is_better(worth, &item, lent->worth,
                     lent->item.cert ? &lent->item : NULL, choice)) {
        lent->item = item;
        lent->worth = worth;
    }
}

/* Makes a copy of the live certificate of another site the live one of a site.
 * Returns zero when that cannot be done. */
static int copy_live(const acme_install_choice_t *choice, const char *from)
{
    const acme_install_config_t *config = choice->install->config;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_bundle_t *bundle;

    if (acme_certstore_bundle(&bundle, config->certstore, ACME_PLACE_LIVE, from,
                              NULL, choice->ptemp)
        != APR_SUCCESS) {
        return 0;
    }
    bundle->name = choice->spec->name;
    if (acme_certstore_install(config->certstore, bundle, config->archive_keep,
                               &problem, choice->ptemp)) {
        acme_install_choice_complain(choice->install, choice->spec->name,
                                     &problem, choice->ptemp);
        return 0;
    }
    return 1;
}

/* Takes a copy of the certificate of the site that these names belonged to
 * before. Returns zero when there is none that the site can use. */
static int inherit_split(const acme_install_choice_t *choice)
{
    const acme_install_t *install = choice->install;
    const char *from = split_from(install, choice->spec);
    acme_certstore_cert_t *cert;

    if (!from
        || acme_certstore_get(&cert, install->config->certstore, from, NULL,
                              choice->ptemp)
        || worth_of_live(choice, from, cert) < ACME_SUITABLE_PARTIAL
        || !copy_live(choice, from)) {
        return 0;
    }
    acme_log(install->config->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0563) "%s: was split from %s, and goes on with a copy of "
                            "its certificate",
             choice->spec->name, from);
    return 1;
}

/* Takes a copy of the certificate of any other site that covers this one, such
 * as an imported one with more names than were configured then, if it is better
 * than the stashed one. */
static void borrow(const acme_install_choice_t *choice, int stashed)
{
    const acme_install_t *install = choice->install;
    lent_t lent = {.choice = choice};

    acme_install_shared_lenders(choice->install, acme_spec_host(choice->spec),
                                consider_lent, &lent, choice->ptemp);
    if (!lent.item.cert
        || (stashed
            && !is_better(lent.worth, &lent.item,
                          choice->certs[ACME_PLACE_STASH].suitable,
                          choice->items[ACME_PLACE_STASH], choice))
        || !copy_live(choice, lent.item.name)) {
        return;
    }
    acme_log(install->config->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0160) "%s: is covered by the certificate of %s, and "
                            "serves a copy of it, valid until %s",
             choice->spec->name, lent.item.name,
             acme_time_print(lent.item.cert->info->not_after, choice->ptemp));
}

void acme_install_choice_inherit(acme_install_choice_t *choice)
{
    acme_install_t *install = choice->install;
    acme_cert_index_item_t *item = choice->items[ACME_PLACE_LIVE];
    const acme_spec_t *spec = choice->spec;
    int stashed = acme_site_decide_is_usable(&choice->certs[ACME_PLACE_STASH]);

    if (!stashed
        && acme_site_decide_is_usable(&choice->certs[ACME_PLACE_LIVE])) {
        if (take(choice, item)) {
            acme_log(install->config->log, ACME_LOG_NOTICE, 0,
                     ACME_TAG(0562) "%s: goes on with the certificate that was "
                                    "filed under %s",
                     spec->name, item->name);
        }
        return;
    }
    if ((stashed || !inherit_split(choice))
        && !acme_site_decide_is_usable(&choice->certs[ACME_PLACE_IMPORT])) {
        borrow(choice, stashed);
    }
}

void acme_install_choice_restore(const acme_install_choice_t *choice,
                                 const acme_deployed_site_t *before)
{
    const acme_install_t *install = choice->install;
    const acme_certstore_t *certstore = install->config->certstore;
    const acme_spec_t *spec = choice->spec;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;
    apr_array_header_t *numbers;
    const char *why;
    int i;

    if (!before || before->state != ACME_DEPLOYED_LKC
        || strcmp(before->name, spec->name) != 0
        || !APR_STATUS_IS_ENOENT(acme_certstore_get(
            &cert, certstore, spec->name, NULL, choice->ptemp))
        || acme_certstore_versions(&numbers, certstore, spec->name,
                                   choice->ptemp)) {
        return;
    }
    for (i = numbers->nelts - 1; i >= 0; --i) {
        int number = APR_ARRAY_IDX(numbers, i, int);

        if (acme_certstore_get_version(&cert, certstore, spec->name, number,
                                       choice->ptemp)
            || worth_of(&why, cert, choice,
                        !cert->ca_url || acme_suitable_issuer(cert, spec))
                   < ACME_SUITABLE_PARTIAL
            || acme_certstore_loads(cert, spec->security_level, NULL,
                                    choice->ptemp)) {
            continue;
        }
        if (acme_certstore_move_point(certstore, spec->name, number, &problem,
                                      choice->ptemp)) {
            acme_install_choice_complain(install, spec->name, &problem,
                                         choice->ptemp);
            return;
        }
        acme_log(install->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0832) "%s: its link in live was gone, as after a "
                                "restored backup that has no links; generation "
                                "%d of its archive is served again",
                 spec->name, number);
        return;
    }
}

/* ---- the one that it has, and the one that it chose ---- */

void acme_install_choice_judge_live(acme_site_decide_cert_t *cert,
                                    acme_inventory_t *inventory,
                                    const acme_install_choice_t *choice)
{
    const acme_certstore_cert_t *live = inventory->live;
    const char *why;
    int issuer;

    if (!live) {
        cert->suitable = ACME_SUITABLE_ABSENT;
        return;
    }
    /* A live certificate that this machine trusts stays until its renewal, also
     * when the site has another CA now. */
    issuer = acme_suitable_issuer(live, choice->spec)
             || acme_certstore_is_trusted(choice->install->config->certstore,
                                          ACME_PLACE_LIVE, choice->spec->name,
                                          choice->ptemp);
    inventory->revoked = acme_certstore_revoked(
        choice->install->config->certstore, live, choice->install->p);
    cert->suitable =
        inventory->revoked
            ? ACME_SUITABLE_REVOKED
            : acme_suitable(&why, live, choice->spec, issuer,
                            choice->install->config->now, choice->ptemp);
    cert->not_after = live->info->not_after;
    inventory->foreign = !issuer;
}

static void say_served(const acme_install_choice_t *choice, acme_place_e place)
{
    const acme_cert_index_item_t *item = choice->items[place];
    const acme_install_t *install = choice->install;
    const char *change =
        acme_suitable_change(item->cert, choice->spec, choice->ptemp);
    const char *next = "none has to be ordered";

    if (choice->certs[place].suitable == ACME_SUITABLE_PARTIAL) {
        next = choice->why[place];
    }
    else if (change) {
        next =
            apr_psprintf(choice->ptemp, "another one is ordered: %s", change);
    }
    if (place == ACME_PLACE_STASH) {
        acme_log(install->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0564) "%s: unstashed the certificate %s, valid until "
                                "%s; %s",
                 choice->spec->name, item->cert->info->serial,
                 acme_time_print(item->cert->info->not_after, choice->ptemp),
                 next);
    }
    else {
        acme_log(install->config->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0565) "%s: the imported certificate %s is used from "
                                "now on, valid until %s; %s",
                 choice->spec->name, item->cert->info->serial,
                 acme_time_print(item->cert->info->not_after, choice->ptemp),
                 next);
    }
}

void acme_install_choice_settle(acme_install_t *install,
                                acme_cert_index_item_t *item, apr_pool_t *ptemp)
{
    if (item->useless) {
        acme_log(install->config->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0572) "%s: the imported certificate cannot be used "
                                "and is archived: %s",
                 item->name, item->left);
    }
    acme_install_choice_archive(install, item, item->left, ptemp);
}

/* Archives an item that the site does not take. When other sites can take it,
 * this waits until they are decided. */
static void leave(const acme_install_choice_t *choice,
                  acme_cert_index_item_t *item, const char *why, int useless)
{
    if (item->gone || item->taken) {
        return;
    }
    item->left = apr_pstrdup(choice->install->p, why);
    item->useless = useless;
    if (!acme_install_shared_by_others(choice->install, item, choice->site,
                                       choice->ptemp)) {
        acme_install_choice_settle(choice->install, item, choice->ptemp);
    }
}

void acme_install_choice_carry_out(const acme_install_choice_t *choice,
                                   const acme_site_decide_actions_t *actions)
{
    acme_cert_index_item_t *stashed = choice->items[ACME_PLACE_STASH];
    acme_cert_index_item_t *imported = choice->items[ACME_PLACE_IMPORT];
    int usable;

    if (actions->move == ACME_SITE_DECIDE_UNSTASH && take(choice, stashed)) {
        say_served(choice, ACME_PLACE_STASH);
    }
    if (actions->move == ACME_SITE_DECIDE_IMPORT && take(choice, imported)) {
        say_served(choice, ACME_PLACE_IMPORT);
    }
    if (stashed && actions->stashed == ACME_SITE_DECIDE_ARCHIVE) {
        leave(choice, stashed,
              choice->certs[ACME_PLACE_STASH].suitable == ACME_SUITABLE_REVOKED
                  ? choice->why[ACME_PLACE_STASH]
                  : "the imported one expires later",
              0);
    }
    if (imported && actions->imported == ACME_SITE_DECIDE_ARCHIVE) {
        usable = acme_site_decide_is_usable(&choice->certs[ACME_PLACE_IMPORT]);
        leave(choice, imported,
              usable ? "the other one expires later"
                     : choice->why[ACME_PLACE_IMPORT],
              !usable);
    }
}
