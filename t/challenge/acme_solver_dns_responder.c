/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_jws.h"
#include "acme_solver_dns.h"
#include "acme_solver_dns_responder.h"
#include "fake_clock.h"
#include "fake_commands.h"

#define SHOP "shop.test"

typedef struct bench_t {
    acme_worker_ctx_t ctx;
    fake_clock_t *clock;
    acme_spec_t *spec;
    acme_solver_dns_seen_t *seen;
    apr_time_t visible;
    apr_pool_t *p;
} bench_t;

static bench_t *make_bench(apr_pool_t *p)
{
    static const acme_dns_responder_t responder = {NULL, 53, "acme.test",
                                                   "ns.test"};
    bench_t *b = apr_pcalloc(p, sizeof(*b));
    acme_dns_spec_t *dns = apr_pcalloc(p, sizeof(*dns));
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(names, const char *) = SHOP;
    dns->way = ACME_DNS_RESPONDER;
    dns->responder = &responder;
    dns->propagation = ACME_SOLVER_DNS_RESPONDER_WAIT;
    dns->limit = ACME_TIME_MINUTE;
    b->p = p;
    b->spec = apr_pcalloc(p, sizeof(*b->spec));
    b->spec->name = SHOP;
    b->spec->names = names;
    b->spec->dns = dns;
    b->clock = fake_clock_create(p);
    b->ctx.vault = acme_t_vault(NULL, p);
    b->ctx.clock = &b->clock->clock;
    b->ctx.dns =
        acme_solver_dns_create(&b->ctx, &fake_commands_create(p)->system, p);
    b->seen = acme_solver_dns_responder_see(b->ctx.vault, p);
    return b;
}

static apr_status_t present(bench_t *b, const char *key)
{
    acme_challenge_t challenge = {"dns-01", SHOP, key, key, SHOP};
    acme_solver_means_t means = {.vault = b->ctx.vault,
                                 .now = b->clock->now,
                                 .dns = b->ctx.dns,
                                 .spec = b->spec,
                                 .visible = &b->visible};

    return acme_solver_dns_present(&means, &challenge, NULL, b->p);
}

static void cleanup(bench_t *b, const char *key)
{
    acme_challenge_t challenge = {"dns-01", SHOP, key, key, SHOP};
    acme_solver_means_t means = {.vault = b->ctx.vault,
                                 .now = b->clock->now,
                                 .dns = b->ctx.dns,
                                 .spec = b->spec,
                                 .visible = &b->visible};
    int waits;

    assert_int_equal(acme_solver_dns_cleanup(&means, &challenge, NULL, b->p),
                     0);
    acme_solver_dns_step(b->ctx.dns, &waits);
    assert_int_equal(waits, 0);
}

/* Returns the values as one text, in order. */
static const char *values(bench_t *b, const char *identifier)
{
    const apr_array_header_t *found;
    const char *text = "";
    int i;

    assert_int_equal(acme_solver_dns_responder_values(
                         &found, b->seen, identifier, b->clock->now, b->p),
                     0);
    for (i = 0; i < found->nelts; ++i) {
        const char *value = APR_ARRAY_IDX(found, i, const char *);

        text = strcmp(value, text) < 0
                   ? apr_pstrcat(b->p, value, " ", text, NULL)
                   : apr_pstrcat(b->p, text, " ", value, NULL);
    }
    return text;
}

static int has(bench_t *b, const char *key)
{
    return strstr(values(b, SHOP), acme_jws_sha256_b64(key, b->p)) != NULL;
}

static void a_record_is_there_at_once(void **state)
{
    bench_t *b = make_bench(*state);

    assert_string_equal(values(b, SHOP), "");
    b->clock->now += ACME_SOLVER_DNS_RESPONDER_AGE;
    assert_int_equal(present(b, "base.thumb"), APR_SUCCESS);
    assert_true(b->visible == b->clock->now + ACME_SOLVER_DNS_RESPONDER_WAIT);
    assert_true(has(b, "base.thumb"));
    assert_string_equal(values(b, "other.test"), "");
}

static void a_name_and_its_wildcard_have_a_record_each(void **state)
{
    bench_t *b = make_bench(*state);

    assert_int_equal(present(b, "base.thumb"), APR_SUCCESS);
    assert_int_equal(present(b, "wild.thumb"), APR_SUCCESS);
    assert_true(has(b, "base.thumb"));
    assert_true(has(b, "wild.thumb"));
    cleanup(b, "base.thumb");
    b->clock->now += ACME_SOLVER_DNS_RESPONDER_AGE;
    assert_false(has(b, "base.thumb"));
    assert_true(has(b, "wild.thumb"));
    cleanup(b, "wild.thumb");
    b->clock->now += ACME_SOLVER_DNS_RESPONDER_AGE;
    assert_string_equal(values(b, SHOP), "");
}

static void the_store_is_not_looked_at_each_time(void **state)
{
    bench_t *b = make_bench(*state);

    assert_string_equal(values(b, SHOP), "");
    assert_int_equal(present(b, "base.thumb"), APR_SUCCESS);
    b->clock->now += ACME_SOLVER_DNS_RESPONDER_AGE - 1;
    assert_false(has(b, "base.thumb"));
    assert_true(b->clock->now < b->visible);
    b->clock->now += 1;
    assert_true(has(b, "base.thumb"));
    assert_true(b->clock->now < b->visible);
    /* The clock is set back. */
    cleanup(b, "base.thumb");
    b->clock->now -= ACME_TIME_DAY;
    assert_false(has(b, "base.thumb"));
}

static void another_process_sees_it_too(void **state)
{
    bench_t *b = make_bench(*state);

    assert_int_equal(present(b, "base.thumb"), APR_SUCCESS);
    b->seen = acme_solver_dns_responder_see(b->ctx.vault, b->p);
    assert_true(has(b, "base.thumb"));
}

static void records_of_another_way_and_of_others_are_not_told(void **state)
{
    bench_t *b = make_bench(*state);
    acme_solver_dns_record_t record = {.site = SHOP,
                                       .host = SHOP,
                                       .identifier = SHOP,
                                       .value = "of-a-command"};
    apr_array_header_t *argv = apr_array_make(b->p, 1, sizeof(const char *));
    acme_store_put_t planted = {ACME_STORE_DNS, "planted",      "{}", 2,
                                NULL,           ACME_STORE_LAZY};

    APR_ARRAY_PUSH(argv, const char *) = "/bin/dns";
    record.how.argv = argv;
    record.how.version = ACME_DNS_COMMAND_V2;
    record.since = b->clock->now;
    assert_int_equal(acme_solver_dns_record_put(&record, b->ctx.vault,
                                                ACME_STORE_LAZY, NULL, b->p),
                     0);
    assert_int_equal(acme_store_put(NULL, acme_vault_store(b->ctx.vault),
                                    &planted, NULL, b->p),
                     0);
    assert_string_equal(values(b, SHOP), "");
    /* Leave what does not open to those who may remove it. */
    assert_int_equal(acme_store_get(&(acme_store_item_t){0},
                                    acme_vault_store(b->ctx.vault),
                                    ACME_STORE_DNS, "planted", NULL, b->p),
                     0);
}

ACME_T_MAIN(ACME_T(a_record_is_there_at_once),
            ACME_T(a_name_and_its_wildcard_have_a_record_each),
            ACME_T(the_store_is_not_looked_at_each_time),
            ACME_T(another_process_sees_it_too),
            ACME_T(records_of_another_way_and_of_others_are_not_told))
