/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_server_state.h"
#include "acme_store_fs_repair.h"
#include "acme_worker_lease.h"

/* Sets why nothing can be ordered: what is seen in the store now counts first,
 * because the server may not have met it yet. */
static void find_stop(acme_judgement_server_t *server, const acmectl_t *ctl,
                      const acme_server_state_t *state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_worker_lease_wait_t wait;

    if (state && state->user >= 0
        && acme_store_fs_repair_check(ctl->dir, (apr_uid_t)state->user,
                                      &problem, ctl->p)) {
        server->stopped = problem.detail;
        server->stop_fix = problem.to_fix;
        server->store_fails = 1;
    }
    else if (state && state->unusable && !server->absent) {
        server->stopped = state->unusable;
        server->stop_fix = state->to_fix;
        server->stop_at = state->loaded;
        server->store_fails = 1;
    }
    else if (state && ctl->vault && !server->absent
             && acme_worker_lease_read_wait(&wait, ctl->vault, state->loaded,
                                            ctl->p)) {
        server->stopped = wait.text;
        server->stop_fix = wait.to_fix;
        server->stop_at = wait.since;
    }
}

void acmectl_server(acme_judgement_server_t *server, const acmectl_t *ctl)
{
    acme_server_state_t *state = NULL;

    memset(server, 0, sizeof(*server));
    (void)acme_server_state_read(&state, ctl->dir, ctl->p);
    server->absent = !acmectl_server_is_running(ctl);
    server->manual = strcmp(ctl->published->activation, "manual") == 0;
    find_stop(server, ctl, state);
    if (state && !server->absent) {
        server->manual = state->manual;
        server->blocked = state->blocked;
        server->block_at = state->blocked_at;
        server->next = state->next;
        server->pending = state->pending;
    }
}

int acmectl_server_is_running(const acmectl_t *ctl)
{
    acme_server_state_t *state;

    return (ctl->ctl_requests && acme_ctl_request_attended(ctl->ctl_requests))
           || (acme_server_state_read(&state, ctl->dir, ctl->p) == APR_SUCCESS
               && acme_server_state_is_running(state));
}
