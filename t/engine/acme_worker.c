/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"
#include "world.h"

static void the_first_certificate(void **state)
{
    world_t *w = world_create(*state);
    const acme_job_t *job;
    int requests;

    world_add(w, "a.example www.a.example");
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(w->ca->directories, 1);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    assert_int_equal(world_count(w, ACME_STORE_CHALLENGES), 0);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
    assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 0);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE,
                                "a.example: certificate ready, valid until"),
                     1);
    job = world_job(w, "a.example");
    assert_string_equal(job->reason, "first certificate");
    assert_int_equal(job->errors, 0);

    /* nothing more is asked, however often the worker runs */
    requests = w->ca->requests;
    world_live(w, 10 * ACME_TIME_DAY);
    assert_int_equal(w->ca->requests, requests);
}

static void a_restart_settles_and_the_renewal_has_a_new_key(void **state)
{
    world_t *w = world_create(*state);
    const char *first, *key;
    const acme_job_t *job;

    world_add(w, "a.example");
    assert_true(world_run(w));
    first = world_job(w, "a.example")->staged;
    key = test_issuer_last_key(w->issuer);
    world_restart(w);
    assert_true(world_run(w));
    job = world_job(w, "a.example");
    assert_null(job->staged);
    assert_int_equal(job->errors, 0);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 0);
    assert_int_equal(w->ca->orders, 1);

    world_live(w, 59 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(w->ca->accounts, 1);
    world_assert_staged(w, "a.example");
    assert_string_not_equal(world_job(w, "a.example")->staged, first);
    assert_string_not_equal(test_issuer_last_key(w->issuer), key);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void two_sites_share_one_account(void **state)
{
    world_t *w = world_create(*state);

    world_add(w, "a.example");
    world_add(w, "b.example www.b.example c.example");
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    world_assert_staged(w, "b.example");
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(w->ca->directories, 1);
    assert_int_equal(w->ca->orders, 2);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 1);
    /* a restart makes no new account */
    world_add(w, "d.example");
    world_restart(w);
    assert_true(world_run(w));
    world_assert_staged(w, "d.example");
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(w->ca->orders, 3);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "the account is"), 1);
}

static void another_contact_is_another_account(void **state)
{
    world_t *w = world_create(*state);
    acme_ca_spec_t *ca = apr_pmemdup(w->p, &w->ca_spec, sizeof(*ca));
    acme_spec_t *spec;

    world_add(w, "a.example");
    spec = world_add(w, "b.example");
    ca->contact = NULL;
    spec->ca = ca;
    assert_true(world_run(w));
    assert_int_equal(w->ca->accounts, 2);
    assert_int_equal(world_count(w, ACME_STORE_ACCOUNTS), 2);
}

/* Begins a new process after a death, and lets it finish. */
static void live_on(world_t *w)
{
    assert_true(w->killed);
    world_boot(w);
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, "a.example");
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_said(w, ACME_LOG_ERR, NULL), 0);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static world_t *unseen(apr_pool_t *p)
{
    world_t *w = world_create(p);

    w->ca->validate_polls = 2;
    w->ca->process_polls = 1;
    world_add(w, "a.example www.a.example");
    return w;
}

static void killed_before_any_request_it_goes_on(void **state)
{
    apr_pool_t *p;
    int n, ended = 0;

    for (n = 1; !ended; ++n) {
        world_t *w;

        apr_pool_create(&p, *state);
        w = unseen(p);
        w->kill_request = n;
        ended = world_run(w);
        if (!ended) {
            live_on(w);
            assert_int_equal(w->ca->orders, 1);
            assert_int_equal(test_issuer_count(w->issuer), 1);
        }
        apr_pool_destroy(p);
    }
    assert_true(n > 12);
}

