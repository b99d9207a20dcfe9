/* SPDX-License-Identifier: Apache-2.0 */

/* Random and contradictory CAs: any status in any phase, any error, lost
 * answers, and processes that end at any time and go on from the snapshot.
 * Whatever the CA says,
 *   - an order ends, or waits, and not for long;
 *   - the requests of an hour are bounded;
 *   - no second order is made while the first can still be had: before the CA
 *     has settled it, or it has failed so often that it is given up;
 *   - a certificate that was issued is downloaded, or is not what was ordered.
 *
 *     acme_issue_random           a share of it, for make check
 *     acme_issue_random STEPS     so many outcomes (make soak: ten million)
 *     acme_issue_random seed N    one CA, with all that happens
 *
 * A step is an outcome that the order is fed with. What fails names its seed.
 */
#include "acme_t.h"

#include <inttypes.h>

#include <apr_strings.h>

#include "acme_issue.h"
#include "acme_schedule.h"
#include "acme_time.h"
#include "random_ca.h"

#define DEFAULT_STEPS 60000
#define START         apr_time_from_sec(1893456000)
#define HOUR_SEC      3600
#define STEPS_MAX     6000 /* of one CA */
#define RUN_MAX       (90 * ACME_TIME_DAY)
#define TRY_MAX       (12 * ACME_TIME_HOUR)

/* Requests of an order, without polls; and polls in an hour at most, where the
 * CA names no times, and where it does. */
#define ORDER_REQUESTS(names) (40 + 7 * (names))
#define POLLS_MAX             400
#define POLLS_NAMED_MAX       3600

typedef struct play_t {
    apr_pool_t *p;
    uint64_t seed;
    int verbose;
    random_ca_t ca;
    acme_log_t log;
    acme_jws_signer_t signer;
    acme_issue_config_t config;
    acme_issue_t *issue;
    apr_pool_t *pissue;

    /* The owner of the order, as acme_obtain is. */
    const char *snapshot; /* of the job, or NULL */
    unsigned int saved;
    const char *saved_url;
    int errors;
    int renewed;

    /* For the judge. */
    int has_order; /* the CA's answer with its URL was received */
    int settled;   /* the CA has said that the order is over, in some way */
    int crashed;   /* since the order was made */
    int misled;    /* told pending or ready of an order that was issued */
    int refused;   /* the last answer was a refusal of finalize */
    int failures;  /* of this order */
    int timeouts;
    int steps;
    int try_steps;
    apr_time_t try_began;
    int hour; /* number of it */
    int hour_posts, hour_tries;
} play_t;

/* The play under way, for messages. */
static const play_t *current;
static int most_posts;
static int n_done, n_held, n_orders;

