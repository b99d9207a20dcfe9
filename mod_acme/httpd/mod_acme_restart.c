/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <ap_mpm.h>
#include <mpm_common.h>
#include <scoreboard.h>

#include <signal.h>
#include <unistd.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "acme_ctl_restart.h"
#include "acme_default.h"
#include "acme_schedule.h"
#include "acme_store_fs.h"
#include "acme_time.h"
#include "mod_acme_configtest.h"
#include "mod_acme_hot.h"
#include "mod_acme_process.h"
#include "mod_acme_promoter.h"

/* A signal that may have been lost is sent again after this time. */
#define SIGNAL_AGAIN apr_time_from_sec(60)

/* Time between two checks of a broken configuration; it doubles each time. */
#define RECHECK_MIN apr_time_from_sec(10)
#define RECHECK_MAX apr_time_from_sec(600)

/* A second change within this time may leave the folder's time stamp
 * unchanged. */
#define CLOCK_TICK apr_time_from_sec(2)

/* Certificates that are served with no restart and could not be made live for
 * this long are treated like others, because their next renewal waits for
 * that. */
#define SWAPPED_WAIT (18 * ACME_TIME_HOUR)

/* The folder is scanned at least this often, even when no stamp has changed. */
#define LOOK_AGAIN ACME_TIME_HOUR

/* The activator's state, one per generation of the server, in pconf; only the
 * parent uses it. */
typedef struct monitor_t {
    acme_setup_t *setup;
    acme_process_t *process;
    acme_modules_t modules;
    acme_configtest_t *test;
    mod_acme_promoter_t *promoter; /* or NULL: only a start makes live */
    acme_store_t *store;
    const char *changed; /* path of acmectl's stamp */
    const char *staging; /* path of the folder */
    acme_file_stamp_t staging_stamp;
    int changed_seen;
    apr_time_t looked;
    apr_uint32_t urgent_changes;
    apr_uint32_t refusals;
    int swapped;              /* served with no restart, and not live yet */
    apr_time_t swapped_since; /* the first of these, or 0 */
    apr_time_t seen;          /* the clock at the last call */
    acme_restart_policy_t policy;
    acme_restart_facts_t facts;
    int manual;
    char blocked[480];     /* the reason there is no restart, or "" */
    apr_time_t blocked_at; /* since when there is none, or 0 */
    apr_time_t next;       /* when a restart is wanted, or 0 */
    char told[480];        /* what acmectl was told last */
    acme_server_state_t state;
    int announced;         /* sites that a manual restart was asked for */
    apr_time_t not_before; /* the next test */
    apr_interval_time_t recheck;
} monitor_t;

static monitor_t *monitor;

static apr_status_t forget(void *data)
{
    (void)data;
    monitor = NULL;
    return APR_SUCCESS;
}

static void read_policy(monitor_t *m)
{
    const acme_config_t *config = mod_acme_config_get(m->setup->server);
    const acme_activation_e *activation =
        mod_acme_config_value(config, ACME_SETTING_ACTIVATION);
    const acme_intervals_t *intervals =
        mod_acme_config_value(config, ACME_SETTING_ACTIVATION_INTERVAL);

    m->manual = activation && *activation == ACME_ACTIVATION_MANUAL;
    m->policy.delay = mod_acme_config_interval(
        config, ACME_SETTING_ACTIVATION_DELAY, ACME_DEFAULT_RESTART_DELAY);
    m->policy.interval =
        intervals ? intervals->urgent : ACME_DEFAULT_RESTART_INTERVAL;
    m->policy.gather =
        intervals ? intervals->routine : ACME_DEFAULT_RESTART_GATHER;
    m->policy.windows =
        mod_acme_config_value(config, ACME_SETTING_ACTIVATION_WINDOW);
}

static void act(monitor_t *m, apr_time_t now, apr_pool_t *ptemp);

/* Leaves for acmectl what has changed since it was told last. */
static void tell(monitor_t *m, apr_pool_t *ptemp)
{
    acme_server_state_t state;

    memset(&state, 0, sizeof(state));
    state.pending = m->facts.urgent + m->facts.routine;
    state.blocked_at = m->blocked_at;
    state.next = m->next;
    if (state.pending == m->state.pending && state.next == m->state.next
        && state.blocked_at == m->state.blocked_at
        && strcmp(m->blocked, m->told) == 0) {
        return;
    }
    m->state = state;
    apr_cpystrn(m->told, m->blocked, sizeof(m->told));
    state.blocked = *m->blocked ? m->blocked : NULL;
    mod_acme_control_state(m->setup, &state, ptemp);
}