/* Only the answer to newOrder cannot be asked for again. */
static void killed_before_any_answer_it_goes_on(void **state)
{
    apr_pool_t *p;
    int n, ended = 0, doubled = 0;

    for (n = 1; !ended; ++n) {
        world_t *w;

        apr_pool_create(&p, *state);
        w = unseen(p);
        w->kill_answer = n;
        ended = world_run(w);
        if (!ended) {
            int before = w->ca->orders;
            int was_sent = world_job(w, "a.example")->order == NULL;

            live_on(w);
            doubled += w->ca->orders - 1;
            assert_true(w->ca->orders == 1 || (before == 1 && was_sent));
            assert_int_equal(test_issuer_count(w->issuer), 1);
        }
        apr_pool_destroy(p);
    }
    assert_true(n > 12);
    assert_int_equal(doubled, 1);
}

static void killed_around_any_put_it_goes_on(void **state)
{
    apr_pool_t *p;
    int n, after, ended;

    for (after = 0; after < 2; ++after) {
        ended = 0;
        for (n = 1; !ended; ++n) {
            world_t *w;

            apr_pool_create(&p, *state);
            w = unseen(p);
            if (after) {
                w->kill_after_put = n;
            }
            else {
                w->kill_put = n;
            }
            ended = world_run(w);
            if (!ended) {
                int orders = w->ca->orders;
                int known = world_job(w, "a.example")->order != NULL
                            || world_job(w, "a.example")->staged != NULL;

                live_on(w);
                assert_true(w->ca->orders == 1 || (orders == 1 && !known));
                assert_int_equal(test_issuer_count(w->issuer), 1);
                /* nothing is left for the next process to do */
                world_restart(w);
                world_live(w, ACME_TIME_DAY);
                assert_null(world_job(w, "a.example")->staged);
                assert_null(world_job(w, "a.example")->order);
                assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
                assert_int_equal(world_count(w, ACME_STORE_STAGING), 0);
                assert_int_equal(test_issuer_count(w->issuer), 1);
            }
            apr_pool_destroy(p);
        }
        assert_true(n > 8);
    }
}

/* The key that the CA has heard of is there, and so is the certificate that it
 * thinks we have: nothing is issued twice. */
static void whenever_the_power_fails_no_key_is_lost(void **state)
{
    apr_pool_t *p;
    int n, answered, ended;

    for (answered = 0; answered < 2; ++answered) {
        ended = 0;
        for (n = 1; !ended; ++n) {
            world_t *w;

            apr_pool_create(&p, *state);
            w = unseen(p);
            w->power_cut = 1;
            if (answered) {
                w->kill_answer = n;
            }
            else {
                w->kill_request = n;
            }
            ended = world_run(w);
            if (!ended) {
                live_on(w);
                assert_int_equal(test_issuer_count(w->issuer), 1);
            }
            apr_pool_destroy(p);
        }
        assert_true(n > 12);
    }
}

static void what_cannot_be_flushed_is_told_to_nobody(void **state)
{
    world_t *w = unseen(*state);

    w->flush_fails = EIO;
    assert_true(world_run(w));
    assert_int_equal(w->ca->orders, 0);
    assert_int_equal(world_job(w, "a.example")->errors, 1);
    assert_string_equal(world_job(w, "a.example")->problem->detail,
                        "cannot sync");
    w->flush_fails = 0;
    world_live(w, ACME_TIME_DAY);
    world_assert_staged(w, "a.example");
}

static void one_flush_serves_all_orders_of_a_turn(void **state)
{
    world_t *w = world_many(*state, 10);

    assert_true(world_run(w));
    world_assert_staged(w, "site9.example");
    assert_true(w->flushes <= 4);
}

static void killed_again_and_again_it_still_arrives(void **state)
{
    world_t *w = unseen(*state);
    int deaths = 0;

    w->kill_request = 2;
    while (!world_run(w)) {
        ++deaths;
        assert_true(deaths < 100);
        world_boot(w);
        /* each death comes a little later than the one before */
        w->kill_request = 4 + deaths / 2;
    }
    assert_true(deaths > 3);
    world_assert_staged(w, "a.example");
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(test_issuer_count(w->issuer), 1);
}

