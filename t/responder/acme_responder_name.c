/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_responder_name.h"

#define ZONE "acme.example.net"

static void the_record_follows_from_name_and_zone(void **state)
{
    static const struct {
        const char *identifier;
        const char *record;
    } rows[] = {
        {"shop.test",
         "_acme-challenge.shop.test. IN CNAME shop.test." ZONE "."},
        {"*.shop.test",
         "_acme-challenge.shop.test. IN CNAME shop.test." ZONE "."},
        {"a.b.shop.test",
         "_acme-challenge.a.b.shop.test. IN CNAME a.b.shop.test." ZONE "."},
        {"192.0.2.1", NULL},
        {"2001:db8::1", NULL},
        {"x." ZONE, NULL},
        {ZONE, NULL},
        {"x" ZONE, "_acme-challenge.x" ZONE ". IN CNAME x" ZONE "." ZONE "."},
    };
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const char *record =
            acme_responder_name_record(rows[i].identifier, ZONE, p);

        if (rows[i].record) {
            assert_string_equal(record, rows[i].record);
        }
        else {
            assert_null(record);
        }
    }
}

/* Returns a name of so many bytes. */
static char *long_name(size_t len, char fill, apr_pool_t *p)
{
    char *name = apr_pcalloc(p, len + 1);
    size_t i;

    memset(name, fill, len);
    for (i = 50; i + 6 < len; i += 51) {
        name[i] = '.';
    }
    memcpy(name + len - 5, ".test", 5);
    return name;
}

static void names_too_long_are_hashed_and_stay_apart(void **state)
{
    apr_pool_t *p = *state;
    const size_t room = 253 - strlen("." ZONE);
    const char *fits = long_name(room, 'a', p);
    const char *one = long_name(room + 1, 'a', p);
    const char *other = long_name(room + 1, 'b', p);
    const char *target;

    assert_string_equal(acme_responder_name_target(fits, ZONE, p),
                        apr_pstrcat(p, fits, "." ZONE, NULL));
    target = acme_responder_name_target(one, ZONE, p);
    assert_int_equal(strlen(target), 40 + strlen("." ZONE));
    assert_int_equal(strspn(target, "0123456789abcdef"), 40);
    assert_string_equal(target + 40, "." ZONE);
    assert_string_equal(acme_responder_name_target(one, ZONE, p), target);
    assert_string_equal(
        acme_responder_name_target(apr_pstrcat(p, "*.", one, NULL), ZONE, p),
        target);
    assert_string_not_equal(acme_responder_name_target(other, ZONE, p), target);
    /* The longest zone leaves room for it. */
    target = long_name(ACME_RESPONDER_NAME_ZONE_MAX, 'z', p);
    assert_int_equal(strlen(acme_responder_name_target(one, target, p)), 253);
}

ACME_T_MAIN(ACME_T(the_record_follows_from_name_and_zone),
            ACME_T(names_too_long_are_hashed_and_stay_apart))
