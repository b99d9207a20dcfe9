/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    world_t *w = baton;
    world_line_t *line = apr_array_push(w->lines);

    (void)rv;
    line->level = level;
    line->text = apr_pstrdup(w->p, message);
}

int world_said(const world_t *w, acme_log_level_e level, const char *part)
{
    const world_line_t *line;
    int i, n = 0;

    for (i = 0; i < w->lines->nelts; ++i) {
        line = &APR_ARRAY_IDX(w->lines, i, world_line_t);
        n += line->level == level && (!part || strstr(line->text, part));
    }
    return n;
}

/* Returns non-zero when a counter that runs has come to its end. */
static int counts_down(int *n)
{
    return *n > 0 && --*n == 0;
}

/* Kills the process: world_run() returns zero. */
static void die(world_t *w)
{
    world_item_t *item;

    w->killed = 1;
    while (w->power_cut && (item = apr_array_pop(w->batched)) != NULL) {
        assert_int_equal(
            acme_store_delete(w->mem, item->kind, item->name, NULL, w->p), 0);
    }
    apr_array_clear(w->batched);
    longjmp(w->death, 1);
}

apr_status_t world_get(acme_store_item_t *item, acme_store_t *store,
                       const char *kind, const char *name,
                       acme_problem_t *problem, apr_pool_t *p)
{
    world_t *w = store->self;

    ++w->gets;
    return acme_store_get(item, w->mem, kind, name, problem, p);
}

apr_status_t world_put(const char **version, acme_store_t *store,
                       const acme_store_put_t *put, acme_problem_t *problem,
                       apr_pool_t *p)
{
    world_t *w = store->self;
    world_item_t *item;
    apr_status_t rv;

    ++w->puts;
    if (counts_down(&w->kill_put)
        || (w->dies_of && w->dies_of(w, put->kind, put->name))) {
        die(w);
    }
    rv = acme_store_put(version, w->mem, put, problem, p);
    if (rv == APR_SUCCESS && put->sync == ACME_STORE_BATCH) {
        item = apr_array_push(w->batched);
        item->kind = apr_pstrdup(w->p, put->kind);
        item->name = apr_pstrdup(w->p, put->name);
    }
    if (counts_down(&w->kill_after_put)) {
        die(w);
    }
    return rv;
}

static apr_status_t flush(acme_store_t *store, acme_problem_t *problem,
                          apr_pool_t *ptemp)
{
    world_t *w = store->self;

    ++w->flushes;
    apr_array_clear(w->batched);
    return w->flush_fails
               ? acme_problem_set(problem, w->flush_fails, ACME_RETRY_INTERNAL,
                                  ACME_PROBLEM_STORE, ptemp, "cannot sync")
               : APR_SUCCESS;
}

static apr_status_t del(acme_store_t *store, const char *kind, const char *name,
                        acme_problem_t *problem, apr_pool_t *ptemp)
{
    world_t *w = store->self;

    return acme_store_delete(w->mem, kind, name, problem, ptemp);
}

static apr_status_t list(apr_array_header_t **names, acme_store_t *store,
                         const char *kind, acme_problem_t *problem,
                         apr_pool_t *p)
{
    world_t *w = store->self;

    return acme_store_list(names, w->mem, kind, problem, p);
}

static apr_status_t lease(acme_lease_t **lease, acme_store_t *store,
                          const char *name, apr_interval_time_t ttl,
                          acme_problem_t *problem, apr_pool_t *p)
{
    world_t *w = store->self;

    return acme_store_lease(lease, w->mem, name, ttl, problem, p);
}

static const char *with_replaced(const char *text, const char *from,
                                 const char *to, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, text);
    char *at;

    for (at = copy; at && (at = strstr(at, from)) != NULL; ++at) {
        memcpy(at, to, strlen(to));
    }
    return copy;
}

