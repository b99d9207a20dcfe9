/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_match.h"

/* A case: virtual hosts and sets, a line each, and the sites made of them.
 *
 *     set a.x b.x manual         a set
 *     ask a.x b.x +c.x           ServerName, aliases, names behind ACMEDomain
 *     tls a.x b.x                serves https, does not ask
 *     own a.x                    and has a certificate of its own
 *     web a.x b.x                http only
 *     auto a.x b.x               asks, as all do that were collected
 *     off a.x b.x                asks, and is left alone all the same
 *
 * "- b.x" in place of the ServerName: it has none that can be used. "manual" at
 * the end: aliases are not collected. Lines are separated by semicolons. */
typedef struct case_t {
    const char *what;
    const char *lines;
    int by_server_name;
    /** Names of each site, separated by " | "; (x): it may be left out,
     * [x]: and nobody has written it for ACME. */
    const char *sites;
    /** The number of each virtual host's site, "-" for none. */
    const char *hosts;
    const char *mistakes;
} case_t;

typedef struct world_t {
    apr_pool_t *p;
    const char *mistakes;
} world_t;

static const case_t cases[] = {
    {"nothing", "", 0, "", "", ""},
    {"nobody asks", "web a.x; tls b.x", 0, "", "- -", ""},
    {"one site on two ports", "web a.x; ask a.x", 0, "a.x", "0 0", ""},
    {"on three ports", "web a.x; ask a.x; tls a.x", 0, "a.x", "0 0 0", ""},
    {"both ask", "ask a.x; ask a.x", 0, "a.x", "0 0", ""},
    {"aliases are collected", "ask a.x b.x c.x", 0, "a.x (b.x) (c.x)", "0", ""},
    {"aliases of both ports", "ask a.x b.x; ask a.x c.x", 0, "a.x (b.x) (c.x)",
     "0 0", ""},
    {"a name that is repeated", "ask a.x b.x b.x a.x +b.x", 0, "a.x b.x", "0",
     ""},
    {"names behind ACMEDomain stay", "ask a.x b.x +c.x", 0, "a.x (b.x) c.x",
     "0", ""},
    {"two sites", "ask a.x; ask b.x", 0, "a.x | b.x", "0 1", ""},
    {"the ServerName of one is an alias of the other", "ask a.x b.x; ask b.x",
     0, "a.x b.x", "0 0", ""},
    {"the same in the other order", "ask b.x; ask a.x b.x", 0, "b.x a.x", "0 0",
     ""},
    {"each has the other's", "ask a.x b.x; ask b.x a.x", 0, "a.x b.x", "0 0",
     ""},
    {"only aliases overlap", "ask a.x c.x; ask b.x c.x", 0, "a.x (c.x)", "0 -",
     "overlap c.x of a.x"},
    {"a virtual host without a name", "ask -", 0, "", "-", "nameless"},
    {"only an alias is of use", "ask - b.x", 0, "b.x", "0", ""},
    {"only names behind it are of use", "ask - +b.x", 0, "b.x", "0", ""},
    {"manual: aliases stay out", "ask a.x b.x +c.x manual", 0, "a.x c.x", "0",
     ""},
    {"manual: they may be another's", "ask a.x b.x manual; ask b.x", 0,
     "a.x | b.x", "0 1", ""},

    {"a silent one adds no names to what a virtual host asks for",
     "ask a.x; web a.x b.x", 0, "a.x", "0 0", ""},
    {"a silent one is of the site of its ServerName",
     "ask a.x; ask b.x; web b.x a.x", 0, "a.x | b.x", "0 1 1", ""},
    {"a silent one is of the only site of its aliases", "ask a.x; web z.x a.x",
     0, "a.x", "0 0", ""},
    {"a redirect for all is nobody's", "ask a.x; ask b.x; web z.x a.x b.x", 0,
     "a.x | b.x", "0 1 -", ""},
    {"one with a certificate of its own keeps it", "ask a.x; own z.x a.x", 0,
     "a.x", "0 -", ""},
    {"unless its ServerName is in the site", "ask a.x; own a.x z.x", 0, "a.x",
     "0 0", ""},
    {"the order does not matter", "web a.x; tls z.x a.x; ask a.x", 0, "a.x",
     "0 0 0", ""},

    {"a set without virtual hosts", "set a.x b.x", 0, "a.x b.x", "", ""},
    {"a set takes and collects", "set a.x; tls b.x a.x c.x", 0, "a.x b.x [c.x]",
     "0", ""},
    {"a set joins two sites", "set a.x b.x; tls a.x; tls b.x", 0, "a.x b.x",
     "0 0", ""},
    {"a set and virtual hosts that ask", "set a.x; ask b.x a.x +d.x; web c.x",
     0, "a.x b.x d.x", "0 -", ""},
    {"a set takes one that keeps its own", "set a.x; own z.x a.x", 0, "a.x z.x",
     "0", ""},
    {"one name in two sets", "set a.x b.x; set b.x c.x", 0, "a.x b.x | c.x", "",
     "twice b.x"},
    {"a set that is there twice", "set a.x; set a.x", 0, "a.x |", "",
     "twice a.x"},
    {"a virtual host in two sets", "set a.x; set b.x; ask a.x b.x", 0,
     "a.x | b.x", "-", "overlap b.x of b.x"},
    {"a silent one in two sets is of its ServerName's",
     "set a.x; set b.x; tls a.x b.x", 0, "a.x | b.x", "0", "shared b.x of b.x"},
    {"on port 80 nobody misses it", "set a.x; set b.x; web a.x b.x", 0,
     "a.x | b.x", "0", ""},
    {"a silent one goes without an alias of another site",
     "set a.x; tls a.x c.x d.x; ask b.x c.x", 0, "a.x [d.x] | b.x (c.x)", "0 1",
     "shared c.x of b.x"},
    {"what a virtual host asks for is not spare",
     "set a.x; tls a.x c.x d.x; ask a.x d.x", 0, "a.x (d.x) [c.x]", "0 0", ""},
    {"a silent one in two sets by aliases only",
     "set a.x; set b.x; tls z.x a.x b.x", 0, "a.x | b.x", "-", ""},
    {"a name that a set has got may be written too",
     "set a.x; tls a.x b.x; tls b.x", 0, "a.x b.x", "0 0", ""},
    {"a set, manual", "set a.x b.x manual; tls a.x b.x", 0, "a.x b.x", "0", ""},
    {"a set, manual, and an alias", "set a.x manual; tls a.x b.x", 0, "a.x",
     "0", "left-out b.x of a.x"},
    {"a set, manual, and a ServerName", "set a.x manual; tls z.x a.x", 0, "a.x",
     "0", "uncovered z.x of a.x"},
    {"a set, manual, on port 80", "set a.x manual; web z.x a.x b.x", 0, "a.x",
     "0", ""},
    {"a set, manual, and ACMEDomain", "set a.x manual; ask a.x b.x +c.x", 0,
     "a.x c.x", "0", "left-out b.x of a.x"},
    {"a manual virtual host in a set", "set a.x; tls a.x b.x manual", 0, "a.x",
     "0", ""},

    {"automatic: aliases are spare", "auto a.x b.x", 0, "a.x [b.x]", "0", ""},
    {"automatic: unless another one writes them",
     "auto a.x b.x c.x; ask a.x b.x", 0, "a.x (b.x) [c.x]", "0 0", ""},
    {"automatic: the second goes without an alias of the first",
     "auto a.x c.x; auto b.x c.x d.x", 0, "a.x [c.x] | b.x [d.x]", "0 1",
     "shared c.x of a.x"},
    {"automatic: what was written comes first", "auto a.x c.x d.x; ask b.x c.x",
     0, "b.x (c.x) | a.x [d.x]", "1 0", "shared c.x of b.x"},
    {"automatic: one's ServerName is an alias of the other",
     "auto a.x b.x; auto b.x", 0, "a.x b.x", "0 0", ""},
    {"automatic: aliases in two sets", "set a.x; set b.x; auto a.x b.x c.x", 0,
     "a.x [c.x] | b.x", "0", "shared b.x of b.x"},
    {"automatic, servernames: a ServerName that is an alias",
     "auto a.x b.x; auto b.x", 1, "a.x [b.x]", "0 -", "overlap b.x of a.x"},

    {"a wildcard and its base name", "ask a.x *.a.x", 0, "a.x (*.a.x)", "0",
     ""},
    {"a wildcard alone", "ask a.x manual +*.b.x", 0, "a.x *.b.x", "0", ""},
    {"a name that the wildcard covers is left out", "ask w.a.x b.w.a.x +*.a.x",
     0, "*.a.x (b.w.a.x)", "0", ""},
    {"the same the other way round", "ask w.a.x *.a.x; ask w.a.x v.a.x", 0,
     "*.a.x", "0 0", ""},
    {"a set's wildcard takes what it covers",
     "set a.x *.a.x; tls b.a.x c.x; web d.a.x; tls e.b.a.x", 0,
     "a.x *.a.x [c.x]", "0 0 -", ""},
    {"a set's wildcard takes one that asks", "set *.a.x; ask b.a.x c.x", 0,
     "*.a.x (c.x)", "0", ""},
    {"but not one that keeps its own", "set *.a.x; own b.a.x", 0, "*.a.x", "-",
     ""},
    {"a manual set's wildcard covers names",
     "set *.a.x manual; tls b.a.x c.a.x", 0, "*.a.x", "0", ""},
    {"two sets, one by a wildcard",
     "set *.a.x; set b.a.x; tls b.a.x; tls c.a.x", 0, "*.a.x | b.a.x", "1 0",
     ""},
    {"one that asks keeps its name beside another's wildcard",
     "ask a.x *.a.x; ask b.a.x", 0, "a.x (*.a.x) | b.a.x", "0 1", ""},
    {"a silent one is of the wildcard's site",
     "ask a.x *.a.x; tls b.a.x; web z.x c.a.x", 0, "a.x (*.a.x)", "0 0 0", ""},
    {"unless it has its own", "ask a.x *.a.x; own b.a.x", 0, "a.x (*.a.x)",
     "0 -", ""},
    {"servernames: the wildcard is for ServerNames",
     "set *.a.x; tls b.a.x; tls z.x c.a.x", 1, "*.a.x", "0 -", ""},

    {"one that is left alone has no site", "ask a.x; off a.x b.x", 0, "a.x",
     "0 -", ""},
    {"its names are free", "off a.x b.x; ask c.x b.x", 0, "c.x (b.x)", "- 0",
     ""},
    {"it adds nothing to a set", "set a.x; off b.x a.x c.x; tls a.x", 0, "a.x",
     "- 0", ""},
    {"a manual set does not miss its names", "set a.x manual; off z.x a.x", 0,
     "a.x", "-", ""},
    {"one without a name is left alone as well", "off -; ask a.x", 0, "a.x",
     "- 0", ""},

    {"servernames: an alias makes nobody belong", "ask a.x; web z.x a.x", 1,
     "a.x", "0 -", ""},
    {"servernames: the ServerName does", "ask a.x b.x; web a.x z.x", 1,
     "a.x (b.x)", "0 0", ""},
    {"servernames: a set takes no alias", "set a.x; tls z.x a.x; tls a.x b.x",
     1, "a.x [b.x]", "- 0", ""},
    {"servernames: one's alias is another's ServerName", "ask a.x b.x; ask b.x",
     1, "a.x (b.x)", "0 -", "overlap b.x of a.x"},
    {"servernames: both ports", "ask a.x b.x; ask a.x c.x", 1,
     "a.x (b.x) (c.x)", "0 0", ""},
    {"servernames: a set by ServerName", "set a.x b.x; ask b.x c.x", 1,
     "a.x b.x (c.x)", "0", ""},
    {"servernames: an alias in a set", "set a.x; ask b.x a.x", 1, "a.x", "-",
     "overlap a.x of a.x"},
};

