/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_command.h
 * @brief Runs a program of the administrator, and never waits for it.
 *
 * The program gets its arguments as they are, without a shell, an environment
 * that has only PATH and what the caller gives, /dev/null as its input, no
 * other descriptor, no blocked signal and a process group of its own. The end
 * of what it prints is kept for the problem; the rest is read and thrown away,
 * so that it never waits for us. A program that takes longer than its limit
 * gets SIGTERM, and ACME_COMMAND_GRACE later SIGKILL, with all processes of its
 * group.
 *
 * Nothing waits: the caller looks at it by acme_command_poll(), one thread at a
 * time. A program that runs when its pool is destroyed is killed.
 */
#ifndef ACME_COMMAND_H
#define ACME_COMMAND_H

#include <apr_pools.h>
#include <apr_time.h>

#include "acme_problem.h"

/** Time between SIGTERM and SIGKILL. */
#define ACME_COMMAND_GRACE apr_time_from_sec(3)

/** A good time between two polls of a program that runs. */
#define ACME_COMMAND_POLL apr_time_from_msec(50)

/** Most bytes of what a program has printed that a problem shows. */
#define ACME_COMMAND_WORDS 300

typedef struct acme_command_t acme_command_t;

/** How a program has ended. */
typedef struct acme_command_end_t {
    int signal; /**< that has ended it, or 0 */
    int status; /**< its exit status, or -1: it cannot be learnt */
} acme_command_end_t;

/** Starts processes: acme_command_posix, or the system of a test. */
typedef struct acme_command_system_t {
    void *baton;
    /** Starts a program.
     *  @param process set to what the other functions take
     *  @param argv, env NULL-terminated */
    apr_status_t (*start)(void **process, void *baton, const char *const *argv,
                          const char *const *env, apr_pool_t *p);
    /** Reads what it has printed since, of which the end is kept in `words`,
     *  and returns APR_EAGAIN while it runs.
     *  @param words ends in a NUL
     *  @param size of words */
    apr_status_t (*look)(acme_command_end_t *end, char *words, apr_size_t size,
                         void *process);
    /** Sends a signal to the process and its group. */
    void (*signal)(void *process, int signal);
} acme_command_system_t;

/** The system's processes, by posix_spawn(). */
extern const acme_command_system_t acme_command_posix;

/**
 * Starts a program.
 * @param argv NULL-terminated; its path, which is absolute, and arguments
 * @param env NULL-terminated, "NAME=VALUE"; PATH is added. Or NULL
 * @param limit after which it is ended
 * @param p of the command: destroying it kills the program
 */
apr_status_t acme_command_start(acme_command_t **command,
                                const acme_command_system_t *system,
                                const char *const *argv, const char *const *env,
                                apr_interval_time_t limit, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p);

/**
 * Looks whether the program has ended, and ends it when its time is over.
 * @return APR_EAGAIN while it runs; APR_SUCCESS when it has ended with status
 *         0; else an error, and the problem (type ACME_PROBLEM_COMMAND) says
 *         how it has ended and what it has printed last. Its detail continues a
 *         sentence that begins with what was run.
 */
apr_status_t acme_command_poll(acme_command_t *command, apr_time_t now,
                               acme_problem_t *problem, apr_pool_t *p);

/** Asks the program to end, as if its time were over. Poll on. */
void acme_command_stop(acme_command_t *command, apr_time_t now);

#endif
