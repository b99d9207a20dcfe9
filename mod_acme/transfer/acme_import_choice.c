/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_import_choice.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_cert_trusted.h"
#include "acme_ident.h"
#include "acme_import_common.h"
#include "acme_spec.h"
#include "acme_str.h"

/* A certificate while its name is looked for. */
typedef struct rank_t {
    acme_import_choice_t *cert;
    int rsa;
    int trusted;      /* this machine trusts it */
    int index;        /* in the order in which they were found */
    const char *name; /* or NULL */
} rank_t;

typedef struct choice_t {
    apr_array_header_t *ranks; /* rank_t */
    apr_hash_t *taken[2];      /* name -> rank_t *, elliptic and RSA */
    apr_hash_t *by_name;       /* name in a certificate -> array of rank_t * */
} choice_t;

static int is_trusted(const acme_import_choice_t *cert, apr_time_t now,
                      apr_pool_t *p)
{
    const char *pem = cert->bundle->chain_pem;
    acme_chain_t *chain;

    return acme_cert_chain_parse(&chain, pem, strlen(pem), NULL, p)
               == APR_SUCCESS
           && acme_cert_trusted_check(chain, now, NULL, p) == APR_SUCCESS;
}

/* Sorts what covers more first, then what lives longer. What this machine
 * trusts goes before, because people try a test CA first. */
static int by_worth(const void *a, const void *b)
{
    const rank_t *one = a;
    const rank_t *other = b;
    const acme_cert_info_t *info = one->cert->info;
    const acme_cert_info_t *than = other->cert->info;

    if (one->trusted != other->trusted) {
        return other->trusted - one->trusted;
    }
    if (info->names->nelts != than->names->nelts) {
        return than->names->nelts - info->names->nelts;
    }
    if (info->not_after != than->not_after) {
        return info->not_after > than->not_after ? -1 : 1;
    }
    return one->index - other->index;
}

static int by_index(const void *a, const void *b)
{
    return ((const rank_t *)a)->index - ((const rank_t *)b)->index;
}

static void rank_all(choice_t *choice, const apr_array_header_t *certs,
                     apr_time_t now, apr_pool_t *p)
{
    const char *ca_url = NULL;
    int i, mixed = 0;

    choice->ranks = apr_array_make(p, certs->nelts + 1, sizeof(rank_t));
    for (i = 0; i < certs->nelts; ++i) {
        rank_t *rank = apr_array_push(choice->ranks);

        rank->cert = APR_ARRAY_IDX(certs, i, acme_import_choice_t *);
        rank->rsa = strncmp(rank->cert->info->key_type, "RSA", 3) == 0;
        rank->index = i;
        rank->trusted = 0;
        rank->name = NULL;
        mixed |= i > 0 && !acme_str_same(ca_url, rank->cert->bundle->ca_url);
        ca_url = rank->cert->bundle->ca_url;
    }
    for (i = 0; mixed && i < certs->nelts; ++i) {
        rank_t *rank = &APR_ARRAY_IDX(choice->ranks, i, rank_t);

        rank->trusted = is_trusted(rank->cert, now, p);
    }
    qsort(choice->ranks->elts, (size_t)choice->ranks->nelts, sizeof(rank_t),
          by_worth);
}

/* Returns non-zero when another certificate does all that this one does. */
static int is_replaced(const rank_t *rank, const rank_t *by)
{
    const acme_cert_info_t *info = rank->cert->info;
    int i;

    if (!acme_str_same(by->cert->bundle->ca_url, rank->cert->bundle->ca_url)
        || by->cert->info->not_after < info->not_after) {
        return 0;
    }
    for (i = 0; i < info->names->nelts; ++i) {
        if (!acme_ident_covered(by->cert->info->names,
                                APR_ARRAY_IDX(info->names, i, const char *))) {
            return 0;
        }
    }
    return 1;
}

/* Returns a certificate that does all that this one does, or NULL. */
static const rank_t *replaced_by(const choice_t *choice, const rank_t *rank,
                                 apr_pool_t *p)
{
    const char *name = APR_ARRAY_IDX(rank->cert->info->names, 0, const char *);
    const char *dot = strchr(name, '.');
    const char *const keys[] = {name,
                                dot ? apr_pstrcat(p, "*", dot, NULL) : name};
    int k, i;

    for (k = 0; k < 2; ++k) {
        const apr_array_header_t *others =
            apr_hash_get(choice->by_name, keys[k], APR_HASH_KEY_STRING);

        for (i = 0; others && i < others->nelts; ++i) {
            const rank_t *other = APR_ARRAY_IDX(others, i, const rank_t *);

            if (other->rsa == rank->rsa && is_replaced(rank, other)) {
                return other;
            }
        }
    }
    return NULL;
}

