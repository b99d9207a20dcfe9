/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks the DNS server of ACMEDnsResponder arbitrary queries: the first byte is
 * odd for TCP, the rest is the packet. Whatever it is, nothing crashes; a reply
 * is one to this query, and over UDP at most three times as long.
 *
 * A target of libFuzzer (make fuzz), or a test (make check): see replay.h.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_responder.h"
#include "replay.h"

#define ZONE "a.test"

static void must(int right)
{
    if (!right) {
        abort();
    }
}

static apr_status_t values(const apr_array_header_t **found, void *baton,
                           const char *identifier, apr_time_t now,
                           apr_pool_t *p)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));
    int i, n = identifier[0] == 'm' ? 90 : 2;

    (void)baton;
    (void)now;
    if (identifier[0] == 'f') {
        return APR_EGENERAL;
    }
    for (i = 0; i < n; ++i) {
        APR_ARRAY_PUSH(array, const char *) =
            apr_psprintf(p, "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQ%02d", i);
    }
    *found = array;
    return APR_SUCCESS;
}

static acme_responder_t *responder_of(apr_pool_t *p)
{
    static const char *const names[] = {"b.c", "many.d.e", "fails.f", "*.b.c"};
    acme_responder_t *responder = acme_responder_create(values, NULL, p);
    size_t i;

    acme_responder_add_zone(responder, ZONE, "ns.test");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
        acme_responder_add(responder, names[i], ZONE);
    }
    return responder;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char source[16] = {0x20, 0x01, 0x0d, 0xb8};
    static acme_responder_t *responder;
    static apr_pool_t *parent, *p;
    static apr_time_t now;
    acme_responder_query_t query = {NULL, 0, source, 16, 0};
    const unsigned char *reply = NULL;
    apr_size_t len;

    if (!parent) {
        apr_initialize();
        apr_pool_create_ex(&parent, NULL, replay_exhausted, NULL);
        apr_pool_create(&p, parent);
        responder = responder_of(parent);
    }
    if (size == 0) {
        return 0;
    }
    query.tcp = data[0] & 1;
    query.data = data + 1;
    query.len = size - 1;
    /* Each comes a second later, so that none is over the limit. */
    now += APR_USEC_PER_SEC;
    len = acme_responder_reply(&reply, responder, &query, now, p);
    if (len > 0) {
        must(len >= 12 && query.len >= 12);
        must(memcmp(reply, query.data, 2) == 0 && (reply[2] & 0x80) != 0);
        must((query.data[2] & 0x80) == 0 && (reply[3] & 0x80) == 0);
        must(len <= ACME_RESPONDER_TCP_MAX);
        must(query.tcp
             || (len <= query.len * ACME_RESPONDER_FACTOR
                 && len <= ACME_RESPONDER_UDP_MAX));
    }
    apr_pool_clear(p);
    return 0;
}

#ifndef FUZZING
int main(void)
{
    return replay_corpus("responder");
}
#endif
