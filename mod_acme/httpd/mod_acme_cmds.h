/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_cmds.h
 * @brief The setters of directives, grouped by the file that contains them:
 *  directives that shape sites, directives about CAs, about challenges in the
 *  DNS, and directives of the whole server.
 */
#ifndef MOD_ACME_CMDS_H
#define MOD_ACME_CMDS_H

#include "mod_acme_config.h"

/** Sets the setting in cmd->info to on or off. */
const char *mod_acme_cmds_sites_flag(cmd_parms *cmd, void *dc, const char *arg);

/* These take RAW_ARGS, because httpd silently drops everything after 64
 * arguments. */
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

/* CAs, and our account at them. */
const char *mod_acme_cmds_ca_ca(cmd_parms *cmd, void *dc, int argc,
                                char *const argv[]);
const char *mod_acme_cmds_ca_agreement(cmd_parms *cmd, void *dc,
                                       const char *arg);
const char *mod_acme_cmds_ca_contact(cmd_parms *cmd, void *dc, const char *arg);
const char *mod_acme_cmds_ca_challenges(cmd_parms *cmd, void *dc, int argc,
                                        char *const argv[]);
const char *mod_acme_cmds_ca_eab(cmd_parms *cmd, void *dc, const char *first,
                                 const char *second, const char *third);

/* Challenges in the DNS. The first takes RAW_ARGS, because httpd silently drops
 * everything after 64 arguments. */
const char *mod_acme_cmds_dns_command(cmd_parms *cmd, void *dc,
                                      const char *args);
const char *mod_acme_cmds_responder(cmd_parms *cmd, void *dc, int argc,
                                    char *const argv[]);
const char *mod_acme_cmds_dns_version(cmd_parms *cmd, void *dc,
                                      const char *arg);
const char *mod_acme_cmds_dns_servers(cmd_parms *cmd, void *dc, int argc,
                                      char *const argv[]);
const char *mod_acme_cmds_dns_update(cmd_parms *cmd, void *dc,
                                     const char *server, const char *second,
                                     const char *third);
const char *mod_acme_cmds_dns_propagation(cmd_parms *cmd, void *dc,
                                          const char *wait, const char *limit);

/* Settings of the whole server. */
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
