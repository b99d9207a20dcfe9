/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_seen.c
 * @brief Whether the name servers of a zone have a record: a DNS that a test
 * makes up, and a clock that it sets.
 */
#include "acme_t.h"

#include <apr_strings.h>

#include "acme_dns.h"
#include "acme_dns_seen.h"
#include "acme_schedule.h"
#include "fake_clock.h"

#define SHOP   "shop.test"
#define RECORD "_acme-challenge." SHOP
#define VALUE  "value"
#define SITE   "site"

#define NS1 "192.0.2.1"
#define NS2 "192.0.2.2"

/* The answer to a question. */
typedef struct rule_t {
    const char *server; /* NULL: the resolvers */
    acme_dns_type_e type;
    const char *name;
    acme_dns_outcome_e outcome;
    const char *values; /* by blanks */
    const char *alias;  /* the name is one of this, or NULL */
    int refers;         /* the AA bit is off */
} rule_t;

typedef struct task_t {
    const acme_dns_question_t *question;
    acme_dns_done_fn *done;
    void *baton;
} task_t;

typedef struct world_t {
    acme_dns_t dns;
    apr_array_header_t *rules, *tasks;
    const char *hangs; /* server that never answers */
    const char *asked; /* all questions */
    int at_once;       /* most questions to one server */
    int warnings;
    const char *last_log;
    fake_clock_t *clock;
    acme_log_t log;
    acme_worker_ctx_t ctx;
    acme_dns_seen_t *seen;
    apr_pool_t *p;
} world_t;

/* ---- the DNS ---- */

static const char *server_of(const task_t *task)
{
    return task->question->servers
               ? APR_ARRAY_IDX(task->question->servers, 0, const char *)
               : NULL;
}

static int is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void dns_ask(acme_dns_t *dns, const acme_dns_question_t *question,
                    acme_dns_done_fn *done, void *baton)
{
    world_t *w = dns->self;
    task_t *task = apr_array_push(w->tasks);
    int i, n = 0;

    task->question = question;
    task->done = done;
    task->baton = baton;
    w->asked = apr_pstrcat(
        w->p, w->asked, server_of(task) ? "@" : "",
        server_of(task) ? server_of(task) : "", server_of(task) ? " " : "",
        acme_dns_type_name(question->type), " ", question->name, "\n", NULL);
    for (i = 0; i < w->tasks->nelts; ++i) {
        const task_t *other = &APR_ARRAY_IDX(w->tasks, i, task_t);

        n += server_of(task) && is_same(server_of(other), server_of(task));
    }
    w->at_once = n > w->at_once ? n : w->at_once;
}

static void add_record(apr_array_header_t *records, const char *name,
                       acme_dns_type_e type, const char *value)
{
    acme_dns_record_t *record = apr_array_push(records);

    memset(record, 0, sizeof(*record));
    record->name = name;
    record->type = type;
    record->value = value;
}

static void answer(world_t *w, const task_t *task, apr_status_t rv)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_answer_t out;
    apr_array_header_t *records;
    const rule_t *rule = NULL;
    char *value, *last;
    int i;

    memset(&out, 0, sizeof(out));
    apr_pool_create(&out.p, w->p);
    out.records = records = apr_array_make(out.p, 2, sizeof(acme_dns_record_t));
    out.authoritative = 1;
    out.outcome = ACME_DNS_NODATA;
    for (i = w->rules->nelts - 1; i >= 0 && !rule; --i) {
        const rule_t *at = &APR_ARRAY_IDX(w->rules, i, rule_t);

        if (is_same(at->server, server_of(task))
            && at->type == task->question->type
            && strcmp(at->name, task->question->name) == 0) {
            rule = at;
        }
    }
    if (rv == APR_SUCCESS && rule) {
        out.outcome = rule->outcome;
        out.authoritative = !rule->refers;
        if (rule->alias) {
            add_record(records, rule->name, ACME_DNS_CNAME, rule->alias);
        }
        for (value = rule->values ? apr_strtok(apr_pstrdup(out.p, rule->values),
                                               " ", &last)
                                  : NULL;
             value; value = apr_strtok(NULL, " ", &last)) {
            add_record(records, rule->alias ? rule->alias : rule->name,
                       rule->type, value);
        }
    }
    if (rv != APR_SUCCESS || out.outcome == ACME_DNS_FAILED) {
        out.outcome = ACME_DNS_FAILED;
        (void)acme_problem_set(&problem, rv ? rv : APR_EGENERAL,
                               ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS, out.p,
                               "no answer");
        out.problem = &problem;
    }
    task->done(task->baton, &out);
    apr_pool_destroy(out.p);
}

