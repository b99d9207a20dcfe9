/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ratelimit_pause.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_jws.h"

struct acme_ratelimit_pause_t {
    const char *item;
    apr_pool_t *p;
    apr_pool_t *pends;
    apr_hash_t *ends; /* "KIND WHO" -> apr_time_t * */
    int changed;
};

acme_ratelimit_pause_t *acme_ratelimit_pause_create(const char *ca_url,
                                                    apr_pool_t *p)
{
    acme_ratelimit_pause_t *pause = apr_pcalloc(p, sizeof(*pause));

    pause->item =
        apr_pstrcat(p, "pause ", acme_jws_sha256_hex(ca_url, p), NULL);
    pause->p = p;
    apr_pool_create(&pause->pends, p);
    pause->ends = apr_hash_make(pause->pends);
    return pause;
}

static const char *key_of(acme_ratelimit_parse_e what, const char *of,
                          apr_pool_t *p)
{
    return apr_pstrcat(p, acme_ratelimit_parse_name(what), " ", of, NULL);
}

/* Ignore a pause longer than ACME_RATELIMIT_PAUSE_MAX: the clock was set back
 * since it was written. */
static int is_sane(apr_time_t end, apr_time_t now)
{
    return end > now && end <= now + ACME_RATELIMIT_PAUSE_MAX;
}

static void set(acme_ratelimit_pause_t *pause, const char *key,
                apr_time_t until, apr_time_t now)
{
    apr_time_t *end = apr_hash_get(pause->ends, key, APR_HASH_KEY_STRING);

    if (!end) {
        end = apr_pcalloc(pause->pends, sizeof(*end));
        apr_hash_set(pause->ends, apr_pstrdup(pause->pends, key),
                     APR_HASH_KEY_STRING, end);
    }
    if (*end < until || !is_sane(*end, now)) {
        *end = until;
        pause->changed = 1;
    }
}

void acme_ratelimit_pause_add(acme_ratelimit_pause_t *pause,
                              const acme_ratelimit_parse_t *limited,
                              apr_time_t until, apr_time_t now)
{
    apr_pool_t *p;

    apr_pool_create(&p, pause->p);
    set(pause, key_of(limited->what, limited->of, p),
        until > now + ACME_RATELIMIT_PAUSE_MAX ? now + ACME_RATELIMIT_PAUSE_MAX
                                               : until,
        now);
    apr_pool_destroy(p);
}

/* ---- which orders have to wait ---- */

typedef struct search_t {
    const acme_ratelimit_pause_t *pause;
    apr_time_t now;
    apr_time_t until;
    acme_ratelimit_parse_t *limited;
    const char *name; /* the name that is paused */
    apr_pool_t *p;
} search_t;

/* Keeps the pause if it is longer than those found before, because the order
 * has to wait for all of them. */
static void look(search_t *search, acme_ratelimit_parse_e what, const char *of,
                 const char *name)
{
    const apr_time_t *end = apr_hash_get(
        search->pause->ends, key_of(what, of, search->p), APR_HASH_KEY_STRING);

    if (end && is_sane(*end, search->now) && *end > search->until) {
        search->until = *end;
        search->limited->what = what;
        search->limited->of = apr_pstrdup(search->p, of);
        search->name = name;
    }
}

static const char *text_of(const search_t *search)
{
    switch (search->limited->what) {
    case ACME_RATELIMIT_PARSE_ACCOUNT:
        return "orders of this account, as the CA says";
    case ACME_RATELIMIT_PARSE_DOMAIN:
        return apr_psprintf(search->p, "certificates for %s, as the CA says",
                            search->name);
    case ACME_RATELIMIT_PARSE_SET:
        return "certificates for the same names, as the CA says";
    case ACME_RATELIMIT_PARSE_NAME:
    case ACME_RATELIMIT_PARSE_KINDS:
        break;
    }
    return apr_psprintf(search->p, "failed validations of %s, as the CA says",
                        search->name);
}

static void look_for_name(search_t *search, const char *account,
                          const char *name)
{
    const char *domain = acme_ident_is_wildcard(name) ? name + 2 : name;
    int is_dns = acme_ident_type(name) == ACME_IDENT_DNS;

    look(search, ACME_RATELIMIT_PARSE_NAME,
         acme_ratelimit_parse_of(ACME_RATELIMIT_PARSE_NAME, account, domain,
                                 search->p),
         domain);
    look(search, ACME_RATELIMIT_PARSE_DOMAIN, domain, domain);
    for (domain = strchr(domain, '.'); is_dns && domain;
         domain = strchr(domain, '.')) {
        ++domain;
        look(search, ACME_RATELIMIT_PARSE_DOMAIN, domain, domain);
    }
}

apr_time_t acme_ratelimit_pause_until(const acme_ratelimit_pause_t *pause,
                                      const char *account,
                                      const apr_array_header_t *names,
                                      apr_time_t now,
                                      acme_ratelimit_parse_t *limited,
                                      const char **why, apr_pool_t *p)
{
    search_t search = {pause, now, 0, limited, NULL, p};
    int i;

    if (apr_hash_count(pause->ends) == 0) {
        return 0;
    }
    look(&search, ACME_RATELIMIT_PARSE_ACCOUNT, account, NULL);
    look(&search, ACME_RATELIMIT_PARSE_SET, acme_ratelimit_parse_set(names, p),
         NULL);
    for (i = 0; i < names->nelts; ++i) {
        look_for_name(&search, account, APR_ARRAY_IDX(names, i, const char *));
    }
    if (search.until > 0) {
        *why = text_of(&search);
    }
    return search.until;
}

/* ---- the item: a line each, "UNTIL KIND WHO" ---- */

const char *acme_ratelimit_pause_item(const acme_ratelimit_pause_t *pause)
{
    return pause->item;
}

void acme_ratelimit_pause_load(acme_ratelimit_pause_t *pause, const char *text,
                               apr_time_t now, apr_pool_t *ptemp)
{
    char *line, *state, *end, *space;

    apr_pool_clear(pause->pends);
    pause->ends = apr_hash_make(pause->pends);
    for (line = apr_strtok(apr_pstrdup(ptemp, text ? text : ""), "\n", &state);
         line; line = apr_strtok(NULL, "\n", &state)) {
        apr_time_t until = apr_strtoi64(line, &end, 10);

        space = *end == ' ' ? strchr(end + 1, ' ') : NULL;
        if (space && is_sane(until, now)
            && acme_ratelimit_parse_find(apr_pstrmemdup(
                   ptemp, end + 1, (apr_size_t)(space - end - 1)))
                   != ACME_RATELIMIT_PARSE_KINDS) {
            set(pause, end + 1, until, now);
        }
    }
    pause->changed = 0;
}

const char *acme_ratelimit_pause_save(const acme_ratelimit_pause_t *pause,
                                      apr_time_t now, apr_pool_t *p)
{
    apr_array_header_t *lines;
    apr_hash_index_t *hi;

    if (!pause->changed) {
        return NULL;
    }
    lines = apr_array_make(p, 8, sizeof(const char *));
    for (hi = apr_hash_first(p, pause->ends); hi; hi = apr_hash_next(hi)) {
        const char *key = apr_hash_this_key(hi);
        const apr_time_t *end = apr_hash_this_val(hi);

        if (is_sane(*end, now)) {
            APR_ARRAY_PUSH(lines, const char *) =
                apr_psprintf(p, "%" APR_TIME_T_FMT " %s", *end, key);
        }
    }
    return apr_array_pstrcat(p, lines, '\n');
}

void acme_ratelimit_pause_saved(acme_ratelimit_pause_t *pause)
{
    pause->changed = 0;
}
