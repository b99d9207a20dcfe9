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

/* Name of the mark's item: no site has it, because it has one label. */
#define MARK "worker"

/* Format number of the mark; raised when older versions would misunderstand
 * it. */
#define FORMAT 1

/* Name of the note about a wait, among the notes. */
#define WAIT "worker waits"

/* How long a newer mark keeps us out. It is limited because a clock that was
 * turned back makes an older mark look newer. */
#define FENCE_MAX ACME_TIME_HOUR

#define ID_BYTES 12

struct acme_worker_lease_t {
    acme_vault_t *vault;
    const acme_clock_t *clock;
    apr_time_t loaded;
    const char *id;
    acme_lease_t *held; /* NULL: we do not have the lease */
    apr_time_t renewed;
    apr_time_t fenced; /* when we first saw a newer generation act, or 0 */
};

acme_worker_lease_t *acme_worker_lease_create(acme_vault_t *vault,
                                              const acme_clock_t *clock,
                                              apr_time_t loaded, apr_pool_t *p)
{
    acme_worker_lease_t *lease = apr_pcalloc(p, sizeof(*lease));
    unsigned char id[ID_BYTES] = {0};

    lease->vault = vault;
    lease->clock = clock;
    lease->loaded = loaded;
    if (acme_key_random(id, sizeof(id)) == APR_SUCCESS) {
        lease->id = acme_b64_encode(id, sizeof(id), p);
    }
    return lease;
}

/* Returns non-zero if the mark is from a generation that came after ours. */
static int is_newer(acme_worker_lease_t *lease, apr_time_t loaded,
                    apr_time_t now)
{
    if (lease->loaded == 0 || loaded <= lease->loaded || loaded > now) {
        lease->fenced = 0;
        return 0;
    }
    if (lease->fenced == 0 || lease->fenced > now) {
        lease->fenced = now;
    }
    return now - lease->fenced < FENCE_MAX;
}

/* Reads the mark of the worker that acted last, and leaves our own. */
static apr_status_t mark(acme_worker_lease_t *lease, int *again,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_json_t *json;
    const char *id = "";
    apr_time_t loaded = 0;
    apr_status_t rv;

    rv = acme_vault_get_json(&json, NULL, lease->vault, ACME_STORE_JOBS, MARK,
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
    if (lease->id && strcmp(id, lease->id) == 0) {
        *again = 1;
        return APR_SUCCESS;
    }
    if (is_newer(lease, loaded, acme_time_now(lease->clock))) {
        return APR_EBUSY;
    }
    json = acme_json_object(p);
    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "worker", lease->id);
    acme_json_set_time(json, "loaded", lease->loaded);
    return acme_vault_put_json(lease->vault, ACME_STORE_JOBS, MARK, json,
                               ACME_STORE_LAZY, problem, p);
}

apr_status_t acme_worker_lease_take(acme_worker_lease_t *lease, int *again,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;

    *again = 0;
    rv = acme_store_lease(&lease->held, acme_vault_store(lease->vault), LEASE,
                          LEASE_TTL, problem, p);
    if (rv != APR_SUCCESS) {
        lease->held = NULL;
        return rv;
    }
    lease->renewed = acme_time_now(lease->clock);
    rv = mark(lease, again, problem, p);
    if (rv != APR_SUCCESS) {
        acme_worker_lease_release(lease);
    }
    return rv;
}

apr_status_t acme_worker_lease_renew(acme_worker_lease_t *lease)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_time_t now = acme_time_now(lease->clock);
    apr_status_t rv;

    if (!lease->held) {
        return APR_EBUSY;
    }
    if (now < lease->renewed + LEASE_RENEW && now >= lease->renewed) {
        return APR_SUCCESS;
    }
    rv = acme_store_renew(lease->held, &problem);
    if (rv == APR_SUCCESS) {
        lease->renewed = now;
    }
    else if (!APR_STATUS_IS_EBUSY(rv) && now < lease->renewed + LEASE_TTL) {
        /* The store cannot renew it now, but the lease has not ended yet. */
        rv = APR_SUCCESS;
    }
    return rv == APR_SUCCESS ? APR_SUCCESS : APR_EBUSY;
}

apr_time_t acme_worker_lease_renew_at(const acme_worker_lease_t *lease)
{
    return lease->renewed + LEASE_RENEW;
}

void acme_worker_lease_release(acme_worker_lease_t *lease)
{
    if (lease->held) {
        acme_store_release(lease->held);
        lease->held = NULL;
    }
}

/* ---- the wait, for acmectl ---- */

void acme_worker_lease_note_wait(acme_worker_lease_t *lease,
                                 const acme_worker_lease_wait_t *wait,
                                 apr_pool_t *ptemp)
{
    acme_json_t *json;

    if (!wait) {
        (void)acme_store_delete(acme_vault_store(lease->vault),
                                ACME_STORE_NOTES, WAIT, NULL, ptemp);
        return;
    }
    json = acme_json_object(ptemp);
    acme_format_set(json, FORMAT);
    acme_json_set_str(json, "text", wait->text);
    acme_json_set_str(json, "to-fix", wait->to_fix);
    acme_json_set_time(json, "since", wait->since);
    acme_json_set_time(json, "loaded", lease->loaded);
    (void)acme_vault_put_json(lease->vault, ACME_STORE_NOTES, WAIT, json,
                              ACME_STORE_LAZY, NULL, ptemp);
}

int acme_worker_lease_read_wait(acme_worker_lease_wait_t *wait,
                                acme_vault_t *vault, apr_time_t loaded,
                                apr_pool_t *p)
{
    apr_time_t of = 0;
    acme_json_t *json;

    memset(wait, 0, sizeof(*wait));
    return acme_vault_get_json(&json, NULL, vault, ACME_STORE_NOTES, WAIT, NULL,
                               p)
               == APR_SUCCESS
           && acme_format_check(json, FORMAT, WAIT, NULL, p) == APR_SUCCESS
           && acme_json_get_time(&of, json, "loaded") == APR_SUCCESS
           && of / APR_USEC_PER_SEC == loaded / APR_USEC_PER_SEC
           && acme_json_get_str(&wait->text, json, "text") == APR_SUCCESS
           && acme_json_get_str(&wait->to_fix, json, "to-fix") == APR_SUCCESS
           && acme_json_get_time(&wait->since, json, "since") == APR_SUCCESS;
}