static void half_of_the_nonces_are_refused(void **state)
{
    world_t *w = unseen(*state);

    w->ca->refuse_nonces = 50;
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    assert_true(w->ca->bad_nonces > 0);
    assert_int_equal(w->ca->orders, 1);
    assert_int_equal(w->ca->accounts, 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void who_does_not_hold_the_lease_does_nothing(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_lease_t *lease;
    apr_pool_t *other;

    apr_pool_create(&other, w->p);
    assert_int_equal(acme_store_lease(&lease, w->mem, "worker", ACME_TIME_HOUR,
                                      &problem, other),
                     APR_SUCCESS);
    assert_true(world_run(w));
    assert_int_equal(w->next, w->clock->now + apr_time_from_sec(1));
    assert_int_equal(w->ca->requests, 0);
    assert_int_equal(w->puts, 0);
    assert_int_equal(w->lines->nelts, 0);
    /* the wait holds against a wake-up */
    apr_pool_destroy(other);
    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, 0);
    w->clock->now = w->next;
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
}

static void who_waits_for_the_lease_says_so_once_in_a_while(void **state)
{
    world_t *w = unseen(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_lease_t *lease;
    apr_pool_t *other;

    apr_pool_create(&other, w->p);
    assert_int_equal(acme_store_lease(&lease, w->mem, "worker", ACME_TIME_DAY,
                                      &problem, other),
                     APR_SUCCESS);
    world_live(w, 4 * ACME_TIME_MINUTE);
    assert_int_equal(w->lines->nelts, 0);
    assert_string_equal(acme_worker_waiting(w->worker)->text, "");
    world_live(w, 2 * ACME_TIME_MINUTE);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ACME0314"), 1);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "\"worker\""), 1);
    assert_non_null(strstr(acme_worker_waiting(w->worker)->text, "\"worker\""));
    world_live(w, ACME_TIME_HOUR / 2);
    assert_int_equal(w->lines->nelts, 1);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(w->lines->nelts, 2);
    /* a clock that is set back does not delay the warning */
    fake_clock_turn(w->clock, -ACME_TIME_DAY);
    world_live(w, 6 * ACME_TIME_MINUTE);
    assert_int_equal(w->lines->nelts, 3);
    apr_pool_destroy(other);
    world_live(w, ACME_TIME_HOUR);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "ACME0315"), 1);
    assert_string_equal(acme_worker_waiting(w->worker)->text, "");
    world_assert_staged(w, "a.example");
}

static apr_status_t lease_denied(acme_lease_t **lease, acme_store_t *store,
                                 const char *name, apr_interval_time_t ttl,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    (void)lease;
    (void)store;
    (void)name;
    (void)ttl;
    acme_problem_set(problem, APR_EACCES, ACME_RETRY_INTERNAL,
                     ACME_PROBLEM_STORE, p, "cannot lock it");
    problem->to_fix = "mend it so";
    return APR_EACCES;
}

/* Calls the worker often, as the watchdog does when acmectl may have asked for
 * something. */
static void call_often(world_t *w, apr_interval_time_t time)
{
    apr_time_t end = w->clock->now + time;

    while (w->clock->now < end) {
        assert_true(world_run(w));
        w->clock->now += ACME_TIME_MINUTE / 6;
    }
}

