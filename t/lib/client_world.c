/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "client_world.h"

void client_world_hear(void *baton, apr_status_t rv,
                       const acme_answer_t *answer,
                       const acme_problem_t *problem)
{
    client_heard_t *heard = baton;

    ++heard->times;
    heard->rv = rv;
    heard->had_answer = answer != NULL;
    if (answer) {
        heard->status = answer->status;
        heard->location = apr_pstrdup(heard->p, answer->location);
        heard->retry_at = answer->retry_at;
        heard->content_type = apr_pstrdup(heard->p, answer->content_type);
        heard->is_json = answer->json != NULL;
        heard->body = apr_pstrmemdup(heard->p, answer->body, answer->body_len);
    }
    assert_true((rv == APR_SUCCESS) == (problem == NULL)
                || APR_STATUS_IS_EINTR(rv));
    heard->problem = problem ? acme_problem_dup(problem, heard->p) : NULL;
    if (heard->post_again && heard->times < 5) {
        acme_client_post(heard->post_again, heard->again_url, "", 1,
                         client_world_hear, heard);
    }
}

client_heard_t *client_world_listener(const client_world_t *world)
{
    client_heard_t *heard = apr_pcalloc(world->p, sizeof(*heard));

    heard->p = world->p;
    return heard;
}

client_world_t *client_world_create(apr_pool_t *p)
{
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    client_world_t *world = apr_pcalloc(p, sizeof(*world));
    acme_jws_signer_t *signer;
    acme_key_t *key;

    world->p = p;
    world->clock = fake_clock_create(p);
    world->script = script_http_create(world->clock, p);
    world->http = script_http_transport(world->script);
    world->client = acme_client_create(WORLD_DIR, world->http,
                                       &world->clock->clock, NULL, p);
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    acme_client_identify(world->client, signer, "https://ca.test/account/1");
    return world;
}

client_world_t *client_world_create_open(apr_pool_t *p)
{
    client_world_t *world = client_world_create(p);
    client_heard_t *heard = client_world_listener(world);
    script_answer_t *answer;

    answer = script_http_answer(world->script, "GET", WORLD_DIR, NULL, 200,
                                "application/json", WORLD_DIRECTORY);
    apr_table_unset(answer->headers, "Replay-Nonce");
    acme_client_directory_open(world->client, client_world_hear, heard);
    script_http_drain(world->script);
    assert_int_equal(heard->times, 1);
    assert_int_equal(heard->rv, APR_SUCCESS);
    return world;
}

client_heard_t *client_world_post(const client_world_t *world, const char *url)
{
    client_heard_t *heard = client_world_listener(world);

    acme_client_post(world->client, url, "{\"a\":1}", 1, client_world_hear,
                     heard);
    return heard;
}

script_answer_t *client_world_bad_nonce(const client_world_t *world,
                                        const char *url)
{
    return script_http_answer(world->script, "POST", url, "{\"a\":1}", 400,
                              "application/problem+json",
                              "{\"type\":\"urn:ietf:params:acme:error:badNonce"
                              "\",\"detail\":\"stale\"}");
}
