/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_site_decide.h"

#include "acme_time.h"

#define NOW apr_time_from_sec(1767323045)

/* The columns of a table are sets: a row stands for each combination of their
 * elements. */

/* The sets of what is wanted. */
enum { UNDEPLOYED = 1, NO_TLS = 2, OWN = 4, ACME = 8 };
#define WITHOUT_ACME (UNDEPLOYED | NO_TLS | OWN)

/* The sets of what was deployed. */
enum { D_NONE = 1, D_HTTP = 2, D_OKC = 4, D_LKC = 8 };
#define D_OTHERS (D_NONE | D_HTTP | D_OKC)
#define D_ALL    (D_OTHERS | D_LKC)

/* The sets of certificates that are live, stashed or imported. */
enum {
    NONE = 1,
    UNSUITABLE = 2,
    REVOKED = 4,
    WRONG_CA = 8,
    EXPIRED = 16,
    PARTIAL = 32,
    EARLY = 64,
    LATE = 128
};

/* By the bits above: suitability, and days until its end. */
static const struct {
    acme_suitable_e suitable;
    int days;
} certs[] = {{ACME_SUITABLE_ABSENT, 0},   {ACME_SUITABLE_UNSUITABLE, 90},
             {ACME_SUITABLE_REVOKED, 90}, {ACME_SUITABLE_WRONG_CA, 90},
             {ACME_SUITABLE_EXPIRED, -1}, {ACME_SUITABLE_PARTIAL, 30},
             {ACME_SUITABLE_FULL, 20},    {ACME_SUITABLE_FULL, 60}};

#define USELESS (UNSUITABLE | WRONG_CA | EXPIRED)

#define CERTS (int)(sizeof(certs) / sizeof(certs[0]))

typedef struct cell_t {
    int wanted, deployed, live, stashed, imported; /* sets */
    acme_site_decide_actions_t actions;
} cell_t;

#define MOVES(m, s, i, v, o)                                              \
    {                                                                     \
        ACME_SITE_DECIDE_##m, ACME_SITE_DECIDE_##s, ACME_SITE_DECIDE_##i, \
            ACME_SITE_DECIDE_SERVE_##v, o                                 \
    }

static void assert_decision(const acme_site_decide_facts_t *facts,
                            const acme_site_decide_actions_t *wanted,
                            const char *what)
{
    acme_site_decide_actions_t got;

    memset(&got, 0xff, sizeof(got));
    acme_site_decide(&got, facts);
    if (got.move != wanted->move || got.stashed != wanted->stashed
        || got.imported != wanted->imported || got.serve != wanted->serve
        || got.order != wanted->order) {
        fail_msg("%s: move %d stashed %d imported %d serve %d order %d, not "
                 "%d %d %d %d %d",
                 what, got.move, got.stashed, got.imported, got.serve,
                 got.order, wanted->move, wanted->stashed, wanted->imported,
                 wanted->serve, wanted->order);
    }
}

static acme_site_decide_cert_t cert_of(int bit)
{
    acme_site_decide_cert_t cert = {certs[bit].suitable, 0};

    if (cert.suitable != ACME_SUITABLE_ABSENT) {
        cert.not_after = NOW + certs[bit].days * ACME_TIME_DAY;
    }
    return cert;
}

/* Checks one combination of a row: a digit for each column. */
static int check(const cell_t *cell, int row, const int *at, int clock_good)
{
    acme_site_decide_facts_t facts;
    char what[80];

    if (!(cell->wanted & 1 << at[0]) || !(cell->deployed & 1 << at[1])
        || !(cell->live & 1 << at[2]) || !(cell->stashed & 1 << at[3])
        || !(cell->imported & 1 << at[4])) {
        return 0;
    }
    memset(&facts, 0, sizeof(facts));
    facts.wanted = at[0];
    facts.deployed = at[1];
    facts.live = cert_of(at[2]);
    facts.stashed = cert_of(at[3]);
    facts.imported = cert_of(at[4]);
    facts.clock_good = clock_good;
    facts.okc = facts.deployed == ACME_DEPLOYED_OKC;
    snprintf(what, sizeof(what), "row %d (%s, %s, %d, %d, %d)", row,
             acme_site_decide_wanted_name(facts.wanted),
             acme_deployed_name(facts.deployed), at[2], at[3], at[4]);
    assert_decision(&facts, &cell->actions, what);
    return 1;
}