/* Runs the activator. Called by the monitor hook and when a test has ended,
 * because the hook runs only every ten seconds. */
static void look_and_act(void *baton)
{
    monitor_t *m = baton;
    apr_pool_t *ptemp;

    apr_pool_create(&ptemp, m->setup->pconf);
    act(m, apr_time_now(), ptemp);
    tell(m, ptemp);
    apr_pool_destroy(ptemp);
}

apr_status_t mod_acme_restart_prepare(acme_setup_t *setup, int promoted,
                                      apr_pool_t *ptemp)
{
    monitor_t *m = apr_pcalloc(setup->pconf, sizeof(*m));
    int asked;
    apr_status_t rv;

    m->setup = setup;
    m->process = mod_acme_process_get(setup->server->process);
    /* A restart that acmectl asked for is not fruitless, although it promotes
     * nothing. */
    asked = !acme_file_stamp_same(&setup->changed, &m->process->changed);
    m->process->changed = setup->changed;
    if (promoted || asked) {
        m->process->fruitless = 0;
    }
    else if (m->process->signalled) {
        m->process->fruitless++;
    }
    m->process->signalled = 0;
    if (!setup->seal) {
        return APR_SUCCESS;
    }
    rv = acme_store_fs_open(&m->store, setup->store_dir, NULL, setup->pconf);
    if (rv) {
        return rv;
    }
    (void)ptemp;
    m->changed = acme_ctl_restart_path(setup->store_dir, setup->pconf);
    m->staging = apr_pstrcat(setup->pconf, setup->store_dir,
                             "/" ACME_STORE_STAGING, NULL);
    m->recheck = RECHECK_MIN;
    read_policy(m);
    mod_acme_process_modules_read(&m->modules, setup->pconf);
    m->test = mod_acme_configtest_create(setup->server, setup->store_dir,
                                         look_and_act, m, setup->pconf);
    if (setup->hot) {
        m->promoter = mod_acme_promoter_create(setup, look_and_act, m);
    }
    monitor = m;
    apr_pool_cleanup_register(setup->pconf, m, forget, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

/* Returns non-zero when a staged certificate is urgent: a name of the site has
 * no working certificate or soon will have none, or a child says that the CA
 * wants the current one replaced. A compromised child could claim that; it then
 * costs one restart, no more often than other restarts. */
static int is_urgent(const acme_setup_t *setup, int site, apr_time_t now)
{
    const acme_spec_t *spec = acme_site_cert_at(setup->certs, site)->spec;
    const acme_inventory_t *inventory =
        acme_site_cert_at(setup->certs, site)->inventory;
    const acme_cert_info_t *info =
        inventory->live ? inventory->live->info : NULL;

    return !info || (setup->notify_urgent && setup->notify_urgent->sites[site])
           || now >= acme_schedule_urgent_at(info->not_before, info->not_after)
           || acme_spec_missing(spec, info->names, ACME_SPEC_REQUIRED) != NULL;
}

/* Counts a certificate that was staged since startup looked. */
static void count_staged(monitor_t *m, int site, apr_time_t staged,
                         apr_time_t now)
{
    const acme_notify_urgent_t *urgent = m->setup->notify_urgent;
    int is_notified = urgent && urgent->sites[site];

    if (mod_acme_hot_is_served(m->setup, site)) {
        m->swapped++;
        if (!m->swapped_since || m->swapped_since > now) {
            m->swapped_since = now;
        }
        if (!is_notified && now < m->swapped_since + SWAPPED_WAIT) {
            return;
        }
    }
    else if (mod_acme_hot_is_pending(m->setup, site, staged, now)) {
        /* Look again, because nothing tells when it is settled. */
        m->looked = 0;
        return;
    }
    if (is_notified
        || (!mod_acme_hot_is_served(m->setup, site)
            && is_urgent(m->setup, site, now))) {
        m->facts.urgent++;
    }
    else {
        m->facts.routine++;
    }
}

/* Counts the certificates staged since startup looked. It only calls stat()
 * on names in the configuration and reads no file, because the worker writes
 * them. */
static void look(monitor_t *m, apr_time_t now, apr_pool_t *ptemp)
{
    apr_uint32_t urgent_changes =
        m->setup->notify_urgent
            ? apr_atomic_read32(&m->setup->notify_urgent->changes)
            : 0;
    apr_uint32_t refusals = mod_acme_hot_refusals(m->setup);
    acme_file_stamp_t stamp;
    int changed;
    int i;

    acme_file_stamp_read(&stamp, m->changed, ACME_FILE_STAMP_LINK, ptemp);
    changed = !acme_file_stamp_same(&stamp, &m->setup->changed);
    acme_file_stamp_read(&stamp, m->staging, ACME_FILE_STAMP_LINK, ptemp);
    if (changed == m->changed_seen && urgent_changes == m->urgent_changes
        && refusals == m->refusals
        && acme_file_stamp_same(&stamp, &m->staging_stamp)
        && m->looked > stamp.mtime + CLOCK_TICK
        && now < m->looked + LOOK_AGAIN) {
        return;
    }
    m->staging_stamp = stamp;
    m->changed_seen = changed;
    m->looked = now;
    m->urgent_changes = urgent_changes;
    m->refusals = refusals;
    m->swapped = 0;
    /* A change by acmectl is urgent, because an administrator made it. */
    m->facts.urgent = changed;
    m->facts.routine = 0;
    for (i = 0; i < m->setup->certs->nelts; i++) {
        const acme_spec_t *spec = acme_site_cert_at(m->setup->certs, i)->spec;

        acme_file_stamp_read(
            &stamp,
            acme_store_fs_path(m->store, ACME_STORE_STAGING, spec->name, ptemp),
            ACME_FILE_STAMP_LINK, ptemp);
        if (!stamp.inode
            || acme_file_stamp_same(
                &stamp, &acme_site_cert_at(m->setup->certs, i)->staged)) {
            continue;
        }
        count_staged(m, i, stamp.mtime, now);
    }
    if (m->facts.urgent + m->facts.routine == 0) {
        m->facts.first_ready = 0;
    }
    else if (!m->facts.first_ready) {
        m->facts.first_ready = now;
    }
}

/* Returns the number of older generations whose children still finish
 * requests. */
static int count_draining(void)
{
    ap_generation_t seen[8];
    int limit = 0;
    int mine = 0;
    int count = 0;
    int i;
    int j;

    if (!ap_scoreboard_image || ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &limit)
        || ap_mpm_query(AP_MPMQ_GENERATION, &mine)) {
        return 0;
    }
    for (i = 0; i < limit && count < 8; i++) {
        const process_score *score = &ap_scoreboard_image->parent[i];

        if (!score->pid || score->generation == mine) {
            continue;
        }
        for (j = 0; j < count && seen[j] != score->generation; j++) {
        }
        if (j == count) {
            seen[count++] = score->generation;
        }
    }
    return count;
}

/* Logs why there is no restart, once until the reason changes. */
static void block(monitor_t *m, const char *why, apr_time_t now,
                  apr_pool_t *ptemp)
{
    int ready = m->facts.urgent + m->facts.routine;

    m->not_before = now + m->recheck;
    acme_log(m->setup->log,
             strncmp(m->blocked, why, sizeof(m->blocked) - 1) ? ACME_LOG_ERR
                                                              : ACME_LOG_DEBUG,
             0,
             ACME_TAG(0201) "certificates are ready for %d site%s, but the "
                            "server is not restarted: %s; what is served now "
                            "is kept, checked again in %s",
             ready, ready == 1 ? "" : "s", why,
             acme_time_print_duration(m->recheck, ptemp));
    if (!*m->blocked) {
        m->blocked_at = now;
        m->setup->shared->blocked_at = now;
    }
    apr_cpystrn(m->blocked, why, sizeof(m->blocked));
    apr_cpystrn(m->setup->shared->blocked, why,
                sizeof(m->setup->shared->blocked));
    m->recheck *= 2;
    if (m->recheck > RECHECK_MAX) {
        m->recheck = RECHECK_MAX;
    }
}

static void unblock(monitor_t *m)
{
    *m->blocked = '\0';
    m->blocked_at = 0;
    *m->setup->shared->blocked = '\0';
    m->setup->shared->blocked_at = 0;
    m->recheck = RECHECK_MIN;
}

static int is_replaced(monitor_t *m, apr_time_t now, apr_pool_t *ptemp)
{
    const char *path = mod_acme_process_replaced(m->setup->server->process,
                                                 &m->modules, ptemp);

    if (path) {
        block(m,
              apr_psprintf(ptemp,
                           "%s was replaced while the server runs, "
                           "so it has to be stopped and started by "
                           "hand",
                           path),
              now, ptemp);
    }
    return path != NULL;
}

static void restart(monitor_t *m, apr_time_t now, apr_pool_t *ptemp)
{
    int ready = m->facts.urgent + m->facts.routine;

    if (is_replaced(m, now, ptemp)) {
        return;
    }
    acme_log(m->setup->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0202) "restarting gracefully for %d new certificate%s%s",
             ready, ready == 1 ? "" : "s",
             *m->blocked ? ", nothing is in the way any more" : "");
    unblock(m);
    m->process->signalled = 1;
    /* Send the signal again later in case it is lost. */
    m->not_before = now + SIGNAL_AGAIN;
    kill(getpid(), AP_SIG_GRACEFUL);
}

