/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_domain.h"
#include "config.h"

static void a_registered_domain_is_found(void **state)
{
    static const char *const cases[][2] = {
        {"example.org", "example.org"},
        {"www.example.org", "example.org"},
        {"a.b.c.example.org", "example.org"},
        {"*.example.org", "example.org"},
        {"*.a.example.org", "example.org"},
        {"192.0.2.1", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_string_equal(acme_domain_registered(cases[i][0], *state),
                            cases[i][1]);
    }
}

static void suffixes_of_several_labels_are_known_to_the_list(void **state)
{
    const char *exact = acme_domain_registered("www.example.co.uk", *state);
    const char *suffix = acme_domain_registered("co.uk", *state);

#ifdef HAVE_LIBPSL
    assert_string_equal(exact, "example.co.uk");
#else
    assert_string_equal(exact, "co.uk");
#endif
    assert_string_equal(suffix, "co.uk");
}

static void names_of_no_list_have_two_labels(void **state)
{
    assert_string_equal(acme_domain_registered("a.shop.test", *state),
                        "shop.test");
}

ACME_T_MAIN(ACME_T(a_registered_domain_is_found),
            ACME_T(suffixes_of_several_labels_are_known_to_the_list),
            ACME_T(names_of_no_list_have_two_labels))
