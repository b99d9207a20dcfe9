/* SPDX-License-Identifier: Apache-2.0 */

/* Several accounts at a CA: how much they request together in a second. */

#include "acme_t.h"

#include <apr_strings.h>

#include "client_world.h"

#define CLIENTS 40
#define POSTS   10

/* The limits of Let's Encrypt. */
#define DIRECTORIES_MAX 40
#define HEADS_MAX       20

typedef struct crowd_t {
    client_world_t *world;
    acme_client_share_t *shared;
    acme_client_t *clients[CLIENTS];
    client_heard_t *heard;
    int directory_status;
    int posts;
    int lose; /* so many requests from now on get no answer */
    apr_interval_time_t delay;
    apr_array_header_t *directories; /* apr_time_t: when they were requested */
    apr_array_header_t *heads;
    apr_pool_t *p;
} crowd_t;

static void respond(void *baton, const script_request_t *request,
                    script_answer_t *answer, apr_pool_t *p)
{
    crowd_t *crowd = baton;

    answer->delay = crowd->delay;
    if (strcmp(request->method, "POST") == 0) {
        ++crowd->posts;
        answer->rv = crowd->lose > 0 ? APR_ECONNRESET : APR_SUCCESS;
        crowd->lose -= crowd->lose > 0;
        return;
    }
    if (strcmp(request->method, "HEAD") == 0) {
        apr_table_set(answer->headers, "Replay-Nonce",
                      apr_psprintf(p, "nonce-%d", crowd->heads->nelts));
        APR_ARRAY_PUSH(crowd->heads, apr_time_t) = crowd->world->clock->now;
        return;
    }
    assert_string_equal(request->url, WORLD_DIR);
    APR_ARRAY_PUSH(crowd->directories, apr_time_t) = crowd->world->clock->now;
    answer->status = crowd->directory_status;
    apr_table_set(answer->headers, "Content-Type", "application/json");
    answer->body = WORLD_DIRECTORY;
}

static crowd_t *make(apr_pool_t *p, int directories, int heads)
{
    crowd_t *crowd = apr_pcalloc(p, sizeof(*crowd));
    client_world_t *world = client_world_create(p);
    acme_client_t *client;
    int i;

    crowd->p = p;
    crowd->world = world;
    crowd->directory_status = 200;
    crowd->directories = apr_array_make(p, 64, sizeof(apr_time_t));
    crowd->heads = apr_array_make(p, 64, sizeof(apr_time_t));
    crowd->heard = client_world_listener(world);
    script_http_respond(world->script, respond, crowd);
    crowd->shared =
        acme_client_share_create(directories, heads, &world->clock->clock, p);
    for (i = 0; i < CLIENTS; ++i) {
        client = acme_client_create(WORLD_DIR, world->http,
                                    &world->clock->clock, NULL, p);
        acme_client_identify(client, acme_client_signer(world->client),
                             apr_psprintf(p, "https://ca.test/account/%d", i));
        crowd->clients[i] = client;
    }
    return crowd;
}

static void share(crowd_t *crowd)
{
    int i;

    for (i = 0; i < CLIENTS; ++i) {
        acme_client_share(crowd->clients[i], crowd->shared);
    }
}

/* Runs until no request waits. */
static void run(crowd_t *crowd)
{
    acme_http_t *http = crowd->world->http;
    apr_time_t at, first;
    int i, turns = 0;

    do {
        assert_true(++turns < 100000);
        first = 0;
        for (i = 0; i < CLIENTS; ++i) {
            at = acme_client_step(crowd->clients[i]);
            assert_true(at == 0 || at > crowd->world->clock->now);
            first = at > 0 && (!first || at < first) ? at : first;
        }
        http->run(http, first ? first - crowd->world->clock->now : 1000);
    } while (first || http->pending(http) > 0);
}

static int most_in_a_second(const apr_array_header_t *times)
{
    int i, j, most = 0;

    for (i = 0, j = 0; i < times->nelts; ++i) {
        while (APR_ARRAY_IDX(times, i, apr_time_t)
                   - APR_ARRAY_IDX(times, j, apr_time_t)
               >= apr_time_from_sec(1)) {
            ++j;
        }
        most = i - j + 1 > most ? i - j + 1 : most;
    }
    return most;
}

