/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_key_choice.h"

#include "acme_plan.h"
#include "acme_suitable.h"

const char *acme_key_choice_reused(const acme_spec_t *spec,
                                   const acme_inventory_t *inventory,
                                   const acme_job_t *job)
{
    const acme_certstore_cert_t *live = inventory->live;

    return spec->key_reuse && live && live->info->key_hash
                   && *live->info->key_hash && acme_suitable_key(live, spec)
                   && !acme_plan_revoked(inventory, job)
               ? live->info->key_hash
               : NULL;
}

int acme_key_choice_is_refused(const acme_problem_t *problem)
{
    return problem
           && (acme_problem_is(problem, "badPublicKey")
               || acme_problem_is(problem, "badCSR"));
}
