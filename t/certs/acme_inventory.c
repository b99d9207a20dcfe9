/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_inventory.h"

static void each_serving_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(acme_inventory_serving_name(ACME_SERVING_NOTHING),
                        "none");
    assert_string_equal(acme_inventory_serving_name(ACME_SERVING_PLACEHOLDER),
                        "http");
    assert_string_equal(acme_inventory_serving_name(ACME_SERVING_OKC), "okc");
    assert_string_equal(acme_inventory_serving_name(ACME_SERVING_LKC), "lkc");
}

ACME_T_MAIN(ACME_T(each_serving_has_its_name))