/* All models live at ca.test: the second one is renamed on its way. */
static void other_respond(world_t *w, const script_request_t *request,
                          script_answer_t *answer, apr_pool_t *p)
{
    script_request_t renamed = *request;
    const char *location;

    assert_non_null(w->other);
    renamed.url = with_replaced(request->url, "//cb.", "//ca.", p);
    renamed.kid = with_replaced(request->kid, "//cb.", "//ca.", p);
    model_ca_respond(w->other, &renamed, answer, p);
    answer->body = with_replaced(answer->body, "//ca.", "//cb.", p);
    location = apr_table_get(answer->headers, "Location");
    if (location) {
        apr_table_set(answer->headers, "Location",
                      with_replaced(location, "//ca.", "//cb.", p));
    }
}

static void respond(void *baton, const script_request_t *request,
                    script_answer_t *answer, apr_pool_t *p)
{
    world_t *w = baton;

    if (counts_down(&w->kill_request)) {
        die(w);
    }
    if (counts_down(&w->stop_request)) {
        acme_worker_stop(w->worker);
    }
    if (w->refuse && w->refuse(w, request, answer, p)) {
        return;
    }
    if (strncmp(request->url, "https://cb.", 11) == 0) {
        other_respond(w, request, answer, p);
    }
    else {
        model_ca_respond(w->ca, request, answer, p);
    }
    if (w->on_request) {
        w->on_request(w, request);
    }
    if (counts_down(&w->kill_answer)) {
        die(w);
    }
}

/* The CA looks for the challenge as it would in real life. */
static int is_up(void *baton, const char *type, const char *identifier,
                 const char *token)
{
    world_t *w = baton;
    const char *answer;
    acme_json_t *item;

    if (strcmp(type, "tls-alpn-01") == 0) {
        return acme_solver_item_get(
                   &item, w->vault,
                   apr_pstrcat(w->p, "tls-alpn-01 ", identifier, NULL),
                   identifier, w->p)
                   == APR_SUCCESS
               && strncmp(acme_solver_item_authorization(item), token,
                          strlen(token))
                      == 0;
    }
    if (strcmp(type, "dns-01") == 0) {
        return fake_commands_has(w->commands, identifier, NULL);
    }
    assert_string_equal(type, "http-01");
    return acme_solver_http_answer(&answer, w->vault, identifier, token, w->p)
           == APR_SUCCESS;
}

world_t *world_create(apr_pool_t *p)
{
    static const unsigned char secret[ACME_SEAL_SECRET_LEN] = {7};
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->clock = fake_clock_create(p);
    w->ca = model_ca_create(p);
    w->issuer = test_issuer_create(&w->clock->clock, p);
    w->ca->sign = test_issuer_sign;
    w->ca->sign_baton = w->issuer;
    w->ca->is_up = is_up;
    w->ca->is_up_baton = w;
    w->mem = acme_store_mem_create(&w->clock->clock, p);
    w->backend.name = "world";
    w->backend.get = world_get;
    w->backend.put = world_put;
    w->backend.del = del;
    w->backend.list = list;
    w->backend.lease = lease;
    w->backend.flush = flush;
    w->batched = apr_array_make(p, 8, sizeof(world_item_t));
    w->store.backend = &w->backend;
    w->store.self = w;
    w->seal = acme_seal_create(secret, p);
    w->log.sink = sink;
    w->log.baton = w;
    w->log.level = ACME_LOG_INFO;
    w->lines = apr_array_make(p, 64, sizeof(world_line_t));
    w->vault = acme_vault_create(w->mem, w->seal, &w->log, p);
    w->ca_spec.url = MODEL_CA_DIRECTORY;
    w->ca_spec.label = "ca.test";
    w->ca_spec.contact = "mailto:admin@example.org";
    w->ca_spec.agreed = 1;
    w->specs = apr_array_make(p, 4, sizeof(acme_spec_t *));
    w->certs = apr_array_make(p, 4, sizeof(acme_site_cert_t *));
    w->parallel = 10;
    w->commands = fake_commands_create(p);
    return w;
}

