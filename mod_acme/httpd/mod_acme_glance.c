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

#include "mod_acme_glance.h"

#include <ap_mpm.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "acme_store_fs.h"

/* What a child remembers of a quiet job. */
typedef struct quiet_t {
    acme_stamp_t stamp; /* inode 0: nothing */
    apr_time_t last_run;
    acme_ari_t ari; /* cert NULL: the CA was not asked */
} quiet_t;

/* Made at the first page with all sites: most children never show one. */
typedef struct glance_t {
    apr_thread_mutex_t *mutex;
    apr_pool_t *p; /* with an allocator of its own; under the mutex */
    quiet_t *jobs; /* by index of specs; under the mutex */
} glance_t;

static glance_t glance;

void acme_glance_child_init(const acme_setup_t *setup, apr_pool_t *pchild)
{
    memset(&glance, 0, sizeof(glance));
    if (setup
        && apr_thread_mutex_create(&glance.mutex, APR_THREAD_MUTEX_DEFAULT,
                                   pchild)) {
        glance.mutex = NULL;
    }
}

static const acme_cert_info_t *live_info(const acme_setup_t *setup, int site)
{
    const acme_holding_t *holding =
        APR_ARRAY_IDX(setup->holdings, site, acme_holding_t *);

    return holding->live ? holding->live->info : NULL;
}

/* Numbers, about the certificate that this server serves. */
static int is_plain(const acme_ari_t *ari, const acme_cert_info_t *info)
{
    return !ari
           || (info && acme_ari_is_of(ari, info) && !ari->explanation
               && ari->errors == 0 && !ari->problem);
}

/* Whether its time, and when the CA wants a renewal, are all that there is to
 * tell, its log apart. */
static int is_quiet(const acme_job_t *job, const acme_cert_info_t *info)
{
    return !job->order && !job->staged && !job->problem && !job->config
           && job->errors == 0 && job->next_run == 0 && !job->names->nelts
           && !job->ca && !job->urgent && !job->revoked
           && job->asked == ACME_ASKED_NO && is_plain(job->ari, info);
}

static int recall(quiet_t *quiet, const acme_setup_t *setup, int site,
                  const acme_stamp_t *stamp)
{
    apr_size_t size = sizeof(quiet_t) * (apr_size_t)setup->specs->nelts;
    int known = 0;

    apr_thread_mutex_lock(glance.mutex);
    if (!glance.jobs && !apr_pool_create_unmanaged(&glance.p)) {
        glance.jobs = apr_pcalloc(glance.p, size);
    }
    if (glance.jobs) {
        known =
            stamp->inode && acme_stamp_same(stamp, &glance.jobs[site].stamp);
        *quiet = glance.jobs[site];
    }
    apr_thread_mutex_unlock(glance.mutex);
    return known;
}

static void remember(int site, const acme_stamp_t *stamp, const acme_job_t *job,
                     const acme_cert_info_t *info)
{
    quiet_t quiet;

    memset(&quiet, 0, sizeof(quiet));
    quiet.stamp = *stamp;
    quiet.last_run = job->last_run;
    if (job->ari) {
        quiet.ari = *job->ari;
        quiet.ari.cert = info->ari_id; /* the same, and here to stay */
    }
    apr_thread_mutex_lock(glance.mutex);
    if (glance.jobs) {
        glance.jobs[site] = quiet;
    }
    apr_thread_mutex_unlock(glance.mutex);
}

const acme_job_t *acme_glance(const acme_setup_t *setup, acme_vault_t *vault,
                              int site, apr_pool_t *p)
{
    const char *name =
        APR_ARRAY_IDX(setup->specs, site, const acme_spec_t *)->name;
    acme_stamp_t stamp;
    quiet_t quiet;
    acme_job_t *job;

    if (!vault || !glance.mutex) {
        return NULL;
    }
    /* Before it is read: what is written later has another one. */
    acme_stamp_read(
        &stamp,
        acme_store_fs_path(acme_vault_store(vault), ACME_STORE_JOBS, name, p),
        ACME_STAMP_LINK, p);
    if (recall(&quiet, setup, site, &stamp)) {
        job = acme_job_create(name, p);
        job->last_run = quiet.last_run;
        job->ari = quiet.ari.cert
                       ? apr_pmemdup(p, &quiet.ari, sizeof(quiet.ari))
                       : NULL;
        return job;
    }
    if (acme_job_load(&job, vault, name, NULL, p)) {
        return NULL;
    }
    if (is_quiet(job, live_info(setup, site))) {
        remember(site, &stamp, job, live_info(setup, site));
    }
    return job;
}

/* ---- what pages say beside the sites ---- */

void acme_glance_activation(acme_activation_view_t *view,
                            const acme_setup_t *setup, apr_pool_t *p)
{
    const acme_activation_e *activation = acme_config_value(
        acme_config_get(setup->server), ACME_SETTING_ACTIVATION);

    memset(view, 0, sizeof(*view));
    view->mode = activation && *activation == ACME_ACTIVATION_MANUAL
                     ? "manual"
                     : "graceful";
    ap_mpm_query(AP_MPMQ_GENERATION, &view->generation);
    view->pending = setup->board->pending;
    view->next = setup->board->next;
    if (*setup->board->blocked) {
        /* The parent may be writing: take what is there, bounded. */
        view->blocked = apr_pstrndup(p, setup->board->blocked,
                                     sizeof(setup->board->blocked) - 1);
    }
}

/* The worker may be writing. */
const char *acme_glance_waiting(const acme_setup_t *setup, apr_pool_t *p)
{
    return *setup->board->waiting ? apr_pstrndup(
               p, setup->board->waiting, sizeof(setup->board->waiting) - 1)
                                  : NULL;
}
