/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_work.h
 * @brief The interface of a way how a record of a dns-01 challenge comes into
 * the DNS, and goes again.
 *
 * A way never waits: what takes time is begun by `start` and goes on by `poll`.
 * The solver sees to the rest, which is the same for all of them: the record's
 * item in the store, one work at a time for each name, repeated teardowns, and
 * records that a crash has left.
 */
#ifndef ACME_SOLVER_DNS_WORK_H
#define ACME_SOLVER_DNS_WORK_H

#include "acme_command.h"
#include "acme_dns.h"
#include "acme_solver_dns_record.h"

/** Means that ways work with. */
typedef struct acme_solver_dns_tools_t {
    const acme_command_system_t *commands; /**< runs programs */
    acme_dns_t *resolver;                  /**< asks the DNS, or NULL */
} acme_solver_dns_tools_t;

typedef enum {
    ACME_SOLVER_DNS_SETUP,
    ACME_SOLVER_DNS_TEARDOWN
} acme_solver_dns_what_e;

/** Setup or teardown of one record. */
typedef struct acme_solver_dns_work_t acme_solver_dns_work_t;

struct acme_solver_dns_work_t {
    const acme_solver_dns_tools_t *tools;
    const acme_solver_dns_record_t *record;
    acme_solver_dns_what_e what;
    /** Notes on disk where the record is about to be written, because a
     *  teardown needs to know. To be called before it is written. */
    apr_status_t (*note)(acme_solver_dns_work_t *work, const char *at,
                         const char *zone, acme_problem_t *problem,
                         apr_pool_t *ptemp);
    void *baton;   /**< of `note` */
    void *state;   /**< of the way, from `start` on */
    apr_pool_t *p; /**< of the work: destroying it ends the work at once */
};

typedef struct acme_solver_dns_way_t {
    acme_dns_way_e way;
    /** Begins the work. A record whose item is in the store already is all
     *  that some ways need.
     *  @return APR_SUCCESS: it is done; APR_EAGAIN: poll; else a problem whose
     *         detail says what was tried for which record */
    apr_status_t (*start)(acme_solver_dns_work_t *work, apr_time_t now,
                          acme_problem_t *problem);
    /** Goes on with it, with the results of `start`. NULL: `start` never
     *  returns APR_EAGAIN. */
    apr_status_t (*poll)(acme_solver_dns_work_t *work, apr_time_t now,
                         acme_problem_t *problem, apr_pool_t *p);
    /** Asks the work to end early, as if its time were over. Poll on. */
    void (*stop)(acme_solver_dns_work_t *work, apr_time_t now);
    /** Returns non-zero when a teardown removes all records of the name, so
     *  that only the last one may be torn down. NULL: it never does. */
    int (*clears_name)(const acme_dns_spec_t *how);
} acme_solver_dns_way_t;

#endif
