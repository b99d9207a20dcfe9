/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_crash.h
 * @brief Notes what the worker is at, so that a process that crashes over a
 * site or a CA does not do so again and again.
 *
 * The note is in memory that outlives the worker's process (the host gives it),
 * and costs a few bytes at each step. When a worker begins and the one before
 * has not ended in order, its note says what it was at: that is a death of this
 * site or CA. From the ACME_CRASH_DEATHS-th on it counts as a failed try, with
 * all that belongs to it: the wait that grows, the message, the status. When
 * ACME_CRASH_IN_A_ROW workers have died one after the other, whatever they were
 * at, all work waits, for a time that grows.
 *
 * Without such memory all functions do nothing. Used by one thread, the
 * worker's.
 */
#ifndef ACME_CRASH_H
#define ACME_CRASH_H

#include "acme_http.h"
#include "acme_time.h"

/** Deaths over the same thing after which it counts as a failure. Most deaths
 *  come from outside, as of a process that is killed for its memory, and the
 *  next worker goes on as if nothing had happened. */
#define ACME_CRASH_DEATHS 3

/** Deaths in a row, over anything, after which all work waits. */
#define ACME_CRASH_IN_A_ROW 8

/** Something that a worker is at. */
typedef enum {
    ACME_CRASH_NOTHING, /**< known: waiting, or something for all sites */
    ACME_CRASH_SITE,    /**< a site, by its name */
    ACME_CRASH_CA,      /**< a CA, by its directory's URL */
    ACME_CRASH_JOB      /**< noting a failure in the job of a site */
} acme_crash_e;

/** Tells what a worker is at. */
typedef struct acme_crash_mark_t {
    acme_crash_e what;
    const char *name;
} acme_crash_mark_t;

/** Most bytes of a name that are kept, and most things with deaths. */
#define ACME_CRASH_NAME    255
#define ACME_CRASH_ENTRIES 32

/** Tells how often workers have died over something. */
typedef struct acme_crash_entry_t {
    volatile int what; /**< acme_crash_e */
    char name[ACME_CRASH_NAME + 1];
    int deaths;
    int pending; /**< the last death has not been counted as a failure yet */
    apr_time_t last;
} acme_crash_entry_t;

/** Memory that outlives a process: all zero at first. */
typedef struct acme_crash_shared_t {
    volatile int running;  /**< a worker is there, and has not ended in order */
    int in_a_row;          /**< deaths since a run has ended in order */
    apr_time_t until;      /**< all work waits until then, or 0 */
    volatile int noting;   /**< the wait is being noted in the store */
    acme_crash_entry_t at; /**< what the worker is at */
    acme_crash_entry_t entries[ACME_CRASH_ENTRIES];
} acme_crash_shared_t;

/** The notes of a worker. */
typedef struct acme_crash_t {
    acme_crash_shared_t *shared; /**< or NULL */
    acme_crash_mark_t mark;
} acme_crash_t;

/**
 * Begins a worker, which ends in order when p is destroyed; `crash` lives as
 * long as p.
 * @param shared or NULL
 * @return non-zero when the worker before it died; `died` says what it was at,
 *         in p
 */
int acme_crash_open(acme_crash_t *crash, acme_crash_mark_t *died,
                    acme_crash_shared_t *shared, apr_time_t now, apr_pool_t *p);

/** Returns until when all work waits, or 0. */
apr_time_t acme_crash_until(const acme_crash_t *crash, apr_time_t now);

/** Returns the number of deaths in a row. */
int acme_crash_in_a_row(const acme_crash_t *crash);

/** Begins to note the wait in the store, which acme_crash_noted() ends. Returns
 *  zero when a worker has died over that, because the next one must not. */
int acme_crash_note(acme_crash_t *crash);

void acme_crash_noted(acme_crash_t *crash);

/** A run begins. */
void acme_crash_begin(acme_crash_t *crash);

/** A run has ended in order. */
void acme_crash_end(acme_crash_t *crash);

/** Notes what the worker is at from now on.
 *  @param name lives until acme_crash_leave()
 *  @return what it was at, for acme_crash_leave() */
acme_crash_mark_t acme_crash_enter(acme_crash_t *crash, acme_crash_e what,
                                   const char *name);

void acme_crash_leave(acme_crash_t *crash, acme_crash_mark_t before);

/** Returns the number of deaths over something, or 0. */
int acme_crash_deaths(const acme_crash_t *crash, acme_crash_e what,
                      const char *name);

/** Returns non-zero once after each death that is to be counted as a
 *  failure. */
int acme_crash_take(acme_crash_t *crash, acme_crash_e what, const char *name);

/** Returns non-zero when a CA's last death is to be counted as a failure of
 *  each site that asks there now.
 *  @param first non-zero for the first of them */
int acme_crash_is_barred(acme_crash_t *crash, const char *ca, apr_time_t now,
                         int *first);

/** Something has come to its end: its deaths are past. */
void acme_crash_forget(acme_crash_t *crash, acme_crash_e what,
                       const char *name);

/** Describes the failure of something over which workers have died. */
void acme_crash_problem(acme_problem_t *problem, const acme_crash_t *crash,
                        acme_crash_e what, const char *name, apr_pool_t *p);

/** Returns a transport that notes the CA while its answers are handled.
 *  @param ca lives as long as p */
acme_http_t *acme_crash_http(acme_crash_t *crash, acme_http_t *http,
                             const char *ca, apr_pool_t *p);

#endif
