/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ratelimit.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_bucket.h"
#include "acme_domain.h"
#include "acme_jws.h"
#include "acme_time.h"

/* A bucket is in the part that the first hex digit of its key names. */
#define PARTS ACME_RATELIMIT_PARTS

/* Hex digits of a bucket's key, enough that no two buckets of a server share
 * them. */
#define KEY_LEN 24

#define ACCOUNT ACME_RATELIMIT_PARSE_ACCOUNT
#define DOMAIN  ACME_RATELIMIT_PARSE_DOMAIN
#define SET     ACME_RATELIMIT_PARSE_SET
#define NAME    ACME_RATELIMIT_PARSE_NAME
#define LIMITS  ACME_RATELIMIT_PARSE_KINDS

typedef struct limit_t {
    acme_bucket_limit_t size; /* no tokens: there is no such limit */
    const char *what;         /* for people */
} limit_t;

/* Published in 2025 (letsencrypt.org/docs/rate-limits). Each bucket fills up
 * again over its period, a token at a time. */
static const limit_t letsencrypt[LIMITS] = {
    {{300, 3 * ACME_TIME_HOUR}, "300 orders of an account in 3 hours"},
    {{50, 7 * ACME_TIME_DAY},
     "50 certificates of a registered domain in 7 days"},
    {{5, 7 * ACME_TIME_DAY}, "5 certificates for the same names in 7 days"},
    {{5, ACME_TIME_HOUR}, "5 failed validations of a name in an hour"},
};

typedef struct bucket_t {
    apr_time_t full;   /* when the bucket is full again */
    apr_time_t booked; /* the same, after all orders that have reserved a
                          time */
} bucket_t;

struct acme_ratelimit_t {
    limit_t limits[LIMITS];
    const char *name; /* prefix of the names of its items */
    apr_pool_t *p;
    apr_pool_t *pbuckets;
    apr_hash_t *buckets; /* key -> bucket_t * */
    int changed[PARTS];
};

acme_ratelimit_t *acme_ratelimit_create(const char *ca_url,
                                        const acme_ratelimit_policy_t *rate,
                                        apr_pool_t *p)
{
    acme_ratelimit_policy_e kind = acme_ratelimit_policy_of(rate, ca_url);
    acme_ratelimit_t *ratelimit;

    if (kind == ACME_RATELIMIT_POLICY_OFF) {
        return NULL;
    }
    ratelimit = apr_pcalloc(p, sizeof(*ratelimit));
    if (kind == ACME_RATELIMIT_POLICY_LETSENCRYPT) {
        memcpy(ratelimit->limits, letsencrypt, sizeof(letsencrypt));
    }
    else {
        ratelimit->limits[ACCOUNT].size.tokens = rate->orders;
        ratelimit->limits[ACCOUNT].size.period = rate->period;
        ratelimit->limits[ACCOUNT].what =
            apr_psprintf(p, "%d orders in %s (ACMERateLimit)", rate->orders,
                         acme_time_print_duration(rate->period, p));
    }
    ratelimit->name = apr_pstrcat(
        p, "budget ", apr_pstrndup(p, acme_jws_sha256_hex(ca_url, p), KEY_LEN),
        " ", NULL);
    ratelimit->p = p;
    apr_pool_create(&ratelimit->pbuckets, p);
    ratelimit->buckets = apr_hash_make(ratelimit->pbuckets);
    return ratelimit;
}

/* ---- buckets ---- */

static const char *key_of(acme_ratelimit_parse_e which, const char *of,
                          apr_pool_t *p)
{
    return apr_pstrndup(
        p,
        acme_jws_sha256_hex(
            apr_pstrcat(p, acme_ratelimit_parse_name(which), " ", of, NULL), p),
        KEY_LEN);
}

static int part_of(const char *key)
{
    char digit[2] = {key[0], '\0'};

    return (int)strtol(digit, NULL, PARTS);
}

static bucket_t *bucket_at(acme_ratelimit_t *ratelimit, const char *key)
{
    bucket_t *bucket =
        apr_hash_get(ratelimit->buckets, key, APR_HASH_KEY_STRING);

    if (!bucket) {
        bucket = apr_pcalloc(ratelimit->pbuckets, sizeof(*bucket));
        apr_hash_set(ratelimit->buckets, apr_pstrdup(ratelimit->pbuckets, key),
                     APR_HASH_KEY_STRING, bucket);
    }
    return bucket;
}

/* ---- what an order takes of which buckets ---- */

typedef struct claim_t {
    acme_ratelimit_parse_e which;
    const char *key;
    int left; /* tokens that have to stay in the bucket */
} claim_t;

