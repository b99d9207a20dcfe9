/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_site_decide.h"

#include "acme_time.h"

#define NOW apr_time_from_sec(1767323045)

/* Worth and end of a certificate, as short as a table needs it. */
#define NONE                    \
    {                           \
        ACME_SUITABLE_ABSENT, 0 \
    }
#define UNFIT                                              \
    {                                                      \
        ACME_SUITABLE_UNSUITABLE, NOW + 90 * ACME_TIME_DAY \
    }
#define FOREIGN                                          \
    {                                                    \
        ACME_SUITABLE_WRONG_CA, NOW + 90 * ACME_TIME_DAY \
    }
#define REVOKED                                         \
    {                                                   \
        ACME_SUITABLE_REVOKED, NOW + 90 * ACME_TIME_DAY \
    }
#define EXPIRED                                    \
    {                                              \
        ACME_SUITABLE_EXPIRED, NOW - ACME_TIME_DAY \
    }
#define NARROW                                          \
    {                                                   \
        ACME_SUITABLE_PARTIAL, NOW + 30 * ACME_TIME_DAY \
    }
#define EARLY                                        \
    {                                                \
        ACME_SUITABLE_FULL, NOW + 20 * ACME_TIME_DAY \
    }
#define LATE                                         \
    {                                                \
        ACME_SUITABLE_FULL, NOW + 60 * ACME_TIME_DAY \
    }

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

/* ---- the table, cell by cell ---- */

typedef struct cell_t {
    acme_wanted_e wanted;
    acme_deployed_e deployed;
    acme_site_decide_cert_t live, stashed, imported;
    acme_site_decide_actions_t actions;
} cell_t;

static void check_cells(const cell_t *cells, size_t count)
{
    char what[64];
    size_t i;

    for (i = 0; i < count; ++i) {
        acme_site_decide_facts_t facts;

        memset(&facts, 0, sizeof(facts));
        facts.wanted = cells[i].wanted;
        facts.deployed = cells[i].deployed;
        facts.live = cells[i].live;
        facts.stashed = cells[i].stashed;
        facts.imported = cells[i].imported;
        facts.clock_good = 1;
        facts.okc = cells[i].deployed == ACME_DEPLOYED_OKC;
        snprintf(what, sizeof(what), "case %d (%s, %s)", (int)i,
                 acme_site_decide_wanted_name(facts.wanted),
                 acme_deployed_name(facts.deployed));
        assert_decision(&facts, &cells[i].actions, what);
    }
}

#define CHECK(cells) check_cells(cells, sizeof(cells) / sizeof(cells[0]))

static void what_no_site_wants_is_stashed_if_it_was_served(void **state)
{
    static const acme_wanted_e rows[] = {ACME_WANTED_NOTHING, ACME_WANTED_HTTP,
                                         ACME_WANTED_OKC};
    size_t i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        const cell_t cells[] = {
            {rows[i], ACME_DEPLOYED_NONE, NONE, NONE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_HTTP, NONE, NONE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_OKC, NONE, NONE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_LKC, LATE, NONE, NONE,
             MOVES(STASH, HOLD, HOLD, NOTHING, 0)},
            /* a stashed one stays in the stash, whatever was deployed */
            {rows[i], ACME_DEPLOYED_NONE, NONE, LATE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_HTTP, NONE, LATE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_OKC, NONE, LATE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_LKC, NONE, LATE, NONE,
             MOVES(LEAVE, HOLD, HOLD, NOTHING, 0)},
        };

        CHECK(cells);
    }
}

static void a_killed_start_is_finished_by_the_next(void **state)
{
    static const cell_t cells[] = {
        /* promoted, and killed before that was recorded */
        {ACME_WANTED_NOTHING, ACME_DEPLOYED_NONE, LATE, NONE, NONE,
         MOVES(STASH, HOLD, HOLD, NOTHING, 0)},
        {ACME_WANTED_OKC, ACME_DEPLOYED_HTTP, LATE, NONE, NONE,
         MOVES(STASH, HOLD, HOLD, NOTHING, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, LATE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        /* stashed, and killed before that was recorded */
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, NONE, LATE, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        /* the import is live, its rival still in the stash */
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, LATE, EARLY, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        /* unstashed, the import that lost is still there */
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, LATE, NONE, EARLY,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
    };

    (void)state;
    CHECK(cells);
}

static void acme_takes_what_is_stashed_or_orders(void **state)
{
    static const cell_t cells[] = {
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, LATE, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, NONE, LATE, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_OKC, NONE, LATE, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_OKC, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, OKC, 1)},
    };

    (void)state;
    CHECK(cells);
}

