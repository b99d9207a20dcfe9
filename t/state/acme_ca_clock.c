/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_ca_clock.h"

static void the_last_one_is_kept(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);

    assert_int_equal(acme_ca_clock_read(vault, p), 0);
    assert_int_equal(acme_ca_clock_note(vault, ACME_T_NOW, NULL, p), 0);
    assert_int_equal(acme_ca_clock_read(vault, p), ACME_T_NOW);
    /* too close to be written */
    assert_int_equal(acme_ca_clock_note(
                         vault, ACME_T_NOW + apr_time_from_msec(900), NULL, p),
                     0);
    assert_int_equal(acme_ca_clock_read(vault, p), ACME_T_NOW);
    assert_int_equal(
        acme_ca_clock_note(vault, ACME_T_NOW + ACME_TIME_DAY, NULL, p), 0);
    assert_int_equal(acme_ca_clock_read(vault, p), ACME_T_NOW + ACME_TIME_DAY);
    /* an earlier date of another CA, or after a wrong one */
    assert_int_equal(acme_ca_clock_note(vault, ACME_T_NOW, NULL, p), 0);
    assert_int_equal(acme_ca_clock_read(vault, p), ACME_T_NOW);
}

static void what_is_not_sealed_is_not_believed(void **state)
{
    apr_pool_t *p = *state;
    acme_vault_t *vault = acme_t_vault(NULL, p);

    acme_t_plant(vault, ACME_STORE_NOTES, "ca-date",
                 "{\"date\":\"2099-01-01T00:00:00Z\"}", p);
    assert_int_equal(acme_ca_clock_read(vault, p), 0);
}

static void a_day_off_is_doubt(void **state)
{
    apr_pool_t *p = *state;

    assert_null(acme_ca_clock_doubt(0, p));
    assert_null(acme_ca_clock_doubt(23 * ACME_TIME_HOUR, p));
    assert_null(acme_ca_clock_doubt(-23 * ACME_TIME_HOUR, p));
    acme_t_contains(acme_ca_clock_doubt(ACME_TIME_DAY, p), "behind the CA's");
    acme_t_contains(acme_ca_clock_doubt(-3 * ACME_TIME_DAY, p),
                    "3 days ahead of the CA's");
}

ACME_T_MAIN(ACME_T(the_last_one_is_kept),
            ACME_T(what_is_not_sealed_is_not_believed),
            ACME_T(a_day_off_is_doubt))