static void post_all(crowd_t *crowd)
{
    int i, j;

    for (i = 0; i < CLIENTS; ++i) {
        for (j = 0; j < POSTS; ++j) {
            acme_client_post(crowd->clients[i], WORLD_URL, "{\"a\":1}", 1,
                             client_world_hear, crowd->heard);
        }
    }
}

static void one_directory_does_for_all(void **state)
{
    crowd_t *crowd = make(*state, 0, 0);
    int i;

    share(crowd);
    for (i = 0; i < CLIENTS; ++i) {
        acme_client_directory_open(crowd->clients[i], client_world_hear,
                                   crowd->heard);
        /* the other half comes when the directory is there */
        if (i == CLIENTS / 2) {
            run(crowd);
            assert_int_equal(crowd->heard->times, i + 1);
        }
    }
    run(crowd);
    assert_int_equal(crowd->heard->times, CLIENTS);
    assert_int_equal(crowd->heard->rv, APR_SUCCESS);
    assert_int_equal(crowd->directories->nelts, 1);
    for (i = 0; i < CLIENTS; ++i) {
        assert_non_null(acme_client_directory_get(crowd->clients[i]));
    }
}

static void its_failure_is_one_for_all_and_not_kept(void **state)
{
    crowd_t *crowd = make(*state, 0, 0);
    int i;

    share(crowd);
    crowd->directory_status = 503;
    for (i = 0; i < CLIENTS; ++i) {
        acme_client_directory_open(crowd->clients[i], client_world_hear,
                                   crowd->heard);
    }
    run(crowd);
    assert_int_equal(crowd->heard->times, CLIENTS);
    assert_int_equal(crowd->heard->problem->status, 503);
    assert_int_equal(crowd->directories->nelts, 1);
    crowd->directory_status = 200;
    post_all(crowd);
    run(crowd);
    assert_int_equal(crowd->directories->nelts, 2);
    assert_int_equal(crowd->posts, CLIENTS * POSTS);
}

static void who_is_cancelled_leaves_nobody_waiting(void **state)
{
    crowd_t *crowd = make(*state, 0, 0);
    acme_http_t *http = crowd->world->http;
    int i;

    share(crowd);
    for (i = 0; i < CLIENTS; ++i) {
        acme_client_directory_open(crowd->clients[i], client_world_hear,
                                   crowd->heard);
    }
    http->cancel(http, 1);
    assert_int_equal(crowd->heard->times, CLIENTS);
    assert_true(APR_STATUS_IS_EINTR(crowd->heard->rv));
    run(crowd);
    assert_int_equal(crowd->directories->nelts, 0);
}

/* With other roots, or through another proxy, the directory may be another. */
static void not_for_those_who_go_another_way(void **state)
{
    crowd_t *crowd = make(*state, 0, 0);
    int i;

    acme_client_trust(crowd->clients[1], "roots.pem");
    acme_client_route(crowd->clients[2], "http://proxy.test:1", NULL);
    acme_client_route(crowd->clients[3], "http://proxy.test:1", "roots.pem");
    acme_client_trust(crowd->clients[4], "roots.pem");
    share(crowd);
    for (i = 0; i < CLIENTS; ++i) {
        acme_client_directory_open(crowd->clients[i], client_world_hear,
                                   crowd->heard);
    }
    run(crowd);
    assert_int_equal(crowd->heard->times, CLIENTS);
    assert_int_equal(crowd->directories->nelts, 4);
}

static void a_new_run_asks_anew(void **state)
{
    crowd_t *crowd = make(*state, 0, 0);
    acme_client_t *next;

    share(crowd);
    acme_client_directory_open(crowd->clients[0], client_world_hear,
                               crowd->heard);
    run(crowd);
    acme_client_share_begin(crowd->shared, crowd->p);
    next = acme_client_create(WORLD_DIR, crowd->world->http,
                              &crowd->world->clock->clock, NULL, crowd->p);
    acme_client_share(next, crowd->shared);
    acme_client_directory_open(next, client_world_hear, crowd->heard);
    run(crowd);
    assert_int_equal(crowd->heard->times, 2);
    assert_int_equal(crowd->directories->nelts, 2);
}