static void a_store_that_fails_is_told_once_per_back_off(void **state)
{
    world_t *w = unseen(*state);
    const acme_worker_wait_t *wait;
    apr_status_t (*lease)(acme_lease_t **, acme_store_t *, const char *,
                          apr_interval_time_t, acme_problem_t *, apr_pool_t *) =
        w->backend.lease;

    w->backend.lease = lease_denied;
    world_boot(w);
    wait = acme_worker_waiting(w->worker);
    call_often(w, ACME_TIME_HOUR);
    /* 1, 10 and 60 minutes, each up to 25 % more or less */
    assert_in_range(world_said(w, ACME_LOG_WARNING, "ACME0313"), 2, 7);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "what to do: mend it so"),
                     world_said(w, ACME_LOG_WARNING, "ACME0313"));
    assert_int_equal(world_said(w, ACME_LOG_WARNING, wait->text),
                     world_said(w, ACME_LOG_WARNING, "ACME0313"));
    assert_non_null(strstr(wait->text, "since "));
    assert_string_equal(wait->to_fix, "mend it so");
    assert_true(wait->store_fails);
    assert_true(wait->since > 0 && wait->since < w->clock->now);
    /* a clock that is turned back neither shortens nor lengthens the wait */
    fake_clock_turn(w->clock, -ACME_TIME_DAY);
    w->lines->nelts = 0;
    call_often(w, 2 * ACME_TIME_HOUR);
    assert_in_range(world_said(w, ACME_LOG_WARNING, "ACME0313"), 1, 3);
    w->backend.lease = lease;
    call_often(w, 2 * ACME_TIME_HOUR);
    assert_int_equal(world_said(w, ACME_LOG_NOTICE, "ACME0512"), 1);
    assert_string_equal(wait->text, "");
    assert_false(wait->store_fails);
    assert_int_equal(wait->since, 0);
    world_assert_staged(w, "a.example");
}

/* Lets another worker take the lease while a request takes long. */
static void take_over(world_t *w, const script_request_t *request)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_lease_t *lease;

    if (!strstr(request->url, "/order")
        || world_said(w, ACME_LOG_ERR, "taken")) {
        return;
    }
    acme_log(&w->log, ACME_LOG_ERR, 0, "taken");
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_int_equal(acme_store_lease(&lease, w->mem, "worker",
                                      ACME_TIME_MINUTE, &problem, w->p),
                     APR_SUCCESS);
}

static void who_loses_the_lease_saves_nothing_more(void **state)
{
    world_t *w = unseen(*state);
    int puts;

    w->on_request = take_over;
    assert_true(world_run(w));
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "taken over"), 1);
    assert_int_equal(w->ca->finalized, 0);
    /* it begins again when it gets the lease back */
    puts = w->puts;
    w->on_request = NULL;
    assert_true(world_run(w));
    assert_int_equal(w->puts, puts);
    fake_clock_turn(w->clock, 2 * ACME_TIME_MINUTE);
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    assert_int_equal(w->ca->orders, 1);
}

static void a_stop_saves_the_order_that_is_just_made(void **state)
{
    apr_pool_t *p;
    int n, ended = 0;

    for (n = 1; !ended; ++n) {
        world_t *w;
        apr_time_t begun;

        apr_pool_create(&p, *state);
        w = unseen(p);
        world_boot(w);
        w->stop_request = n;
        begun = w->clock->now;
        assert_true(world_run(w));
        ended = w->stop_request > 0;
        if (!ended && !world_staged(w, "a.example")) {
            assert_true(w->clock->now - begun < apr_time_from_sec(30));
            /* a stopped worker does nothing any more */
            assert_true(world_run(w));
            world_boot(w);
            world_live(w, ACME_TIME_HOUR);
            assert_int_equal(w->ca->orders, 1);
            assert_int_equal(w->ca->accounts, 1);
            assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
        }
        world_assert_staged(w, "a.example");
        apr_pool_destroy(p);
    }
    assert_true(n > 12);
}

/* Time that newOrder takes. */
static apr_interval_time_t order_delay;

static void respond_slowly(void *baton, const script_request_t *request,
                           script_answer_t *answer, apr_pool_t *p)
{
    world_t *w = baton;

    model_ca_respond(w->ca, request, answer, p);
    if (!request->repeatable) {
        answer->delay = order_delay;
        acme_worker_stop(w->worker);
    }
    assert_int_equal(acme_worker_is_precious(w->worker), !request->repeatable);
}