/* Checks a table, which has that many cells. */
static void check_cells(const cell_t *cells, size_t rows, int clock_good,
                        int count)
{
    int at[5];
    size_t row;
    int n, checked = 0;

    for (row = 0; row < rows; ++row) {
        for (n = 0; n < 4 * 4 * CERTS * CERTS * CERTS; ++n) {
            at[0] = n % 4;
            at[1] = n / 4 % 4;
            at[2] = n / 16 % CERTS;
            at[3] = n / 16 / CERTS % CERTS;
            at[4] = n / 16 / CERTS / CERTS;
            checked += check(&cells[row], (int)row, at, clock_good);
        }
    }
    assert_int_equal(checked, count);
}

#define CHECK(cells, count) \
    check_cells(cells, sizeof(cells) / sizeof(cells[0]), 1, count)

/* ---- a table for each question ---- */

static void what_no_site_wants_is_stashed_if_it_was_served(void **state)
{
    static const cell_t cells[] = {
        {WITHOUT_ACME, D_OTHERS, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
        {WITHOUT_ACME, D_LKC, LATE, NONE, NONE,
         MOVES(STASH, HOLD, HOLD, NOTHING, 0)},
        /* a stashed certificate stays in the stash, whatever was deployed */
        {WITHOUT_ACME, D_ALL, NONE, LATE, NONE,
         MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
    };

    (void)state;
    CHECK(cells, 24);
}

static void a_killed_start_is_finished_by_the_next(void **state)
{
    static const cell_t cells[] = {
        /* promoted, and killed before that was recorded */
        {UNDEPLOYED, D_NONE, LATE, NONE, NONE,
         MOVES(STASH, HOLD, HOLD, NOTHING, 0)},
        {OWN, D_HTTP, LATE, NONE, NONE, MOVES(STASH, HOLD, HOLD, NOTHING, 0)},
        {ACME, D_NONE, LATE, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        /* stashed, and killed before that was recorded */
        {ACME, D_LKC, NONE, LATE, NONE, MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        /* the import is live, its rival still in the stash */
        {ACME, D_HTTP, LATE, EARLY, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        /* unstashed, the import that lost is still there */
        {ACME, D_HTTP, LATE, NONE, EARLY, MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
    };

    (void)state;
    CHECK(cells, 6);
}

static void acme_takes_what_is_stashed_or_orders(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_OTHERS, NONE, LATE, NONE, MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME, D_NONE | D_HTTP, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME, D_OKC, NONE, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, OKC, 1)},
    };

    (void)state;
    CHECK(cells, 6);
}

static void acme_keeps_what_it_has(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_LKC, EARLY, NONE | LATE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME, D_LKC, EXPIRED | PARTIAL | WRONG_CA, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
        /* the stashed certificate saves an order */
        {ACME, D_LKC, EXPIRED | PARTIAL | WRONG_CA, EARLY, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        /* the live certificate is lost, or damaged */
        {ACME, D_LKC, NONE | UNSUITABLE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
    };

    (void)state;
    CHECK(cells, 10);
}

static void of_stash_and_import_the_later_is_used(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_OTHERS, NONE, NONE, LATE, MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        {ACME, D_OTHERS, NONE, EARLY, LATE,
         MOVES(IMPORT, ARCHIVE, HOLD, LKC, 0)},
        {ACME, D_OTHERS, NONE, EARLY | LATE, EARLY,
         MOVES(UNSTASH, HOLD, ARCHIVE, LKC, 0)},
        /* only usable certificates count */
        {ACME, D_OTHERS, NONE, EXPIRED, EARLY,
         MOVES(IMPORT, DELETE, HOLD, LKC, 0)},
        {ACME, D_OTHERS, NONE, WRONG_CA, EARLY,
         MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        /* the later certificate lacks a name: one with all names is ordered */
        {ACME, D_OTHERS, NONE, EARLY, PARTIAL,
         MOVES(IMPORT, ARCHIVE, HOLD, LKC, 1)},
    };

    (void)state;
    CHECK(cells, 21);
}

static void of_live_and_import_the_later_is_used(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_LKC, EARLY, NONE, LATE, MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        {ACME, D_LKC, LATE, NONE | EARLY, EARLY,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
        {ACME, D_LKC, EXPIRED, NONE, EARLY, MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        /* a certificate of a test CA never wins, however long it lives */
        {ACME, D_LKC, WRONG_CA, NONE, EARLY, MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        {ACME, D_LKC, EARLY, NONE, WRONG_CA,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
    };

    (void)state;
    CHECK(cells, 6);
}

static void an_import_that_cannot_be_used_is_none(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_NONE, NONE, NONE, USELESS,
         MOVES(LEAVE, HOLD, ARCHIVE, PLACEHOLDER, 1)},
        {ACME, D_HTTP, NONE, EARLY, USELESS,
         MOVES(UNSTASH, HOLD, ARCHIVE, LKC, 0)},
        {ACME, D_OKC, NONE, NONE, USELESS, MOVES(LEAVE, HOLD, ARCHIVE, OKC, 1)},
        {ACME, D_LKC, EARLY, NONE, USELESS,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
    };

    (void)state;
    CHECK(cells, 12);
}

static void an_import_waits_in_the_stash_for_its_site(void **state)
{
    static const cell_t cells[] = {
        {WITHOUT_ACME, D_NONE, NONE, NONE, LATE,
         MOVES(LEAVE, HOLD, TO_STASH, NOTHING, 0)},
        {WITHOUT_ACME, D_HTTP, NONE, EARLY, LATE,
         MOVES(LEAVE, HOLD, TO_STASH, NOTHING, 0)},
        {WITHOUT_ACME, D_OKC, NONE, LATE, EARLY,
         MOVES(LEAVE, HOLD, ARCHIVE, NOTHING, 0)},
        {WITHOUT_ACME, D_LKC, LATE, NONE, EARLY,
         MOVES(STASH, HOLD, ARCHIVE, NOTHING, 0)},
        {WITHOUT_ACME, D_NONE, NONE, NONE, EXPIRED,
         MOVES(LEAVE, HOLD, ARCHIVE, NOTHING, 0)},
    };

    (void)state;
    CHECK(cells, 15);
}

static void a_revoked_one_only_serves_until_there_is_another(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_LKC, REVOKED, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
        {ACME, D_LKC, REVOKED, EARLY, NONE, MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME, D_LKC, REVOKED, NONE, EARLY, MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        /* it never comes back from stash or import */
        {ACME, D_NONE, NONE, REVOKED, NONE,
         MOVES(LEAVE, ARCHIVE, HOLD, PLACEHOLDER, 1)},
        {ACME, D_OKC, NONE, REVOKED, NONE, MOVES(LEAVE, ARCHIVE, HOLD, OKC, 1)},
        {ACME, D_NONE, NONE, NONE, REVOKED,
         MOVES(LEAVE, HOLD, ARCHIVE, PLACEHOLDER, 1)},
        {ACME, D_LKC, EARLY, NONE, REVOKED,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
        {ACME, D_NONE, NONE, REVOKED, EARLY,
         MOVES(IMPORT, ARCHIVE, HOLD, LKC, 0)},
        /* a site that no longer wants ACME does not stash it */
        {UNDEPLOYED, D_LKC, REVOKED, NONE, NONE,
         MOVES(RETIRE, HOLD, HOLD, NOTHING, 0)},
        {NO_TLS, D_NONE, REVOKED, NONE, NONE,
         MOVES(RETIRE, HOLD, HOLD, NOTHING, 0)},
        {OWN, D_LKC, REVOKED, NONE, EARLY,
         MOVES(RETIRE, HOLD, TO_STASH, NOTHING, 0)},
        {UNDEPLOYED, D_NONE, NONE, NONE, REVOKED,
         MOVES(LEAVE, HOLD, ARCHIVE, NOTHING, 0)},
    };

    (void)state;
    CHECK(cells, 12);
}

static void an_expired_one_is_deleted_instead_of_unstashed(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_NONE, NONE, EXPIRED, NONE,
         MOVES(LEAVE, DELETE, HOLD, PLACEHOLDER, 1)},
        {ACME, D_OKC, NONE, EXPIRED, NONE, MOVES(LEAVE, DELETE, HOLD, OKC, 1)},
        {ACME, D_LKC, EARLY, EXPIRED, NONE, MOVES(LEAVE, DELETE, HOLD, LKC, 0)},
        {UNDEPLOYED, D_NONE, NONE, EXPIRED, NONE,
         MOVES(LEAVE, DELETE, HOLD, NOTHING, 0)},
    };

    (void)state;
    CHECK(cells, 4);
}

static void coverage_decides_between_unstash_and_order(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_HTTP, NONE, PARTIAL, NONE, MOVES(UNSTASH, HOLD, HOLD, LKC, 1)},
        {ACME, D_HTTP, NONE, UNSUITABLE | WRONG_CA, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME, D_OKC, EXPIRED, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, OKC, 1)},
        {ACME, D_HTTP, EXPIRED, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
    };

    (void)state;
    CHECK(cells, 5);
}

static void with_a_doubtful_clock_nothing_is_done_for_an_age(void **state)
{
    static const cell_t cells[] = {
        {ACME, D_NONE, NONE, EXPIRED, NONE, MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME, D_LKC, EXPIRED, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME, D_LKC, EARLY, EXPIRED, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME, D_NONE, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME, D_LKC, PARTIAL, NONE, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
    };

    (void)state;
    check_cells(cells, sizeof(cells) / sizeof(cells[0]), 0, 5);
}

/* Every combination has an answer, which keeps a certificate that serves and
 * chooses none that is not there. */
static void every_combination_has_a_sound_answer(void **state)
{
    int w, d, l, s, m, c;

    (void)state;
    for (c = 0; c < 2 * 4 * 4 * 7 * 7 * 7; ++c) {
        int n = c;
        acme_site_decide_facts_t facts;
        acme_site_decide_actions_t actions;

        memset(&facts, 0, sizeof(facts));
        facts.clock_good = n % 2;
        n /= 2;
        w = n % 4;
        n /= 4;
        d = n % 4;
        n /= 4;
        l = n % 7;
        n /= 7;
        s = n % 7;
        m = n / 7;
        facts.wanted = w;
        facts.deployed = d;
        facts.live.suitable = l;
        facts.stashed.suitable = s;
        facts.imported.suitable = m;
        acme_site_decide(&actions, &facts);
        if (actions.move == ACME_SITE_DECIDE_UNSTASH) {
            assert_true(s >= ACME_SUITABLE_EXPIRED && w == ACME_WANTED_ACME);
        }
        if (actions.move == ACME_SITE_DECIDE_IMPORT) {
            assert_true(acme_site_decide_is_usable(&facts.imported)
                        && w == ACME_WANTED_ACME);
        }
        if (actions.move == ACME_SITE_DECIDE_STASH) {
            assert_true(w != ACME_WANTED_ACME && l != ACME_SUITABLE_ABSENT);
        }
        if (actions.stashed == ACME_SITE_DECIDE_DELETE) {
            assert_true(s == ACME_SUITABLE_EXPIRED && facts.clock_good
                        && actions.move != ACME_SITE_DECIDE_UNSTASH);
        }
        assert_int_equal(actions.serve != ACME_SITE_DECIDE_SERVE_NOTHING,
                         w == ACME_WANTED_ACME);
        /* an import is decided upon at once */
        if (m != ACME_SUITABLE_ABSENT) {
            assert_true(actions.move == ACME_SITE_DECIDE_IMPORT
                        || actions.imported != ACME_SITE_DECIDE_HOLD);
        }
    }
}

static void names_are_for_people(void **state)
{
    (void)state;
    assert_string_equal(acme_site_decide_move_name(ACME_SITE_DECIDE_LEAVE),
                        "leave");
    assert_string_equal(acme_site_decide_move_name(ACME_SITE_DECIDE_IMPORT),
                        "import");
    assert_string_equal(acme_site_decide_move_name(ACME_SITE_DECIDE_RETIRE),
                        "retire");
    assert_string_equal(acme_site_decide_wanted_name(ACME_WANTED_HTTP),
                        "no TLS");
}

ACME_T_MAIN(ACME_T(what_no_site_wants_is_stashed_if_it_was_served),
            ACME_T(a_killed_start_is_finished_by_the_next),
            ACME_T(acme_takes_what_is_stashed_or_orders),
            ACME_T(acme_keeps_what_it_has),
            ACME_T(of_stash_and_import_the_later_is_used),
            ACME_T(of_live_and_import_the_later_is_used),
            ACME_T(an_import_that_cannot_be_used_is_none),
            ACME_T(an_import_waits_in_the_stash_for_its_site),
            ACME_T(a_revoked_one_only_serves_until_there_is_another),
            ACME_T(an_expired_one_is_deleted_instead_of_unstashed),
            ACME_T(coverage_decides_between_unstash_and_order),
            ACME_T(with_a_doubtful_clock_nothing_is_done_for_an_age),
            ACME_T(every_combination_has_a_sound_answer),
            ACME_T(names_are_for_people))
