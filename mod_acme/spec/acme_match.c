/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_match.h"

#include <string.h>

#include <apr_strings.h>

static acme_match_site_t *site_at(const acme_match_t *match, int i)
{
    return APR_ARRAY_IDX(match->sites, i, acme_match_site_t *);
}

static const char *site_name(const acme_match_t *match, int i)
{
    const apr_array_header_t *names = site_at(match, i)->names;

    return names->nelts ? APR_ARRAY_IDX(names, 0, const char *) : "";
}

static int site_create(acme_match_t *match, const char *place, int set)
{
    apr_pool_t *p = match->sites->pool;
    acme_match_site_t *site = apr_pcalloc(p, sizeof(*site));

    site->names = apr_array_make(p, 2, sizeof(const char *));
    site->collected = apr_array_make(p, 0, sizeof(const char *));
    site->spare = apr_array_make(p, 0, sizeof(const char *));
    site->place = place;
    site->set = set;
    APR_ARRAY_PUSH(match->sites, acme_match_site_t *) = site;
    return match->sites->nelts - 1;
}

/* Finds the site that has this very name. */
static acme_match_claim_t *find(const acme_match_t *match, const char *name)
{
    return apr_hash_get(match->claims, name, APR_HASH_KEY_STRING);
}

/* Finds the site that has a wildcard for this name. */
static acme_match_claim_t *find_wildcard(const acme_match_t *match,
                                         const char *name)
{
    const char *dot = strchr(name, '.');
    acme_match_claim_t *found;
    char *wildcard;

    if (!dot || *name == '*') {
        return NULL;
    }
    wildcard = apr_pstrcat(match->ptemp, "*", dot, NULL);
    found = find(match, wildcard);
    apr_pool_clear(match->ptemp);
    return found;
}

/* Finds the site that has this name, or a wildcard for it. */
static acme_match_claim_t *find_covering(const acme_match_t *match,
                                         const char *name)
{
    acme_match_claim_t *found = find(match, name);

    return found ? found : find_wildcard(match, name);
}

/* Finds the site that a virtual host shares a name with: one that has this
 * name, or a set that has a wildcard for it. A wildcard of a virtual host
 * claims no name of another one that asks for a certificate of its own. */
static acme_match_claim_t *find_shared(const acme_match_t *match,
                                       const char *name)
{
    acme_match_claim_t *found = find_covering(match, name);

    return found && (site_at(match, found->site)->set >= 0 || find(match, name))
               ? found
               : NULL;
}

/* Gives the name to the site, unless another site has it: the first claim
 * wins. */
static void claim(acme_match_t *match, int site, const char *name,
                  const char *place, acme_match_weight_e weight)
{
    acme_match_claim_t *found = find(match, name);

    if (!found) {
        found = apr_pcalloc(match->sites->pool, sizeof(*found));
        found->site = site;
        found->place = place;
        apr_hash_set(match->claims, name, APR_HASH_KEY_STRING, found);
        APR_ARRAY_PUSH(site_at(match, site)->names, const char *) = name;
    }
    if (found->site == site && found->weight < weight) {
        found->weight = weight;
    }
}

static void claim_all(acme_match_t *match, int site,
                      const apr_array_header_t *names, const char *place,
                      acme_match_weight_e weight)
{
    int i;

    for (i = 0; names && i < names->nelts; ++i) {
        claim(match, site, APR_ARRAY_IDX(names, i, const char *), place,
              weight);
    }
}

static void say(const acme_match_t *match, acme_match_mistake_e what,
                const char *name, const char *place, int index, int other)
{
    const acme_match_claim_t *claimed = name ? find(match, name) : NULL;
    acme_match_mistake_t mistake;

    mistake.what = what;
    mistake.name = name;
    mistake.place = place;
    mistake.index = index;
    mistake.other = other >= 0 ? site_name(match, other) : NULL;
    mistake.other_place = claimed      ? claimed->place
                          : other >= 0 ? site_at(match, other)->place
                                       : NULL;
    match->mistake(match->baton, &mistake);
}

static void take_set(acme_match_t *match, int index)
{
    const acme_match_set_t *set = &match->sets[index];
    int site = site_create(match, set->place, index);
    int i;

    for (i = 0; i < set->names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(set->names, i, const char *);
        const acme_match_claim_t *other = find(match, name);

        if (other && other->site != site) {
            say(match, ACME_MATCH_TWICE, name, set->place, index, other->site);
            continue;
        }
        claim(match, site, name, set->place, ACME_MATCH_FIRM);
    }
}