static void violated(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static void violated(const char *fmt, ...)
{
    va_list args;

    printf("# seed %" PRIu64 ", step %d: ", current->seed, current->steps);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("; see: acme_issue_random seed %" PRIu64 "\n", current->seed);
    fflush(stdout);
    fail();
}

static void say(const play_t *play, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const play_t *play, const char *fmt, ...)
{
    va_list args;

    if (play->verbose) {
        printf("# %8" PRId64 " s: ",
               (int64_t)apr_time_sec(play->ca.now - START));
        va_start(args, fmt);
        vprintf(fmt, args);
        va_end(args);
        printf("\n");
    }
}

static void log_line(void *baton, acme_log_level_e level, apr_status_t rv,
                     const char *message)
{
    (void)level;
    (void)rv;
    say(baton, "  %s", message);
}

/* ---- the judge ---- */

static int is_issued(const play_t *play)
{
    const random_ca_truth_t *truth = &play->ca.truth;

    return truth->made && !truth->gone
           && (truth->order == RANDOM_CA_VALID
               || truth->order == RANDOM_CA_PROCESSING);
}

/* Notes what the answer settles, if it is believed. */
static void note(play_t *play, const random_ca_answer_t *answer,
                 const char *url)
{
    const char *const over[] = {"\"invalid\"", "\"deactivated\"", "\"expired\"",
                                "\"revoked\""};
    /* A page settles nothing, because it may be of a server in front of the
     * CA. */
    int says = *answer->body == '{';
    size_t i;

    for (i = 0; i < sizeof(over) / sizeof(over[0]); ++i) {
        play->settled =
            play->settled
            || strstr(answer->body,
                      apr_pstrcat(play->p, "\"status\":", over[i], NULL))
                   != NULL;
    }
    if (is_issued(play) && play->crashed && !random_ca_is(url, "authz")
        && (strstr(answer->body, "\"pending\"")
            || strstr(answer->body, "\"ready\""))) {
        play->misled = 1; /* the process before had heard better */
    }
    if (random_ca_is(url, "order") && play->refused
        && (strstr(answer->body, "\"pending\"")
            || strstr(answer->body, "\"ready\""))) {
        play->settled = 1;
    }
    play->refused =
        random_ca_is(url, "finalize") && answer->status >= 300 && says;
    if (random_ca_is(url, "order") && play->snapshot
        && (answer->status == 404 || answer->status == 410)) {
        play->settled = 1;
    }
    if (answer->status >= 300 && answer->status < 500 && says) {
        play->settled = play->settled || random_ca_is(url, "chall")
                        || (random_ca_is(url, "finalize") && !is_issued(play))
                        || (random_ca_is(url, "order") && play->snapshot)
                        || strstr(answer->body, "accountDoesNotExist");
    }
    if (strstr(answer->body, RANDOM_CA_KEY)) {
        play->settled = 1;
    }
}

/* Judges that the order wants another one. */
static void judge_new_order(const play_t *play)
{
    const random_ca_truth_t *truth = &play->ca.truth;

    if (!play->has_order || play->settled
        || (truth->expires && play->ca.now >= truth->expires)) {
        return;
    }
    if (play->failures < ACME_ISSUE_DOUBTS) {
        violated("a second order, and the first had failed %d times only",
                 play->failures);
    }
    if (is_issued(play) && !play->misled && play->failures < ACME_ISSUE_FAILURES
        && play->timeouts < ACME_ISSUE_TIMEOUTS) {
        violated("a second order, and the CA had issued for the first");
    }
}

/* Counts requests by the hour. */
static void count_post(play_t *play)
{
    int hour = (int)(apr_time_sec(play->ca.now - START) / HOUR_SEC);
    int most;

    if (hour != play->hour) {
        play->hour = hour;
        play->hour_posts = 0;
        play->hour_tries = 1;
    }
    ++play->hour_posts;
    most = (1 + play->hour_tries) * ORDER_REQUESTS(play->ca.n_names)
           + (play->ca.named ? POLLS_NAMED_MAX : POLLS_MAX);
    most_posts = play->hour_posts > most_posts ? play->hour_posts : most_posts;
    if (play->hour_posts > most) {
        violated("%d requests in an hour, with %d tries", play->hour_posts,
                 play->hour_tries);
    }
}

/* ---- the owner ---- */

/* Returns a number in a snapshot. */
static int number_in(const char *snapshot, const char *key)
{
    const char *at = strstr(snapshot, key);

    return at ? atoi(at + strlen(key)) : 0;
}

/* Saves a snapshot as acme_obtain does: what the CA does not know. */
static void save(play_t *play)
{
    const acme_issue_action_t *action = acme_issue_action(play->issue);
    unsigned int revision = acme_issue_revision(play->issue);
    const char *url = acme_issue_url(play->issue);

    if (revision == play->saved
        || (action->type != ACME_ACTION_FAILED && url && play->saved_url)) {
        return;
    }
    play->saved = revision;
    play->saved_url = url ? RANDOM_CA_ORDER : NULL;
    play->has_order = play->has_order || url;
    play->snapshot = acme_json_print(
        acme_issue_snapshot(play->issue, play->pissue), 0, play->p);
    play->failures = number_in(play->snapshot, "\"failures\":");
    play->timeouts = number_in(play->snapshot, "\"timeouts\":");
}

/* Begins a process: goes on with the job's order, or creates one. */
static void begin(play_t *play)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *json;

    if (play->pissue) {
        apr_pool_destroy(play->pissue);
    }
    apr_pool_create(&play->pissue, play->p);
    play->saved_url = NULL;
    play->try_steps = 0;
    play->try_began = play->ca.now;
    ++play->hour_tries;
    if (!play->snapshot) {
        say(play, "-- a new order");
        play->issue = acme_issue_create(&play->config, &play->log, play->ca.now,
                                        play->pissue);
        play->saved = acme_issue_revision(play->issue);
        return;
    }
    say(play, "-- the order is resumed");
    assert_int_equal(acme_json_parse(&json, play->snapshot,
                                     strlen(play->snapshot), NULL,
                                     play->pissue),
                     0);
    if (acme_issue_restore(&play->issue, &play->config, json, &play->log,
                           play->ca.now, &problem, play->pissue)
        != APR_SUCCESS) {
        violated("a snapshot of its own is refused: %s", problem.detail);
    }
    play->saved = acme_issue_revision(play->issue);
    play->saved_url = acme_issue_url(play->issue) ? RANDOM_CA_ORDER : NULL;
}

