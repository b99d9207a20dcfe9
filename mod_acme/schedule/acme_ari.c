/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ari.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_schedule.h"
#include "acme_time.h"

/* Wait after the first failure; each further one makes it ten times as long, up
 * to a day. */
#define FIRST_WAIT (10 * ACME_TIME_MINUTE)

/* Wait before the second certificate in a row that a CA wants renewed at
 * once. */
#define HASTE_WAIT ACME_TIME_HOUR

/* A wait is never set longer than this; a longer one shows that the clock was
 * set back since. */
#define LONGEST_WAIT (2 * ACME_TIME_DAY)

static apr_status_t read_problem(acme_ari_t *ari, const acme_json_t *json,
                                 apr_pool_t *p)
{
    acme_problem_t *problem;
    acme_json_t *member;
    apr_status_t rv;

    rv = acme_json_get(&member, json, "problem");
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    problem = apr_pcalloc(p, sizeof(*problem));
    rv = acme_problem_restore(problem, member, p);
    ari->problem = problem;
    return rv;
}

static int is_optional(apr_status_t rv)
{
    return rv == APR_SUCCESS || rv == APR_NOTFOUND;
}

acme_ari_t *acme_ari_restore(const acme_json_t *json, apr_pool_t *p)
{
    acme_ari_t *ari = apr_pcalloc(p, sizeof(*ari));

    if (acme_json_get_str(&ari->cert, json, "cert") != APR_SUCCESS
        || !is_optional(acme_json_get_time(&ari->start, json, "start"))
        || !is_optional(acme_json_get_time(&ari->end, json, "end"))
        || !is_optional(acme_json_get_time(&ari->selected, json, "selected"))
        || !is_optional(acme_json_get_bool(&ari->early, json, "early"))
        || !is_optional(acme_json_get_time(&ari->first, json, "first"))
        || !is_optional(acme_json_get_count(&ari->hasty, json, "hasty"))
        || !is_optional(acme_json_get_time(&ari->next, json, "next"))
        || !is_optional(
            acme_json_get_str(&ari->explanation, json, "explanation"))
        || !is_optional(acme_json_get_count(&ari->errors, json, "errors"))
        || read_problem(ari, json, p) != APR_SUCCESS
        || (ari->start > 0
            && (ari->end <= ari->start || ari->selected < ari->start
                || ari->selected > ari->end))) {
        return NULL;
    }
    return ari;
}

acme_json_t *acme_ari_to_json(const acme_ari_t *ari, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "cert", ari->cert);
    acme_json_set_time(json, "start", ari->start);
    acme_json_set_time(json, "end", ari->end);
    acme_json_set_time(json, "selected", ari->selected);
    acme_json_set_bool(json, "early", ari->early);
    acme_json_set_time(json, "first", ari->first);
    acme_json_set_int(json, "hasty", ari->hasty);
    acme_json_set_time(json, "next", ari->next);
    acme_json_set_str(json, "explanation", ari->explanation);
    acme_json_set_int(json, "errors", ari->errors);
    if (ari->problem) {
        acme_json_set(json, "problem", acme_problem_to_json(ari->problem, p));
    }
    return json;
}

int acme_ari_is_of(const acme_ari_t *ari, const acme_cert_info_t *info)
{
    return ari && info->ari_id && strcmp(ari->cert, info->ari_id) == 0;
}

/* Draws a time from the part of the window before the last tenth of the life,
 * or from the whole window when no part of it is earlier. */
static apr_time_t draw(const acme_ari_t *ari, const acme_cert_info_t *info)
{
    apr_time_t last =
        acme_schedule_urgent_at(info->not_before, info->not_after);
    apr_time_t end = last > ari->start && last < ari->end ? last : ari->end;

    return acme_schedule_draw(ari->start, end, info->ari_id);
}

/* Returns when to ask again: after the time that the CA names, and within a
 * day. */
static apr_time_t query_again(const acme_renewal_t *renewal, const char *name,
                              apr_time_t now)
{
    apr_time_t last = now + ACME_RENEWAL_AGAIN_MAX;
    apr_time_t at = now + acme_schedule_jitter(renewal->again - now, name);

    return at < last ? at : last;
}

