/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds_arg.h"

#include <apr_strings.h>

#include "acme_time.h"

const char *mod_acme_cmds_arg_place(cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename,
                        cmd->directive->line_num);
}

const char *mod_acme_cmds_arg_refuse(cmd_parms *cmd, const char *value,
                                     const char *why)
{
    return apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name, value, why);
}

void mod_acme_cmds_arg_hide(cmd_parms *cmd, const char *args)
{
    /* This hides the arguments from later readers only: httpd reads them once,
     * before it calls the setter. */
    cmd->directive->args = apr_pstrdup(cmd->pool, args);
}

const char *mod_acme_cmds_arg_put(cmd_parms *cmd, acme_setting_e setting,
                                  const char *text, const void *value)
{
    acme_config_t *config = mod_acme_config_get(cmd->server);
    acme_setting_t *slot;

    if (setting >= ACME_SETTING_SERVER_WIDE) {
        const char *err = ap_check_cmd_context(cmd, GLOBAL_ONLY);

        if (err) {
            return apr_psprintf(cmd->pool, "%s; write it outside of them", err);
        }
        if (config->section) {
            return apr_psprintf(cmd->pool,
                                "%s cannot be within <ACMEDomainSet>, since it "
                                "is for the whole server; write it outside",
                                cmd->cmd->name);
        }
    }
    if (config->section && setting >= ACME_SETTING_PER_HOST) {
        return apr_psprintf(cmd->pool,
                            "%s cannot be within <ACMEDomainSet>, since it is "
                            "about virtual hosts; write it outside of the set, "
                            "or into the virtual hosts",
                            cmd->cmd->name);
    }
    slot = config->section
               ? &config->section->settings[setting]
               : &mod_acme_config_change(config, cmd->pool)[setting];
    slot->text = apr_pstrdup(cmd->pool, text);
    slot->value = value;
    slot->place = mod_acme_cmds_arg_place(cmd);
    return NULL;
}

const char *mod_acme_cmds_arg_exactly(apr_interval_time_t value, apr_pool_t *p)
{
    return value % APR_USEC_PER_SEC
               ? apr_psprintf(p, "%" APR_TIME_T_FMT "ms", value / 1000)
               : apr_psprintf(p, "%" APR_TIME_T_FMT "s", apr_time_sec(value));
}

const char *mod_acme_cmds_arg_interval(cmd_parms *cmd, acme_setting_e setting,
                                       const char *arg,
                                       apr_interval_time_t unit,
                                       apr_interval_time_t least)
{
    apr_interval_time_t *value = apr_palloc(cmd->pool, sizeof(*value));

    if (acme_time_parse_duration(value, arg, unit)) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            apr_psprintf(cmd->pool,
                         "is no duration; write a number with a "
                         "unit, such as 90s, 10min, 12h or 30d (a "
                         "bare number counts %s)",
                         unit == ACME_TIME_DAY ? "days" : "seconds"));
    }
    if (*value < least) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            apr_psprintf(cmd->pool, "is too short; at least %s",
                         acme_time_print_duration(least, cmd->pool)));
    }
    return mod_acme_cmds_arg_put(
        cmd, setting, mod_acme_cmds_arg_exactly(*value, cmd->pool), value);
}