/* Puts of the job while the worker says that its process must not end. */
static int precious_puts;

static apr_status_t put_precious(const char **version, acme_store_t *store,
                                 const acme_store_put_t *put,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    world_t *w = store->self;

    if (acme_worker_is_precious(w->worker)) {
        assert_string_equal(put->kind, ACME_STORE_JOBS);
        /* This protects against the end of the process, not of the machine. */
        assert_int_equal(put->sync, ACME_STORE_LAZY);
        ++precious_puts;
    }
    return world_put(version, store, put, problem, p);
}

static void its_process_may_end_once_the_order_is_saved(void **state)
{
    world_t *w = unseen(*state);

    world_boot(w);
    w->backend.put = put_precious;
    precious_puts = 0;
    assert_false(acme_worker_is_precious(w->worker));
    world_live(w, ACME_TIME_HOUR);
    world_assert_staged(w, "a.example");
    assert_int_equal(precious_puts, 1);
    assert_false(acme_worker_is_precious(w->worker));
}

static void a_stop_waits_two_seconds_for_an_order_but_no_longer(void **state)
{
    static const apr_interval_time_t delays[] = {1900000, 60000000};
    apr_pool_t *p;
    int i;

    for (i = 0; i < 2; ++i) {
        world_t *w;
        apr_time_t begun;

        apr_pool_create(&p, *state);
        w = unseen(p);
        world_boot(w);
        script_http_respond(w->script, respond_slowly, w);
        order_delay = delays[i];
        begun = w->clock->now;
        assert_true(world_run(w));
        /* includes the lease, because the fake transport cannot be woken */
        assert_true(w->clock->now - begun <= apr_time_from_sec(23));
        assert_int_equal(w->ca->orders, 1);
        assert_int_equal(world_job(w, "a.example")->order != NULL, i == 0);
        assert_false(acme_worker_is_precious(w->worker));
        world_boot(w);
        world_live(w, ACME_TIME_HOUR);
        world_assert_staged(w, "a.example");
        assert_int_equal(w->ca->orders, 1 + i);
        apr_pool_destroy(p);
    }
}

static void no_sites_no_work(void **state)
{
    world_t *w = world_create(*state);

    assert_true(world_run(w));
    assert_int_equal(w->ca->requests, 0);
    assert_true(w->next > w->clock->now + ACME_TIME_HOUR);
}

/** Notes what the host is told, and says what it wants. */
typedef struct host_t {
    int answer;
    int swaps;
    int urgent;
    char fingerprint[128];
    acme_inventory_t *live; /* what root has made live, or NULL */
} host_t;

static int swap(void *baton, int site, const char *fingerprint)
{
    host_t *host = baton;

    assert_int_equal(site, 0);
    ++host->swaps;
    apr_cpystrn(host->fingerprint, fingerprint, sizeof(host->fingerprint));
    return host->answer;
}

static const acme_inventory_t *look_again(void *baton, int site)
{
    host_t *host = baton;
    const acme_inventory_t *live = host->live;

    assert_int_equal(site, 0);
    host->live = NULL;
    return live;
}

static void hear_urgent(void *baton, int site)
{
    host_t *host = baton;

    (void)site;
    ++host->urgent;
}

static void attend(world_t *w, host_t *host)
{
    w->config.swap = swap;
    w->config.look_again = look_again;
    w->config.swap_baton = host;
    w->config.urgent = hear_urgent;
    w->config.urgent_baton = host;
    w->worker = acme_worker_create(&w->config, w->prun);
}

