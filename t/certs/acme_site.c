/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_site.h"

static const acme_spec_t a = {.name = "a.example"};
static const acme_spec_t b = {.name = "b.example"};
static const acme_spec_t b_rsa = {.name = "b.example-rsa",
                                  .kind = ACME_SPEC_SECOND_KEY};

/* Returns the certificates of two sites, of which b has two. */
static apr_array_header_t *two_sites(apr_pool_t *p)
{
    apr_array_header_t *certs = apr_array_make(p, 1, sizeof(void *));
    acme_site_t *site;

    acme_site_add(certs, &a, NULL);
    site = acme_site_add(certs, &b, NULL);
    acme_site_add_second(site, certs, &b_rsa,
                         apr_pcalloc(p, sizeof(acme_inventory_t)));
    return certs;
}

static void certificates_are_found_by_index_and_filed_name(void **state)
{
    apr_array_header_t *certs = two_sites(*state);

    assert_int_equal(certs->nelts, 3);
    assert_ptr_equal(acme_site_cert_at(certs, 0)->spec, &a);
    assert_ptr_equal(acme_site_cert_at(certs, 1)->spec, &b);
    assert_ptr_equal(acme_site_cert_at(certs, 2)->spec, &b_rsa);
    assert_ptr_equal(acme_site_cert_find(certs, "a.example"),
                     acme_site_cert_at(certs, 0));
    assert_ptr_equal(acme_site_cert_find(certs, "b.example"),
                     acme_site_cert_at(certs, 1));
    assert_ptr_equal(acme_site_cert_find(certs, "b.example-rsa"),
                     acme_site_cert_at(certs, 2));
    assert_null(acme_site_cert_find(certs, "a.example-rsa"));
    assert_null(acme_site_cert_find(certs, "c.example"));
}

static void a_site_leads_to_its_certificates_and_they_to_it(void **state)
{
    apr_array_header_t *certs = two_sites(*state);
    const acme_site_t *one = acme_site_cert_at(certs, 0)->site;
    const acme_site_t *two = acme_site_cert_at(certs, 1)->site;

    assert_false(acme_site_has_two(one));
    assert_ptr_equal(one->certs[ACME_SPEC_FIRST_KEY],
                     acme_site_cert_at(certs, 0));
    assert_null(one->certs[ACME_SPEC_SECOND_KEY]);
    assert_true(acme_site_has_two(two));
    assert_ptr_equal(two->certs[ACME_SPEC_FIRST_KEY],
                     acme_site_cert_at(certs, 1));
    assert_ptr_equal(two->certs[ACME_SPEC_SECOND_KEY],
                     acme_site_cert_at(certs, 2));
    assert_ptr_equal(acme_site_cert_at(certs, 2)->site, two);
}

static void a_certificate_has_what_was_added(void **state)
{
    apr_array_header_t *certs = two_sites(*state);
    int i;

    for (i = 0; i < certs->nelts; ++i) {
        assert_int_equal(acme_site_cert_at(certs, i)->index, i);
        assert_int_equal(acme_site_cert_at(certs, i)->staged.inode, 0);
    }
    assert_null(acme_site_cert_at(certs, 1)->inventory);
    assert_non_null(acme_site_cert_at(certs, 2)->inventory);
}

ACME_T_MAIN(ACME_T(certificates_are_found_by_index_and_filed_name),
            ACME_T(a_site_leads_to_its_certificates_and_they_to_it),
            ACME_T(a_certificate_has_what_was_added))
