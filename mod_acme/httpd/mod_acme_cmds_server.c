/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds.h"
#include "mod_acme_cmds_arg.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "acme_default.h"
#include "acme_ratelimit_policy.h"
#include "acme_time.h"

#define MAX_PARALLEL 1000

const char *mod_acme_cmds_server_check_interval(cmd_parms *cmd, void *dc,
                                                const char *arg)
{
    (void)dc;
    return mod_acme_cmds_arg_interval(cmd, ACME_SETTING_CHECK_INTERVAL, arg,
                                      apr_time_from_sec(1),
                                      apr_time_from_sec(1));
}

const char *mod_acme_cmds_server_parallel(cmd_parms *cmd, void *dc,
                                          const char *arg)
{
    int *value = apr_palloc(cmd->pool, sizeof(*value));
    char *end;
    long number = strtol(arg, &end, 10);

    (void)dc;
    if (!apr_isdigit(*arg) || *end || number < 1 || number > MAX_PARALLEL) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            apr_psprintf(cmd->pool, "write a number from 1 to %d",
                         MAX_PARALLEL));
    }
    *value = (int)number;
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_PARALLEL,
                                 apr_psprintf(cmd->pool, "%d", *value), value);
}

const char *mod_acme_cmds_server_rate(cmd_parms *cmd, void *dc, const char *arg)
{
    acme_ratelimit_policy_t *rate = apr_palloc(cmd->pool, sizeof(*rate));
    const char *why;

    (void)dc;
    if (acme_ratelimit_policy_parse(rate, arg, &why, cmd->pool)) {
        return mod_acme_cmds_arg_refuse(cmd, arg, why);
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_RATE,
                                 acme_ratelimit_policy_print(rate, cmd->pool),
                                 rate);
}

static int is_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return apr_isdigit(*text) && !*end && port >= 1 && port <= 65535;
}

/* Replaces what may be a password: the text before the host or, in a URL
 * without a host, the text in the place of the port. */
static const char *hide_password(const char *arg, apr_pool_t *p)
{
    const char *at = strrchr(arg, '@');
    const char *host = strstr(arg, "://");
    const char *port = strrchr(host ? host + 3 : arg, ':');

    if (at) {
        return apr_pstrcat(p, "(...)", at, NULL);
    }
    if (port && !strchr("/", port[1 + strspn(port + 1, "0123456789")])) {
        return apr_pstrcat(p,
                           apr_pstrmemdup(p, arg, (apr_size_t)(port + 1 - arg)),
                           "(...)", NULL);
    }
    return arg;
}

const char *mod_acme_cmds_server_http_proxy(cmd_parms *cmd, void *dc,
                                            const char *arg)
{
    const char *hidden = hide_password(arg, cmd->pool);
    const char *at = strrchr(arg, '@');
    apr_uri_t uri;

    (void)dc;
    if (!ap_cstr_casecmp(arg, "none")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_HTTP_PROXY, "none", "");
    }
    if (at) {
        mod_acme_cmds_arg_hide(cmd, hidden);
    }
    if (apr_uri_parse(cmd->pool, arg, &uri) || !uri.scheme || !uri.hostname
        || !*uri.hostname || strlen(arg) > 1024) {
        return mod_acme_cmds_arg_refuse(
            cmd, hidden,
            "is no URL; write that of an http or https "
            "proxy, such as http://proxy.example.org:"
            "3128, or none");
    }
    if (strcmp(uri.scheme, "http") != 0 && strcmp(uri.scheme, "https") != 0) {
        return mod_acme_cmds_arg_refuse(
            cmd, hidden,
            "only http and https proxies can be used; "
            "write http://HOST:PORT or "
            "https://HOST:PORT");
    }
    if ((uri.port_str && !is_port(uri.port_str))
        || (uri.path && strcmp(uri.path, "/") != 0) || uri.query
        || uri.fragment) {
        return mod_acme_cmds_arg_refuse(
            cmd, hidden,
            "a proxy has a host and a port from 1 to "
            "65535, and nothing behind them; write "
            "http://HOST:PORT");
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_HTTP_PROXY,
                                 at ? hidden : arg,
                                 apr_pstrdup(cmd->pool, arg));
}