static void acme_keeps_what_it_has(void **state)
{
    static const cell_t cells[] = {
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, LATE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EXPIRED, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, NARROW, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, FOREIGN, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
        /* what is stashed saves an order */
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EXPIRED, EARLY, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, NARROW, EARLY, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, FOREIGN, EARLY, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        /* it is lost, or damaged */
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, UNFIT, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
    };

    (void)state;
    CHECK(cells);
}

static void of_stash_and_import_the_later_is_used(void **state)
{
    static const acme_deployed_e columns[] = {
        ACME_DEPLOYED_NONE, ACME_DEPLOYED_HTTP, ACME_DEPLOYED_OKC};
    size_t i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        const cell_t cells[] = {
            {ACME_WANTED_ACME, columns[i], NONE, NONE, LATE,
             MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
            {ACME_WANTED_ACME, columns[i], NONE, EARLY, LATE,
             MOVES(IMPORT, ARCHIVE, HOLD, LKC, 0)},
            {ACME_WANTED_ACME, columns[i], NONE, LATE, EARLY,
             MOVES(UNSTASH, HOLD, ARCHIVE, LKC, 0)},
            {ACME_WANTED_ACME, columns[i], NONE, EARLY, EARLY,
             MOVES(UNSTASH, HOLD, ARCHIVE, LKC, 0)},
            /* only usable ones count */
            {ACME_WANTED_ACME, columns[i], NONE, EXPIRED, EARLY,
             MOVES(IMPORT, DELETE, HOLD, LKC, 0)},
            {ACME_WANTED_ACME, columns[i], NONE, FOREIGN, EARLY,
             MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
            /* the later, though it is narrow: a wider one is ordered */
            {ACME_WANTED_ACME, columns[i], NONE, EARLY, NARROW,
             MOVES(IMPORT, ARCHIVE, HOLD, LKC, 1)},
        };

        CHECK(cells);
    }
}

static void of_live_and_import_the_later_is_used(void **state)
{
    static const cell_t cells[] = {
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, NONE, LATE,
         MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, LATE, NONE, EARLY,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, LATE, EARLY, EARLY,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EXPIRED, NONE, EARLY,
         MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        /* a test CA's never beats a real one, however long it lives */
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, FOREIGN, NONE, EARLY,
         MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, NONE, FOREIGN,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
    };

    (void)state;
    CHECK(cells);
}

static void an_import_that_cannot_be_used_is_none(void **state)
{
    static const acme_site_decide_cert_t useless[] = {UNFIT, FOREIGN, EXPIRED};
    size_t i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        const cell_t cells[] = {
            {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, NONE, useless[i],
             MOVES(LEAVE, HOLD, ARCHIVE, PLACEHOLDER, 1)},
            {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, NONE, EARLY, useless[i],
             MOVES(UNSTASH, HOLD, ARCHIVE, LKC, 0)},
            {ACME_WANTED_ACME, ACME_DEPLOYED_OKC, NONE, NONE, useless[i],
             MOVES(LEAVE, HOLD, ARCHIVE, OKC, 1)},
            {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, NONE, useless[i],
             MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
        };

        CHECK(cells);
    }
}

static void an_import_waits_in_the_stash_for_its_site(void **state)
{
    static const acme_wanted_e rows[] = {ACME_WANTED_NOTHING, ACME_WANTED_HTTP,
                                         ACME_WANTED_OKC};
    size_t i;

    (void)state;
    for (i = 0; i < 3; ++i) {
        const cell_t cells[] = {
            {rows[i], ACME_DEPLOYED_NONE, NONE, NONE, LATE,
             MOVES(LEAVE, HOLD, TO_STASH, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_HTTP, NONE, EARLY, LATE,
             MOVES(LEAVE, HOLD, TO_STASH, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_OKC, NONE, LATE, EARLY,
             MOVES(LEAVE, HOLD, ARCHIVE, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_LKC, LATE, NONE, EARLY,
             MOVES(STASH, HOLD, ARCHIVE, NOTHING, 0)},
            {rows[i], ACME_DEPLOYED_NONE, NONE, NONE, EXPIRED,
             MOVES(LEAVE, HOLD, ARCHIVE, NOTHING, 0)},
        };

        CHECK(cells);
    }
}

static void a_revoked_one_only_serves_until_there_is_another(void **state)
{
    static const cell_t cells[] = {
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, REVOKED, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, REVOKED, EARLY, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, REVOKED, NONE, EARLY,
         MOVES(IMPORT, HOLD, HOLD, LKC, 0)},
        /* it comes back from nowhere */
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, REVOKED, NONE,
         MOVES(LEAVE, ARCHIVE, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_OKC, NONE, REVOKED, NONE,
         MOVES(LEAVE, ARCHIVE, HOLD, OKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, NONE, REVOKED,
         MOVES(LEAVE, HOLD, ARCHIVE, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, NONE, REVOKED,
         MOVES(LEAVE, HOLD, ARCHIVE, LKC, 0)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, REVOKED, EARLY,
         MOVES(IMPORT, ARCHIVE, HOLD, LKC, 0)},
        /* and who goes leaves none behind */
        {ACME_WANTED_NOTHING, ACME_DEPLOYED_LKC, REVOKED, NONE, NONE,
         MOVES(RETIRE, HOLD, HOLD, NOTHING, 0)},
        {ACME_WANTED_HTTP, ACME_DEPLOYED_NONE, REVOKED, NONE, NONE,
         MOVES(RETIRE, HOLD, HOLD, NOTHING, 0)},
        {ACME_WANTED_OKC, ACME_DEPLOYED_LKC, REVOKED, NONE, EARLY,
         MOVES(RETIRE, HOLD, TO_STASH, NOTHING, 0)},
        {ACME_WANTED_NOTHING, ACME_DEPLOYED_NONE, NONE, NONE, REVOKED,
         MOVES(LEAVE, HOLD, ARCHIVE, NOTHING, 0)},
    };

    (void)state;
    CHECK(cells);
}

static void an_expired_one_is_deleted_instead_of_unstashed(void **state)
{
    static const cell_t cells[] = {
        {ACME_WANTED_ACME, ACME_DEPLOYED_NONE, NONE, EXPIRED, NONE,
         MOVES(LEAVE, DELETE, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_OKC, NONE, EXPIRED, NONE,
         MOVES(LEAVE, DELETE, HOLD, OKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_LKC, EARLY, EXPIRED, NONE,
         MOVES(LEAVE, DELETE, HOLD, LKC, 0)},
        {ACME_WANTED_NOTHING, ACME_DEPLOYED_NONE, NONE, EXPIRED, NONE,
         MOVES(LEAVE, DELETE, HOLD, NOTHING, 0)},
    };

    (void)state;
    CHECK(cells);
}

static void coverage_decides_between_unstash_and_order(void **state)
{
    static const cell_t cells[] = {
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, NONE, NARROW, NONE,
         MOVES(UNSTASH, HOLD, HOLD, LKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, NONE, UNFIT, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, NONE, FOREIGN, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_OKC, EXPIRED, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, OKC, 1)},
        {ACME_WANTED_ACME, ACME_DEPLOYED_HTTP, EXPIRED, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
    };

    (void)state;
    CHECK(cells);
}

static void with_a_doubtful_clock_nothing_is_done_for_an_age(void **state)
{
    static const struct {
        acme_deployed_e deployed;
        acme_site_decide_cert_t live, stashed;
        acme_site_decide_actions_t actions;
    } cases[] = {
        {ACME_DEPLOYED_NONE, NONE, EXPIRED, MOVES(UNSTASH, HOLD, HOLD, LKC, 0)},
        {ACME_DEPLOYED_LKC, EXPIRED, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME_DEPLOYED_LKC, EARLY, EXPIRED, MOVES(LEAVE, HOLD, HOLD, LKC, 0)},
        {ACME_DEPLOYED_NONE, NONE, NONE,
         MOVES(LEAVE, HOLD, HOLD, PLACEHOLDER, 1)},
        {ACME_DEPLOYED_LKC, NARROW, NONE, MOVES(LEAVE, HOLD, HOLD, LKC, 1)},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_site_decide_facts_t facts;

        memset(&facts, 0, sizeof(facts));
        facts.wanted = ACME_WANTED_ACME;
        facts.deployed = cases[i].deployed;
        facts.live = cases[i].live;
        facts.stashed = cases[i].stashed;
        assert_decision(&facts, &cases[i].actions, "doubtful clock");
    }
}

/* Whatever is found, there is an answer, and no certificate is given up that
 * serves, and none chosen that is not there. */
static void every_combination_has_a_sound_answer(void **state)
{
    int w, d, l, s, m, c;

    (void)state;
    for (c = 0; c < 2 * 4 * 4 * 6 * 6 * 6; ++c) {
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
        l = n % 6;
        n /= 6;
        s = n % 6;
        m = n / 6;
        facts.wanted = w;
        facts.deployed = d;
        facts.live.fit = l;
        facts.stashed.fit = s;
        facts.imported.fit = m;
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
        /* An import is decided upon at once. */
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
