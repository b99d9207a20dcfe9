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
const char *mod_acme_cmds_place(cmd_parms *cmd);

/** Every error reads "DIRECTIVE VALUE: what is wrong with it; what to write".
 */
const char *mod_acme_cmds_refuse(cmd_parms *cmd, const char *value,
                                 const char *why);

/** Sets one value where the directive stands: server, virtual host or section;
 *  refuses one that has no place there. */
const char *mod_acme_cmds_put(cmd_parms *cmd, acme_setting_e setting,
                              const char *text, const void *value);

/** What the directive's arguments are from now on for those who print the
 *  configuration that httpd has read: -DDUMP_CONFIG, mod_info. */
void mod_acme_cmds_hide(cmd_parms *cmd, const char *args);

/** A duration as text that nothing is rounded in: it is compared. */
const char *mod_acme_cmds_exactly(apr_interval_time_t value, apr_pool_t *p);

/** Sets a duration of at least `least`.
 *  @param unit of bare numbers */
const char *mod_acme_cmds_interval(cmd_parms *cmd, acme_setting_e setting,
                                   const char *arg, apr_interval_time_t unit,
                                   apr_interval_time_t least);

/** On or off, for the setting in cmd->info. */
const char *mod_acme_cmds_sites_flag(cmd_parms *cmd, void *dc, const char *arg);

/* RAW_ARGS: httpd drops what comes after 64 arguments without a word. */
const char *mod_acme_cmds_sites_domain(cmd_parms *cmd, void *dc,
                                       const char *args);
const char *mod_acme_cmds_sites_domain_set(cmd_parms *cmd, void *dc,
                                           const char *args);
const char *mod_acme_cmds_sites_members(cmd_parms *cmd, void *dc,
                                        const char *args);
const char *mod_acme_cmds_sites_match_names(cmd_parms *cmd, void *dc,
                                            const char *arg);
const char *mod_acme_cmds_sites_activation_window(cmd_parms *cmd, void *dc,
                                                  int argc, char *const argv[]);

/* Of authorities, and who we are there. */
const char *mod_acme_cmds_ca_ca(cmd_parms *cmd, void *dc, int argc,
                                char *const argv[]);
const char *mod_acme_cmds_ca_agreement(cmd_parms *cmd, void *dc,
                                       const char *arg);
const char *mod_acme_cmds_ca_contact(cmd_parms *cmd, void *dc, const char *arg);
const char *mod_acme_cmds_ca_eab(cmd_parms *cmd, void *dc, const char *first,
                                 const char *second, const char *third);

/* Of the whole server. */
const char *mod_acme_cmds_server_check_interval(cmd_parms *cmd, void *dc,
                                                const char *arg);
const char *mod_acme_cmds_server_rate(cmd_parms *cmd, void *dc,
                                      const char *arg);
const char *mod_acme_cmds_server_parallel(cmd_parms *cmd, void *dc,
                                          const char *arg);
const char *mod_acme_cmds_server_http_proxy(cmd_parms *cmd, void *dc,
                                            const char *arg);
const char *mod_acme_cmds_server_port_map(cmd_parms *cmd, void *dc,
                                          const char *first,
                                          const char *second);
const char *mod_acme_cmds_server_activation(cmd_parms *cmd, void *dc,
                                            const char *arg);
const char *mod_acme_cmds_server_activation_delay(cmd_parms *cmd, void *dc,
                                                  const char *arg);
const char *mod_acme_cmds_server_activation_interval(cmd_parms *cmd, void *dc,
                                                     const char *urgent,
                                                     const char *routine);
const char *mod_acme_cmds_server_stash_keep(cmd_parms *cmd, void *dc,
                                            const char *arg);

#endif
