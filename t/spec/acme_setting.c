/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_setting.h"

#define N 4

static const acme_setting_t unset[N];

static acme_setting_t set(const char *text, const char *place)
{
    acme_setting_t made;

    made.text = text;
    made.place = place;
    made.value = text;
    return made;
}

static void what_is_set_inside_stays(void **state)
{
    acme_setting_t outer[N], inner[N];

    (void)state;
    memset(outer, 0, sizeof(outer));
    memset(inner, 0, sizeof(inner));
    outer[0] = set("a", "conf:1");
    outer[1] = set("b", "conf:2");
    inner[1] = set("c", "conf:3");
    inner[2] = set("", "conf:4");
    acme_setting_merge(inner, outer, N);
    assert_string_equal(inner[0].text, "a");
    assert_string_equal(inner[0].place, "conf:1");
    assert_string_equal(inner[1].text, "c");
    /* an empty value is a value */
    assert_string_equal(inner[2].place, "conf:4");
    assert_null(inner[3].place);
    assert_string_equal(outer[1].text, "b");
}

/* Adds up server, set and two virtual hosts as check_config does. */
static void server_set_and_virtual_hosts_add_up(void **state)
{
    acme_setting_t server[N], site[N], host[N], other[N];

    (void)state;
    memset(server, 0, sizeof(server));
    memset(site, 0, sizeof(site));
    memset(host, 0, sizeof(host));
    memset(other, 0, sizeof(other));
    server[0] = set("server", "conf:1");
    server[1] = set("server", "conf:2");
    server[2] = set("server", "conf:3");
    site[1] = set("set", "conf:10");
    host[2] = set("host", "conf:20");
    other[2] = set("host", "conf:30");
    other[3] = set("other", "conf:31");
    assert_int_equal(acme_setting_join(site, host, N), N);
    assert_int_equal(acme_setting_join(site, other, N), N);
    acme_setting_merge(site, server, N);
    assert_string_equal(site[0].text, "server");
    assert_string_equal(site[1].text, "set");
    assert_string_equal(site[2].text, "host");
    /* the first place is named */
    assert_string_equal(site[2].place, "conf:20");
    assert_string_equal(site[3].text, "other");
}

static void two_values_for_one_site_are_a_contradiction(void **state)
{
    acme_setting_t site[N], more[N];

    (void)state;
    memset(site, 0, sizeof(site));
    memset(more, 0, sizeof(more));
    site[1] = set("a", "conf:1");
    more[0] = set("x", "conf:5");
    more[1] = set("b", "conf:2");
    more[3] = set("y", "conf:6");
    assert_int_equal(acme_setting_join(site, more, N), 1);
    assert_string_equal(site[1].text, "a");
    assert_string_equal(site[1].place, "conf:1");
    /* rows beyond the count are not looked at */
    assert_int_equal(acme_setting_join(site, more, 1), 1);
    assert_int_equal(acme_setting_join(site, unset, N), N);
}

ACME_T_MAIN(ACME_T(what_is_set_inside_stays),
            ACME_T(server_set_and_virtual_hosts_add_up),
            ACME_T(two_values_for_one_site_are_a_contradiction))
