/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_way.h"

#include "acme_solver_dns_command.h"
#include "acme_solver_dns_responder.h"

static const acme_solver_dns_way_t *const ways[] = {
    &acme_solver_dns_command,
    &acme_solver_dns_responder,
};

const acme_solver_dns_way_t *acme_solver_dns_way(acme_dns_way_e way)
{
    apr_size_t i, n = sizeof(ways) / sizeof(ways[0]);

    for (i = 0; i + 1 < n && ways[i]->way != way; ++i) {
    }
    return ways[i];
}
