/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_format.h
 * @brief The format number of an item of the store: which version of mod_acme
 * can read it.
 *
 * The member "format" of the item's JSON object is a number from 1 on; an item
 * without it has format 1. A number is raised when older versions would
 * misunderstand the item. An item with a higher number than this version knows
 * is refused and left untouched, so that a later version finds it again.
 */
#ifndef ACME_FORMAT_H
#define ACME_FORMAT_H

#include "acme_json.h"
#include "acme_problem.h"

/** Sets the format number of an item. */
void acme_format_set(acme_json_t *json, int format);

/**
 * Checks the format number of an item.
 * @param newest format that this version reads
 * @param what the problem begins with: "the job of a.example"
 * @param problem set for APR_ENOTIMPL only; or NULL
 * @return APR_ENOTIMPL if the item has a higher number, APR_EINVAL if it has
 *         no valid one
 */
apr_status_t acme_format_check(const acme_json_t *json, int newest,
                               const char *what, acme_problem_t *problem,
                               apr_pool_t *p);

#endif