static void set_next(monitor_t *m, apr_time_t next)
{
    m->next = next;
    m->setup->shared->next = next;
}

static void consider(monitor_t *m, apr_time_t now, apr_pool_t *ptemp)
{
    apr_time_t when;

    m->facts.last_restart = m->process->last_restart;
    if (m->facts.last_restart > now) {
        /* The clock was turned back. */
        m->facts.last_restart = now;
        m->process->last_restart = now;
    }
    m->facts.last_duration = m->process->duration;
    m->facts.fruitless = m->process->fruitless;
    m->facts.draining = count_draining();
    when = acme_restart_at(&m->policy, &m->facts, now);
    if (!when || when == ACME_RESTART_WAIT) {
        set_next(m, 0);
        return;
    }
    if (when < m->not_before) {
        when = m->not_before;
    }
    set_next(m, when);
    if (when <= now && !is_replaced(m, now, ptemp)) {
        mod_acme_configtest_start(m->test, now);
    }
}

/* Shortens all waits after the clock was set back, because they would end too
 * late. */
static void turn_back(monitor_t *m, apr_time_t now)
{
    m->looked = 0;
    if (m->facts.first_ready > now) {
        m->facts.first_ready = now;
    }
    if (m->not_before > now + RECHECK_MIN) {
        m->not_before = now + RECHECK_MIN;
    }
}

