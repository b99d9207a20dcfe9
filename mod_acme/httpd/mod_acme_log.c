/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hooks.h"

#include <http_log.h>

APLOG_USE_MODULE(acme);

static void sink(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    static const int levels[] = {APLOG_ERR,  APLOG_WARNING, APLOG_NOTICE,
                                 APLOG_INFO, APLOG_DEBUG,   APLOG_TRACE2};

    ap_log_error(APLOG_MARK, levels[level], rv, (server_rec *)baton, "%s",
                 message);
}

const acme_log_t *mod_acme_log_httpd(server_rec *s, apr_pool_t *p)
{
    acme_log_t *log = apr_palloc(p, sizeof(*log));

    log->sink = sink;
    log->baton = s;
    log->level = ACME_LOG_NOTICE;
    if (APLOGinfo(s)) {
        log->level = ACME_LOG_INFO;
    }
    if (APLOGdebug(s)) {
        log->level = ACME_LOG_DEBUG;
    }
    if (APLOGtrace2(s)) {
        log->level = ACME_LOG_TRACE;
    }
    return log;
}
