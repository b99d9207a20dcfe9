/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file issue_phase.h
 * @brief The phase of an order (acme_issue.h), as its snapshot has it.
 */
#ifndef ISSUE_PHASE_H
#define ISSUE_PHASE_H

#include "acme_issue.h"

/** Returns the name of the phase, for example "await". */
const char *issue_phase(const acme_issue_t *issue, apr_pool_t *p);

#endif
