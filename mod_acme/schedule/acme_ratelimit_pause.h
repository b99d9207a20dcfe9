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
 * The pauses of a CA are one text, which the caller stores. A text that is
 * lost or damaged counts as empty: then the CA says it again. Pure. The pauses
 * of a CA belong to one thread.
 */
#ifndef ACME_RATELIMIT_PAUSE_H
#define ACME_RATELIMIT_PAUSE_H

#include "acme_ratelimit_parse.h"

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

/** Returns the name of the item, of kind notes, that holds the pauses. */
const char *acme_ratelimit_pause_item(const acme_ratelimit_pause_t *pause);

/** Replaces the pauses by those of a text; NULL is an empty one. Lines that
 *  make no sense, or are over, are skipped. */
void acme_ratelimit_pause_load(acme_ratelimit_pause_t *pause, const char *text,
                               apr_time_t now, apr_pool_t *ptemp);

/** Returns the text of the pauses that last, in p, or NULL if nothing has
 *  changed since it was loaded or saved. */
const char *acme_ratelimit_pause_save(const acme_ratelimit_pause_t *pause,
                                      apr_time_t now, apr_pool_t *p);

/** Notes that the text is stored. */
void acme_ratelimit_pause_saved(acme_ratelimit_pause_t *pause);

#endif