static void claim(apr_array_header_t *claims, const acme_ratelimit_t *ratelimit,
                  acme_ratelimit_parse_e which, const char *of, int left,
                  apr_pool_t *p)
{
    const char *key;
    claim_t *made;
    int i;

    if (!ratelimit->limits[which].size.tokens) {
        return;
    }
    key = key_of(which, of, p);
    for (i = 0; i < claims->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(claims, i, claim_t).key, key) == 0) {
            return;
        }
    }
    made = apr_array_push(claims);
    made->which = which;
    made->key = key;
    made->left = left;
}

static apr_array_header_t *claims_of(const acme_ratelimit_t *ratelimit,
                                     const acme_ratelimit_order_t *order,
                                     apr_pool_t *p)
{
    apr_array_header_t *claims = apr_array_make(p, 4, sizeof(claim_t));
    int i;

    if (order->exempt) {
        return claims;
    }
    claim(claims, ratelimit, ACCOUNT, order->account,
          order->renewal ? 0 : ratelimit->limits[ACCOUNT].size.tokens / 4, p);
    claim(claims, ratelimit, SET, acme_ratelimit_parse_set(order->names, p), 0,
          p);
    for (i = 0; !order->renewal && i < order->names->nelts; ++i) {
        claim(claims, ratelimit, DOMAIN,
              acme_domain_registered(
                  APR_ARRAY_IDX(order->names, i, const char *), p),
              0, p);
    }
    return claims;
}

/* Adds limits that are only checked, not charged. */
static void add_failures(apr_array_header_t *claims,
                         const acme_ratelimit_t *ratelimit,
                         const acme_ratelimit_order_t *order, apr_pool_t *p)
{
    int i;

    for (i = 0; i < order->names->nelts; ++i) {
        claim(claims, ratelimit, NAME,
              acme_ratelimit_parse_of(
                  NAME, order->account,
                  APR_ARRAY_IDX(order->names, i, const char *), p),
              0, p);
    }
}

apr_time_t acme_ratelimit_when(acme_ratelimit_t *ratelimit,
                               const acme_ratelimit_order_t *order,
                               apr_time_t now, const char **why, apr_pool_t *p)
{
    apr_array_header_t *claims = claims_of(ratelimit, order, p);
    apr_time_t last = now;
    int i;

    add_failures(claims, ratelimit, order, p);
    for (i = 0; i < claims->nelts; ++i) {
        const claim_t *one = &APR_ARRAY_IDX(claims, i, claim_t);
        const limit_t *limit = &ratelimit->limits[one->which];
        bucket_t *bucket = bucket_at(ratelimit, one->key);
        apr_time_t full = acme_bucket_bounded(bucket->full, &limit->size, now);
        apr_time_t at;

        if (acme_bucket_when(full, &limit->size, one->left, now) <= now) {
            continue;
        }
        if (one->which != NAME && bucket->booked > full
            && bucket->booked
                   <= now + limit->size.period + ACME_RATELIMIT_WAIT_MAX) {
            full = bucket->booked;
        }
        at = acme_bucket_when(full, &limit->size, one->left, now);
        bucket->booked = full + acme_bucket_token(&limit->size);
        if (at > last) {
            last = at;
            *why = limit->what;
        }
    }
    return last > now + ACME_RATELIMIT_WAIT_MAX ? now + ACME_RATELIMIT_WAIT_MAX
                                                : last;
}

static void add_tokens(acme_ratelimit_t *ratelimit,
                       const apr_array_header_t *claims, int sign,
                       apr_time_t now)
{
    int i;

    for (i = 0; i < claims->nelts; ++i) {
        const claim_t *one = &APR_ARRAY_IDX(claims, i, claim_t);
        const limit_t *limit = &ratelimit->limits[one->which];
        bucket_t *bucket = bucket_at(ratelimit, one->key);

        bucket->full = sign > 0
                           ? acme_bucket_take(bucket->full, &limit->size, now)
                           : acme_bucket_give(bucket->full, &limit->size);
        ratelimit->changed[part_of(one->key)] = 1;
    }
}

void acme_ratelimit_take(acme_ratelimit_t *ratelimit,
                         const acme_ratelimit_order_t *order, apr_time_t now)
{
    apr_pool_t *p;

    apr_pool_create(&p, ratelimit->p);
    add_tokens(ratelimit, claims_of(ratelimit, order, p), 1, now);
    apr_pool_destroy(p);
}

void acme_ratelimit_give(acme_ratelimit_t *ratelimit,
                         const acme_ratelimit_order_t *order)
{
    apr_pool_t *p;

    apr_pool_create(&p, ratelimit->p);
    add_tokens(ratelimit, claims_of(ratelimit, order, p), -1, 0);
    apr_pool_destroy(p);
}