static void note(void *baton, const acme_match_mistake_t *m)
{
    static const char *const names[] = {"twice",    "overlap",   "shared",
                                        "nameless", "uncovered", "left-out"};
    world_t *w = baton;

    assert_non_null(m->place);
    w->mistakes =
        apr_pstrcat(w->p, w->mistakes, *w->mistakes ? ", " : "", names[m->what],
                    m->name ? " " : "", m->name ? m->name : "", NULL);
    if (m->what == ACME_MATCH_OVERLAP || m->what == ACME_MATCH_SHARED
        || m->what == ACME_MATCH_UNCOVERED || m->what == ACME_MATCH_LEFT_OUT) {
        w->mistakes = apr_pstrcat(w->p, w->mistakes, " of ", m->other, NULL);
        assert_non_null(m->other_place);
    }
}

static void parse_line(acme_match_t *match, acme_match_set_t *sets, char *line,
                       apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    apr_array_header_t *more = apr_array_make(p, 4, sizeof(const char *));
    const char *place = apr_pstrdup(p, line);
    acme_match_host_t *host = &match->hosts[match->n_hosts];
    char *last, *word;
    char *kind = apr_strtok(line, " ", &last);
    int manual = 0, n = 0;

    if (!kind) {
        return;
    }
    memset(host, 0, sizeof(*host));
    for (word = apr_strtok(NULL, " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        if (!strcmp(word, "manual")) {
            manual = 1;
        }
        else if (*word == '+') {
            APR_ARRAY_PUSH(more, const char *) = word + 1;
        }
        else if (n++ == 0 && strcmp(kind, "set")) {
            host->server_name = strcmp(word, "-") ? word : NULL;
        }
        else {
            APR_ARRAY_PUSH(names, const char *) = word;
        }
    }
    if (!strcmp(kind, "set")) {
        sets[match->n_sets].names = names;
        sets[match->n_sets].place = place;
        sets[match->n_sets++].manual = manual;
        return;
    }
    host->aliases = names;
    host->more = more->nelts ? more : NULL;
    host->place = place;
    host->alone = !strcmp(kind, "off");
    host->asks = !strcmp(kind, "ask") || host->alone || !strcmp(kind, "auto");
    host->automatic = !strcmp(kind, "auto");
    host->tls = strcmp(kind, "web") != 0;
    host->has_own_cert = !strcmp(kind, "own");
    host->manual = manual;
    ++match->n_hosts;
}

