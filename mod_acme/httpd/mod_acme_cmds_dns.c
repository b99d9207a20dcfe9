/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds.h"
#include "mod_acme_cmds_arg.h"

#include <apr_strings.h>

#include "acme_default.h"
#include "acme_ident.h"
#include "acme_str.h"
#include "acme_dns.h"
#include "acme_time.h"

/* Port of a name server that is written without one. */
#define SERVER_PORT 53

/* Most resolvers: with more, the last would not be asked in time. */
#define MOST_SERVERS 8

/* Returns the words as they would be written: each in quotes. */
static const char *quoted(const apr_array_header_t *words, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < words->nelts; i++) {
        text = apr_pstrcat(p, text, i ? " \"" : "\"",
                           APR_ARRAY_IDX(words, i, const char *), "\"", NULL);
    }
    return text;
}

/* Takes "none", or a program and its arguments, which are passed on without a
 * shell. */
const char *mod_acme_cmds_dns_command(cmd_parms *cmd, void *dc,
                                      const char *args)
{
    apr_array_header_t *argv =
        apr_array_make(cmd->pool, 2, sizeof(const char *));
    const char *program;

    (void)dc;
    while (*args) {
        APR_ARRAY_PUSH(argv, const char *) = ap_getword_conf(cmd->pool, &args);
    }
    if (!argv->nelts || !*APR_ARRAY_IDX(argv, 0, const char *)) {
        return "ACMEChallengeDns01: needs the path of a program that sets and "
               "removes TXT records, and its arguments; or none";
    }
    program = APR_ARRAY_IDX(argv, 0, const char *);
    if (argv->nelts == 1 && !ap_cstr_casecmp(program, "none")) {
        apr_array_clear(argv);
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_CHALLENGE_DNS01, "none",
                                     argv);
    }
    program = ap_server_root_relative(cmd->pool, program);
    if (!program) {
        return mod_acme_cmds_arg_refuse(
            cmd, APR_ARRAY_IDX(argv, 0, const char *),
            "is no valid path; write an absolute one, or one below ServerRoot");
    }
    APR_ARRAY_IDX(argv, 0, const char *) = program;
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_CHALLENGE_DNS01,
                                 quoted(argv, cmd->pool), argv);
}

const char *mod_acme_cmds_dns_version(cmd_parms *cmd, void *dc, const char *arg)
{
    static const acme_dns_command_e versions[] = {ACME_DNS_COMMAND_V1,
                                                  ACME_DNS_COMMAND_V2};
    int i;

    (void)dc;
    for (i = 0; i < 2; i++) {
        const char *text = apr_itoa(cmd->pool, versions[i]);

        if (!strcmp(arg, text)) {
            return mod_acme_cmds_arg_put(
                cmd, ACME_SETTING_CHALLENGE_DNS01_VERSION, text, &versions[i]);
        }
    }
    return mod_acme_cmds_arg_refuse(
        cmd, arg,
        "is no version; write 2 (teardown NAME VALUE), or 1 (teardown NAME) "
        "for a program written for that");
}

const char *mod_acme_cmds_dns_servers(cmd_parms *cmd, void *dc, int argc,
                                      char *const argv[])
{
    apr_array_header_t *servers =
        apr_array_make(cmd->pool, 2, sizeof(const char *));
    const char *text = "", *address;
    int i, port;

    (void)dc;
    if (argc == 0) {
        return "ACMEDnsServers: needs the addresses of resolvers, such as "
               "192.0.2.53 or [2001:db8::53]:5353; or none";
    }
    for (i = 0; i < argc && (argc > 1 || ap_cstr_casecmp(argv[0], "none"));
         i++) {
        if (acme_dns_address_parse(&address, &port, argv[i], cmd->pool)) {
            return mod_acme_cmds_arg_refuse(
                cmd, argv[i],
                "is no address of a resolver; write an IP address, with a port "
                "if it is not 53: 192.0.2.53, 192.0.2.53:5353 or "
                "[2001:db8::53]:5353");
        }
        APR_ARRAY_PUSH(servers, const char *) = apr_pstrdup(cmd->pool, argv[i]);
        text = apr_pstrcat(cmd->pool, text, i ? " " : "", argv[i], NULL);
    }
    if (servers->nelts > MOST_SERVERS) {
        return mod_acme_cmds_arg_refuse(cmd, argv[MOST_SERVERS],
                                        "is one too many; write at most 8");
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_DNS_SERVERS,
                                 servers->nelts ? text : "none", servers);
}

/* Splits "NAME", "NAME:PORT", an address, or "[ADDRESS]:PORT". Returns zero
 * when it is none of these. */