static void act(monitor_t *m, apr_time_t now, apr_pool_t *ptemp)
{
    const char *words = NULL;
    acme_configtest_e tested = mod_acme_configtest_state(m->test, &words, now);
    int ready;

    if (now < m->seen) {
        turn_back(m, now);
    }
    m->seen = now;
    look(m, now, ptemp);
    if (m->promoter
        && mod_acme_promoter_step(m->promoter, m->swapped, now, ptemp)) {
        m->looked = 0;
        m->swapped_since = 0;
        look(m, now, ptemp);
    }
    ready = m->facts.urgent + m->facts.routine;
    m->setup->shared->pending = ready;
    m->setup->shared->swapped = m->swapped;
    if (!ready) {
        /* Drop the test's result, because it says nothing about certificates
         * that come later. */
        set_next(m, 0);
        unblock(m);
        return;
    }
    if (m->manual) {
        if (ready != m->announced) {
            m->announced = ready;
            acme_log(
                m->setup->log, ACME_LOG_NOTICE, 0,
                ACME_TAG(0203) "certificates are ready for %d site%s and are "
                               "served after the next restart "
                               "(ACMEActivation manual): apachectl "
                               "graceful",
                ready, ready == 1 ? "" : "s");
        }
        return;
    }
    switch (tested) {
    case ACME_CONFIGTEST_RUNNING:
        break;
    case ACME_CONFIGTEST_PASSED:
        restart(m, now, ptemp);
        break;
    case ACME_CONFIGTEST_FAILED:
        block(m,
              apr_pstrcat(ptemp,
                          "the configuration does not pass its "
                          "test: ",
                          words, NULL),
              now, ptemp);
        break;
    case ACME_CONFIGTEST_IDLE:
        consider(m, now, ptemp);
        break;
    }
}

int mod_acme_restart_monitor(apr_pool_t *p, server_rec *s)
{
    (void)p;
    (void)s;
    if (monitor) {
        look_and_act(monitor);
    }
    return DECLINED;
}
