/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds_other.h"

#include <apr_strings.h>

/* A directive of mod_md. Its value is one word. */
typedef struct other_t {
    const char *name;
    const char *accepted; /* the value that changes nothing, or NULL */
    const char *instead;
} other_t;

static const other_t others[] = {
    {"ACMECertificateCheck", NULL,
     "there is no link to a certificate monitor on the status page; leave it "
     "out"},
    {"ACMECertificateProtocol", "ACME",
     "not needed: ACME is the only protocol; leave it out"},
    {"ACMECertificateStatus", "off",
     "use SetHandler acme-status in a <Location> instead, which shows the "
     "certificates in JSON"},
    {"ACMECertificateMonitor", NULL,
     "there is no link to a certificate monitor on the status page; leave it "
     "out"},
    {"<ACMEDomain", NULL, "use <ACMEDomainSet instead"},
    {"ACMEomain", NULL, "use ACMEDomain instead"},
    {"<ACMEomainSet", NULL, "use <ACMEDomainSet instead"},
    {"ACMEDriveMode", NULL, "use ACMERenewMode instead"},
    {"ACMEInitialDelay", "0",
     "not needed: a start asks a CA for nothing that is not due, and rate "
     "limits are kept to; leave it out"},
    {"ACMEMessageCmd", NULL,
     "no program is called for events; use acmectl status, which exits with 1 "
     "when anything needs attention, or SetHandler acme-metrics instead"},
    {"ACMENotifyCmd", NULL,
     "no program is called for events, and the server restarts itself for new "
     "certificates; use acmectl wait, or live/NAME in the store instead"},
    {"ACMEServerStatus", "on",
     "the section in server-status cannot be left out; restrict access to "
     "server-status instead"},
    {"ACMEStapleOthers", "off", "use SSLUseStapling on of mod_ssl instead"},
    {"ACMEStapling", "off", "use SSLUseStapling on of mod_ssl instead"},
    {"ACMEStaplingKeepResponse", NULL,
     "not needed: OCSP responses are mod_ssl's (SSLUseStapling, "
     "SSLStaplingStandardCacheTimeout); leave it out"},
    {"ACMEStaplingRenewWindow", NULL,
     "not needed: OCSP responses are mod_ssl's (SSLUseStapling, "
     "SSLStaplingStandardCacheTimeout); leave it out"},
    {"ACMEStoreLocks", "off",
     "not needed: only one worker at a time acts upon a store, and what it has "
     "begun goes on after it was killed; leave it out"},
};

/* Returns non-zero when the arguments are the accepted value, and nothing
 * else. A number may have a unit. */
static int is_accepted(const other_t *other, const char *args, apr_pool_t *p)
{
    const char *word = ap_getword_conf(p, &args);

    if (!other->accepted || *args) {
        return 0;
    }
    return !ap_cstr_casecmp(word, other->accepted)
           || (!strcmp(other->accepted, "0") && word[0] == '0'
               && !word[strspn(word, "0smhd")]);
}

const char *mod_acme_cmds_other(cmd_parms *cmd, void *dc, const char *args)
{
    const char *name = cmd->cmd->name;
    apr_size_t i;

    (void)dc;
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (ap_cstr_casecmp(others[i].name, name)) {
            continue;
        }
        /* Leave the arguments out, because they may be long or secret. */
        return is_accepted(&others[i], args, cmd->pool)
                   ? NULL
                   : apr_pstrcat(cmd->pool, name, *name == '<' ? ">" : "", ": ",
                                 others[i].instead, NULL);
    }
    return apr_pstrcat(cmd->pool, name, ": not a directive of mod_acme", NULL);
}
