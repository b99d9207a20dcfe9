/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_cmds_arg.h
 * @brief What every setter of a directive uses: to keep a value, or to refuse
 * it with the directive, the value and the remedy.
 *
 * Setters only parse: one value at a time; they look nothing up and touch no
 * file. What takes more than one directive to judge is in mod_acme_check.c.
 */
#ifndef MOD_ACME_CMDS_ARG_H
#define MOD_ACME_CMDS_ARG_H

#include "mod_acme_config.h"

/** "FILE:LINE". */
const char *mod_acme_cmds_arg_place(cmd_parms *cmd);

/** Every error reads "DIRECTIVE VALUE: what is wrong with it; what to write".
 */
const char *mod_acme_cmds_arg_refuse(cmd_parms *cmd, const char *value,
                                     const char *why);

/** Sets one value where the directive stands: server, virtual host or section;
 *  refuses one that has no place there. */
const char *mod_acme_cmds_arg_put(cmd_parms *cmd, acme_setting_e setting,
                                  const char *text, const void *value);

/** What the directive's arguments are from now on for those who print the
 *  configuration that httpd has read: -DDUMP_CONFIG, mod_info. */
void mod_acme_cmds_arg_hide(cmd_parms *cmd, const char *args);

/** A duration as text that nothing is rounded in: it is compared. */
const char *mod_acme_cmds_arg_exactly(apr_interval_time_t value, apr_pool_t *p);

/** Sets a duration of at least `least`.
 *  @param unit of bare numbers */
const char *mod_acme_cmds_arg_interval(cmd_parms *cmd, acme_setting_e setting,
                                       const char *arg,
                                       apr_interval_time_t unit,
                                       apr_interval_time_t least);

#endif
