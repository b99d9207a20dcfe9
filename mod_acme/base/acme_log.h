/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_log.h
 * @brief Messages for the error log: levels, tags, and the sink that takes
 * them.
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

/**
 * A tag has four digits. The first two tell the subject:
 *   00xx  configuration (httpd/)
 *   01xx  start (httpd/)
 *   02xx  restarts by the activator (httpd/)
 *   03xx  accounts, orders and the worker (account/, obtain/, engine/, and the
 *         worker's thread in httpd/)
 *   04xx  protocol and network (proto/, net/)
 *   05xx  what a start does with certificates (install/), the vault (state/)
 *   06xx  answers to clients (httpd/); from 0630 on dns-01, in any room
 *   07xx  certificates without a restart (engine/, httpd/)
 *   08xx  what came later, in any room: a hundred that is full goes on here
 */
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
    acme_log_level_e level; /**< messages above it are not formatted */
} acme_log_t;

/** Formats a message and gives it to the sink, if the level is low enough.
 *  @param log NULL: nothing is logged
 *  @param rv shown with the message; 0: none */
void acme_log(const acme_log_t *log, acme_log_level_e level, apr_status_t rv,
              const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