static void drop(play_t *play)
{
    play->snapshot = NULL;
    play->saved_url = NULL;
}

/* Handles the end of a try. Returns non-zero when nothing follows. */
static int fail_try(play_t *play, const acme_problem_t *failure)
{
    acme_problem_t *problem = acme_problem_dup(failure, play->p);
    apr_time_t at;

    say(play, "failed, class %s%s: %s",
        acme_problem_type_retry_name(problem->retry),
        acme_issue_resumable(play->issue) ? ", resumable" : "",
        acme_problem_text(problem, play->p));
    if (acme_issue_stale(play->issue)) {
        play->settled = 1;
        drop(play);
        if (!play->renewed) {
            play->renewed = 1;
            begin(play);
            return 0;
        }
    }
    if (!acme_issue_resumable(play->issue)) {
        drop(play);
    }
    at = acme_schedule_retry_at(problem, ++play->errors, ACME_TIME_MINUTE,
                                "seed", play->ca.now);
    if (at == ACME_SCHEDULE_NEVER) {
        say(play, "held");
        ++n_held;
        return 1;
    }
    if (at <= play->ca.now || at - play->ca.now > 9 * ACME_TIME_DAY) {
        violated("the next try is in %" PRId64 " s",
                 (int64_t)apr_time_sec(at - play->ca.now));
    }
    play->ca.now = at;
    play->renewed = 0;
    begin(play);
    return 0;
}

/* Judges a chain. Returns non-zero when nothing follows. */
static int take_chain(play_t *play, const acme_issue_action_t *action)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (strcmp(action->chain, TEST_CHAIN) != 0
        || action->chain_len != strlen(TEST_CHAIN)) {
        violated("the chain is not what the CA has sent: %s", action->chain);
    }
    if (!play->ca.truth.wrong && !random_ca_percent(&play->ca, 5)) {
        say(play, "done");
        ++n_done;
        return 1;
    }
    acme_problem_set(&problem, APR_EINVAL,
                     play->ca.truth.wrong ? ACME_RETRY_CONFIG
                                          : ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_CERTIFICATE, play->p, "it is refused");
    acme_issue_reject(play->issue, &problem, !play->ca.truth.wrong,
                      play->ca.now);
    play->settled = play->settled || play->ca.truth.wrong;
    save(play);
    return 0;
}

/* ---- a play ---- */

