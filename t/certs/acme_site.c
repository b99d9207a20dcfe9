/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_site.h"

static const acme_spec_t a = {.name = "a.example"};
static const acme_spec_t b = {.name = "b.example"};

static void sites_are_found_by_index_and_name(void **state)
{
    apr_array_header_t *sites =
        apr_array_make(*state, 1, sizeof(acme_site_t *));
    acme_inventory_t inventory = {0};
    acme_site_t *first = acme_site_add(sites, &a, NULL);
    acme_site_t *second = acme_site_add(sites, &b, &inventory);

    assert_int_equal(sites->nelts, 2);
    assert_ptr_equal(acme_site_at(sites, 0), first);
    assert_ptr_equal(acme_site_at(sites, 1), second);
    assert_ptr_equal(acme_site_find(sites, "a.example"), first);
    assert_ptr_equal(acme_site_find(sites, "b.example"), second);
    assert_null(acme_site_find(sites, "c.example"));
}

static void a_site_has_what_was_added(void **state)
{
    apr_array_header_t *sites =
        apr_array_make(*state, 1, sizeof(acme_site_t *));
    acme_inventory_t inventory = {0};

    acme_site_add(sites, &a, NULL);
    acme_site_add(sites, &b, &inventory);
    assert_ptr_equal(acme_site_at(sites, 0)->spec, &a);
    assert_null(acme_site_at(sites, 0)->inventory);
    assert_int_equal(acme_site_at(sites, 0)->index, 0);
    assert_int_equal(acme_site_at(sites, 0)->staged.inode, 0);
    assert_ptr_equal(acme_site_at(sites, 1)->spec, &b);
    assert_ptr_equal(acme_site_at(sites, 1)->inventory, &inventory);
    assert_int_equal(acme_site_at(sites, 1)->index, 1);
}

ACME_T_MAIN(ACME_T(sites_are_found_by_index_and_name),
            ACME_T(a_site_has_what_was_added))
