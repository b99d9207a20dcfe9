/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_caa_lookup.c
 * @brief Climbs to the CAA records that count, in a DNS that a test makes up.
 */
#include "acme_t.h"

#include <apr_strings.h>

#include "acme_caa_lookup.h"

typedef struct world_t {
    acme_dns_t dns;
    const acme_dns_question_t *question; /* one at a time, or NULL */
    acme_dns_done_fn *done;
    void *baton;
    const char *has;   /* name with a record, or NULL */
    const char *fails; /* name that cannot be looked up, or NULL */
    const char *value;
    const char *asked;
    apr_pool_t *p;
    /* the outcome */
    int calls, records;
    const char *at;
    const char *wrong;
} world_t;

static void dns_ask(acme_dns_t *dns, const acme_dns_question_t *question,
                    acme_dns_done_fn *done, void *baton)
{
    world_t *w = dns->self;

    assert_null(w->question);
    assert_int_equal(question->type, ACME_DNS_CAA);
    assert_null(question->servers);
    w->asked = apr_pstrcat(w->p, w->asked, question->name, " ", NULL);
    w->question = question;
    w->done = done;
    w->baton = baton;
}

static void answer(world_t *w)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *records =
        apr_array_make(w->p, 1, sizeof(acme_dns_record_t));
    const char *name = w->question->name;
    acme_dns_answer_t out;

    memset(&out, 0, sizeof(out));
    out.p = w->p;
    out.records = records;
    out.outcome = ACME_DNS_NO_NAME;
    if (w->fails && !strcmp(w->fails, name)) {
        out.outcome = ACME_DNS_FAILED;
        (void)acme_problem_set(&problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                               ACME_PROBLEM_DNS, w->p, "SERVFAIL");
        out.problem = &problem;
    }
    else if (w->has && !strcmp(w->has, name)) {
        acme_dns_record_t *record = apr_array_push(records);

        memset(record, 0, sizeof(*record));
        record->name = name;
        record->type = ACME_DNS_CAA;
        record->tag = "issue";
        record->value = w->value;
        out.outcome = ACME_DNS_FOUND;
    }
    w->question = NULL;
    w->done(w->baton, &out);
}

static apr_time_t dns_run(acme_dns_t *dns)
{
    world_t *w = dns->self;

    if (w->question) {
        answer(w);
    }
    return w->question ? apr_time_now() : 0;
}

static world_t *make(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->asked = "";
    w->dns.self = w;
    w->dns.ask = dns_ask;
    w->dns.run = dns_run;
    w->value = "ca.test; accounturi=https://ca.test/1";
    return w;
}

static void done(void *baton, const char *at, const apr_array_header_t *records,
                 const acme_problem_t *problem)
{
    world_t *w = baton;

    ++w->calls;
    w->at = at;
    w->records = records ? records->nelts : -1;
    w->wrong = problem ? problem->detail : NULL;
}

static void look_up(world_t *w, const char *identifier)
{
    acme_caa_lookup(&w->dns, identifier, done, w, w->p);
    while (w->dns.run(&w->dns)) {
    }
    assert_int_equal(w->calls, 1);
}

static void climbs_to_the_first_that_has_any(void **state)
{
    world_t *w = make(*state);

    w->has = "shop.test";
    look_up(w, "*.a.shop.test");
    assert_string_equal(w->asked, "a.shop.test shop.test ");
    assert_string_equal(w->at, "shop.test");
    assert_int_equal(w->records, 1);
    assert_null(w->wrong);
}

static void finds_none_at_all(void **state)
{
    world_t *w = make(*state);

    look_up(w, "a.shop.test");
    assert_string_equal(w->asked, "a.shop.test shop.test test ");
    assert_null(w->at);
    assert_int_equal(w->records, 0);
    assert_null(w->wrong);
}

static void a_failure_is_not_the_same_as_none(void **state)
{
    world_t *w = make(*state);

    w->fails = "shop.test";
    w->has = "test";
    look_up(w, "a.shop.test");
    assert_string_equal(w->at, "shop.test");
    assert_int_equal(w->records, -1);
    assert_string_equal(w->wrong, "SERVFAIL");
}

ACME_T_MAIN(ACME_T(climbs_to_the_first_that_has_any), ACME_T(finds_none_at_all),
            ACME_T(a_failure_is_not_the_same_as_none))
