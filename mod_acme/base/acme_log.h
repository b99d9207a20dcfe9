/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_log.h
 * @brief Where messages go: a level, a sink and what the sink needs.
 *
 * The rooms below httpd/ know no server_rec. They are handed an acme_log_t,
 * which is const and may be used from any thread; the sink must be safe for
 * that. A message starts with its tag, then the identifier it is about:
 *
 *     acme_log(log, ACME_LOG_NOTICE, 0,
 *              ACME_TAG(0301) "%s: certificate issued, valid until %s",
 *              name, until);
 *
 * A tag stands for one message only (a lint checks it) and never changes its
 * meaning, so that an administrator can search for it.
 */
#ifndef ACME_LOG_H
#define ACME_LOG_H

#include <apr_errno.h>

/** Four digits: 00xx configuration, 01xx start, 02xx activation, 03xx engine
 *  and jobs, 04xx protocol and network, 05xx store, 06xx responder. */
#define ACME_TAG(digits) "ACME" #digits ": "

typedef enum {
    ACME_LOG_ERR,     /**< an administrator must act */
    ACME_LOG_WARNING, /**< failed, will be tried again */
    ACME_LOG_NOTICE,  /**< issued, restarting */
    ACME_LOG_INFO,    /**< the schedule */
    ACME_LOG_DEBUG,   /**< state transitions */
    ACME_LOG_TRACE    /**< requests and answers, secrets removed */
} acme_log_level_e;

typedef void acme_log_sink_fn(void *baton, acme_log_level_e level,
                              apr_status_t rv, const char *message);

typedef struct acme_log_t {
    acme_log_sink_fn *sink;
    void *baton;
    acme_log_level_e level; /**< what is above it is not even formatted */
} acme_log_t;

/** Formats and hands on; `log` may be NULL. rv 0: no status to show. */
void acme_log(const acme_log_t *log, acme_log_level_e level, apr_status_t rv,
              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
