/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "acme_json.h"
#include "acme_plan.h"
#include "world_limits.h"

/* Tokens of one limit and owner. */
typedef struct bucket_t {
    double tokens;
    apr_time_t seen;
} bucket_t;

/* Returns zero when there is no token left.
 * @param take 0: only looks, 1: takes the token */
static int take_token(world_limits_t *limits, int take, const char *what,
                      const char *whose, int most, apr_interval_time_t period)
{
    apr_time_t now = limits->w->clock->now;
    char key[600];
    bucket_t *bucket;

    apr_snprintf(key, sizeof(key), "%s %s", what, whose);
    bucket = apr_hash_get(limits->buckets, key, APR_HASH_KEY_STRING);
    if (!bucket) {
        bucket = apr_pcalloc(limits->w->p, sizeof(*bucket));
        bucket->tokens = most;
        bucket->seen = now;
        apr_hash_set(limits->buckets, apr_pstrdup(limits->w->p, key),
                     APR_HASH_KEY_STRING, bucket);
    }
    bucket->tokens += (double)(now - bucket->seen) / (double)period * most;
    bucket->tokens = bucket->tokens > most ? most : bucket->tokens;
    bucket->seen = now;
    /* A millionth is lost by counting in fractions. */
    if (bucket->tokens < 1 - 1e-6) {
        ++limits->refused;
        limits->why = apr_pstrdup(limits->w->p, key);
        return 0;
    }
    bucket->tokens -= take;
    return 1;
}

/* Returns the last two labels: the registered domain of all names of the
 * tests. */
static const char *domain_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    while (dot && dot > name && dot[-1] != '.') {
        --dot;
    }
    return dot ? dot : name;
}

static const acme_inventory_t *find_site(const world_limits_t *limits,
                                         const acme_spec_t **spec,
                                         const char *name)
{
    int i;

    for (i = 0; i < limits->w->specs->nelts; ++i) {
        *spec = APR_ARRAY_IDX(limits->w->specs, i, const acme_spec_t *);
        if (strcmp((*spec)->name, name) == 0) {
            return world_inventory(limits->w, i);
        }
    }
    fail_msg("there is no site %s", name);
    return NULL;
}

/* Counts a newOrder, which is for one name in these tests. Returns zero when a
 * limit forbids it. */
static int may_order(world_limits_t *limits, const script_request_t *request,
                     apr_pool_t *p)
{
    const char *name, *replaces = NULL;
    const acme_inventory_t *inventory;
    acme_json_t *payload, *names;
    const acme_spec_t *spec = NULL;
    apr_interval_time_t late;

    assert_int_equal(acme_json_parse(&payload, request->payload,
                                     strlen(request->payload), NULL, p),
                     0);
    assert_int_equal(acme_json_get(&names, payload, "identifiers"), 0);
    assert_int_equal(acme_json_count(names), 1);
    assert_int_equal(acme_json_get_str(&name, acme_json_at(names, 0), "value"),
                     0);
    (void)acme_json_get_str(&replaces, payload, "replaces");
    inventory = find_site(limits, &spec, name);
    if (!replaces
        && (!take_token(limits, 1, "account", request->kid, 300,
                        3 * ACME_TIME_HOUR)
            || !take_token(limits, 1, "set", name, 5, 7 * ACME_TIME_DAY)
            || (!inventory->live
                && !take_token(limits, 1, "domain", domain_of(name), 50,
                               7 * ACME_TIME_DAY)))) {
        return 0;
    }
    if (!take_token(limits,
                    limits->w->ca->fail_name
                        && strcmp(name, limits->w->ca->fail_name) == 0,
                    "failures", name, 5, ACME_TIME_HOUR)) {
        return 0;
    }
    if (inventory->live) {
        late =
            limits->w->clock->now
            - acme_plan_renew_at(spec, inventory, world_job(limits->w, name));
        limits->latest = late > limits->latest ? late : limits->latest;
        ++limits->renewals;
        limits->exempt += replaces != NULL;
    }
    return 1;
}

static int refuse(world_t *w, const script_request_t *request,
                  script_answer_t *answer, apr_pool_t *p)
{
    world_limits_t *limits = w->refuse_baton;
    apr_size_t len = strlen(request->url);
    int good = 1;

    if (strcmp(request->url, MODEL_CA_DIRECTORY) == 0) {
        good = take_token(limits, 1, "directory", "", 40, apr_time_from_sec(1));
    }
    else if (len > 6 && strcmp(request->url + len - 6, "/nonce") == 0) {
        good = take_token(limits, 1, "nonce", "", 20, apr_time_from_sec(1));
    }
    else if (len > 6 && strcmp(request->url + len - 6, "/order") == 0) {
        good = may_order(limits, request, p);
    }
    if (!good) {
        answer->status = 429;
        answer->body = "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}";
        apr_table_set(answer->headers, "Content-Type",
                      "application/problem+json");
    }
    return !good;
}

world_limits_t *world_limits_create(world_t *w)
{
    world_limits_t *limits = apr_pcalloc(w->p, sizeof(*limits));

    limits->w = w;
    limits->buckets = apr_hash_make(w->p);
    w->refuse = refuse;
    w->refuse_baton = limits;
    return limits;
}

void world_limits_assert_none_refused(const world_limits_t *limits)
{
    if (limits->refused > 0) {
        fail_msg("%d requests were refused, the last for %s", limits->refused,
                 limits->why);
    }
}
