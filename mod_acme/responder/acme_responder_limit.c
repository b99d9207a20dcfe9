/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_responder_limit.h"

#include "acme_bucket.h"

/* Places for networks; a power of two. */
#define PLACES 4096

/* Bytes of an address that are its network. */
#define NETWORK_V4 3
#define NETWORK_V6 7

typedef struct place_t {
    apr_time_t full; /* of the bucket */
    unsigned over;   /* queries beyond it */
} place_t;

struct acme_responder_limit_t {
    apr_time_t full; /* of the bucket of all */
    place_t places[PLACES];
};

static const acme_bucket_limit_t of_all = {ACME_RESPONDER_LIMIT_ALL,
                                           APR_USEC_PER_SEC};
static const acme_bucket_limit_t of_network = {ACME_RESPONDER_LIMIT_NETWORK,
                                               APR_USEC_PER_SEC};

acme_responder_limit_t *acme_responder_limit_create(apr_pool_t *p)
{
    return apr_pcalloc(p, sizeof(acme_responder_limit_t));
}

/* FNV-1a. Somebody who makes networks share a place gains less than by sending
 * from the one that he wants to be limited. */
static place_t *place_of(acme_responder_limit_t *limit,
                         const unsigned char *source, apr_size_t len)
{
    apr_size_t network = len == 4 ? NETWORK_V4 : NETWORK_V6, i;
    apr_uint32_t hash = 2166136261U;

    for (i = 0; i < network && i < len; ++i) {
        hash = (hash ^ source[i]) * 16777619U;
    }
    return &limit->places[(hash ^ (hash >> 16)) & (PLACES - 1)];
}

/* Takes a token. Returns zero when there is none. */
static int take(apr_time_t *full, const acme_bucket_limit_t *of, apr_time_t now)
{
    *full = acme_bucket_bounded(*full, of, now);
    if (acme_bucket_when(*full, of, 0, now) > now) {
        return 0;
    }
    *full = acme_bucket_take(*full, of, now);
    return 1;
}

acme_responder_limit_e acme_responder_limit_count(acme_responder_limit_t *limit,
                                                  const unsigned char *source,
                                                  apr_size_t len,
                                                  apr_time_t now)
{
    place_t *place = place_of(limit, source, len);

    if (!take(&limit->full, &of_all, now)) {
        return ACME_RESPONDER_LIMIT_DROP;
    }
    if (take(&place->full, &of_network, now)) {
        return ACME_RESPONDER_LIMIT_ANSWER;
    }
    return place->over++ % 2 ? ACME_RESPONDER_LIMIT_DROP
                             : ACME_RESPONDER_LIMIT_TRUNCATE;
}
