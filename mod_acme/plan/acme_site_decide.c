/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_site_decide.h"

#include <string.h>

/** A cell of the table. */
typedef enum {
    NOTHING,   /**< the certificates stay in their places */
    STASH,     /**< the live certificate goes to the stash */
    BEST,      /**< the usable one of live and stashed, else an order, and
                    the fallback until it is done */
    BEST_KEPT, /**< the same, but a live certificate that cannot be used any
                    more keeps serving */
    LATER      /**< the one of live or stashed and the import that expires
                    later */
} cell_e;

/** The rows: what is wanted. The last one is for ACME with a usable import. */
#define ROW_IMPORTED ACME_WANTED_COUNT

/** The columns: what was deployed: none, http, OKC, LKC. */
static const cell_e table[ACME_WANTED_COUNT + 1][ACME_DEPLOYED_COUNT] = {
    /* undeployed     */ {NOTHING, NOTHING, NOTHING, STASH},
    /* no TLS         */ {NOTHING, NOTHING, NOTHING, STASH},
    /* OKC            */ {NOTHING, NOTHING, NOTHING, STASH},
    /* ACME           */ {BEST, BEST, BEST, BEST_KEPT},
    /* ACME, imported */ {LATER, LATER, LATER, LATER}};

int acme_site_decide_is_usable(const acme_site_decide_cert_t *cert)
{
    return cert->suitable == ACME_SUITABLE_PARTIAL
           || cert->suitable == ACME_SUITABLE_FULL;
}

static int is_there(const acme_site_decide_cert_t *cert)
{
    return cert->suitable != ACME_SUITABLE_ABSENT;
}

/** Chooses the certificate that is live from now on. One that lacks a name
 *  serves until another one is ordered. */
static void choose(acme_site_decide_actions_t *actions,
                   acme_site_decide_move_e move,
                   const acme_site_decide_cert_t *cert)
{
    actions->move = move;
    actions->serve = ACME_SITE_DECIDE_SERVE_LKC;
    actions->order = cert->suitable == ACME_SUITABLE_PARTIAL;
}

static void fall_back(acme_site_decide_actions_t *actions,
                      const acme_site_decide_facts_t *facts)
{
    actions->serve = facts->okc ? ACME_SITE_DECIDE_SERVE_OKC
                                : ACME_SITE_DECIDE_SERVE_PLACEHOLDER;
    actions->order = 1;
}

/** Chooses between live and stashed. While the clock is in doubt, a certificate
 *  that seems to have expired serves, and no other is ordered. */
static void best(acme_site_decide_actions_t *actions,
                 const acme_site_decide_facts_t *facts, int kept)
{
    const acme_site_decide_cert_t *live = &facts->live;
    const acme_site_decide_cert_t *stashed = &facts->stashed;

    if (live->suitable == ACME_SUITABLE_FULL
        || (live->suitable == ACME_SUITABLE_PARTIAL
            && stashed->suitable != ACME_SUITABLE_FULL)) {
        choose(actions, ACME_SITE_DECIDE_LEAVE, live);
    }
    else if (acme_site_decide_is_usable(stashed)) {
        choose(actions, ACME_SITE_DECIDE_UNSTASH, stashed);
    }
    else if (!facts->clock_good && live->suitable == ACME_SUITABLE_EXPIRED) {
        choose(actions, ACME_SITE_DECIDE_LEAVE, live);
    }
    else if (!facts->clock_good && stashed->suitable == ACME_SUITABLE_EXPIRED) {
        choose(actions, ACME_SITE_DECIDE_UNSTASH, stashed);
    }
    else {
        fall_back(actions, facts);
        if ((live->suitable == ACME_SUITABLE_EXPIRED
             || live->suitable == ACME_SUITABLE_WRONG_CA
             || live->suitable == ACME_SUITABLE_REVOKED)
            && (kept || !facts->okc)) {
            actions->serve = ACME_SITE_DECIDE_SERVE_LKC;
        }
    }
}

/** Chooses between the import and the certificate that the site has: the live
 *  one, if it is usable, else the stashed one. The loser is archived. */
