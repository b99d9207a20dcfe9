/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_challenge_type.h"

static void the_types_of_the_table_are_known(void **state)
{
    char copy[] = "http-01";

    (void)state;
    assert_true(acme_challenge_type_known("http-01"));
    assert_true(acme_challenge_type_known("tls-alpn-01"));
    assert_true(acme_challenge_type_known("dns-01"));
    assert_ptr_not_equal(acme_challenge_type(copy), copy);
    assert_string_equal(acme_challenge_type(copy), copy);
}

static void others_are_not(void **state)
{
    (void)state;
    assert_false(acme_challenge_type_known(""));
    assert_false(acme_challenge_type_known("HTTP-01"));
    assert_false(acme_challenge_type_known("http-01 "));
    assert_false(acme_challenge_type_known("tls-sni-01"));
    assert_null(acme_challenge_type("dns-account-01"));
}

ACME_T_MAIN(ACME_T(the_types_of_the_table_are_known), ACME_T(others_are_not))
