/* SPDX-License-Identifier: Apache-2.0 */

/* Measures how long acme_match takes, by number of sites: twice as many should
 * take twice as long. Only prints the numbers; see make bench. */

#include <stdio.h>
#include <stdlib.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "acme_match.h"

#define NAMES 5

static int mistakes;

static void count(void *baton, const acme_match_mistake_t *mistake)
{
    (void)baton;
    (void)mistake;
    ++mistakes;
}

typedef enum { ASKING, SETS } kind_e;

/* Each site has a virtual host on port 80 and one on 443. */
static double measure(int sites, kind_e kind, apr_pool_t *parent)
{
    apr_pool_t *p;
    acme_match_t match = {0};
    acme_match_set_t *sets;
    apr_time_t begun;
    double ms;
    int i, j, k;

    apr_pool_create(&p, parent);
    match.hosts = apr_pcalloc(p, sizeof(*match.hosts) * 2 * (apr_size_t)sites);
    sets = apr_pcalloc(p, sizeof(*sets) * (apr_size_t)sites);
    match.sets = sets;
    match.mistake = count;
    for (i = 0; i < sites; ++i) {
        const char *name = apr_psprintf(p, "site%d.example.org", i);

        for (k = 0; k < 2; ++k) {
            acme_match_host_t *host = &match.hosts[match.n_hosts++];
            apr_array_header_t *aliases =
                apr_array_make(p, NAMES, sizeof(const char *));

            for (j = 1; j < NAMES; ++j) {
                APR_ARRAY_PUSH(aliases, const char *) =
                    apr_psprintf(p, "alias%d.site%d.example.org", j, i);
            }
            host->server_name = name;
            host->aliases = aliases;
            host->place = "bench";
            host->asks = kind == ASKING && k;
            host->tls = k;
        }
        if (kind == SETS) {
            apr_array_header_t *names =
                apr_array_make(p, 1, sizeof(const char *));

            APR_ARRAY_PUSH(names, const char *) = name;
            sets[match.n_sets].names = names;
            sets[match.n_sets++].place = "bench";
        }
    }
    begun = apr_time_now();
    acme_match(&match, p);
    ms = (double)(apr_time_now() - begun) / 1000;
    if (match.sites->nelts != sites || mistakes
        || (int)apr_hash_count(match.claims) != sites * NAMES) {
        fprintf(stderr, "wrong result\n");
        exit(1);
    }
    apr_pool_destroy(p);
    return ms;
}

int main(int argc, const char *const *argv)
{
    static const int sizes[] = {1000, 5000, 10000, 20000, 40000};
    apr_pool_t *p;
    size_t i;

    apr_app_initialize(&argc, &argv, NULL);
    apr_pool_create(&p, NULL);
    printf("%8s %8s %14s %14s\n", "sites", "names", "ACMEDomain/ms", "sets/ms");
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
        printf("%8d %8d %14.1f %14.1f\n", sizes[i], sizes[i] * NAMES,
               measure(sizes[i], ASKING, p), measure(sizes[i], SETS, p));
    }
    apr_terminate();
    return 0;
}