/* Answers all questions but those to the server that hangs, and what follows
 * from them. */
static void answer_all(world_t *w)
{
    int i = 0;

    while (i < w->tasks->nelts) {
        task_t task = APR_ARRAY_IDX(w->tasks, i, task_t);

        if (w->hangs && is_same(server_of(&task), w->hangs)) {
            ++i;
            continue;
        }
        APR_ARRAY_IDX(w->tasks, i, task_t) =
            APR_ARRAY_IDX(w->tasks, w->tasks->nelts - 1, task_t);
        --w->tasks->nelts;
        answer(w, &task, APR_SUCCESS);
        i = 0;
    }
}

static void dns_cancel(acme_dns_t *dns, const void *baton)
{
    world_t *w = dns->self;
    int i;

    for (i = 0; i < w->tasks->nelts; ++i) {
        task_t task = APR_ARRAY_IDX(w->tasks, i, task_t);

        if (task.baton == baton) {
            APR_ARRAY_IDX(w->tasks, i, task_t) =
                APR_ARRAY_IDX(w->tasks, w->tasks->nelts - 1, task_t);
            --w->tasks->nelts;
            answer(w, &task, APR_EINTR);
            return;
        }
    }
}

static void set(world_t *w, const char *server, acme_dns_type_e type,
                const char *name, const char *values)
{
    rule_t *rule = apr_array_push(w->rules);

    memset(rule, 0, sizeof(*rule));
    rule->server = server;
    rule->type = type;
    rule->name = name;
    rule->values = values;
    rule->outcome = values ? ACME_DNS_FOUND : ACME_DNS_NO_NAME;
}

static rule_t *last_rule(world_t *w)
{
    return &APR_ARRAY_IDX(w->rules, w->rules->nelts - 1, rule_t);
}

static void set_alias(world_t *w, const char *server, const char *name,
                      const char *target)
{
    set(w, server, ACME_DNS_TXT, name, NULL);
    last_rule(w)->alias = target;
    last_rule(w)->outcome = ACME_DNS_NODATA;
}

static void set_failure(world_t *w, const char *server, acme_dns_type_e type,
                        const char *name)
{
    set(w, server, type, name, NULL);
    last_rule(w)->outcome = ACME_DNS_FAILED;
}

/* ---- the world ---- */

static void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    world_t *w = baton;

    (void)rv;
    w->warnings += level <= ACME_LOG_WARNING;
    w->last_log = apr_pstrdup(w->p, message);
}

static world_t *make(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->dns.self = w;
    w->dns.ask = dns_ask;
    w->dns.cancel = dns_cancel;
    w->rules = apr_array_make(p, 8, sizeof(rule_t));
    w->tasks = apr_array_make(p, 8, sizeof(task_t));
    w->asked = "";
    w->clock = fake_clock_create(p);
    w->log.sink = sink;
    w->log.baton = w;
    w->log.level = ACME_LOG_INFO;
    w->ctx.resolver = &w->dns;
    w->ctx.clock = &w->clock->clock;
    w->ctx.log = &w->log;
    w->seen = acme_dns_seen_create(&w->ctx, p);
    set(w, NULL, ACME_DNS_NS, SHOP, "ns1.test ns2.test");
    set(w, NULL, ACME_DNS_A, "ns1.test", NS1);
    set(w, NULL, ACME_DNS_A, "ns2.test", NS2);
    return w;
}

static void want(world_t *w, const char *value, const char *site)
{
    acme_dns_seen_record_t record = {site, SHOP, RECORD, value, 0, 0};

    record.until = w->clock->now + apr_time_from_sec(120);
    record.blind = w->clock->now + apr_time_from_sec(7);
    acme_dns_seen_want(w->seen, &record);
}

static apr_time_t at(world_t *w)
{
    const acme_problem_t *missing;

    return acme_dns_seen_at(w->seen, SITE, &missing);
}

static const char *waits_for(world_t *w)
{
    const acme_problem_t *missing;

    (void)acme_dns_seen_at(w->seen, SITE, &missing);
    return missing ? missing->detail : NULL;
}

/* Goes on until nothing happens any more without the time passing. Returns when
 * something does. */
static apr_time_t settle(world_t *w)
{
    const char *before;
    apr_time_t next;

    do {
        before = w->asked;
        w->ctx.moved = 0;
        answer_all(w);
        next = acme_dns_seen_step(w->seen);
    } while (w->ctx.moved || w->asked != before);
    return next;
}