void acme_ratelimit_end(acme_ratelimit_t *ratelimit,
                        const acme_ratelimit_order_t *order)
{
    apr_array_header_t *claims, *certificates;
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, ratelimit->p);
    claims = claims_of(ratelimit, order, p);
    certificates = apr_array_make(p, 4, sizeof(claim_t));
    for (i = 0; i < claims->nelts; ++i) {
        if (APR_ARRAY_IDX(claims, i, claim_t).which != ACCOUNT) {
            APR_ARRAY_PUSH(certificates, claim_t) =
                APR_ARRAY_IDX(claims, i, claim_t);
        }
    }
    add_tokens(ratelimit, certificates, -1, 0);
    apr_pool_destroy(p);
}

void acme_ratelimit_failed(acme_ratelimit_t *ratelimit, const char *account,
                           const char *name, apr_time_t now)
{
    apr_array_header_t *claims;
    apr_pool_t *p;

    apr_pool_create(&p, ratelimit->p);
    claims = apr_array_make(p, 1, sizeof(claim_t));
    claim(claims, ratelimit, NAME,
          acme_ratelimit_parse_of(NAME, account, name, p), 0, p);
    add_tokens(ratelimit, claims, 1, now);
    apr_pool_destroy(p);
}

void acme_ratelimit_refused(acme_ratelimit_t *ratelimit,
                            const acme_ratelimit_parse_t *limited,
                            apr_time_t until, apr_time_t now)
{
    const limit_t *limit = &ratelimit->limits[limited->what];
    bucket_t *bucket;
    apr_time_t full;
    apr_pool_t *p;

    if (!limit->size.tokens) {
        return;
    }
    apr_pool_create(&p, ratelimit->p);
    bucket = bucket_at(ratelimit, key_of(limited->what, limited->of, p));
    full = acme_bucket_bounded(acme_bucket_empty_until(until, &limit->size),
                               &limit->size, now);
    if (acme_bucket_bounded(bucket->full, &limit->size, now) < full) {
        bucket->full = full;
        ratelimit->changed[part_of(key_of(limited->what, limited->of, p))] = 1;
    }
    apr_pool_destroy(p);
}

/* ---- the ledger: a line a bucket ---- */

const char *acme_ratelimit_item(const acme_ratelimit_t *ratelimit, int part,
                                apr_pool_t *p)
{
    return apr_psprintf(p, "%s%x", ratelimit->name, (unsigned int)part);
}

static void read_lines(acme_ratelimit_t *ratelimit, char *text, int part)
{
    char *line, *state, *space, *end;

    for (line = apr_strtok(text, "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        apr_time_t full;

        space = strchr(line, ' ');
        if (!space || space - line != KEY_LEN) {
            continue;
        }
        *space = '\0';
        full = apr_strtoi64(space + 1, &end, 10);
        if (!*end && full > 0
            && strspn(line, "0123456789abcdef") == (size_t)KEY_LEN
            && part_of(line) == part) {
            bucket_at(ratelimit, line)->full = full;
        }
    }
}

void acme_ratelimit_load(acme_ratelimit_t *ratelimit, const char *const *texts,
                         apr_pool_t *ptemp)
{
    int i;

    apr_pool_clear(ratelimit->pbuckets);
    ratelimit->buckets = apr_hash_make(ratelimit->pbuckets);
    for (i = 0; i < ACME_RATELIMIT_PARTS; ++i) {
        ratelimit->changed[i] = 0;
        if (texts[i]) {
            read_lines(ratelimit, apr_pstrdup(ptemp, texts[i]), i);
        }
    }
}

const char *acme_ratelimit_save(const acme_ratelimit_t *ratelimit, int part,
                                apr_time_t now, apr_pool_t *p)
{
    apr_array_header_t *lines;
    apr_hash_index_t *hi;

    if (!ratelimit->changed[part]) {
        return NULL;
    }
    lines = apr_array_make(p, 64, sizeof(const char *));
    for (hi = apr_hash_first(p, ratelimit->buckets); hi;
         hi = apr_hash_next(hi)) {
        const char *key = apr_hash_this_key(hi);
        const bucket_t *bucket = apr_hash_this_val(hi);

        if (part_of(key) == part && bucket->full > now) {
            APR_ARRAY_PUSH(lines, const char *) =
                apr_psprintf(p, "%s %" APR_TIME_T_FMT, key, bucket->full);
        }
    }
    return apr_array_pstrcat(p, lines, '\n');
}

void acme_ratelimit_saved(acme_ratelimit_t *ratelimit, int part)
{
    ratelimit->changed[part] = 0;
}