static void together_they_keep_to_the_rates(void **state)
{
    static const apr_interval_time_t delays[] = {0, 20000, 700000};
    size_t i;
    int n;

    for (i = 0; i < sizeof(delays) / sizeof(delays[0]); ++i) {
        crowd_t *crowd = make(*state, 30, 15);

        crowd->delay = delays[i];
        for (n = 0; n < CLIENTS; ++n) {
            acme_client_trust(crowd->clients[n],
                              apr_psprintf(crowd->p, "roots%d.pem", n));
        }
        share(crowd);
        post_all(crowd);
        run(crowd);
        assert_int_equal(crowd->posts, CLIENTS * POSTS);
        assert_int_equal(crowd->heard->times, CLIENTS * POSTS);
        assert_int_equal(crowd->heard->rv, APR_SUCCESS);
        assert_int_equal(crowd->directories->nelts, CLIENTS);
        assert_true(most_in_a_second(crowd->directories) <= DIRECTORIES_MAX);
        assert_true(most_in_a_second(crowd->heads) <= HEADS_MAX);
        /* because each client needs a first nonce */
        assert_true(crowd->heads->nelts >= CLIENTS);
    }
}

static void who_waits_for_an_answer_is_not_left_when_there_is_none(void **state)
{
    crowd_t *crowd = make(*state, 30, 15);

    share(crowd);
    crowd->lose = CLIENTS * POSTS - 1;
    post_all(crowd);
    run(crowd);
    assert_int_equal(crowd->posts, CLIENTS * POSTS);
    assert_int_equal(crowd->heard->times, CLIENTS * POSTS);
    assert_int_equal(crowd->heard->rv, APR_SUCCESS);
    assert_true(most_in_a_second(crowd->heads) <= HEADS_MAX);
}

/* So that the limit holds even together with the requests of a process before
 * it, which are not known. */
static void a_new_process_begins_slowly(void **state)
{
    crowd_t *crowd = make(*state, 30, 15);
    apr_time_t begun;

    share(crowd);
    acme_client_directory_open(crowd->clients[0], client_world_hear,
                               crowd->heard);
    run(crowd);
    crowd->delay = apr_time_from_sec(10);
    begun = crowd->world->clock->now;
    post_all(crowd);
    assert_int_equal(crowd->world->http->pending(crowd->world->http), 1);
    run(crowd);
    assert_int_equal(APR_ARRAY_IDX(crowd->heads, 0, apr_time_t), begun);
    assert_true(APR_ARRAY_IDX(crowd->heads, 15, apr_time_t)
                >= begun + apr_time_from_sec(1));
}

static void a_clock_that_is_turned_back_keeps_nobody_waiting(void **state)
{
    crowd_t *crowd = make(*state, 30, 15);
    apr_time_t begun;

    share(crowd);
    post_all(crowd);
    run(crowd);
    begun = crowd->world->clock->now - ACME_TIME_DAY;
    crowd->world->clock->now = begun;
    post_all(crowd);
    run(crowd);
    assert_int_equal(crowd->posts, 2 * CLIENTS * POSTS);
    assert_true(crowd->world->clock->now < begun + ACME_TIME_MINUTE);
}

static void without_limits_nobody_waits(void **state)
{
    crowd_t *crowd = make(*state, 0, 0);
    apr_time_t begun = crowd->world->clock->now;

    share(crowd);
    post_all(crowd);
    run(crowd);
    assert_int_equal(crowd->posts, CLIENTS * POSTS);
    assert_true(crowd->world->clock->now < begun + apr_time_from_sec(1));
    assert_true(most_in_a_second(crowd->heads) > HEADS_MAX);
}

ACME_T_MAIN(ACME_T(one_directory_does_for_all),
            ACME_T(its_failure_is_one_for_all_and_not_kept),
            ACME_T(who_is_cancelled_leaves_nobody_waiting),
            ACME_T(not_for_those_who_go_another_way),
            ACME_T(a_new_run_asks_anew),
            ACME_T(together_they_keep_to_the_rates),
            ACME_T(who_waits_for_an_answer_is_not_left_when_there_is_none),
            ACME_T(a_new_process_begins_slowly),
            ACME_T(a_clock_that_is_turned_back_keeps_nobody_waiting),
            ACME_T(without_limits_nobody_waits))
