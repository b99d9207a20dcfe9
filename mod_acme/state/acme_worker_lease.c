/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_worker_lease.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_b64.h"
#include "acme_format.h"
#include "acme_key.h"

#define LEASE       "worker"
#define LEASE_TTL   apr_time_from_sec(60)
#define LEASE_RENEW apr_time_from_sec(20)

/* No site has a name of one label. */
#define MARK "worker"

/* Of the mark; raised when older versions would misunderstand it. */
#define FORMAT 1

/* A clock that was turned back can make our mark look older than one that is
 * really older: that shuts nobody out for longer. */
#define FENCE_MAX ACME_TIME_HOUR

#define ID_BYTES 12

struct acme_worker_lease_t {
    acme_vault_t *vault;
    const acme_clock_t *clock;
    apr_time_t loaded;
    const char *id;
    acme_lease_t *lease; /* NULL: not ours */
    apr_time_t renewed;
    apr_time_t fenced; /* since when a newer generation seems to act, or 0 */
};

acme_worker_lease_t *acme_worker_lease_create(acme_vault_t *vault,
                                              const acme_clock_t *clock,
                                              apr_time_t loaded, apr_pool_t *p)
{
    acme_worker_lease_t *turn = apr_pcalloc(p, sizeof(*turn));
    unsigned char id[ID_BYTES] = {0};

    turn->vault = vault;
    turn->clock = clock;
    turn->loaded = loaded;
    if (acme_key_random(id, sizeof(id)) == APR_SUCCESS) {
        turn->id = acme_b64_encode(id, sizeof(id), p);
    }
    return turn;
}

/* Whether the mark was left by a generation that came after ours. */
static int is_newer(acme_worker_lease_t *turn, apr_time_t loaded,
                    apr_time_t now)
{
    if (turn->loaded == 0 || loaded <= turn->loaded || loaded > now) {
        turn->fenced = 0;
        return 0;
    }
    if (turn->fenced == 0 || turn->fenced > now) {
        turn->fenced = now;
    }
    return now - turn->fenced < FENCE_MAX;
}

/* Reads who was here last, and leaves our own mark. */
static apr_status_t mark(acme_worker_lease_t *turn, int *again,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json;
    const char *id = "";
    apr_time_t loaded = 0;
    apr_status_t rv;

    rv = acme_vault_get_json(&json, NULL, turn->vault, ACME_STORE_JOBS, MARK,
                             problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_format_check(json, FORMAT, "the mark of the last worker",
                               problem, p);
        if (rv == APR_ENOTIMPL) {
            return rv;
        }
        (void)acme_json_get_str(&id, json, "worker");
        (void)acme_json_get_time(&loaded, json, "loaded");
    }
    else if (!APR_STATUS_IS_ENOENT(rv)) {
        return rv;
    }
    if (turn->id && strcmp(id, turn->id) == 0) {
        *again = 1;
        return APR_SUCCESS;
    }
    if (is_newer(turn, loaded, acme_time_now(turn->clock))) {
        return APR_EBUSY;
    }
    json = acme_json_object(p);
    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "worker", turn->id);
    acme_json_set_time(json, "loaded", turn->loaded);
    return acme_vault_put_json(turn->vault, ACME_STORE_JOBS, MARK, json,
                               ACME_STORE_LAZY, problem, p);
}

apr_status_t acme_worker_lease_take(acme_worker_lease_t *turn, int *again,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;

    *again = 0;
    rv = acme_store_lease(&turn->lease, acme_vault_store(turn->vault), LEASE,
                          LEASE_TTL, problem, p);
    if (rv != APR_SUCCESS) {
        turn->lease = NULL;
        return rv;
    }
    turn->renewed = acme_time_now(turn->clock);
    rv = mark(turn, again, problem, p);
    if (rv != APR_SUCCESS) {
        acme_worker_lease_release(turn);
    }
    return rv;
}

apr_status_t acme_worker_lease_renew(acme_worker_lease_t *turn)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = acme_time_now(turn->clock);
    apr_status_t rv;

    if (!turn->lease) {
        return APR_EBUSY;
    }
    if (now < turn->renewed + LEASE_RENEW && now >= turn->renewed) {
        return APR_SUCCESS;
    }
    rv = acme_store_renew(turn->lease, &problem);
    if (rv == APR_SUCCESS) {
        turn->renewed = now;
    }
    else if (!APR_STATUS_IS_EBUSY(rv) && now < turn->renewed + LEASE_TTL) {
        /* The store has a bad moment; the lease has not ended yet. */
        rv = APR_SUCCESS;
    }
    return rv == APR_SUCCESS ? APR_SUCCESS : APR_EBUSY;
}

apr_time_t acme_worker_lease_renew_at(const acme_worker_lease_t *turn)
{
    return turn->renewed + LEASE_RENEW;
}

void acme_worker_lease_release(acme_worker_lease_t *turn)
{
    if (turn->lease) {
        acme_store_release(turn->lease);
        turn->lease = NULL;
    }
}
