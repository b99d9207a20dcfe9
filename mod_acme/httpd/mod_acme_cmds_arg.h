/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_cmds_arg.h
 * @brief Helpers for every setter of a directive: store a value, or refuse it
 *  with the directive, the value and the remedy.
 *
 * Setters parse one value at a time; they look nothing up and touch no file.
 * Checks that need more than one directive are in mod_acme_check.c.
 */
#ifndef MOD_ACME_CMDS_ARG_H
#define MOD_ACME_CMDS_ARG_H

#include "mod_acme_config.h"

/** Returns the position of the directive as "FILE:LINE". */
const char *mod_acme_cmds_arg_place(cmd_parms *cmd);

/** Returns an error message. Every error reads "DIRECTIVE VALUE: what is wrong
 * with it; what to write". */
const char *mod_acme_cmds_arg_refuse(cmd_parms *cmd, const char *value,
                                     const char *why);

/** Sets one value for the server, virtual host or section that contains the
 * directive. Returns an error when the directive is not allowed there. */
const char *mod_acme_cmds_arg_put(cmd_parms *cmd, acme_setting_e setting,
                                  const char *text, const void *value);

/** Replaces the directive's arguments in what prints the configuration that
 * httpd has read (-DDUMP_CONFIG, mod_info). */
void mod_acme_cmds_arg_hide(cmd_parms *cmd, const char *args);

/** Prints a duration without rounding, because the text is compared. */
const char *mod_acme_cmds_arg_exactly(apr_interval_time_t value, apr_pool_t *p);

/** Sets a duration of at least `least`.
 *  @param unit of bare numbers */
const char *mod_acme_cmds_arg_interval(cmd_parms *cmd, acme_setting_e setting,
                                       const char *arg,
                                       apr_interval_time_t unit,
                                       apr_interval_time_t least);

#endif