static void remember(const choice_t *choice, const rank_t *rank, apr_pool_t *p)
{
    const apr_array_header_t *names = rank->cert->info->names;
    int i;

    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        apr_array_header_t *ranks =
            apr_hash_get(choice->by_name, name, APR_HASH_KEY_STRING);

        if (!ranks) {
            ranks = apr_array_make(p, 2, sizeof(const rank_t *));
            apr_hash_set(choice->by_name, name, APR_HASH_KEY_STRING, ranks);
        }
        APR_ARRAY_PUSH(ranks, const rank_t *) = rank;
    }
}

static rank_t *holder(const choice_t *choice, const rank_t *rank,
                      const char *name)
{
    return apr_hash_get(choice->taken[rank->rsa], name, APR_HASH_KEY_STRING);
}

static void file(choice_t *choice, rank_t *rank, const char *name)
{
    rank->name = name;
    apr_hash_set(choice->taken[rank->rsa], name, APR_HASH_KEY_STRING, rank);
}

/* Returns the first of its names that no other certificate of this kind of key
 * is filed under, or NULL. */
static const char *free_name(const choice_t *choice, const rank_t *rank)
{
    const apr_array_header_t *names = rank->cert->info->names;
    int i;

    if (!holder(choice, rank, rank->cert->bundle->name)) {
        return rank->cert->bundle->name;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!holder(choice, rank, name)) {
            return name;
        }
    }
    return NULL;
}

/* Finds a name for a certificate, if need be by giving another one to a
 * certificate that has more of them. Returns zero when there is none, and the
 * certificate that has its name. */
static int find_name(choice_t *choice, rank_t *rank, const rank_t **other)
{
    const apr_array_header_t *names = rank->cert->info->names;
    const char *name = free_name(choice, rank);
    int i;

    for (i = 0; !name && i < names->nelts; ++i) {
        const char *wanted = APR_ARRAY_IDX(names, i, const char *);
        rank_t *has = holder(choice, rank, wanted);
        const char *instead = free_name(choice, has);

        *other = has;
        if (instead) {
            file(choice, has, instead);
            name = wanted;
        }
    }
    if (name) {
        file(choice, rank, name);
    }
    return name != NULL;
}

static void leave_out(acme_import_t *found, const rank_t *rank,
                      const rank_t *other, int replaced, apr_pool_t *p)
{
    acme_import_common_skip(
        found, rank->cert->what,
        apr_psprintf(p,
                     replaced ? "%s has all of its names and lives as long"
                              : "%s covers more, and has its name",
                     other->cert->what),
        p);
    APR_ARRAY_IDX(found->skipped, found->skipped->nelts - 1, acme_import_skip_t)
        .replaced = replaced;
}

/* Adds a certificate, and directly behind an elliptic one the RSA one with the
 * same name, which is the second one of the site then. */
static void add(acme_import_t *found, const choice_t *choice,
                const rank_t *rank, apr_pool_t *p)
{
    apr_array_header_t *bundles = found->export->bundles;
    const rank_t *pair = apr_hash_get(choice->taken[!rank->rsa], rank->name,
                                      APR_HASH_KEY_STRING);

    if (rank->rsa && pair) {
        return;
    }
    rank->cert->bundle->name = rank->name;
    APR_ARRAY_PUSH(bundles, acme_bundle_t *) = rank->cert->bundle;
    if (pair) {
        pair->cert->bundle->name =
            acme_spec_filed_name(rank->name, ACME_SPEC_SECOND_KEY, p);
        APR_ARRAY_PUSH(bundles, acme_bundle_t *) = pair->cert->bundle;
    }
}

void acme_import_choice(acme_import_t *found, const apr_array_header_t *certs,
                        apr_time_t now, apr_pool_t *p)
{
    const rank_t *other;
    choice_t choice;
    int i;

    choice.taken[0] = apr_hash_make(p);
    choice.taken[1] = apr_hash_make(p);
    choice.by_name = apr_hash_make(p);
    rank_all(&choice, certs, now, p);
    for (i = 0; i < choice.ranks->nelts; ++i) {
        rank_t *rank = &APR_ARRAY_IDX(choice.ranks, i, rank_t);

        other = replaced_by(&choice, rank, p);
        if (other) {
            leave_out(found, rank, other, 1, p);
        }
        else if (find_name(&choice, rank, &other)) {
            remember(&choice, rank, p);
        }
        else {
            leave_out(found, rank, other, 0, p);
        }
    }
    /* Sort a copy, because the hashes point into the array. */
    choice.ranks = apr_array_copy(p, choice.ranks);
    qsort(choice.ranks->elts, (size_t)choice.ranks->nelts, sizeof(rank_t),
          by_index);
    for (i = 0; i < choice.ranks->nelts; ++i) {
        const rank_t *rank = &APR_ARRAY_IDX(choice.ranks, i, rank_t);

        if (rank->name) {
            add(found, &choice, rank, p);
        }
    }
}
