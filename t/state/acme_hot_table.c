/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <string.h>
#include <unistd.h>

#include "acme_hot_table.h"

#define CERTS    3
#define CHILDREN 2

/* No process has it: the largest that Linux gives is smaller. */
#define GONE 0x7ffffff0u

static acme_hot_table_t *make_table(apr_pool_t *p)
{
    return acme_hot_table_create(
        apr_pcalloc(p, acme_hot_table_size(CERTS, CHILDREN)), CERTS, CHILDREN,
        p);
}

static void announcements_are_counted(void **state)
{
    acme_hot_table_t *table = make_table(*state);

    assert_int_equal(acme_hot_table_generation(table, 2), 0);
    assert_false(acme_hot_table_is_served(table, 2));
    assert_int_equal(acme_hot_table_announce(table, 2, "aa11"), 1);
    assert_int_equal(acme_hot_table_announce(table, 0, "bb22"), 2);
    /* The next worker announces it again. */
    assert_int_equal(acme_hot_table_announce(table, 2, "aa11"), 1);
    assert_int_equal(acme_hot_table_latest(table), 2);
    assert_int_equal(acme_hot_table_announce(
                         table, 2, "cc33cc33cc33cc33cc33cc33cc33cc33cc33"),
                     3);
    assert_int_equal(acme_hot_table_generation(table, 2), 3);
    assert_int_equal(acme_hot_table_generation(table, 0), 2);
    assert_int_equal(acme_hot_table_generation(table, 1), 0);
    assert_true(acme_hot_table_is_served(table, 2));
}

static void a_refusal_lasts_until_the_next_certificate(void **state)
{
    acme_hot_table_t *table = make_table(*state);
    apr_uint32_t before = acme_hot_table_refusals(table);
    int reason;

    acme_hot_table_announce(table, 1, "aa11");
    acme_hot_table_refuse(table, 1, ACME_HOT_STAPLED);
    assert_int_equal(acme_hot_table_reason(table, 1), ACME_HOT_STAPLED);
    assert_false(acme_hot_table_is_served(table, 1));
    assert_int_not_equal(acme_hot_table_refusals(table), before);
    assert_int_equal(acme_hot_table_announce(table, 1, "aa11"), 1);
    assert_false(acme_hot_table_is_served(table, 1));
    acme_hot_table_announce(table, 1, "bb22");
    assert_true(acme_hot_table_is_served(table, 1));
    for (reason = ACME_HOT_STAPLED; reason < ACME_HOT_REASONS; ++reason) {
        assert_true(*acme_hot_table_reason_text((acme_hot_reason_e)reason));
    }
    assert_string_equal(acme_hot_table_reason_text(ACME_HOT_ACCEPTED), "");
}

static void what_is_live_is_known_by_its_generation(void **state)
{
    acme_hot_table_t *table = make_table(*state);

    assert_int_equal(acme_hot_table_promoted(table, 1), 0);
    acme_hot_table_announce(table, 0, "aa11");
    acme_hot_table_announce(table, 1, "aa11");
    acme_hot_table_promote(table, 1);
    assert_int_equal(acme_hot_table_promoted(table, 1), 2);
    acme_hot_table_announce(table, 1, "bb22");
    assert_int_equal(acme_hot_table_promoted(table, 1), 2);
    acme_hot_table_promote(table, 1);
    assert_int_equal(acme_hot_table_promoted(table, 1), 3);
    assert_int_equal(acme_hot_table_promoted(table, 0), 0);
}

static void a_replaced_callback_stops_all(void **state)
{
    acme_hot_table_t *table = make_table(*state);

    acme_hot_table_announce(table, 1, "aa11");
    assert_false(acme_hot_table_is_overridden(table));
    acme_hot_table_override(table);
    assert_true(acme_hot_table_is_overridden(table));
    assert_false(acme_hot_table_is_served(table, 1));
}

static void children_are_listed(void **state)
{
    acme_hot_table_t *table = make_table(*state);
    apr_uint32_t pid = (apr_uint32_t)getpid();
    acme_hot_child_t child;
    int line = acme_hot_table_enter(table, pid);

    assert_int_equal(line, 0);
    assert_int_equal(acme_hot_table_enter(table, pid), 1);
    assert_int_equal(acme_hot_table_enter(table, pid), -1);
    acme_hot_table_took(table, line, 7);
    acme_hot_table_took(table, line, 5);
    acme_hot_table_kept(table, line);
    assert_true(acme_hot_table_child(&child, table, line));
    assert_int_equal(child.pid, pid);
    assert_int_equal(child.generation, 7);
    assert_int_equal(child.kept, 1);
    /* A child without a line is not listed. */
    acme_hot_table_took(table, -1, 9);
    acme_hot_table_kept(table, -1);
    acme_hot_table_leave(table, -1);
    acme_hot_table_leave(table, line);
    assert_int_equal(acme_hot_table_child(&child, table, line), 0);
    assert_int_equal(acme_hot_table_child(&child, table, CHILDREN), -1);
    assert_int_equal(acme_hot_table_enter(table, pid), line);
    assert_true(acme_hot_table_child(&child, table, line));
    assert_int_equal(child.generation, 0);
    assert_int_equal(child.kept, 0);
}

static void a_killed_child_leaves_its_line_to_others(void **state)
{
    acme_hot_table_t *table = make_table(*state);
    acme_hot_child_t child;

    assert_int_equal(acme_hot_table_enter(table, GONE), 0);
    assert_int_equal(acme_hot_table_child(&child, table, 0), 0);
    assert_int_equal(acme_hot_table_enter(table, (apr_uint32_t)getpid()), 0);
}

static void any_number_may_be_in_the_memory(void **state)
{
    apr_pool_t *p = *state;
    apr_size_t size = acme_hot_table_size(CERTS, CHILDREN);
    char *memory = apr_palloc(p, size);
    acme_hot_table_t *table = acme_hot_table_create(memory, CERTS, CHILDREN, p);
    acme_hot_child_t child;
    int i;

    memset(memory, 0xff, size);
    for (i = 0; i < CERTS; ++i) {
        assert_int_equal(acme_hot_table_reason(table, i), ACME_HOT_UNFIT);
        assert_false(acme_hot_table_is_served(table, i));
        acme_hot_table_announce(table, i, "aa11");
    }
    for (i = 0; i < CHILDREN; ++i) {
        assert_int_equal(acme_hot_table_child(&child, table, i), 0);
    }
}

ACME_T_MAIN(ACME_T(announcements_are_counted),
            ACME_T(a_refusal_lasts_until_the_next_certificate),
            ACME_T(what_is_live_is_known_by_its_generation),
            ACME_T(a_replaced_callback_stops_all), ACME_T(children_are_listed),
            ACME_T(a_killed_child_leaves_its_line_to_others),
            ACME_T(any_number_may_be_in_the_memory))
