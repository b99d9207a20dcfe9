/* SPDX-License-Identifier: Apache-2.0 */

/* Measures parts of the engine for many sites, without a server: engine STORE
 * CA-URL < names prints a line "NAME milliseconds" for each part, the best of a
 * few rounds. The store is made by fill. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_certstore.h"
#include "acme_plan.h"
#include "acme_schedule.h"
#include "acme_status.h"
#include "acme_store_fs.h"

#define ROUNDS 3

typedef struct engine_t {
    apr_array_header_t *specs;
    apr_array_header_t *inventories;
    acme_certstore_t *live;
    acme_vault_t *vault;
    apr_time_t now;
} engine_t;

static void add_site(engine_t *engine, const acme_ca_spec_t *ca,
                     const apr_array_header_t *types, const char *name,
                     apr_pool_t *p)
{
    acme_spec_t *spec = apr_pcalloc(p, sizeof(*spec));
    acme_inventory_t *inventory = apr_pcalloc(p, sizeof(*inventory));
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, name);
    spec->name = APR_ARRAY_IDX(names, 0, const char *);
    spec->names = names;
    spec->ca = ca;
    spec->key.type = ACME_KEY_P256;
    spec->challenge_types = types;
    spec->retry_delay = apr_time_from_sec(30);
    spec->place = "engine:1";
    inventory->serving = ACME_SERVING_LKC;
    APR_ARRAY_PUSH(engine->specs, const acme_spec_t *) = spec;
    APR_ARRAY_PUSH(engine->inventories, const acme_inventory_t *) = inventory;
}

static acme_inventory_t *inventory_of(const engine_t *engine, int i)
{
    return APR_ARRAY_IDX(engine->inventories, i, acme_inventory_t *);
}

static const acme_spec_t *spec_of(const engine_t *engine, int i)
{
    return APR_ARRAY_IDX(engine->specs, i, const acme_spec_t *);
}

/* ---- what is measured ---- */

static void read_live(const engine_t *engine, int i, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;

    if (acme_certstore_get(&cert, engine->live, spec_of(engine, i)->name,
                           &problem, p)) {
        fprintf(stderr, "engine: %s: %s\n", spec_of(engine, i)->name,
                acme_problem_text(&problem, p));
        exit(1);
    }
    inventory_of(engine, i)->live = cert;
}

static void read_job(const engine_t *engine, int i, apr_pool_t *p)
{
    acme_job_t *job;

    if (acme_job_load(&job, engine->vault, spec_of(engine, i)->name, NULL, p)) {
        exit(1);
    }
}

static void reconcile(const engine_t *engine, int i, apr_pool_t *p)
{
    acme_plan_t plan;
    acme_job_t *job;

    if (acme_job_load(&job, engine->vault, spec_of(engine, i)->name, NULL, p)) {
        exit(1);
    }
    acme_plan(&plan, spec_of(engine, i), inventory_of(engine, i), job,
              engine->now, p);
}

static void schedule(const engine_t *engine, int i, apr_pool_t *p)
{
    const acme_cert_info_t *info = inventory_of(engine, i)->live->info;

    (void)p;
    (void)acme_schedule_renew_at(info->not_before, info->not_after,
                                 &spec_of(engine, i)->renew_window);
}

static void each(const char *what, const engine_t *engine,
                 void (*fn)(const engine_t *, int, apr_pool_t *), int rounds,
                 int keep, apr_pool_t *p)
{
    double best = 0;
    apr_pool_t *psite;
    int round, i;

    apr_pool_create(&psite, p);
    for (round = 0; round < rounds; round++) {
        apr_time_t begun = apr_time_now();
        double ms;

        for (i = 0; i < engine->specs->nelts; i++) {
            fn(engine, i, keep ? p : psite);
            apr_pool_clear(psite);
        }
        ms = (double)(apr_time_now() - begun) / 1000;
        best = round == 0 || ms < best ? ms : best;
    }
    apr_pool_destroy(psite);
    printf("%s %.2f\n", what, best);
}

static void status(const engine_t *engine, apr_pool_t *p)
{
    const acme_judgement_server_t server = {0};
    double best = 0;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        apr_time_t begun = apr_time_now();
        apr_pool_t *psub;
        double ms;
        int i;

        apr_pool_create(&psub, p);
        for (i = 0; i < engine->specs->nelts; i++) {
            (void)acme_json_print(
                acme_status_brief(
                    APR_ARRAY_IDX(engine->specs, i, const acme_spec_t *),
                    APR_ARRAY_IDX(engine->inventories, i,
                                  const acme_inventory_t *),
                    NULL, engine->vault, engine->now, &server, NULL, psub),
                0, psub);
            apr_pool_clear(psub);
        }
        ms = (double)(apr_time_now() - begun) / 1000;
        apr_pool_destroy(psub);
        best = round == 0 || ms < best ? ms : best;
    }
    printf("status %.2f\n", best);
}

static acme_vault_t *open_vault(const char *dir, apr_pool_t *p)
{
    acme_store_t *store;
    char *secret;
    apr_size_t len;

    if (acme_store_fs_open(&store, dir, NULL, p)
        || acme_file_read(&secret, &len, apr_pstrcat(p, dir, "/secret", NULL),
                          4096, p)
        || len != ACME_SEAL_SECRET_LEN) {
        fprintf(stderr, "engine: %s is no store\n", dir);
        exit(1);
    }
    return acme_vault_create(
        store, acme_seal_create((unsigned char *)secret, p), NULL, p);
}

int main(int argc, const char *const *argv)
{
    acme_ca_spec_t ca;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *types;
    engine_t engine;
    char name[300];
    apr_pool_t *p;

    if (argc != 3) {
        fprintf(stderr, "engine STORE CA-URL < names\n");
        return 2;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    memset(&ca, 0, sizeof(ca));
    ca.url = argv[2];
    ca.label = "bench";
    ca.agreed = 1;
    types = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    engine.specs = apr_array_make(p, 64, sizeof(const acme_spec_t *));
    engine.inventories =
        apr_array_make(p, 64, sizeof(const acme_inventory_t *));
    engine.now = apr_time_now();
    engine.vault = open_vault(argv[1], p);
    if (acme_certstore_open(&engine.live, argv[1], &problem, p)) {
        fprintf(stderr, "engine: %s\n", acme_problem_text(&problem, p));
        return 1;
    }
    while (fgets(name, sizeof(name), stdin)) {
        name[strcspn(name, "\n")] = '\0';
        add_site(&engine, &ca, types, name, p);
    }
    acme_certstore_recall(engine.live, p);
    each("live", &engine, read_live, 1, 1, p);
    acme_certstore_keep(engine.live);
    acme_certstore_recall(engine.live, p);
    each("again", &engine, read_live, 1, 1, p);
    acme_certstore_keep(engine.live);
    each("jobs", &engine, read_job, ROUNDS, 0, p);
    each("reconcile", &engine, reconcile, ROUNDS, 0, p);
    each("schedule", &engine, schedule, ROUNDS, 0, p);
    status(&engine, p);
    apr_terminate();
    return 0;
}