static void later(acme_site_decide_actions_t *actions,
                  const acme_site_decide_facts_t *facts)
{
    int has_live = acme_site_decide_is_usable(&facts->live);
    const acme_site_decide_cert_t *held =
        has_live ? &facts->live : &facts->stashed;

    if (acme_site_decide_is_usable(held)
        && held->not_after >= facts->imported.not_after) {
        choose(actions,
               has_live ? ACME_SITE_DECIDE_LEAVE : ACME_SITE_DECIDE_UNSTASH,
               held);
        actions->imported = ACME_SITE_DECIDE_ARCHIVE;
        return;
    }
    choose(actions, ACME_SITE_DECIDE_IMPORT, &facts->imported);
    /* Archive the stashed certificate, because it lost. A live one needs no
     * action: the import replaces it, and the archive has it. */
    if (!has_live && acme_site_decide_is_usable(&facts->stashed)) {
        actions->stashed = ACME_SITE_DECIDE_ARCHIVE;
    }
}

/** Returns the fate of an import that is not used now, because each import is
 *  decided upon at once. */
static acme_site_decide_rest_e
rest_of_import(const acme_site_decide_facts_t *facts)
{
    const acme_site_decide_cert_t *imported = &facts->imported;
    int is_live_stashed = facts->wanted != ACME_WANTED_ACME
                          && is_there(&facts->live)
                          && facts->live.suitable != ACME_SUITABLE_REVOKED;

    if (!is_there(imported)) {
        return ACME_SITE_DECIDE_HOLD;
    }
    if (facts->wanted == ACME_WANTED_ACME
        || !acme_site_decide_is_usable(imported)) {
        return ACME_SITE_DECIDE_ARCHIVE;
    }
    if ((acme_site_decide_is_usable(&facts->stashed)
         && facts->stashed.not_after > imported->not_after)
        || (is_live_stashed && facts->live.not_after > imported->not_after)) {
        return ACME_SITE_DECIDE_ARCHIVE;
    }
    return ACME_SITE_DECIDE_TO_STASH;
}

void acme_site_decide(acme_site_decide_actions_t *actions,
                      const acme_site_decide_facts_t *facts)
{
    int imported = facts->wanted == ACME_WANTED_ACME
                   && acme_site_decide_is_usable(&facts->imported);
    int row = imported ? ROW_IMPORTED : (int)facts->wanted;

    memset(actions, 0, sizeof(*actions));
    actions->imported = rest_of_import(facts);
    switch (table[row][facts->deployed]) {
    case NOTHING:
    case STASH:
        /* Stash a live certificate that is not wanted, whatever the record
         * says, because a start that was killed leaves more than was
         * recorded. */
        if (facts->live.suitable == ACME_SUITABLE_REVOKED) {
            actions->move = ACME_SITE_DECIDE_RETIRE;
        }
        else if (facts->live.suitable > ACME_SUITABLE_UNSUITABLE) {
            actions->move = ACME_SITE_DECIDE_STASH;
        }
        break;
    case BEST:
        best(actions, facts, 0);
        break;
    case BEST_KEPT:
        best(actions, facts, 1);
        break;
    case LATER:
        actions->imported = ACME_SITE_DECIDE_HOLD;
        later(actions, facts);
        break;
    }
    if (facts->stashed.suitable == ACME_SUITABLE_EXPIRED && facts->clock_good) {
        actions->stashed = ACME_SITE_DECIDE_DELETE;
    }
    if (facts->stashed.suitable == ACME_SUITABLE_REVOKED) {
        actions->stashed = ACME_SITE_DECIDE_ARCHIVE;
    }
}

const char *acme_site_decide_wanted_name(acme_wanted_e wanted)
{
    switch (wanted) {
    case ACME_WANTED_NOTHING:
        return "undeployed";
    case ACME_WANTED_HTTP:
        return "no TLS";
    case ACME_WANTED_OKC:
        return "TLS with its own certificate";
    case ACME_WANTED_ACME:
        return "ACME";
    }
    return "undeployed";
}

const char *acme_site_decide_move_name(acme_site_decide_move_e move)
{
    switch (move) {
    case ACME_SITE_DECIDE_LEAVE:
        return "leave";
    case ACME_SITE_DECIDE_STASH:
        return "stash";
    case ACME_SITE_DECIDE_UNSTASH:
        return "unstash";
    case ACME_SITE_DECIDE_IMPORT:
        return "import";
    case ACME_SITE_DECIDE_RETIRE:
        return "retire";
    }
    return "leave";
}