apr_array_header_t *world_strings(apr_pool_t *p, const char *list)
{
    apr_array_header_t *array = apr_array_make(p, 4, sizeof(const char *));
    char *copy = apr_pstrdup(p, list);
    char *state, *word;

    for (word = apr_strtok(copy, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(array, const char *) = word;
    }
    return array;
}

acme_spec_t *world_add(world_t *w, const char *names)
{
    acme_spec_t *spec = apr_pcalloc(w->p, sizeof(*spec));
    acme_inventory_t *inventory = apr_pcalloc(w->p, sizeof(*inventory));

    spec->names = world_strings(w->p, names);
    spec->name = APR_ARRAY_IDX(spec->names, 0, const char *);
    spec->ca = &w->ca_spec;
    spec->key.type = ACME_KEY_P256;
    spec->challenge_types = world_strings(w->p, "http-01");
    spec->retry_delay = ACME_TIME_MINUTE;
    spec->place = "test.conf:1";
    inventory->serving = ACME_SERVING_PLACEHOLDER;
    APR_ARRAY_PUSH(w->specs, acme_spec_t *) = spec;
    acme_site_add(w->certs, spec, inventory);
    return spec;
}

const char *world_site_name(const world_t *w, int i)
{
    return apr_psprintf(w->p, "site%d.example", i);
}

world_t *world_many(apr_pool_t *p, int sites)
{
    world_t *w = world_create(p);
    int i;

    for (i = 0; i < sites; ++i) {
        world_add(w, world_site_name(w, i));
    }
    return w;
}

const acme_ratelimit_policy_t *world_rate(const world_t *w, int orders,
                                          apr_interval_time_t period)
{
    acme_ratelimit_policy_t *rate = apr_pcalloc(w->p, sizeof(*rate));

    rate->kind = ACME_RATELIMIT_POLICY_ORDERS;
    rate->orders = orders;
    rate->period = period;
    return rate;
}

void world_add_ca(world_t *w, acme_spec_t *spec)
{
    acme_ca_spec_t *ca = apr_pmemdup(w->p, spec->ca, sizeof(*ca));
    apr_array_header_t *more =
        apr_array_make(w->p, 1, sizeof(const acme_ca_spec_t *));

    if (!w->other) {
        w->other = model_ca_create(w->p);
        w->other->sign = w->ca->sign;
        w->other->sign_baton = w->ca->sign_baton;
        w->other->is_up = w->ca->is_up;
        w->other->is_up_baton = w;
    }
    ca->url = WORLD_OTHER;
    ca->label = "cb.test";
    APR_ARRAY_PUSH(more, const acme_ca_spec_t *) = ca;
    spec->more_cas = more;
}

acme_inventory_t *world_inventory(const world_t *w, int i)
{
    return acme_site_cert_at(w->certs, i)->inventory;
}

void world_set_live(world_t *w, int i, apr_interval_time_t left)
{
    acme_inventory_t *inventory = world_inventory(w, i);
    acme_certstore_cert_t *live = apr_pcalloc(w->p, sizeof(*live));
    acme_cert_info_t *info = apr_pcalloc(w->p, sizeof(*info));

    info->names =
        apr_array_copy(w->p, APR_ARRAY_IDX(w->specs, i, acme_spec_t *)->names);
    info->fingerprint = apr_psprintf(w->p, "live-%d", i);
    info->not_after = w->clock->now + left;
    info->not_before = info->not_after - 90 * ACME_TIME_DAY;
    live->info = info;
    inventory->live = live;
    inventory->serving = ACME_SERVING_LKC;
}

void world_boot(world_t *w)
{
    acme_crash_shared_t left;

    if (w->crash) {
        left = *w->crash;
    }
    if (w->prun) {
        apr_pool_destroy(w->prun);
    }
    if (w->crash && w->killed) {
        *w->crash = left;
    }
    fake_commands_orphan(w->commands);
    apr_pool_create(&w->prun, w->p);
    w->killed = 0;
    w->script = script_http_create(w->clock, w->prun);
    script_http_respond(w->script, respond, w);
    memset(&w->config, 0, sizeof(w->config));
    w->config.certs = w->certs;
    w->config.vault = acme_vault_create(&w->store, w->seal, &w->log, w->prun);
    w->config.http = script_http_transport(w->script);
    w->config.clock = &w->clock->clock;
    w->config.log = &w->log;
    w->config.parallel = w->parallel;
    w->config.check_interval = 12 * ACME_TIME_HOUR;
    w->config.loaded = w->loaded;
    w->config.crash = w->crash;
    w->config.commands = &w->commands->system;
    w->config.resolver = w->resolver;
    w->config.preflight = w->preflight;
    w->worker = acme_worker_create(&w->config, w->prun);
}

int world_run(world_t *w)
{
    if (!w->worker) {
        world_boot(w);
    }
    if (setjmp(w->death) == 0) {
        w->next = acme_worker_run(w->worker);
        assert_true(w->next > w->clock->now);
        assert_int_equal(w->config.http->pending(w->config.http), 0);
        return 1;
    }
    return 0;
}

int world_live(world_t *w, apr_interval_time_t time)
{
    apr_time_t end = w->clock->now + time;
    int runs = 0;

    while (world_run(w)) {
        ++runs;
        assert_true(runs < 10000);
        if (w->next > end) {
            if (w->clock->now < end) {
                w->clock->now = end;
            }
            break;
        }
        if (w->next > w->clock->now) {
            w->clock->now = w->next;
        }
    }
    return runs;
}

acme_bundle_t *world_staged(const world_t *w, const char *name)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;
    acme_bundle_t *bundle;

    if (acme_vault_get(&item, w->vault, ACME_STORE_STAGING, name, &problem,
                       w->p)
        != APR_SUCCESS) {
        return NULL;
    }
    assert_int_equal(
        acme_bundle_parse(&bundle, item.data, item.len, &problem, w->p),
        APR_SUCCESS);
    return bundle;
}

