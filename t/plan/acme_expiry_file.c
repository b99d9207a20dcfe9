/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_expiry_file.h"
#include "acme_time.h"

static void a_file_is_warned_about_in_the_last_tenth_of_its_life(void **state)
{
    apr_pool_t *p = *state;
    acme_cert_info_t info;
    acme_inventory_t inventory;
    acme_window_t window = {0, 0};
    apr_time_t end = apr_time_from_sec(1767323045);

    memset(&info, 0, sizeof(info));
    memset(&inventory, 0, sizeof(inventory));
    assert_null(acme_expiry_file(&inventory, &window, end, p));
    info.not_before = end - 100 * ACME_TIME_DAY;
    info.not_after = end;
    inventory.file = &info;
    assert_null(
        acme_expiry_file(&inventory, &window, end - 11 * ACME_TIME_DAY, p));
    assert_non_null(strstr(
        acme_expiry_file(&inventory, &window, end - 9 * ACME_TIME_DAY, p),
        "expires in 9 days, at 2026-01-02T03:04:05Z"));
    assert_non_null(strstr(acme_expiry_file(&inventory, &window, end, p),
                           "has expired at 2026-01-02T03:04:05Z"));
    window.percent = 5;
    assert_null(
        acme_expiry_file(&inventory, &window, end - 6 * ACME_TIME_DAY, p));
    assert_non_null(
        acme_expiry_file(&inventory, &window, end - 5 * ACME_TIME_DAY, p));
}

ACME_T_MAIN(ACME_T(a_file_is_warned_about_in_the_last_tenth_of_its_life))