static void the_host_may_serve_what_is_staged(void **state)
{
    world_t *w = world_create(*state);
    host_t host = {1, 0, 0, "", NULL};
    const acme_job_t *job;

    world_add(w, "a.example");
    world_boot(w);
    attend(w, &host);
    assert_true(world_run(w));
    world_assert_staged(w, "a.example");
    job = world_job(w, "a.example");
    assert_true(job->swapped);
    assert_string_equal(host.fingerprint, job->staged);
    assert_int_equal(host.swaps, 1);
    /* The next process may have to say so again, and may not be able to. */
    host.answer = 0;
    world_boot(w);
    attend(w, &host);
    assert_true(world_run(w));
    assert_int_equal(host.swaps, 2);
    assert_false(world_job(w, "a.example")->swapped);
    /* A start makes it live. */
    world_restart(w);
    attend(w, &host);
    assert_true(world_run(w));
    assert_int_equal(host.swaps, 2);
    assert_null(world_job(w, "a.example")->staged);
}

static void what_root_makes_live_is_settled_and_renewed(void **state)
{
    world_t *w = world_create(*state);
    host_t host = {1, 0, 0, "", NULL};
    acme_inventory_t live;
    acme_certstore_cert_t cert;
    acme_cert_info_t info;

    world_add(w, "a.example");
    world_boot(w);
    attend(w, &host);
    assert_true(world_run(w));
    assert_true(world_job(w, "a.example")->swapped);
    /* It is looked for again soon. */
    assert_true(w->next <= w->clock->now + 10 * ACME_TIME_MINUTE);
    memset(&live, 0, sizeof(live));
    memset(&cert, 0, sizeof(cert));
    memset(&info, 0, sizeof(info));
    info.names = world_strings(w->p, "a.example");
    info.fingerprint = apr_pstrdup(w->p, host.fingerprint);
    info.key_type = "P-256";
    info.not_before = w->clock->now;
    info.not_after = w->clock->now + 90 * ACME_TIME_DAY;
    cert.info = &info;
    cert.ca_url = w->ca_spec.url;
    live.live = &cert;
    live.serving = ACME_SERVING_LKC;
    live.staged = ACME_STAGED_PROMOTED;
    live.staged_fingerprint = info.fingerprint;
    host.live = &live;
    world_live(w, 10 * ACME_TIME_MINUTE);
    assert_null(world_job(w, "a.example")->staged);
    assert_int_equal(world_count(w, ACME_STORE_STAGING), 0);
    assert_int_equal(w->ca->orders, 1);
    /* The renewal comes in its time, with no restart. */
    world_live(w, 59 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 1);
    world_live(w, 5 * ACME_TIME_DAY);
    assert_int_equal(w->ca->orders, 2);
    assert_true(world_job(w, "a.example")->swapped);
}

ACME_T_MAIN(ACME_T(the_first_certificate),
            ACME_T(what_root_makes_live_is_settled_and_renewed),
            ACME_T(the_host_may_serve_what_is_staged),
            ACME_T(a_restart_settles_and_the_renewal_has_a_new_key),
            ACME_T(two_sites_share_one_account),
            ACME_T(another_contact_is_another_account),
            ACME_T(killed_before_any_request_it_goes_on),
            ACME_T(killed_before_any_answer_it_goes_on),
            ACME_T(killed_around_any_put_it_goes_on),
            ACME_T(whenever_the_power_fails_no_key_is_lost),
            ACME_T(what_cannot_be_flushed_is_told_to_nobody),
            ACME_T(one_flush_serves_all_orders_of_a_turn),
            ACME_T(killed_again_and_again_it_still_arrives),
            ACME_T(half_of_the_nonces_are_refused),
            ACME_T(who_does_not_hold_the_lease_does_nothing),
            ACME_T(who_waits_for_the_lease_says_so_once_in_a_while),
            ACME_T(a_store_that_fails_is_told_once_per_back_off),
            ACME_T(who_loses_the_lease_saves_nothing_more),
            ACME_T(a_stop_saves_the_order_that_is_just_made),
            ACME_T(a_stop_waits_two_seconds_for_an_order_but_no_longer),
            ACME_T(its_process_may_end_once_the_order_is_saved),
            ACME_T(no_sites_no_work))
