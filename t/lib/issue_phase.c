/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "issue_phase.h"

const char *issue_phase(const acme_issue_t *issue, apr_pool_t *p)
{
    const char *phase = NULL;

    assert_int_equal(
        acme_json_get_str(&phase, acme_issue_snapshot(issue, p), "phase"),
        APR_SUCCESS);
    return phase;
}
