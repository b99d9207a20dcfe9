/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_ca.h"

static void names_in_any_case_and_urls_are_found(void **state)
{
    const acme_ca_name_t *ca = acme_ca_find("LetsEncrypt");

    (void)state;
    assert_non_null(ca);
    assert_ptr_equal(acme_ca_find(ca->url), ca);
    assert_true(ca->has_terms);
    assert_null(acme_ca_find("letsencrypt "));
    assert_null(acme_ca_find("https://ca.test/dir"));
    assert_null(acme_ca_find(""));
}

static void test_services_are_known_and_their_own(void **state)
{
    static const char *const cas[][2] = {
        {"letsencrypt", "letsencrypt-test"},
        {"letsencrypt-test", "letsencrypt-test"},
        {"google", "google-test"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cas) / sizeof(cas[0]); ++i) {
        assert_string_equal(acme_ca_find(cas[i][0])->test, cas[i][1]);
        assert_non_null(acme_ca_find(cas[i][1]));
    }
    assert_null(acme_ca_find("zerossl")->test);
}

static void all_are_listed(void **state)
{
    const char *all = acme_ca_list(*state);

    assert_non_null(strstr(all, "letsencrypt, letsencrypt-test"));
    assert_non_null(strstr(all, "google-test"));
}

ACME_T_MAIN(ACME_T(names_in_any_case_and_urls_are_found),
            ACME_T(test_services_are_known_and_their_own),
            ACME_T(all_are_listed))