/* Returns all names of a virtual host that asks, its ServerName first. */
static apr_array_header_t *names_of(const acme_match_host_t *host,
                                    apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 8, sizeof(const char *));

    if (host->server_name) {
        APR_ARRAY_PUSH(names, const char *) = host->server_name;
    }
    if (!host->manual && host->aliases) {
        apr_array_cat(names, host->aliases);
    }
    if (host->more) {
        apr_array_cat(names, host->more);
    }
    return names;
}

static int has_name(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; ++i) {
        if (!strcmp(APR_ARRAY_IDX(names, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when a virtual host that shares a name with this site
 * belongs to it. */
static int is_same_site(const acme_match_t *match, int site,
                        const apr_array_header_t *names)
{
    const char *first = APR_ARRAY_IDX(names, 0, const char *);
    const acme_match_claim_t *claimed = find_shared(match, first);
    int has_first = claimed && claimed->site == site;

    if (match->by_server_name) {
        return has_first
               && (site_at(match, site)->set >= 0
                   || !strcmp(first, site_name(match, site)));
    }
    return has_first || site_at(match, site)->set >= 0
           || has_name(names, site_name(match, site));
}

/* Returns the site of a virtual host that asks, -1: a new site, -2: refused. */
static int match_asking(const acme_match_t *match, int index,
                        const apr_array_header_t *names)
{
    const acme_match_host_t *host = &match->hosts[index];
    int site = -1;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const acme_match_claim_t *other = find_shared(match, name);

        if (!other || other->site == site) {
            continue;
        }
        if (site == -1 && is_same_site(match, other->site, names)) {
            site = other->site;
            continue;
        }
        if (host->automatic && strcmp(name, host->server_name) != 0) {
            say(match, ACME_MATCH_SHARED, name, host->place, index,
                other->site);
            continue;
        }
        say(match, ACME_MATCH_OVERLAP, name, host->place, index, other->site);
        return -2;
    }
    return site;
}

/* Reports the names of the virtual host that are not in its manual set, because
 * the certificate lacks them. */
static void check_covered(const acme_match_t *match, int index, int site)
{
    const acme_match_host_t *host = &match->hosts[index];
    int i;

    if (host->server_name) {
        const acme_match_claim_t *own = find_covering(match, host->server_name);

        if (host->tls && (!own || own->site != site)) {
            say(match, ACME_MATCH_UNCOVERED, host->server_name, host->place,
                index, site);
        }
    }
    for (i = 0; host->tls && i < host->aliases->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(host->aliases, i, const char *);
        const acme_match_claim_t *own = find_covering(match, name);

        if (!own || own->site != site) {
            say(match, ACME_MATCH_LEFT_OUT, name, host->place, index, site);
        }
    }
}

static int is_manual_set(const acme_match_t *match, int site)
{
    int set = site_at(match, site)->set;

    return set >= 0 && match->sets[set].manual;
}

static void take_asking(acme_match_t *match, int index, apr_pool_t *ptemp)
{
    acme_match_host_t *host = &match->hosts[index];
    apr_array_header_t *names = names_of(host, ptemp);
    int site;

    if (!names->nelts) {
        say(match, ACME_MATCH_NAMELESS, NULL, host->place, index, -1);
        return;
    }
    site = match_asking(match, index, names);
    if (site == -2) {
        return;
    }
    if (site == -1) {
        site = site_create(match, host->place, -1);
    }
    host->site = site;
    if (is_manual_set(match, site)) {
        claim_all(match, site, host->more, host->place, ACME_MATCH_FIRM);
        check_covered(match, index, site);
        return;
    }
    if (host->server_name) {
        claim(match, site, host->server_name, host->place, ACME_MATCH_FIRM);
    }
    if (!host->manual) {
        claim_all(match, site, host->aliases, host->place,
                  host->automatic ? ACME_MATCH_SPARE : ACME_MATCH_ALIAS);
    }
    claim_all(match, site, host->more, host->place, ACME_MATCH_FIRM);
}

/* Returns the site of a virtual host that does not ask, or -1. One on port 80
 * that redirects for all sites has none, because its aliases are of several. */
static int match_silent(const acme_match_t *match,
                        const acme_match_host_t *host)
{
    const acme_match_claim_t *own =
        host->server_name ? find(match, host->server_name) : NULL;
    int site = -1;
    int i;

    if (own) {
        return own->site;
    }
    own = host->server_name ? find_wildcard(match, host->server_name) : NULL;
    if (own) {
        return host->has_own_cert ? -1 : own->site;
    }
    for (i = 0; !match->by_server_name && i < host->aliases->nelts; ++i) {
        own =
            find_covering(match, APR_ARRAY_IDX(host->aliases, i, const char *));
        if (!own || own->site == site) {
            continue;
        }
        if (site >= 0) {
            return -1;
        }
        site = own->site;
    }
    if (site >= 0 && host->has_own_cert && site_at(match, site)->set < 0) {
        return -1;
    }
    return site;
}

/* Adds the aliases of a virtual host to its set. An alias that another site has
 * is reported where clients would miss it in the certificate. */
static void collect_aliases(acme_match_t *match, int index)
{
    const acme_match_host_t *host = &match->hosts[index];
    int i;

    for (i = 0; i < host->aliases->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(host->aliases, i, const char *);
        const acme_match_claim_t *other = find(match, name);

        if (other && other->site != host->site && host->tls) {
            say(match, ACME_MATCH_SHARED, name, host->place, index,
                other->site);
        }
        claim(match, host->site, name, host->place, ACME_MATCH_SPARE);
    }
}

static void take_silent(acme_match_t *match, int index)
{
    acme_match_host_t *host = &match->hosts[index];

    host->site = match_silent(match, host);
    if (host->site < 0 || site_at(match, host->site)->set < 0) {
        return;
    }
    if (is_manual_set(match, host->site)) {
        check_covered(match, index, host->site);
        return;
    }
    if (host->server_name) {
        claim(match, host->site, host->server_name, host->place,
              ACME_MATCH_FIRM);
    }
    if (!host->manual) {
        collect_aliases(match, index);
    }
}

/* Leaves out the names for which the site has a wildcard as well, because CAs
 * refuse an order that has both. A wildcard takes the place of the first
 * name. */
static void drop_covered(const acme_match_t *match, int index)
{
    apr_array_header_t *names = site_at(match, index)->names;
    const acme_match_claim_t *wildcard;
    const char *first = NULL;
    int i, n = 0;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        wildcard = find_wildcard(match, name);
        if (wildcard && wildcard->site == index) {
            if (i == 0) {
                first = apr_pstrcat(names->pool, "*", strchr(name, '.'), NULL);
                APR_ARRAY_IDX(names, n++, const char *) = first;
            }
        }
        else if (!first || strcmp(name, first) != 0) {
            APR_ARRAY_IDX(names, n++, const char *) = name;
        }
    }
    names->nelts = n;
}

static void list_collected(const acme_match_t *match)
{
    int i, j;

    for (i = 0; i < match->sites->nelts; ++i) {
        acme_match_site_t *site = site_at(match, i);

        for (j = 1; j < site->names->nelts; ++j) {
            const char *name = APR_ARRAY_IDX(site->names, j, const char *);

            acme_match_weight_e weight = find(match, name)->weight;

            if (weight != ACME_MATCH_FIRM) {
                APR_ARRAY_PUSH(site->collected, const char *) = name;
            }
            if (weight == ACME_MATCH_SPARE) {
                APR_ARRAY_PUSH(site->spare, const char *) = name;
            }
        }
    }
}

/* Takes the virtual hosts that ask: those that are automatic, or the others. */
static void take_all_asking(acme_match_t *match, int automatic,
                            apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < match->n_hosts; ++i) {
        const acme_match_host_t *host = &match->hosts[i];

        if (host->asks && !host->alone && !host->automatic == !automatic) {
            take_asking(match, i, ptemp);
            apr_pool_clear(ptemp);
        }
    }
}

void acme_match(acme_match_t *match, apr_pool_t *p)
{
    apr_pool_t *ptemp;
    int i;

    match->sites = apr_array_make(p, 16, sizeof(acme_match_site_t *));
    match->claims = apr_hash_make(p);
    apr_pool_create(&ptemp, p);
    apr_pool_create(&match->ptemp, p);
    for (i = 0; i < match->n_hosts; ++i) {
        match->hosts[i].site = -1;
    }
    for (i = 0; i < match->n_sets; ++i) {
        take_set(match, i);
    }
    take_all_asking(match, 0, ptemp);
    take_all_asking(match, 1, ptemp);
    for (i = 0; i < match->n_hosts; ++i) {
        if (!match->hosts[i].asks && !match->hosts[i].alone) {
            take_silent(match, i);
        }
    }
    for (i = 0; i < match->sites->nelts; ++i) {
        drop_covered(match, i);
    }
    list_collected(match);
    apr_pool_destroy(match->ptemp);
    apr_pool_destroy(ptemp);
}
