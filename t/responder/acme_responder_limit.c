/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_responder_limit.h"

#define NOW apr_time_from_sec(1767323045)

static unsigned char source[16] = {192, 0, 2, 1};

static void a_network_is_answered_until_its_limit(void **state)
{
    acme_responder_limit_t *limit = acme_responder_limit_create(*state);
    int i;

    for (i = 0; i < ACME_RESPONDER_LIMIT_NETWORK; ++i) {
        source[3] = (unsigned char)i;
        assert_int_equal(acme_responder_limit_count(limit, source, 4, NOW),
                         ACME_RESPONDER_LIMIT_ANSWER);
    }
    for (i = 0; i < 3; ++i) {
        assert_int_equal(acme_responder_limit_count(limit, source, 4, NOW),
                         ACME_RESPONDER_LIMIT_TRUNCATE);
        assert_int_equal(acme_responder_limit_count(limit, source, 4, NOW),
                         ACME_RESPONDER_LIMIT_DROP);
    }
    source[2] = 3;
    assert_int_equal(acme_responder_limit_count(limit, source, 4, NOW),
                     ACME_RESPONDER_LIMIT_ANSWER);
    source[2] = 2;
    assert_int_equal(
        acme_responder_limit_count(limit, source, 4, NOW + APR_USEC_PER_SEC),
        ACME_RESPONDER_LIMIT_ANSWER);
}

static void ipv6_networks_have_56_bits(void **state)
{
    acme_responder_limit_t *limit = acme_responder_limit_create(*state);
    unsigned char v6[16] = {0x20, 0x01, 0x0d, 0xb8};
    int i;

    for (i = 0; i < ACME_RESPONDER_LIMIT_NETWORK; ++i) {
        v6[7] = v6[15] = (unsigned char)i;
        assert_int_equal(acme_responder_limit_count(limit, v6, 16, NOW),
                         ACME_RESPONDER_LIMIT_ANSWER);
    }
    assert_int_equal(acme_responder_limit_count(limit, v6, 16, NOW),
                     ACME_RESPONDER_LIMIT_TRUNCATE);
    v6[6] = 1;
    assert_int_equal(acme_responder_limit_count(limit, v6, 16, NOW),
                     ACME_RESPONDER_LIMIT_ANSWER);
}

static void all_together_have_a_limit(void **state)
{
    acme_responder_limit_t *limit = acme_responder_limit_create(*state);
    int i, answered = 0, dropped = 0;

    for (i = 0; i < 50000; ++i) {
        source[0] = (unsigned char)(i % 251);
        source[1] = (unsigned char)(i / 251);
        switch (acme_responder_limit_count(limit, source, 4, NOW)) {
        case ACME_RESPONDER_LIMIT_ANSWER:
            ++answered;
            break;
        case ACME_RESPONDER_LIMIT_DROP:
            ++dropped;
            break;
        default:
            fail();
        }
    }
    assert_int_equal(answered, ACME_RESPONDER_LIMIT_ALL);
    assert_int_equal(dropped, 50000 - ACME_RESPONDER_LIMIT_ALL);
}

static void a_clock_set_back_stops_nothing(void **state)
{
    acme_responder_limit_t *limit = acme_responder_limit_create(*state);
    int i;

    for (i = 0; i < ACME_RESPONDER_LIMIT_NETWORK; ++i) {
        acme_responder_limit_count(limit, source, 4, NOW);
    }
    assert_int_not_equal(acme_responder_limit_count(
                             limit, source, 4, NOW - apr_time_from_sec(3600)),
                         ACME_RESPONDER_LIMIT_ANSWER);
    acme_responder_limit_count(limit, source, 4, NOW - apr_time_from_sec(3595));
    assert_int_equal(acme_responder_limit_count(limit, source, 4,
                                                NOW - apr_time_from_sec(3590)),
                     ACME_RESPONDER_LIMIT_ANSWER);
}

ACME_T_MAIN(ACME_T(a_network_is_answered_until_its_limit),
            ACME_T(ipv6_networks_have_56_bits),
            ACME_T(all_together_have_a_limit),
            ACME_T(a_clock_set_back_stops_nothing))
