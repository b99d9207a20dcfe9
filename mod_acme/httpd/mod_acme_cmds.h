/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_cmds.h
 * @brief What all setters share, those that shape sites, those of
 * authorities, and those of the whole server.
 *
 * Setters only parse: one value at a time, nothing looked up, no file touched.
 * What takes more than one directive to judge is mod_acme_check.c's.
 */
#ifndef MOD_ACME_CMDS_H
#define MOD_ACME_CMDS_H

#include "mod_acme_config.h"

/** "FILE:LINE". */
const char *acme_cmd_place(cmd_parms *cmd);

/** Every error reads "DIRECTIVE VALUE: what is wrong with it; what to write".
 */
const char *acme_cmd_refuse(cmd_parms *cmd, const char *value, const char *why);

/** Sets one value where the directive stands: server, virtual host or section;
 *  refuses one that has no place there. */
const char *acme_cmd_put(cmd_parms *cmd, acme_setting_e setting,
                         const char *text, const void *value);

/** What the directive's arguments are from now on for those who print the
 *  configuration that httpd has read: -DDUMP_CONFIG, mod_info. */
void acme_cmd_hide(cmd_parms *cmd, const char *args);

/** A duration as text that nothing is rounded in: it is compared. */
const char *acme_cmd_exactly(apr_interval_time_t value, apr_pool_t *p);

/** Sets a duration of at least `least`.
 *  @param unit of bare numbers */
const char *acme_cmd_interval(cmd_parms *cmd, acme_setting_e setting,
                              const char *arg, apr_interval_time_t unit,
                              apr_interval_time_t least);

/** On or off, for the setting in cmd->info. */
const char *acme_cmd_flag(cmd_parms *cmd, void *dc, const char *arg);

/* RAW_ARGS: httpd drops what comes after 64 arguments without a word. */
const char *acme_cmd_domain(cmd_parms *cmd, void *dc, const char *args);
const char *acme_cmd_domain_set(cmd_parms *cmd, void *dc, const char *args);
const char *acme_cmd_members(cmd_parms *cmd, void *dc, const char *args);
const char *acme_cmd_match_names(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_activation_window(cmd_parms *cmd, void *dc, int argc,
                                       char *const argv[]);

/* Of authorities, and who we are there. */
const char *acme_cmd_ca(cmd_parms *cmd, void *dc, int argc, char *const argv[]);
const char *acme_cmd_agreement(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_contact(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_eab(cmd_parms *cmd, void *dc, const char *first,
                         const char *second, const char *third);

/* Of the whole server. */
const char *acme_cmd_check_interval(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_rate(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_parallel(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_http_proxy(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_port_map(cmd_parms *cmd, void *dc, const char *first,
                              const char *second);
const char *acme_cmd_activation(cmd_parms *cmd, void *dc, const char *arg);
const char *acme_cmd_activation_delay(cmd_parms *cmd, void *dc,
                                      const char *arg);
const char *acme_cmd_activation_interval(cmd_parms *cmd, void *dc,
                                         const char *urgent,
                                         const char *routine);
const char *acme_cmd_stash_keep(cmd_parms *cmd, void *dc, const char *arg);

#endif
