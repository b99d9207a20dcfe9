/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_seclevel.h"

#include <apr_lib.h>
#include <apr_strings.h>

#define LEVEL "@SECLEVEL="

/* Returns the last level in a cipher string, because the last one counts. */
static int parse_level(const char *ciphers)
{
    const char *at = ciphers;
    int level = 0;

    while ((at = strstr(at, LEVEL)) != NULL) {
        at += strlen(LEVEL);
        level = apr_isdigit(*at) ? *at - '0' : 0;
    }
    return level;
}

/* Returns non-zero in a section such as <Directory>, because ciphers set there
 * are for requests and not for handshakes. */
static int is_for_requests(const ap_directive_t *directive)
{
    static const char *const sections[] = {"<Directory", "<Location", "<Files",
                                           "<Proxy",     "<If",       "<Else"};
    static const char *const exceptions[] = {"<IfModule",    "<IfDefine",
                                             "<IfVersion",   "<IfFile",
                                             "<IfDirective", "<IfSection"};
    const ap_directive_t *d;
    apr_size_t i;

    for (d = directive->parent; d; d = d->parent) {
        int found = 0;

        for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
            found |= !ap_cstr_casecmpn(d->directive, sections[i],
                                       strlen(sections[i]));
        }
        for (i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
            found &= ap_cstr_casecmp(d->directive, exceptions[i]) != 0;
        }
        if (found) {
            return 1;
        }
    }
    return 0;
}

void mod_acme_seclevel_note(acme_seclevel_t *level,
                            const ap_directive_t *directive, apr_pool_t *ptemp)
{
    const char *args = directive->args;
    const char *first, *second;

    if (!ap_cstr_casecmp(directive->directive, "SSLCipherSuite")) {
        if (is_for_requests(directive)) {
            return;
        }
        first = ap_getword_conf(ptemp, &args);
        second = ap_getword_conf(ptemp, &args);
        if (*second && !ap_cstr_casecmp(first, "TLSv1.3")) {
            return;
        }
        level->has_suite = 1;
        level->suite = parse_level(*second ? second : first);
    }
    else if (!ap_cstr_casecmp(directive->directive, "SSLOpenSSLConfCmd")) {
        first = ap_getword_conf(ptemp, &args);
        second = ap_getword_conf(ptemp, &args);
        if (!ap_cstr_casecmp(first, "CipherString") && strstr(second, LEVEL)) {
            level->command = parse_level(second);
        }
    }
}

int mod_acme_seclevel_of(const acme_seclevel_t *level,
                         const acme_seclevel_t *base)
{
    if (level->command || base->command) {
        return level->command ? level->command : base->command;
    }
    return level->has_suite ? level->suite : base->suite;
}