static void feed_answer(play_t *play, const random_ca_answer_t *said,
                        apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_answer_t answer;
    acme_json_t *json;
    apr_status_t rv = APR_SUCCESS;

    memset(&answer, 0, sizeof(answer));
    answer.status = said->status;
    answer.location = said->location;
    answer.content_type = said->type;
    answer.body = said->body;
    answer.body_len = strlen(said->body);
    answer.headers = apr_table_make(p, 1);
    answer.received = play->ca.now;
    answer.retry_at = said->retry_after ? play->ca.now + said->retry_after : 0;
    if (acme_json_parse(&json, said->body, answer.body_len, NULL, p)
        == APR_SUCCESS) {
        answer.json = json;
    }
    if (said->status < 200 || said->status > 299) {
        rv = acme_problem_from_answer(&problem, said->status, answer.json,
                                      answer.retry_at, p);
    }
    say(play, "  %d %.60s", said->status, said->body);
    acme_issue_answer(play->issue, rv, &answer, rv ? &problem : NULL,
                      play->ca.now);
}

static void feed_nothing(play_t *play, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    say(play, "  no answer");
    acme_problem_set(&problem, APR_ECONNRESET, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_NETWORK, p, "gone");
    acme_issue_answer(play->issue, APR_ECONNRESET, NULL, &problem,
                      play->ca.now);
}

static void post(play_t *play, const acme_issue_action_t *action)
{
    const char *url = action->url;
    random_ca_answer_t answer = {0};
    apr_pool_t *p;

    apr_pool_create(&p, play->p);
    url = apr_pstrdup(p, url);
    say(play, "POST %s", url);
    count_post(play);
    play->ca.now += random_ca_roll(&play->ca, 1000) * 1000;
    if (random_ca_is(url, "new")) {
        judge_new_order(play);
        play->has_order = 0;
        play->settled = 0;
        play->crashed = 0;
        play->misled = 0;
        play->failures = 0;
        play->timeouts = 0;
        ++n_orders;
    }
    if (random_ca_percent(&play->ca, play->ca.lost)) {
        if (random_ca_percent(&play->ca, 50)) {
            random_ca_hear(&play->ca, url);
        }
        feed_nothing(play, p);
        apr_pool_destroy(p);
        return;
    }
    if (random_ca_percent(&play->ca, play->ca.errors)) {
        random_ca_go_wrong(&play->ca, &answer, p);
    }
    else {
        random_ca_hear(&play->ca, url);
        if (random_ca_percent(&play->ca, play->ca.lies)) {
            random_ca_lie(&play->ca, &answer, url, p);
        }
        else {
            random_ca_tell(&play->ca, &answer, url, p);
        }
    }
    if (random_ca_percent(&play->ca, play->ca.named)) {
        static const int seconds[] = {1, 1, 3, 30, 100, 700, 90000};

        answer.retry_after =
            apr_time_from_sec(seconds[random_ca_roll(&play->ca, 7)]);
    }
    note(play, &answer, url);
    feed_answer(play, &answer, p);
    apr_pool_destroy(p);
}

static void wait_until(play_t *play, const acme_issue_action_t *action)
{
    if (action->until < play->ca.now
        || action->until > play->ca.now + ACME_TIME_HOUR) {
        violated("a wait of %" PRId64 " s",
                 (int64_t)apr_time_sec(action->until - play->ca.now));
    }
    play->ca.now = action->until;
    acme_issue_timer(play->issue, play->ca.now);
}

static void solve(play_t *play, const acme_issue_action_t *action)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_status_t rv =
        random_ca_percent(&play->ca, play->ca.errors / 10) ? APR_ENOSPC : 0;

    (void)action;
    acme_problem_set(&problem, APR_ENOSPC, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, play->p, "the disk is full");
    acme_issue_solved(play->issue, rv, rv ? &problem : NULL, play->ca.now);
}