static int split_server(acme_dns_update_spec_t *update, const char *text,
                        apr_pool_t *p)
{
    const char *host, *why;
    char *scope;
    apr_port_t port;

    if (acme_dns_address_parse(&update->server, &update->port, text, p)
        == APR_SUCCESS) {
        update->port = update->port ? update->port : SERVER_PORT;
        return 1;
    }
    if (apr_parse_addr_port((char **)&host, &scope, &port, text, p)
            != APR_SUCCESS
        || !host || scope) {
        return 0;
    }
    update->port = port ? port : SERVER_PORT;
    if (!ap_cstr_casecmp(host, "localhost")) {
        update->server = "127.0.0.1"; /* the DNS need not know that name */
        return 1;
    }
    return acme_ident_canonical(&update->server, host, &why, p) == APR_SUCCESS
           && !acme_ident_is_wildcard(update->server);
}

/* Returns the zone in its canonical form, or NULL. Unlike a certificate, a zone
 * may have a name of one label, or underscores. */
static const char *zone_name(const char *text, apr_pool_t *p)
{
    char *name = acme_str_lower(text, p);
    apr_size_t len = strlen(name);

    if (len > 1 && name[len - 1] == '.') {
        name[--len] = '\0';
    }
    return len > 0 && len <= 253 && *name != '.' && !strstr(name, "..")
                   && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")
                          == len
               ? name
               : NULL;
}

/* Takes a key file, which has a slash when it comes without a zone. */
const char *mod_acme_cmds_dns_update(cmd_parms *cmd, void *dc,
                                     const char *server, const char *second,
                                     const char *third)
{
    acme_dns_update_spec_t *update = apr_pcalloc(cmd->pool, sizeof(*update));
    const char *zone = second && !third && strchr(second, '/') ? NULL : second;
    const char *file = zone ? third : second;

    (void)dc;
    if (!ap_cstr_casecmp(server, "none") && !second) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_DNS_UPDATE, "none",
                                     update);
    }
    if (!split_server(update, server, cmd->pool)) {
        return mod_acme_cmds_arg_refuse(
            cmd, *server ? server : "\"\"",
            "is no name server; write the address or name of the primary "
            "server of the zone, and a port if it is not 53");
    }
    if (zone) {
        update->zone = zone_name(zone, cmd->pool);
        if (!update->zone) {
            return mod_acme_cmds_arg_refuse(
                cmd, *zone ? zone : "\"\"",
                "is no zone; write the zone that the records are in, such as "
                "example.org, or leave it out");
        }
    }
    if (file) {
        update->key = apr_pcalloc(cmd->pool, sizeof(*update->key));
        update->key->file =
            *file ? ap_server_root_relative(cmd->pool, file) : NULL;
        if (!update->key->file) {
            return mod_acme_cmds_arg_refuse(
                cmd, *file ? file : "\"\"",
                "is no valid path of a key file; write an absolute one, or one "
                "below ServerRoot");
        }
    }
    return mod_acme_cmds_arg_put(
        cmd, ACME_SETTING_DNS_UPDATE,
        apr_psprintf(cmd->pool, "%s:%d %s %s", update->server, update->port,
                     update->zone ? update->zone : "-",
                     update->key ? update->key->file : "-"),
        update);
}

const char *mod_acme_cmds_dns_propagation(cmd_parms *cmd, void *dc,
                                          const char *wait, const char *limit)
{
    acme_dns_times_t *times = apr_pcalloc(cmd->pool, sizeof(*times));

    (void)dc;
    times->limit = ACME_DEFAULT_DNS_LIMIT;
    if (acme_time_parse_duration(&times->propagation, wait,
                                 apr_time_from_sec(1))
        || times->propagation > ACME_TIME_DAY) {
        return mod_acme_cmds_arg_refuse(
            cmd, wait,
            "is no wait; write the time that the name servers need to have a "
            "new record, such as 30s or 5min, 24h at most");
    }
    if (limit
        && (acme_time_parse_duration(&times->limit, limit, apr_time_from_sec(1))
            || times->limit < apr_time_from_sec(1)
            || times->limit > ACME_TIME_DAY)) {
        return mod_acme_cmds_arg_refuse(
            cmd, limit,
            "is no limit; write the longest time that setting a record up may "
            "take, from 1s to 24h");
    }
    return mod_acme_cmds_arg_put(
        cmd, ACME_SETTING_DNS_PROPAGATION,
        apr_pstrcat(
            cmd->pool, mod_acme_cmds_arg_exactly(times->propagation, cmd->pool),
            " ", mod_acme_cmds_arg_exactly(times->limit, cmd->pool), NULL),
        times);
}
