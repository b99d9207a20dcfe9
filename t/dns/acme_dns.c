/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns.c
 * @brief Addresses of DNS servers as they are written, names of types.
 */
#include "acme_t.h"

#include "acme_dns.h"

static void takes_addresses(void **state)
{
    static const struct {
        const char *text, *address;
        int port;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", 0},
        {"192.0.2.1:53", "192.0.2.1", 53},
        {"192.0.2.1:65535", "192.0.2.1", 65535},
        {"2001:db8::1", "2001:db8::1", 0},
        {"2001:DB8:0::1", "2001:db8::1", 0},
        {"[2001:db8::1]", "2001:db8::1", 0},
        {"[::1]:5353", "::1", 5353},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *address;
        int port;

        assert_int_equal(
            acme_dns_address_parse(&address, &port, cases[i].text, *state),
            APR_SUCCESS);
        assert_string_equal(address, cases[i].address);
        assert_int_equal(port, cases[i].port);
    }
}

static void refuses_what_is_none(void **state)
{
    static const char *const cases[] = {"",
                                        "example.org",
                                        "192.0.2",
                                        "192.0.2.1:",
                                        "192.0.2.1:0",
                                        "192.0.2.1:65536",
                                        "192.0.2.1:x",
                                        "192.0.2.1:000053",
                                        "[192.0.2.1]",
                                        "[::1",
                                        "[::1]53",
                                        "[::1]:",
                                        "::1:x",
                                        "[]",
                                        "192.0.2.1,192.0.2.2",
                                        "::1%eth0"};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *address;
        int port;

        assert_int_equal(
            acme_dns_address_parse(&address, &port, cases[i], *state),
            APR_EINVAL);
    }
}

static void names_types(void **state)
{
    (void)state;
    assert_string_equal(acme_dns_type_name(ACME_DNS_TXT), "TXT");
    assert_string_equal(acme_dns_type_name(ACME_DNS_CAA), "CAA");
    assert_string_equal(acme_dns_type_name((acme_dns_type_e)99), "?");
}

ACME_T_MAIN(ACME_T(takes_addresses), ACME_T(refuses_what_is_none),
            ACME_T(names_types))