/* Carries out one action. Returns non-zero when nothing follows. */
static int step(play_t *play)
{
    const acme_issue_action_t *action = acme_issue_action(play->issue);

    ++play->steps;
    if (++play->try_steps > 3 * POLLS_NAMED_MAX) {
        violated("%d steps in one try", play->try_steps);
    }
    if (play->ca.now - play->try_began > TRY_MAX) {
        violated("a try of more than 12 hours");
    }
    switch (action->type) {
    case ACME_ACTION_POST:
        post(play, action);
        break;
    case ACME_ACTION_WAIT:
        wait_until(play, action);
        break;
    case ACME_ACTION_PRESENT:
    case ACME_ACTION_CLEANUP:
        solve(play, action);
        break;
    case ACME_ACTION_DONE:
        return take_chain(play, action);
    case ACME_ACTION_FAILED:
        return fail_try(play, action->problem);
    }
    save(play);
    if (random_ca_percent(&play->ca, 2)
        && random_ca_percent(&play->ca, play->ca.turns)) {
        play->ca.truth.gone = 1;
    }
    if (random_ca_percent(&play->ca, play->ca.crashes)) {
        play->crashed = 1;
        begin(play);
    }
    return 0;
}

/* Plays one CA. Returns the number of steps. */
static int play_seed(uint64_t seed, int verbose, apr_pool_t *parent)
{
    static const char *const all[] = {"a.example", "b.example", "c.example"};
    play_t *play;
    apr_array_header_t *names, *types;
    apr_pool_t *p;
    int i, steps;

    apr_pool_create(&p, parent);
    play = apr_pcalloc(p, sizeof(*play));
    current = play;
    play->p = p;
    play->seed = seed;
    play->ca.dice = seed;
    play->verbose = verbose;
    play->ca.now = START;
    play->ca.n_names = 1 + random_ca_roll(&play->ca, RANDOM_CA_NAMES);
    random_ca_choose(&play->ca);
    names = apr_array_make(p, RANDOM_CA_NAMES, sizeof(const char *));
    types = apr_array_make(p, 1, sizeof(const char *));
    for (i = 0; i < play->ca.n_names; ++i) {
        APR_ARRAY_PUSH(names, const char *) = all[i];
    }
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    play->log.sink = log_line;
    play->log.baton = play;
    play->log.level = verbose ? ACME_LOG_DEBUG : ACME_LOG_ERR;
    play->signer.thumbprint = "print";
    play->config.name = all[0];
    play->config.new_order_url = RANDOM_CA_NEW;
    play->config.names = names;
    play->ca.names = names;
    play->config.challenge_types = types;
    play->config.csr = "Y3Ny";
    play->config.signer = &play->signer;
    say(play,
        "lies %d, errors %d, lost %d, crashes %d, named %d, lags %d, "
        "turns %d",
        play->ca.lies, play->ca.errors, play->ca.lost, play->ca.crashes,
        play->ca.named, play->ca.lags, play->ca.turns);
    begin(play);
    while (play->steps < STEPS_MAX && play->ca.now - START < RUN_MAX
           && !step(play)) {
    }
    steps = play->steps;
    apr_pool_destroy(p);
    return steps;
}

static int64_t wanted = DEFAULT_STEPS;
static uint64_t only;

static void any_ca_is_survived(void **state)
{
    int64_t steps = 0;
    uint64_t seed = 0;

    if (only) {
        play_seed(only, 1, *state);
        return;
    }
    while (steps < wanted) {
        steps += play_seed(++seed, 0, *state);
    }
    printf("# %" PRId64 " steps, seeds 1 to %" PRIu64
           ": %d certificates, %d held, %d orders, at most %d requests in an "
           "hour\n",
           steps, seed, n_done, n_held, n_orders, most_posts);
}

int main(int argc, const char *const *argv)
{
    static const struct CMUnitTest tests[] = {ACME_T(any_ca_is_survived)};
    int failed;

    apr_app_initialize(&argc, &argv, NULL);
    if (argc == 3 && strcmp(argv[1], "seed") == 0) {
        only = strtoull(argv[2], NULL, 10);
    }
    else if (argc == 2) {
        wanted = strtoll(argv[1], NULL, 10);
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed != 0;
}
