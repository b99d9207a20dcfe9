/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <string.h>
#include <unistd.h>

#include <unixd.h>

#include "acme_blocklist.h"
#include "acme_ctl_restart.h"
#include "acme_default.h"
#include "acme_published.h"
#include "acme_ctl_result.h"
#include "acme_ca_account.h"
#include "acme_job.h"
#include "acme_ctl_request.h"
#include "acme_install_keys.h"
#include "acme_revoke_order.h"
#include "acme_time.h"

/* A request that no worker has taken within this time is removed. */
#define REQUEST_LIFE (7 * ACME_TIME_DAY)

/* Returns non-zero when the request is finished. acmectl may be gone by now, so
 * its entry of the blocklist is completed here. The entry stays when the CA has
 * refused, because a worker, which may be compromised, is not trusted to remove
 * one. */
static int is_revoked(const acme_setup_t *setup,
                      const acme_ctl_request_t *request, acme_vault_t *vault,
                      apr_pool_t *p)
{
    const acme_revoke_order_t *order =
        acme_revoke_order_from_json(request->body, p);
    acme_revoke_order_progress_t *progress;
    acme_blocklist_entry_t what;

    if (!order) {
        return 1;
    }
    if (acme_revoke_order_load(&progress, vault, request->name, NULL, p)
        || !progress->request || strcmp(progress->request, request->id) != 0) {
        return 0;
    }
    if (progress->state != ACME_REVOKE_ORDER_DONE) {
        return progress->state == ACME_REVOKE_ORDER_REFUSED;
    }
    what = *order->what;
    what.done = 1;
    return acme_blocklist_put(setup->store_dir, &what, NULL, p) == APR_SUCCESS;
}

static int is_done(const acme_setup_t *setup, const acme_ctl_request_t *request,
                   acme_vault_t *vault, apr_time_t now, apr_pool_t *p)
{
    const char *name = request->name;
    acme_store_item_t item;
    acme_ctl_result_t result;
    acme_job_t *job;

    if (request->what == ACME_CTL_ACCOUNT) {
        return !acme_vault_get(&item, vault, ACME_STORE_ACCOUNTS, name, NULL,
                               p);
    }
    if (request->what == ACME_CTL_REVOKE
        && is_revoked(setup, request, vault, p)) {
        return 1;
    }
    if (now - request->when > REQUEST_LIFE) {
        return 1;
    }
    if (request->what == ACME_CTL_REVOKE) {
        return 0;
    }
    if (acme_ctl_result_is_kept(request)) {
        return !acme_ctl_result_get(&result, vault, request, p);
    }
    if (request->what == ACME_CTL_SIGN) {
        name = acme_ctl_request_sign_name(name, p);
    }
    return !acme_job_load(&job, vault, name, NULL, p) && job->request
           && !strcmp(job->request, request->id) && job->asked == ACME_ASKED_NO;
}

static void tidy_ctl_requests(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_ctl_request_dir_t *ctl_requests =
        acme_ctl_request_open(setup->store_dir, setup->seal, ptemp);
    acme_vault_t *vault = mod_acme_config_setup_vault(setup, ptemp);
    apr_array_header_t *requests;
    apr_time_t now = apr_time_now();
    apr_pool_t *each;
    int i;

    if (!vault || acme_ctl_request_read(&requests, ctl_requests, NULL, ptemp)) {
        return;
    }
    apr_pool_create(&each, ptemp);
    for (i = 0; i < requests->nelts; i++) {
        const acme_ctl_request_t *request =
            APR_ARRAY_IDX(requests, i, acme_ctl_request_t *);

        apr_pool_clear(each);
        if (is_done(setup, request, vault, now, each)) {
            acme_ctl_request_remove(ctl_requests, request, each);
        }
    }
    apr_pool_destroy(each);
}

void mod_acme_control_prepare(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    acme_file_stamp_read(&setup->changed,
                         acme_ctl_restart_path(setup->store_dir, ptemp),
                         ACME_FILE_STAMP_LINK, ptemp);
    if (!setup->seal) {
        return;
    }
    if (acme_ctl_request_prepare(setup->store_dir, ap_unixd_config.group_id,
                                 &problem, ptemp)
        || acme_blocklist_prepare(setup->store_dir, ap_unixd_config.group_id,
                                  &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_ERR, problem.rv,
                 ACME_TAG(0150) "acmectl can ask for nothing: %s",
                 acme_problem_text(&problem, ptemp));
        return;
    }
    tidy_ctl_requests(setup, ptemp);
}

const char *mod_acme_control_activation(const acme_setup_t *setup)
{
    const acme_activation_e *activation = mod_acme_config_value(
        mod_acme_config_get(setup->server), ACME_SETTING_ACTIVATION);

    switch (activation ? *activation : ACME_ACTIVATION_GRACEFUL) {
    case ACME_ACTIVATION_HOT:
        return "hot";
    case ACME_ACTIVATION_MANUAL:
        return "manual";
    case ACME_ACTIVATION_GRACEFUL:
        break;
    }
    return "graceful";
}

void mod_acme_control_state(const acme_setup_t *setup,
                            const acme_server_state_t *activation,
                            apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_server_state_t state = *activation;

    if (!setup->ours) {
        return;
    }
    state.pid = getpid();
    state.loaded = setup->loaded;
    state.user = geteuid() == 0 ? (apr_int64_t)ap_unixd_config.user_id
                                : (apr_int64_t)geteuid();
    state.unusable = setup->unusable;
    state.to_fix = setup->to_fix;
    state.manual = strcmp(mod_acme_control_activation(setup), "manual") == 0;
    if (acme_server_state_write(setup->store_dir, &state, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_INFO, problem.rv,
                 ACME_TAG(0513) "acmectl does not see the server's state: %s",
                 acme_problem_text(&problem, ptemp));
    }
}

void mod_acme_control_leave(acme_setup_t *setup, apr_pool_t *ptemp)
{
    const acme_port_map_t *map = mod_acme_config_value(
        mod_acme_config_get(setup->server), ACME_SETTING_PORT_MAP);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_server_state_t state;
    acme_published_t published;

    memset(&state, 0, sizeof(state));
    mod_acme_control_state(setup, &state, ptemp);
    if (!setup->seal) {
        return;
    }
    published.certs = setup->certs;
    published.activation = mod_acme_control_activation(setup);
    published.http_port = map ? map->http : ACME_DEFAULT_HTTP_PORT;
    published.dns_servers = mod_acme_config_value(
        mod_acme_config_get(setup->server), ACME_SETTING_DNS_SERVERS);
    published.https_port = map ? map->https : ACME_DEFAULT_HTTPS_PORT;
    if (acme_published_write(setup->store_dir, &published,
                             ap_unixd_config.group_id, NULL, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_ERR, problem.rv,
                 ACME_TAG(0151) "acmectl does not see this configuration: %s",
                 acme_problem_text(&problem, ptemp));
    }
    if (setup->certstore) {
        acme_install_keys(
            acme_key_reuse_open(setup->store_dir, setup->seal, ptemp),
            setup->certs, setup->certstore, ap_unixd_config.group_id,
            setup->log, ptemp);
    }
}
