/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_judgement.h
 * @brief The one judgement of a site and of the server, from which acmectl,
 * JSON, metrics and the page of mod_status are made, so that they agree.
 *
 * Pure: reads no store and no clock. What is returned belongs to the pool of
 * the call, or to the arguments.
 */
#ifndef ACME_JUDGEMENT_H
#define ACME_JUDGEMENT_H

#include "acme_status_state.h"

/** How it goes, the best first. */
typedef enum {
    ACME_JUDGEMENT_OK,      /**< all that is wanted is there */
    ACME_JUDGEMENT_DUE,     /**< something is to be done, and will be */
    ACME_JUDGEMENT_WAITING, /**< it is being done, or waits for its time */
    ACME_JUDGEMENT_FAILING, /**< it has failed, and is tried again */
    ACME_JUDGEMENT_BLOCKED  /**< it does not go on before somebody acts */
} acme_judgement_level_e;

#define ACME_JUDGEMENT_LEVELS 5

/** The state of server and store: all zero where all is well. */
typedef struct acme_judgement_server_t {
    int absent;           /**< no server runs */
    const char *stopped;  /**< why nothing can be ordered, or NULL */
    const char *stop_fix; /**< what mends that, or NULL */
    apr_time_t stop_at;   /**< since when, or 0 */
    int store_fails;      /**< it is the store that cannot be used */
    int manual;           /**< ACMEActivation manual */
    const char *blocked;  /**< why no restart is made, or NULL */
    apr_time_t block_at;  /**< since when, or 0 */
    apr_time_t next;      /**< when the next restart is wanted, or 0 */
    int pending;          /**< certificates that wait for it */
} acme_judgement_server_t;

typedef struct acme_judgement_t {
    acme_judgement_level_e level;
    int attention;    /**< somebody should look: exit status 1 of acmectl */
    const char *what; /**< one sentence: how it is */
    const char *next; /**< what happens next by itself, or NULL: nothing */
    apr_time_t at;    /**< when, or 0: not known */
    const char *mend; /**< the one command or line that mends it, or NULL */
} acme_judgement_t;

/** Returns "ok", "due", "waiting", "failing" or "blocked". */
const char *acme_judgement_level_name(acme_judgement_level_e level);

/** Returns a sentence that explains a level, for legends. */
const char *acme_judgement_level_text(acme_judgement_level_e level);

/** Judges a site.
 *  @param view judged by acme_status_state() */
void acme_judgement(acme_judgement_t *judgement, const acme_status_view_t *view,
                    const acme_judgement_server_t *server, apr_pool_t *p);

/** Judges the server as a whole. */
void acme_judgement_of_server(acme_judgement_t *judgement,
                              const acme_judgement_server_t *server,
                              apr_pool_t *p);

/** The words for a place in the configuration on a public page. */
#define ACME_JUDGEMENT_PLACE "(place: see acme-status)"

/** Returns a text of a judgement without places in the configuration
 *  ("FILE:LINE"), for a page that everybody may see; NULL stays NULL. */
const char *acme_judgement_without_places(const char *text, apr_pool_t *p);

/** Returns "NEXT at TIME", or NULL when nothing happens by itself. */
const char *acme_judgement_outlook(const acme_judgement_t *judgement,
                                   apr_time_t now, apr_pool_t *p);

/** Returns the judgement as JSON: level, attention, what, next, at (as HTTP
 *  writes dates) and to-fix. */
acme_json_t *acme_judgement_to_json(const acme_judgement_t *judgement,
                                    apr_pool_t *p);

#endif
