/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "mod_acme_hooks.h"

#include <mod_watchdog.h>

#include <apr_optional.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "acme_http_curl.h"
#include "acme_runner.h"
#include "acme_time.h"
#include "config.h"
#include "mod_acme_glance.h"
#include "mod_acme_surroundings.h"

#define WATCHDOG_NAME          "_mod_acme_"
#define DEFAULT_PARALLEL       100
#define DEFAULT_CHECK_INTERVAL (12 * ACME_TIME_HOUR)

/* One per child; only the child whose thread wins mod_watchdog's election has
 * a runner. The mutex is between that thread and the one that stops the child.
 */
typedef struct worker_t {
    apr_thread_mutex_t *mutex;
    acme_runner_t *runner; /* under the mutex */
    int stopping;          /* under the mutex */
    apr_pool_t *p;         /* of the runner, of its thread */
    apr_os_thread_t thread;
    apr_time_t next;
} worker_t;

static worker_t worker;

static void stop(void)
{
    if (worker.mutex) {
        apr_thread_mutex_lock(worker.mutex);
        worker.stopping = 1;
        if (worker.runner) {
            acme_runner_stop(worker.runner);
        }
        apr_thread_mutex_unlock(worker.mutex);
    }
}

static apr_status_t stop_cleanup(void *data)
{
    (void)data;
    stop();
    return APR_SUCCESS;
}

void acme_watchdog_child_init(apr_pool_t *pchild, server_rec *s)
{
    acme_setup_t *setup = acme_setup_get();

    (void)s;
    if (setup && setup->inner_dir) {
        /* This child is inside of ChrootDir by now. */
        setup->store_dir = setup->inner_dir;
    }
    if (!setup || !setup->seal) {
        return;
    }
    memset(&worker, 0, sizeof(worker));
    /* Before there is a second thread in this child. */
    if (acme_http_curl_global_init()
        || apr_thread_mutex_create(&worker.mutex, APR_THREAD_MUTEX_DEFAULT,
                                   pchild)) {
        worker.mutex = NULL;
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0307) "libcurl cannot be set up in this child");
        return;
    }
    /* Where the server has no child_stopping hook: before mod_watchdog's own
     * cleanup, which waits for the thread. */
    apr_pool_pre_cleanup_register(pchild, NULL, stop_cleanup);
}

void acme_watchdog_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    (void)graceful;
    stop();
}

static void configure(acme_runner_config_t *config, const acme_setup_t *setup)
{
    const acme_config_t *base = acme_config_get(setup->server);
    const int *parallel = acme_config_value(base, ACME_SETTING_PARALLEL);

    config->specs = setup->specs;
    config->holdings = setup->holdings;
    config->clock = &acme_clock_system;
    config->log = setup->log;
    config->loaded = setup->loaded;
    config->parallel = parallel ? *parallel : DEFAULT_PARALLEL;
    config->check_interval = acme_config_interval(
        base, ACME_SETTING_CHECK_INTERVAL, DEFAULT_CHECK_INTERVAL);
}

/* Everything of the runner is born and dies in its own thread. */
static void start_runner(const acme_setup_t *setup)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_config_t *base = acme_config_get(setup->server);
    acme_http_curl_config_t curl = {0};
    const char *proxy = acme_config_value(base, ACME_SETTING_HTTP_PROXY);
    acme_runner_config_t *config;
    acme_runner_t *runner;

    if (apr_pool_create_unmanaged(&worker.p)) {
        return;
    }
    config = apr_pcalloc(worker.p, sizeof(*config));
    configure(config, setup);
    curl.user_agent = "mod_acme/" ACME_VERSION;
    curl.proxy = proxy && *proxy ? proxy : NULL;
    curl.proxy_ca_file = acme_surroundings_inside(
        acme_config_value(base, ACME_SETTING_HTTP_PROXY_CA_FILE), worker.p);
    config->vault = acme_setup_vault(setup, worker.p);
    if (!config->vault
        || acme_http_curl_create(&config->http, &curl, config->clock,
                                 config->log, &problem, worker.p)) {
        acme_log(setup->log, ACME_LOG_ERR, problem.rv,
                 ACME_TAG(0308) "the worker cannot start: %s",
                 problem.detail ? problem.detail : "the store cannot be read");
        apr_pool_destroy(worker.p);
        worker.p = NULL;
        return;
    }
    runner = acme_runner_create(config, worker.p);
    apr_thread_mutex_lock(worker.mutex);
    worker.runner = runner;
    if (worker.stopping) {
        acme_runner_stop(runner);
    }
    apr_thread_mutex_unlock(worker.mutex);
}

/* In its own thread only. */
static void end_runner(void)
{
    if (worker.p) {
        apr_thread_mutex_lock(worker.mutex);
        worker.runner = NULL;
        apr_thread_mutex_unlock(worker.mutex);
        apr_pool_destroy(worker.p);
        worker.p = NULL;
    }
}

static apr_status_t watch(int state, void *data, apr_pool_t *p)
{
    const acme_setup_t *setup = data;

    (void)p;
    if (!worker.mutex) {
        return APR_SUCCESS;
    }
    switch (state) {
    case AP_WATCHDOG_STATE_STARTING:
        worker.thread = apr_os_thread_current();
        start_runner(setup);
        break;
    case AP_WATCHDOG_STATE_RUNNING:
        if (worker.p && apr_time_now() >= worker.next) {
            worker.next = acme_runner_run(worker.runner);
        }
        break;
    case AP_WATCHDOG_STATE_STOPPING:
        /* mod_watchdog says so from the thread that ends the child, too, while
         * the worker's own may be anywhere: it is told, and waited for. */
        stop();
        if (apr_os_thread_equal(worker.thread, apr_os_thread_current())) {
            end_runner();
        }
        break;
    }
    return APR_SUCCESS;
}

apr_status_t acme_watchdog_register(acme_setup_t *setup)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get_instance =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *register_callback =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t rv;

    if (!get_instance || !register_callback) {
        return APR_ENOTIMPL;
    }
    rv = get_instance(&watchdog, WATCHDOG_NAME, 0, 1, setup->pconf);
    if (!rv) {
        rv = register_callback(watchdog, AP_WD_TM_SLICE * 2, setup, watch);
    }
    return rv;
}