static int is_asked(const world_t *w, const char *question)
{
    return strstr(w->asked, apr_pstrcat(w->p, question, "\n", NULL)) != NULL;
}

/* ---- the cases ---- */

static void all_servers_have_it(void **state)
{
    world_t *w = make(*state);

    set(w, NS1, ACME_DNS_TXT, RECORD, "other " VALUE);
    set(w, NS2, ACME_DNS_TXT, RECORD, VALUE);
    assert_true(at(w) == ACME_SCHEDULE_NEVER);
    want(w, VALUE, SITE);
    want(w, VALUE, SITE);
    assert_true(at(w) == w->clock->now + apr_time_from_sec(120));
    settle(w);
    assert_true(at(w) == 0);
    assert_int_equal(w->warnings, 0);
    assert_non_null(strstr(w->last_log, "2 addresses of 2"));
    /* the resolvers are not asked for the record */
    assert_string_equal(w->asked,
                        "NS " SHOP "\n"
                        "A ns1.test\nAAAA ns1.test\n"
                        "A ns2.test\nAAAA ns2.test\n"
                        "@" NS1 " TXT " RECORD "\n@" NS2 " TXT " RECORD "\n");
    acme_dns_seen_forget(w->seen, VALUE);
    assert_true(at(w) == ACME_SCHEDULE_NEVER);
}

static void a_server_gets_it_later(void **state)
{
    world_t *w = make(*state);
    apr_time_t next;

    set(w, NS1, ACME_DNS_TXT, RECORD, VALUE);
    set(w, NS2, ACME_DNS_TXT, RECORD, "other");
    want(w, VALUE, SITE);
    next = settle(w);
    assert_true(next == w->clock->now + apr_time_from_sec(2));
    assert_true(at(w) > w->clock->now);
    assert_non_null(strstr(waits_for(w), "awaited at ns2.test (" NS2 ");"));
    w->asked = "";
    w->clock->now = next;
    next = settle(w);
    assert_true(next == w->clock->now + apr_time_from_sec(3));
    set(w, NS2, ACME_DNS_TXT, RECORD, VALUE);
    w->clock->now = next;
    settle(w);
    assert_true(at(w) == 0);
    assert_null(waits_for(w));
    /* those that have it are not asked again */
    assert_string_equal(w->asked, "@" NS2 " TXT " RECORD "\n"
                                  "@" NS2 " TXT " RECORD "\n");
}

static void a_server_that_never_gets_it_is_named(void **state)
{
    world_t *w = make(*state);
    apr_time_t until = w->clock->now + apr_time_from_sec(120);
    int rounds = 0;

    set(w, NS1, ACME_DNS_TXT, RECORD, VALUE);
    want(w, VALUE, SITE);
    while (at(w) != 0) {
        assert_true(++rounds < 30);
        w->clock->now = settle(w);
    }
    assert_true(w->clock->now >= until);
    assert_int_equal(w->warnings, 1);
    assert_non_null(strstr(w->last_log, "ns2.test (" NS2 ")"));
    assert_null(strstr(w->last_log, "ns1.test"));
    assert_true(settle(w) == ACME_SCHEDULE_NEVER);
}

static void a_dead_server_is_left_out(void **state)
{
    world_t *w = make(*state);

    set(w, NS1, ACME_DNS_TXT, RECORD, VALUE);
    set_failure(w, NS2, ACME_DNS_TXT, RECORD);
    want(w, VALUE, SITE);
    settle(w);
    assert_true(at(w) == 0);
    assert_non_null(strstr(w->last_log, "1 addresses of 2"));
    /* and not asked by others for a while */
    w->asked = "";
    want(w, "second", "other");
    settle(w);
    assert_false(is_asked(w, "@" NS2 " TXT " RECORD));
    w->clock->now += ACME_DNS_SEEN_DEAD;
    want(w, "third", "third");
    settle(w);
    assert_true(is_asked(w, "@" NS2 " TXT " RECORD));
}

static void without_any_server_it_is_told_blindly(void **state)
{
    world_t *w = make(*state);
    apr_time_t blind = w->clock->now + apr_time_from_sec(7);

    set_failure(w, NS1, ACME_DNS_TXT, RECORD);
    set_failure(w, NS2, ACME_DNS_TXT, RECORD);
    want(w, VALUE, SITE);
    settle(w);
    assert_true(at(w) == blind);
    assert_int_equal(w->warnings, 0);
}

