/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "acme_account.h"
#include "issue_drive.h"
#include "issue_phase.h"

#define STEPS_MAX 2000

static int is_up(void *baton, const char *type, const char *identifier,
                 const char *token)
{
    const issue_drive_t *drive = baton;
    const acme_challenge_t *challenge;

    challenge = apr_hash_get(drive->up, token, APR_HASH_KEY_STRING);
    return challenge && strcmp(challenge->type, type) == 0
           && strcmp(challenge->identifier, identifier) == 0
           && strcmp(challenge->key_authorization,
                     acme_jws_key_authorization(drive->signer, token, drive->p))
                  == 0;
}

static void account_done(void *baton, apr_status_t rv, const char *url,
                         const acme_problem_t *problem)
{
    (void)baton;
    (void)problem;
    assert_int_equal(rv, APR_SUCCESS);
    assert_non_null(url);
}

/* Creates the client of a new process. */
static void new_process(issue_drive_t *drive)
{
    acme_account_request_t account = {NULL, 1, NULL};
    int refuse = drive->ca->refuse_nonces;

    drive->client = acme_client_create(MODEL_CA_DIRECTORY,
                                       script_http_transport(drive->script),
                                       &drive->clock->clock, NULL, drive->p);
    acme_client_identify(drive->client, drive->signer, NULL);
    drive->ca->refuse_nonces = 0;
    acme_account_ensure(drive->client, &account, account_done, NULL);
    script_http_drain(drive->script);
    drive->ca->refuse_nonces = refuse;
}

void issue_drive_save(issue_drive_t *drive)
{
    drive->saved = acme_issue_revision(drive->issue);
    drive->snapshot = acme_json_print(
        acme_issue_snapshot(drive->issue, drive->p), 0, drive->p);
}

issue_drive_t *issue_drive_start(apr_pool_t *p, int n_names)
{
    static const char *const all[] = {"example.org", "www.example.org",
                                      "*.example.net"};
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    issue_drive_t *drive = apr_pcalloc(p, sizeof(*drive));
    acme_jws_signer_t *signer;
    apr_array_header_t *names;
    apr_array_header_t *types;
    acme_key_t *key;
    int i;

    drive->p = p;
    drive->clock = fake_clock_create(p);
    drive->script = script_http_create(drive->clock, p);
    drive->ca = model_ca_create(p);
    drive->ca->is_up = is_up;
    drive->ca->is_up_baton = drive;
    script_http_respond(drive->script, model_ca_respond, drive->ca);
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_jws_signer_create(&signer, key, NULL, p), 0);
    drive->signer = signer;
    drive->up = apr_hash_make(p);
    new_process(drive);

    names = apr_array_make(p, 3, sizeof(const char *));
    for (i = 0; i < n_names; ++i) {
        APR_ARRAY_PUSH(names, const char *) = all[i];
    }
    types = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(types, const char *) = "http-01";
    drive->config.name = "example.org";
    drive->config.new_order_url =
        acme_client_directory_get(drive->client)->new_order;
    drive->config.names = names;
    drive->config.challenge_types = types;
    drive->config.csr = "Y3Ny";
    drive->config.signer = signer;
    drive->issue =
        acme_issue_create(&drive->config, NULL, drive->clock->now, p);
    issue_drive_save(drive);
    return drive;
}

static void answered(void *baton, apr_status_t rv, const acme_answer_t *answer,
                     const acme_problem_t *problem)
{
    issue_drive_t *drive = baton;

    acme_issue_answer(drive->issue, rv, answer, problem, drive->clock->now);
}

void issue_drive_send(issue_drive_t *drive)
{
    const acme_issue_action_t *action = acme_issue_action(drive->issue);

    acme_client_post(drive->client, action->url, action->payload,
                     action->repeatable, answered, drive);
}

void issue_drive_step(issue_drive_t *drive)
{
    const acme_issue_action_t *action = acme_issue_action(drive->issue);
    apr_time_t now = drive->clock->now;

    if (++drive->steps > STEPS_MAX) {
        fail_msg("the order does not end");
    }
    switch (action->type) {
    case ACME_ACTION_POST:
        issue_drive_send(drive);
        script_http_drain(drive->script);
        break;
    case ACME_ACTION_PRESENT:
        apr_hash_set(drive->up, action->challenge->token, APR_HASH_KEY_STRING,
                     action->challenge);
        acme_issue_solved(drive->issue, APR_SUCCESS, NULL, now);
        break;
    case ACME_ACTION_CLEANUP:
        apr_hash_set(drive->up, action->challenge->token, APR_HASH_KEY_STRING,
                     NULL);
        acme_issue_solved(drive->issue, APR_SUCCESS, NULL, now);
        break;
    case ACME_ACTION_WAIT:
        assert_true(action->until > now);
        drive->clock->now = action->until;
        acme_issue_timer(drive->issue, drive->clock->now);
        break;
    default:
        break;
    }
    if (acme_issue_revision(drive->issue) != drive->saved) {
        issue_drive_save(drive);
    }
}

int issue_drive_is_over(const issue_drive_t *drive)
{
    acme_issue_action_e type = acme_issue_action(drive->issue)->type;

    return type == ACME_ACTION_DONE || type == ACME_ACTION_FAILED;
}

void issue_drive_to_the_end(issue_drive_t *drive)
{
    while (!issue_drive_is_over(drive)) {
        issue_drive_step(drive);
    }
}

void issue_drive_restore(issue_drive_t *drive)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_json_t *json;

    assert_int_equal(acme_json_parse(&json, drive->snapshot,
                                     strlen(drive->snapshot), NULL, drive->p),
                     0);
    if (acme_issue_restore(&drive->issue, &drive->config, json, NULL,
                           drive->clock->now, &problem, drive->p)
        != APR_SUCCESS) {
        fail_msg("%s", problem.detail);
    }
    issue_drive_save(drive);
}

void issue_drive_crash(issue_drive_t *drive)
{
    new_process(drive);
    issue_drive_restore(drive);
}

void issue_drive_assert_done(const issue_drive_t *drive)
{
    const acme_issue_action_t *action = acme_issue_action(drive->issue);

    if (action->type == ACME_ACTION_FAILED) {
        fail_msg("%s", acme_problem_text(action->problem, drive->p));
    }
    assert_int_equal(action->type, ACME_ACTION_DONE);
    assert_non_null(strstr(action->chain, "BEGIN CERTIFICATE"));
    assert_int_equal(action->chain_len, strlen(action->chain));
    assert_int_equal(apr_hash_count(drive->up), 0);
    assert_int_equal(drive->ca->accounts, 1);
    assert_int_equal(drive->ca->finalized, 1);
    assert_string_equal(issue_phase(drive->issue, drive->p), "done");
    assert_false(acme_issue_resumable(drive->issue));
}

const acme_problem_t *issue_drive_assert_failed(const issue_drive_t *drive)
{
    const acme_issue_action_t *action = acme_issue_action(drive->issue);

    assert_int_equal(action->type, ACME_ACTION_FAILED);
    assert_non_null(action->problem);
    assert_int_equal(apr_hash_count(drive->up), 0);
    return action->problem;
}
