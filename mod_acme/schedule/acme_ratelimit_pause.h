/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit_pause.h
 * @brief What a CA takes no orders for at the moment, as it has said itself.
 *
 * Beside the budget (acme_ratelimit.h), which is what is known beforehand of
 * the limits of some CAs: this is what any of them says when it refuses an
 * order (acme_ratelimit_parse.h). It holds all sites that it is about, renewals
 * also, and those that somebody asks for by hand, until the time that the CA
 * has named.
 *
 * One item of kind notes per CA, the worker's; one that is lost or damaged is
 * an empty one: then the CA says it again. One thread.
 */
#ifndef ACME_RATELIMIT_PAUSE_H
#define ACME_RATELIMIT_PAUSE_H

#include "acme_ratelimit_parse.h"
#include "acme_vault.h"

/** No CA is obeyed for longer. */
#define ACME_RATELIMIT_PAUSE_MAX apr_time_from_sec(7 * 86400)

typedef struct acme_ratelimit_pause_t acme_ratelimit_pause_t;

acme_ratelimit_pause_t *acme_ratelimit_pause_create(const char *ca_url,
                                                    apr_pool_t *p);

/** Until then, or until the later time that was named before; what is over
 *  already, or in more than ACME_RATELIMIT_PAUSE_MAX, is brought into those
 * bounds. */
void acme_ratelimit_pause_add(acme_ratelimit_pause_t *pause,
                              const acme_ratelimit_parse_t *limited,
                              apr_time_t until, apr_time_t now);

/**
 * When an order of that account for these names may be made: 0, now.
 * @param limited who is meant, in p
 * @param why the limit that it waits for, in p
 */
apr_time_t acme_ratelimit_pause_until(const acme_ratelimit_pause_t *pause,
                                      const char *account,
                                      const apr_array_header_t *names,
                                      apr_time_t now,
                                      acme_ratelimit_parse_t *limited,
                                      const char **why, apr_pool_t *p);

/** Reads the item in the place of what is known. */
void acme_ratelimit_pause_load(acme_ratelimit_pause_t *pause,
                               acme_vault_t *vault, apr_time_t now,
                               apr_pool_t *ptemp);

/** Writes it, if it has changed. */
apr_status_t acme_ratelimit_pause_save(acme_ratelimit_pause_t *pause,
                                       acme_vault_t *vault, apr_time_t now,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

#endif