static void a_zone_that_cannot_be_found_is_told_blindly(void **state)
{
    static const struct {
        acme_dns_type_e type;
        const char *name;
    } fails[] = {{ACME_DNS_NS, SHOP}, {ACME_DNS_A, "ns1.test"}};
    apr_size_t i;

    for (i = 0; i < 3; ++i) {
        world_t *w = make(*state);

        if (i < 2) {
            set_failure(w, NULL, fails[i].type, fails[i].name);
            set_failure(w, NULL, ACME_DNS_A, "ns2.test");
        }
        else {
            set(w, NULL, ACME_DNS_NS, SHOP, NULL); /* nor has a parent any */
        }
        want(w, VALUE, SITE);
        settle(w);
        assert_true(at(w) == w->clock->now + apr_time_from_sec(7));
    }
}

/* A server that does not answer in time is no reason for a warning. */
static void the_time_ends_before_an_answer(void **state)
{
    world_t *w = make(*state);

    w->hangs = NS1;
    set(w, NS2, ACME_DNS_TXT, RECORD, VALUE);
    want(w, VALUE, SITE);
    settle(w);
    w->clock->now += apr_time_from_sec(120);
    settle(w);
    assert_true(at(w) == 0);
    assert_int_equal(w->tasks->nelts, 0);
    set(w, NULL, ACME_DNS_NS, SHOP, "ns1.test");
    want(w, "second", SITE);
    settle(w);
    w->clock->now += apr_time_from_sec(120);
    settle(w);
    assert_true(at(w) <= w->clock->now);
    assert_int_equal(w->warnings, 0);
}

static void climbs_to_the_zone(void **state)
{
    world_t *w = make(*state);
    acme_dns_seen_record_t record = {
        SITE, "a.b." SHOP, "_acme-challenge.a.b." SHOP, VALUE, 0, 0};

    /* an alias is no zone, wherever it leads */
    set(w, NULL, ACME_DNS_NS, "b." SHOP, "ns.elsewhere.test");
    last_rule(w)->alias = "elsewhere.test";
    set(w, NS1, ACME_DNS_TXT, record.name, VALUE);
    set(w, NS2, ACME_DNS_TXT, record.name, VALUE);
    record.until = w->clock->now + apr_time_from_sec(120);
    acme_dns_seen_want(w->seen, &record);
    settle(w);
    assert_true(at(w) == 0);
    assert_true(is_asked(w, "NS a.b." SHOP));
    assert_true(is_asked(w, "NS b." SHOP));
    assert_true(is_asked(w, "NS " SHOP));
}

static void follows_an_alias(void **state)
{
    world_t *w = make(*state);
    apr_time_t next;

    set_alias(w, NS1, RECORD, "x.keys.test");
    set_alias(w, NS2, RECORD, "x.keys.test");
    set(w, NULL, ACME_DNS_NS, "keys.test", "ns.keys.test");
    set(w, NULL, ACME_DNS_A, "ns.keys.test", "192.0.2.9");
    want(w, VALUE, SITE);
    next = settle(w);
    assert_true(is_asked(w, "@192.0.2.9 TXT x.keys.test"));
    assert_non_null(strstr(waits_for(w), "of keys.test yet"));
    set(w, "192.0.2.9", ACME_DNS_TXT, "x.keys.test", VALUE);
    w->clock->now = next;
    settle(w);
    assert_true(at(w) == 0);
}

static void a_server_may_answer_beyond_the_alias(void **state)
{
    world_t *w = make(*state);

    set(w, NS1, ACME_DNS_TXT, RECORD, VALUE);
    last_rule(w)->alias = "x.keys.test";
    set(w, NS2, ACME_DNS_TXT, RECORD, VALUE);
    last_rule(w)->alias = "x.keys.test";
    want(w, VALUE, SITE);
    settle(w);
    assert_true(at(w) == 0);
}

static void aliases_that_loop_end_with_the_time(void **state)
{
    world_t *w = make(*state);
    int rounds = 0;

    set_alias(w, NS1, RECORD, "x." SHOP);
    set_alias(w, NS1, "x." SHOP, RECORD);
    set_alias(w, NS2, RECORD, "x." SHOP);
    set_alias(w, NS2, "x." SHOP, RECORD);
    want(w, VALUE, SITE);
    while (at(w) != 0) {
        assert_true(++rounds < 60);
        w->clock->now = settle(w);
    }
    assert_int_equal(w->warnings, 1);
}