/* Parses one mapping such as "http:8080" or "443:-", as in mod_md. */
static const char *port_map(acme_port_map_t *map, const char *arg,
                            apr_pool_t *p)
{
    const char *colon = strchr(arg, ':');
    const char *outside =
        colon ? apr_pstrmemdup(p, arg, (apr_size_t)(colon - arg)) : "";
    int *inside = NULL;
    char *end;
    long port;

    if (!ap_cstr_casecmp(outside, "http") || !strcmp(outside, "80")) {
        inside = &map->http;
    }
    else if (!ap_cstr_casecmp(outside, "https") || !strcmp(outside, "443")) {
        inside = &map->https;
    }
    if (!inside) {
        return "is no port mapping; write http:PORT or https:PORT, where PORT "
               "is the local port behind the public 80 or 443, or - if it is "
               "not reachable";
    }
    if (!strcmp(colon + 1, "-")) {
        *inside = 0;
        return NULL;
    }
    port = strtol(colon + 1, &end, 10);
    if (!apr_isdigit(colon[1]) || *end || port < 1 || port > 65535) {
        return "the local port is a number from 1 to 65535, or -";
    }
    *inside = (int)port;
    return NULL;
}

const char *mod_acme_cmds_server_port_map(cmd_parms *cmd, void *dc,
                                          const char *first, const char *second)
{
    acme_port_map_t *map = apr_palloc(cmd->pool, sizeof(*map));
    const char *why;

    (void)dc;
    map->http = ACME_DEFAULT_HTTP_PORT;
    map->https = ACME_DEFAULT_HTTPS_PORT;
    why = port_map(map, first, cmd->pool);
    if (why) {
        return mod_acme_cmds_arg_refuse(cmd, first, why);
    }
    why = second ? port_map(map, second, cmd->pool) : NULL;
    if (why) {
        return mod_acme_cmds_arg_refuse(cmd, second, why);
    }
    return mod_acme_cmds_arg_put(
        cmd, ACME_SETTING_PORT_MAP,
        apr_psprintf(cmd->pool, "%d %d", map->http, map->https), map);
}

const char *mod_acme_cmds_server_activation(cmd_parms *cmd, void *dc,
                                            const char *arg)
{
    static const acme_activation_e graceful = ACME_ACTIVATION_GRACEFUL;
    static const acme_activation_e hot = ACME_ACTIVATION_HOT;
    static const acme_activation_e manual = ACME_ACTIVATION_MANUAL;

    (void)dc;
    if (!ap_cstr_casecmp(arg, "graceful")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_ACTIVATION, "graceful",
                                     &graceful);
    }
    if (!ap_cstr_casecmp(arg, "hot")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_ACTIVATION, "hot", &hot);
    }
    if (!ap_cstr_casecmp(arg, "manual")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_ACTIVATION, "manual",
                                     &manual);
    }
    return mod_acme_cmds_arg_refuse(
        cmd, arg,
        "write graceful (the server restarts itself), hot (new certificates "
        "are served with no restart) or manual (you restart it)");
}

const char *mod_acme_cmds_server_activation_delay(cmd_parms *cmd, void *dc,
                                                  const char *arg)
{
    (void)dc;
    return mod_acme_cmds_arg_interval(cmd, ACME_SETTING_ACTIVATION_DELAY, arg,
                                      ACME_TIME_DAY, 0);
}

const char *mod_acme_cmds_server_stash_keep(cmd_parms *cmd, void *dc,
                                            const char *arg)
{
    static const apr_interval_time_t until_expiry = 0;

    (void)dc;
    if (!ap_cstr_casecmp(arg, "until-expiry")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_STASH_KEEP,
                                     "until-expiry", &until_expiry);
    }
    return mod_acme_cmds_arg_interval(cmd, ACME_SETTING_STASH_KEEP, arg,
                                      ACME_TIME_DAY, apr_time_from_sec(1));
}

const char *mod_acme_cmds_server_activation_interval(cmd_parms *cmd, void *dc,
                                                     const char *urgent,
                                                     const char *routine)
{
    acme_intervals_t *value = apr_palloc(cmd->pool, sizeof(*value));
    const char *args[2];
    apr_interval_time_t *targets[2];
    int i;

    (void)dc;
    args[0] = urgent;
    args[1] = routine ? routine : "6h";
    targets[0] = &value->urgent;
    targets[1] = &value->routine;
    for (i = 0; i < 2; i++) {
        if (acme_time_parse_duration(targets[i], args[i], apr_time_from_sec(1))
            || *targets[i] < apr_time_from_sec(1)) {
            return mod_acme_cmds_arg_refuse(
                cmd, args[i],
                "is no interval of a second or more; write the "
                "least time between two restarts, such as 1min, and "
                "if you like the longest time that routine renewals "
                "gather, such as 6h (bare numbers count seconds)");
        }
    }
    return mod_acme_cmds_arg_put(
        cmd, ACME_SETTING_ACTIVATION_INTERVAL,
        apr_psprintf(cmd->pool, "%s, %s",
                     mod_acme_cmds_arg_exactly(value->urgent, cmd->pool),
                     mod_acme_cmds_arg_exactly(value->routine, cmd->pool)),
        value);
}
