/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_caa_guard.c
 * @brief Names whose CAA records need an account, in a DNS that a test makes
 * up.
 */
#include "acme_t.h"

#include <apr_strings.h>

#include "acme_caa_guard.h"

typedef struct world_t {
    acme_dns_t dns;
    acme_http_t http;
    const acme_dns_question_t *question; /* one at a time, or NULL */
    acme_dns_done_fn *done;
    void *baton;
    const char *has;   /* name with a record, or NULL */
    const char *fails; /* name that cannot be looked up, or NULL */
    const char *value;
    const char *also; /* value of a second record, or NULL */
    int hangs;
    apr_pool_t *p;
} world_t;

static void dns_ask(acme_dns_t *dns, const acme_dns_question_t *question,
                    acme_dns_done_fn *done, void *baton)
{
    world_t *w = dns->self;

    assert_null(w->question);
    assert_int_equal(question->type, ACME_DNS_CAA);
    assert_null(question->servers);
    w->question = question;
    w->done = done;
    w->baton = baton;
}

static void add(apr_array_header_t *records, const char *name,
                const char *value)
{
    acme_dns_record_t *record = apr_array_push(records);

    memset(record, 0, sizeof(*record));
    record->name = name;
    record->type = ACME_DNS_CAA;
    record->tag = "issue";
    record->value = value;
}

static void answer(world_t *w, apr_status_t rv)
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
    if (rv != APR_SUCCESS || (w->fails && !strcmp(w->fails, name))) {
        out.outcome = ACME_DNS_FAILED;
        (void)acme_problem_set(&problem, rv ? rv : APR_EGENERAL,
                               ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS, w->p,
                               "SERVFAIL");
        out.problem = &problem;
    }
    else if (w->has && !strcmp(w->has, name)) {
        add(records, name, w->value);
        if (w->also) {
            add(records, name, w->also);
        }
        out.outcome = ACME_DNS_FOUND;
    }
    w->question = NULL;
    w->done(w->baton, &out);
}

static apr_time_t dns_run(acme_dns_t *dns)
{
    world_t *w = dns->self;

    if (w->question && !w->hangs) {
        answer(w, APR_SUCCESS);
    }
    return w->question ? apr_time_now() : 0;
}

static void dns_cancel(acme_dns_t *dns, const void *baton)
{
    assert_null(baton);
    answer(dns->self, APR_EINTR);
}

static void http_run(acme_http_t *http, apr_interval_time_t wait)
{
    (void)http;
    (void)wait;
}

static world_t *make(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->dns.self = w;
    w->dns.ask = dns_ask;
    w->dns.run = dns_run;
    w->dns.cancel = dns_cancel;
    w->http.run = http_run;
    w->value = "ca.test; accounturi=https://ca.test/1";
    return w;
}

static apr_array_header_t *needing(world_t *w, const char *url)
{
    apr_array_header_t *names = apr_array_make(w->p, 2, sizeof(const char *));
    apr_array_header_t *ids = apr_array_make(w->p, 1, sizeof(const char *));
    apr_array_header_t *types = apr_array_make(w->p, 1, sizeof(const char *));
    acme_caa_order_t order = {NULL, ids, url, types};

    APR_ARRAY_PUSH(names, const char *) = "192.0.2.1";
    APR_ARRAY_PUSH(names, const char *) = "shop.test";
    APR_ARRAY_PUSH(ids, const char *) = "ca.test";
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    return acme_caa_guard(&w->dns, &w->http, names, &order,
                          apr_time_now() + apr_time_from_msec(100), w->p);
}

static void names_that_need_an_account_are_found(void **state)
{
    world_t *w = make(*state);
    apr_array_header_t *names;

    w->has = "test";
    names = needing(w, "https://ca.test/1");
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "shop.test");
    assert_int_equal(needing(w, "https://ca.test/2")->nelts, 0);
    w->also = "other.test";
    assert_int_equal(needing(w, "https://ca.test/1")->nelts, 1);
    w->also = "ca.test";
    assert_int_equal(needing(w, "https://ca.test/1")->nelts, 0);
    w->also = NULL;
    w->value = "ca.test";
    assert_int_equal(needing(w, "https://ca.test/1")->nelts, 0);
    w->has = NULL;
    assert_int_equal(needing(w, "https://ca.test/1")->nelts, 0);
    w->fails = "test";
    assert_int_equal(needing(w, "https://ca.test/1")->nelts, 0);
    w->hangs = 1;
    assert_int_equal(needing(w, "https://ca.test/1")->nelts, 0);
}

ACME_T_MAIN(ACME_T(names_that_need_an_account_are_found))