static void follows_a_delegation(void **state)
{
    world_t *w = make(*state);

    set(w, NS1, ACME_DNS_TXT, RECORD, NULL);
    last_rule(w)->outcome = ACME_DNS_NODATA;
    last_rule(w)->refers = 1;
    set(w, NS2, ACME_DNS_TXT, RECORD, NULL);
    last_rule(w)->outcome = ACME_DNS_NODATA;
    last_rule(w)->refers = 1;
    set(w, NULL, ACME_DNS_NS, RECORD, "ns.keys.test");
    set(w, NULL, ACME_DNS_A, "ns.keys.test", "192.0.2.9");
    set(w, "192.0.2.9", ACME_DNS_TXT, RECORD, VALUE);
    want(w, VALUE, SITE);
    settle(w);
    assert_true(at(w) == 0);
}

static void a_slow_zone_holds_up_no_other(void **state)
{
    world_t *w = make(*state);
    int i;

    set(w, NS1, ACME_DNS_TXT, RECORD, VALUE);
    set(w, NS2, ACME_DNS_TXT, RECORD, VALUE);
    set(w, NULL, ACME_DNS_NS, "slow.test", "ns.slow.test");
    set(w, NULL, ACME_DNS_A, "ns.slow.test", "192.0.2.66");
    w->hangs = "192.0.2.66";
    for (i = 0; i < 50; ++i) {
        acme_dns_seen_record_t record = {
            "slow", "slow.test", "_acme-challenge.slow.test", NULL, 0, 0};

        record.value = apr_psprintf(w->p, "slow%d", i);
        record.until = w->clock->now + apr_time_from_sec(120);
        acme_dns_seen_want(w->seen, &record);
    }
    want(w, VALUE, SITE);
    settle(w);
    assert_true(at(w) == 0);
    assert_true(w->at_once <= ACME_DNS_SEEN_MOST);
    assert_int_equal(w->tasks->nelts, ACME_DNS_SEEN_MOST);
    /* a look that ends takes its questions along */
    acme_dns_seen_end(w->seen);
    assert_int_equal(w->tasks->nelts, 0);
    assert_true(at(w) == ACME_SCHEDULE_NEVER);
}

static void too_many_servers_are_cut(void **state)
{
    world_t *w = make(*state);
    const char *names = "", *addresses;
    int i, j;

    for (i = 0; i < 40; ++i) {
        const char *name = apr_psprintf(w->p, "n%d.test", i);

        names = apr_pstrcat(w->p, names, name, " ", NULL);
        addresses = "";
        for (j = 0; j < 40; ++j) {
            addresses = apr_psprintf(w->p, "%s10.0.%d.%d ", addresses, i, j);
        }
        set(w, NULL, ACME_DNS_A, name, addresses);
    }
    set(w, NULL, ACME_DNS_NS, SHOP, names);
    want(w, VALUE, SITE);
    settle(w);
    for (i = 0, addresses = w->asked; (addresses = strchr(addresses, '@'));
         ++addresses) {
        ++i;
    }
    assert_int_equal(i, ACME_DNS_SEEN_ADDRESSES);
}

static void a_worker_that_leaves_cancels(void **state)
{
    world_t *w = make(*state);

    w->hangs = NS1;
    set(w, NS2, ACME_DNS_TXT, RECORD, VALUE);
    want(w, VALUE, SITE);
    settle(w);
    assert_int_equal(w->tasks->nelts, 1);
    acme_dns_seen_forget(w->seen, VALUE);
    assert_int_equal(w->tasks->nelts, 0);
    acme_dns_seen_forget(w->seen, VALUE);
}

ACME_T_MAIN(ACME_T(all_servers_have_it), ACME_T(a_server_gets_it_later),
            ACME_T(a_server_that_never_gets_it_is_named),
            ACME_T(a_dead_server_is_left_out),
            ACME_T(without_any_server_it_is_told_blindly),
            ACME_T(a_zone_that_cannot_be_found_is_told_blindly),
            ACME_T(the_time_ends_before_an_answer), ACME_T(climbs_to_the_zone),
            ACME_T(follows_an_alias),
            ACME_T(a_server_may_answer_beyond_the_alias),
            ACME_T(aliases_that_loop_end_with_the_time),
            ACME_T(follows_a_delegation), ACME_T(a_slow_zone_holds_up_no_other),
            ACME_T(too_many_servers_are_cut),
            ACME_T(a_worker_that_leaves_cancels))