acme_ari_t *acme_ari_told(const acme_ari_t *old, const acme_renewal_t *renewal,
                          const acme_cert_info_t *info, const char *name,
                          apr_time_t now, apr_pool_t *p)
{
    acme_ari_t *ari = apr_pcalloc(p, sizeof(*ari));

    ari->cert = apr_pstrdup(p, info->ari_id);
    ari->start = renewal->start;
    ari->end = renewal->end;
    ari->explanation = apr_pstrdup(p, renewal->explanation);
    ari->next = query_again(renewal, name, now);
    ari->first = now;
    if (acme_ari_is_of(old, info)) {
        ari->hasty = old->hasty;
        ari->first = old->first > 0 && old->first < now ? old->first : now;
    }
    else if (acme_ari_is_urgent(old, now)) {
        ari->hasty = old->hasty + 1;
    }
    if (!acme_ari_is_of(old, info) || old->start == 0) {
        ari->selected = draw(ari, info);
    }
    else if (old->start == ari->start && old->end == ari->end) {
        ari->selected = old->selected;
        ari->early = old->early;
    }
    else {
        ari->selected = draw(ari, info);
        /* The window had not begun before this answer, and has begun now: the
         * CA moved it ahead. */
        ari->early =
            old->early
            || (old->start > now && ari->start <= now && now < ari->end);
    }
    return ari;
}

acme_ari_t *acme_ari_failed(const acme_ari_t *old,
                            const acme_problem_t *problem,
                            const acme_cert_info_t *info, const char *seed,
                            apr_time_t now, apr_pool_t *p)
{
    acme_ari_t *ari = apr_pcalloc(p, sizeof(*ari));
    apr_time_t last = now + ACME_RENEWAL_AGAIN_MAX;
    apr_interval_time_t wait;
    apr_time_t later;

    if (old) {
        ari->hasty = old->hasty + acme_ari_is_urgent(old, now);
    }
    if (acme_ari_is_of(old, info)) {
        *ari = *old;
        ari->explanation = apr_pstrdup(p, old->explanation);
    }
    ari->cert = apr_pstrdup(p, info->ari_id);
    ari->problem = acme_problem_dup(problem, p);
    ++ari->errors;
    wait = acme_schedule_backoff(ari->errors, FIRST_WAIT, seed);
    /* Take off the fifth that chance may add, because a day is the longest
     * wait. */
    ari->next = now + (wait > ACME_RENEWAL_AGAIN_MAX ? wait / 6 * 5 : wait);
    later = problem->retry == ACME_RETRY_LATER ? problem->retry_at : 0;
    later = later < last ? later : last;
    if (later > ari->next) {
        ari->next = later;
    }
    return ari;
}

apr_time_t acme_ari_renew_at(const acme_ari_t *ari,
                             const acme_cert_info_t *info)
{
    apr_time_t last =
        acme_schedule_urgent_at(info->not_before, info->not_after);

    apr_time_t at, least;

    if (!acme_ari_is_of(ari, info) || ari->start == 0) {
        return 0;
    }
    at = ari->early ? ari->start : ari->selected;
    if (ari->hasty > 0) {
        least = ari->first
                + acme_schedule_backoff(ari->hasty, HASTE_WAIT, ari->cert);
        at = at > least ? at : least;
    }
    return at < last ? at : last;
}

int acme_ari_is_open(const acme_ari_t *ari, const acme_cert_info_t *info,
                     apr_time_t now)
{
    return acme_ari_is_of(ari, info) && ari->start > 0 && ari->start <= now
           && now < ari->end;
}

int acme_ari_is_urgent(const acme_ari_t *ari, apr_time_t now)
{
    return ari && ari->start > 0 && (ari->early || ari->end <= now);
}

apr_time_t acme_ari_next_query(const acme_ari_t *ari,
                               const acme_cert_info_t *info, apr_time_t now)
{
    if (!info->ari_id) {
        return ACME_SCHEDULE_NEVER;
    }
    if (!acme_ari_is_of(ari, info) || ari->next > now + LONGEST_WAIT) {
        return now;
    }
    return ari->next;
}
