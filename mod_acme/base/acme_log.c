/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_log.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

/* Leaves room for what httpd puts before a message, because httpd cuts a line
 * at 8192 bytes. */
#define MAX_MESSAGE 7168

void acme_log(const acme_log_t *log, acme_log_level_e level, apr_status_t rv,
              const char *fmt, ...)
{
    static const char cut[] = "...";
    char message[MAX_MESSAGE];
    char *end = message + sizeof(message) - sizeof(cut);
    va_list ap;
    int n;

    if (!log || !log->sink || level > log->level) {
        return;
    }
    va_start(ap, fmt);
    n = apr_vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof(message) - 1) {
        while (end > message && ((unsigned char)*end & 0xc0) == 0x80) {
            --end;
        }
        memcpy(end, cut, sizeof(cut));
    }
    log->sink(log->baton, level, rv, message);
}
