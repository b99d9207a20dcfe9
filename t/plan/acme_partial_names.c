/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_partial_names.h"

#define A   "a.example"
#define WWW "www.a.example"
#define OLD "old.a.example"

static const acme_ca_spec_t ca = {
    .url = "https://ca.test/dir", .label = "ca.test", .agreed = 1};

typedef struct world_t {
    apr_pool_t *p;
    acme_spec_t spec;
    acme_job_t job;
} world_t;

static apr_array_header_t *strings(apr_pool_t *p, const char *list)
{
    apr_array_header_t *array = apr_array_make(p, 4, sizeof(const char *));
    char *copy = apr_pstrdup(p, list);
    char *last, *word;

    for (word = apr_strtok(copy, " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(array, const char *) = word;
    }
    return array;
}

static world_t *fresh(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->spec.name = A;
    w->spec.names = strings(p, A " " WWW " " OLD);
    w->spec.optional = strings(p, WWW " " OLD);
    w->spec.ca = &ca;
    w->job.p = p;
    w->job.names = apr_array_make(p, 2, sizeof(acme_job_name_t));
    w->job.cas = apr_array_make(p, 0, sizeof(acme_job_ca_t));
    w->job.digest = acme_spec_digest(&w->spec, p);
    return w;
}

/* A new order without an earlier failure tries all names again. */
static void begin(world_t *w)
{
    acme_job_begin(&w->job, acme_spec_digest(&w->spec, w->p), "expires soon",
                   "", 0);
}

static int fails(world_t *w, const char *names, acme_retry_e retry)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *list = strings(w->p, names);
    int i;

    problem.retry = retry;
    problem.subproblems = apr_array_make(w->p, 2, sizeof(acme_subproblem_t));
    for (i = 0; i < list->nelts; ++i) {
        acme_subproblem_t *sub = apr_array_push(problem.subproblems);

        sub->identifier = APR_ARRAY_IDX(list, i, const char *);
        if (!strcmp(sub->identifier, "?")) {
            sub->identifier = NULL;
        }
        sub->type = "urn:ietf:params:acme:error:dns";
        sub->detail = "no such name";
    }
    return acme_job_names_failed(&w->job, &w->spec, &problem, w->p);
}

static const char *ordered(world_t *w)
{
    return apr_array_pstrcat(w->p, acme_partial_names(&w->job, &w->spec, w->p),
                             ' ');
}

static void two_failures_leave_a_name_out(void **state)
{
    world_t *w = fresh(*state);

    assert_int_equal(fails(w, OLD, ACME_RETRY_BACKOFF), 0);
    assert_string_equal(ordered(w), A " " WWW " " OLD);
    assert_string_equal(acme_partial_names_print(&w->job, &w->spec, w->p), "");
    assert_int_equal(fails(w, OLD, ACME_RETRY_BACKOFF), 1);
    assert_string_equal(ordered(w), A " " WWW);
    assert_string_equal(acme_partial_names_print(&w->job, &w->spec, w->p), OLD);
    assert_true(acme_partial_names_is_out(&w->job, &w->spec, OLD, w->p));
    assert_false(acme_partial_names_is_out(&w->job, &w->spec, WWW, w->p));
    /* the next name, later */
    assert_int_equal(fails(w, WWW, ACME_RETRY_BACKOFF), 0);
    assert_int_equal(fails(w, WWW, ACME_RETRY_BACKOFF), 1);
    assert_string_equal(ordered(w), A);
}

static void several_at_once(void **state)
{
    world_t *w = fresh(*state);

    assert_int_equal(fails(w, OLD " " WWW " " OLD, ACME_RETRY_BACKOFF), 0);
    assert_int_equal(fails(w, OLD " " WWW, ACME_RETRY_BACKOFF), 2);
    assert_string_equal(ordered(w), A);
}

static void where_trying_again_is_of_no_use_one_failure_does(void **state)
{
    world_t *w = fresh(*state);

    assert_int_equal(fails(w, OLD, ACME_RETRY_PERMANENT), 1);
    assert_string_equal(ordered(w), A " " WWW);
}

static void other_failures_do_not_count(void **state)
{
    world_t *w = fresh(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i;

    for (i = 0; i < 3; ++i) {
        /* the site's first name is among them, or the CA does not say which
         * name failed */
        assert_int_equal(fails(w, OLD " " A, ACME_RETRY_BACKOFF), 0);
        assert_int_equal(fails(w, "?", ACME_RETRY_BACKOFF), 0);
        assert_int_equal(fails(w, OLD " ?", ACME_RETRY_BACKOFF), 0);
        assert_int_equal(fails(w, "", ACME_RETRY_BACKOFF), 0);
        assert_int_equal(fails(w, "stranger.example", ACME_RETRY_BACKOFF), 0);
        assert_int_equal(
            acme_job_names_failed(&w->job, &w->spec, &problem, w->p), 0);
    }
    assert_string_equal(ordered(w), A " " WWW " " OLD);
}

static void without_the_directive_nothing_is_left_out(void **state)
{
    world_t *w = fresh(*state);

    assert_int_equal(fails(w, OLD, ACME_RETRY_PERMANENT), 1);
    w->spec.optional = NULL;
    assert_string_equal(ordered(w), A " " WWW " " OLD);
    assert_false(acme_partial_names_is_out(&w->job, &w->spec, OLD, w->p));
    assert_string_equal(acme_partial_names_missing(
                            &w->job, &w->spec, strings(w->p, A " " WWW), w->p),
                        OLD);
    assert_int_equal(fails(w, OLD, ACME_RETRY_PERMANENT), 0);
}

static void another_set_of_names_begins_anew(void **state)
{
    world_t *w = fresh(*state);

    assert_int_equal(fails(w, OLD, ACME_RETRY_PERMANENT), 1);
    w->spec.names = strings(w->p, A " " WWW " " OLD " new.a.example");
    assert_string_equal(ordered(w), A " " WWW " " OLD " new.a.example");
    begin(w);
    assert_int_equal(fails(w, OLD, ACME_RETRY_BACKOFF), 0);
}

static void what_is_out_is_not_missing(void **state)
{
    world_t *w = fresh(*state);
    const apr_array_header_t *held = strings(w->p, A " " WWW);

    assert_string_equal(
        acme_partial_names_missing(&w->job, &w->spec, held, w->p), OLD);
    assert_string_equal(acme_partial_names_missing(NULL, &w->spec, held, w->p),
                        OLD);
    fails(w, OLD, ACME_RETRY_PERMANENT);
    assert_null(acme_partial_names_missing(&w->job, &w->spec, held, w->p));
    assert_string_equal(
        acme_partial_names_missing(&w->job, &w->spec, strings(w->p, A), w->p),
        WWW);
    assert_null(
        acme_partial_names_missing(&w->job, &w->spec, w->spec.names, w->p));
    begin(w);
    assert_string_equal(
        acme_partial_names_missing(&w->job, &w->spec, held, w->p), OLD);
}

ACME_T_MAIN(ACME_T(two_failures_leave_a_name_out), ACME_T(several_at_once),
            ACME_T(where_trying_again_is_of_no_use_one_failure_does),
            ACME_T(other_failures_do_not_count),
            ACME_T(without_the_directive_nothing_is_left_out),
            ACME_T(another_set_of_names_begins_anew),
            ACME_T(what_is_out_is_not_missing))