static int is_in(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; ++i) {
        if (!strcmp(APR_ARRAY_IDX(names, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

static const char *print_sites(const acme_match_t *match, apr_pool_t *p)
{
    const char *text = "";
    int i, j;

    for (i = 0; i < match->sites->nelts; ++i) {
        const acme_match_site_t *site =
            APR_ARRAY_IDX(match->sites, i, acme_match_site_t *);

        text = apr_pstrcat(p, text, i ? " |" : "", NULL);
        for (j = 0; j < site->names->nelts; ++j) {
            const char *name = APR_ARRAY_IDX(site->names, j, const char *);
            int kind = is_in(site->spare, name)       ? 2
                       : is_in(site->collected, name) ? 1
                                                      : 0;

            text = apr_psprintf(p, "%s%s%.*s%s%.*s", text, *text ? " " : "",
                                kind != 0, &" (["[kind], name, kind != 0,
                                &" )]"[kind]);
        }
    }
    return text;
}

static const char *print_hosts(const acme_match_t *match, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < match->n_hosts; ++i) {
        text = apr_psprintf(
            p, "%s%s%s", text, i ? " " : "",
            match->hosts[i].site < 0 ? "-" : apr_itoa(p, match->hosts[i].site));
    }
    return text;
}

static acme_match_t *run(const case_t *one, world_t *w)
{
    acme_match_t *match = apr_pcalloc(w->p, sizeof(*match));
    acme_match_set_t *sets = apr_pcalloc(w->p, sizeof(*sets) * 8);
    char *copy = apr_pstrdup(w->p, one->lines);
    char *last, *line;

    match->sets = sets;
    match->hosts = apr_pcalloc(w->p, sizeof(*match->hosts) * 8);
    match->by_server_name = one->by_server_name;
    match->mistake = note;
    match->baton = w;
    w->mistakes = "";
    for (line = apr_strtok(copy, ";", &last); line;
         line = apr_strtok(NULL, ";", &last)) {
        parse_line(match, sets, line, w->p);
    }
    acme_match(match, w->p);
    return match;
}

static void each_case_gives_its_sites(void **state)
{
    world_t w = {NULL, ""};
    size_t i;

    w.p = *state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const case_t *one = &cases[i];
        const acme_match_t *match = run(one, &w);

        if (strcmp(print_sites(match, w.p), one->sites)
            || strcmp(print_hosts(match, w.p), one->hosts)
            || strcmp(w.mistakes, one->mistakes)) {
            fail_msg("%s: sites '%s', hosts '%s', mistakes '%s'", one->what,
                     print_sites(match, w.p), print_hosts(match, w.p),
                     w.mistakes);
        }
    }
}

/* The ServerName c.x is in neither site. The virtual host joins the site of the
 * first of its aliases, so the other alias is an overlap. */
static void a_virtual_host_with_two_sites_is_a_mistake(void **state)
{
    static const case_t one = {
        "", "ask a.x; ask b.x; ask c.x a.x b.x", 0, "", "", ""};
    world_t w = {NULL, ""};

    w.p = *state;
    (void)run(&one, &w);
    assert_string_equal(w.mistakes, "overlap b.x of b.x");
}

static void each_name_is_claimed_once_with_its_place(void **state)
{
    static const case_t one = {
        "", "set a.x; tls a.x b.x; ask c.x d.x", 0, "", "", ""};
    world_t w = {NULL, ""};
    acme_match_t *match;
    const acme_match_claim_t *claim;

    w.p = *state;
    match = run(&one, &w);
    assert_int_equal(apr_hash_count(match->claims), 4);
    claim = apr_hash_get(match->claims, "b.x", APR_HASH_KEY_STRING);
    assert_int_equal(claim->site, 0);
    assert_string_equal(claim->place, " tls a.x b.x");
    claim = apr_hash_get(match->claims, "d.x", APR_HASH_KEY_STRING);
    assert_int_equal(claim->site, 1);
    assert_int_equal(claim->weight, ACME_MATCH_ALIAS);
}

/* Takes 2,000 virtual hosts with one alias in common: a mistake each, in time
 * that does not grow with their square. */
static void many_mistakes_are_all_told(void **state)
{
    apr_pool_t *p = *state;
    acme_match_t match;
    world_t w = {NULL, ""};
    int i;

    w.p = p;
    memset(&match, 0, sizeof(match));
    match.hosts = apr_pcalloc(p, sizeof(*match.hosts) * 2000);
    match.mistake = note;
    match.baton = &w;
    for (i = 0; i < 2000; ++i) {
        acme_match_host_t *host = &match.hosts[match.n_hosts++];
        apr_array_header_t *aliases = apr_array_make(p, 1, sizeof(char *));

        APR_ARRAY_PUSH(aliases, const char *) = "common.x";
        host->server_name = apr_psprintf(p, "s%d.x", i);
        host->aliases = aliases;
        host->place = "conf:1";
        host->asks = 1;
    }
    acme_match(&match, p);
    assert_int_equal(match.sites->nelts, 1);
    assert_non_null(strstr(w.mistakes, "overlap common.x of s0.x"));
}

ACME_T_MAIN(ACME_T(each_case_gives_its_sites),
            ACME_T(a_virtual_host_with_two_sites_is_a_mistake),
            ACME_T(each_name_is_claimed_once_with_its_place),
            ACME_T(many_mistakes_are_all_told))