const acme_cert_info_t *world_info(const world_t *w,
                                   const acme_bundle_t *bundle)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain;
    acme_key_t *key;

    assert_int_equal(acme_bundle_open(&key, &chain, bundle, &problem, w->p),
                     APR_SUCCESS);
    return acme_cert_chain_info(chain);
}

void world_restart(world_t *w)
{
    int i;

    for (i = 0; i < w->specs->nelts; ++i) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(w->specs, i, const acme_spec_t *);
        const acme_inventory_t *old = world_inventory(w, i);
        acme_inventory_t *inventory = apr_pmemdup(w->p, old, sizeof(*old));
        const acme_bundle_t *bundle = world_staged(w, spec->name);
        acme_certstore_cert_t *live;

        inventory->staged = ACME_STAGED_NONE;
        inventory->staged_fingerprint = NULL;
        if (bundle) {
            live = apr_pcalloc(w->p, sizeof(*live));
            live->info = world_info(w, bundle);
            live->ca_url = bundle->ca_url;
            live->profile = bundle->profile;
            inventory->staged = ACME_STAGED_PROMOTED;
            inventory->staged_fingerprint = live->info->fingerprint;
            inventory->live = live;
            inventory->serving = ACME_SERVING_LKC;
        }
        acme_site_cert_at(w->certs, i)->inventory = inventory;
    }
    world_boot(w);
}

acme_job_t *world_job(const world_t *w, const char *name)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_job_t *job;

    assert_int_equal(acme_job_load(&job, w->vault, name, &problem, w->p),
                     APR_SUCCESS);
    return job;
}

int world_count(const world_t *w, const char *kind)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names;

    assert_int_equal(acme_store_list(&names, w->mem, kind, &problem, w->p),
                     APR_SUCCESS);
    return names->nelts;
}

void world_damage(const world_t *w, const char *kind, const char *name)
{
    const acme_store_put_t damage = {
        .kind = kind,
        .name = name,
        .data = "damage",
        .len = 6,
        .sync = ACME_STORE_LAZY,
    };
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(acme_store_put(NULL, w->mem, &damage, &problem, w->p),
                     APR_SUCCESS);
}

void world_assert_staged(const world_t *w, const char *name)
{
    const acme_job_t *job = world_job(w, name);
    const acme_bundle_t *bundle = world_staged(w, name);
    const acme_cert_info_t *info;
    int i;

    assert_non_null(bundle);
    info = world_info(w, bundle);
    assert_non_null(job->staged);
    assert_string_equal(job->staged, info->fingerprint);
    assert_null(job->order);
    for (i = 0; i < w->specs->nelts; ++i) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(w->specs, i, const acme_spec_t *);

        if (strcmp(spec->name, name) == 0) {
            assert_true(acme_ident_same(spec->names, info->names));
        }
    }
}
