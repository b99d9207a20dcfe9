/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_ratelimit_pause.h
 * @brief Pauses that a CA has asked for: what it takes no orders for at the
 * moment.
 *
 * acme_ratelimit.h holds limits that are known beforehand of some CAs. A pause
 * comes from any CA that refuses an order (acme_ratelimit_parse.h). It holds
 * all sites that it is about until the time that the CA has named: renewals
 * also, and requests of acmectl.
 *
 * The pauses of a CA are one text, which the caller stores. A text that is lost
 * or damaged counts as empty: then the CA says it again. Pure. The pauses of a
 * CA belong to one thread.
 */
#ifndef ACME_RATELIMIT_PAUSE_H
#define ACME_RATELIMIT_PAUSE_H

#include "acme_ratelimit_parse.h"

/** Longest pause that a CA is granted. */
#define ACME_RATELIMIT_PAUSE_MAX apr_time_from_sec(7 * 86400)

typedef struct acme_ratelimit_pause_t acme_ratelimit_pause_t;

acme_ratelimit_pause_t *acme_ratelimit_pause_create(const char *ca_url,
                                                    apr_pool_t *p);

/** Pauses orders until that time, or until a later one that was named before. A
 *  time that is past, or more than ACME_RATELIMIT_PAUSE_MAX ahead, is brought
 *  into those bounds. */
void acme_ratelimit_pause_add(acme_ratelimit_pause_t *pause,
                              const acme_ratelimit_parse_t *limited,
                              apr_time_t until, apr_time_t now);

/** Returns when an order of that account for these names may be made, or 0:
 *  now.
 *  @param limited the account, domain, set or name that is paused, in p
 *  @param why the limit that the order waits for, for people, in p */
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
