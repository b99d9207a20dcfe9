/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_promote.h"

#include <apr_strings.h>

#include "acme_promote_guard.h"

void mod_acme_promote_recover(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *undone;
    int i;

    setup->guard =
        acme_promote_guard_read(setup->live, setup->store_dir, setup->pconf);
    if (acme_promote_guard_undo(&undone, setup->guard, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0191) "certificates that were never loaded cannot be "
                                "taken back: %s",
                 acme_problem_text(&problem, ptemp));
        return;
    }
    for (i = 0; i < undone->nelts; i++) {
        const acme_promote_guard_undone_t *one =
            &APR_ARRAY_IDX(undone, i, acme_promote_guard_undone_t);

        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0192) "%s: the server ended before it had loaded the "
                                "certificate that was activated (archive "
                                "number %d), which is taken back; %s",
                 one->name, one->refused,
                 one->live
                     ? apr_psprintf(ptemp, "number %d is live again", one->live)
                     : "there was none before it");
    }
}

int mod_acme_promote_prepare(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(ptemp, 4, sizeof(const char *));
    int i;

    for (i = 0; i < setup->specs->nelts; i++) {
        if (setup->staged[i].inode) {
            APR_ARRAY_PUSH(names, const char *) =
                APR_ARRAY_IDX(setup->specs, i, const acme_spec_t *)->name;
        }
    }
    if (acme_promote_guard_begin(setup->guard, names, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0193) "no new certificate is activated: %s",
                 acme_problem_text(&problem, ptemp));
        return 0;
    }
    return 1;
}

int mod_acme_promote_loaded(apr_pool_t *pconf, apr_pool_t *plog,
                            apr_pool_t *ptemp, server_rec *s)
{
    acme_setup_t *setup = mod_acme_config_setup_get();

    (void)pconf;
    (void)plog;
    (void)s;
    if (setup && setup->guard) {
        acme_promote_guard_end(setup->guard, ptemp);
    }
    return OK;
}
