/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds.h"
#include "mod_acme_cmds_arg.h"
#include "mod_acme_cmds_other.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_time.h"

/* Short names for what every setter calls. */
#define place  mod_acme_cmds_arg_place
#define refuse mod_acme_cmds_arg_refuse
#define put    mod_acme_cmds_arg_put

static const char *set_path(cmd_parms *cmd, void *dc, const char *arg)
{
    acme_setting_e setting = (acme_setting_e)(apr_uintptr_t)cmd->info;
    const char *path = *arg ? ap_server_root_relative(cmd->pool, arg) : NULL;

    (void)dc;
    if (!path) {
        return refuse(cmd, *arg ? arg : "\"\"",
                      "is no valid path; write an absolute one, or one below "
                      "ServerRoot");
    }
    return put(cmd, setting, path, path);
}

/* Parses one kind of key. Returns the number of words that it takes, or 0 on an
 * error. */
static int take_key(acme_private_key_t *key, const char **text,
                    const char **why, int argc, char *const argv[],
                    apr_pool_t *p)
{
    const char *bits = argc > 1 && apr_isdigit(*argv[1]) ? argv[1] : NULL;

    *text = bits ? apr_pstrcat(p, argv[0], " ", bits, NULL) : argv[0];
    if (acme_key_spec_parse(&key->key, argv[0], bits, why, p)) {
        return 0;
    }
    key->written = !ap_cstr_casecmp(argv[0], "Default") ? ACME_SPEC_KEY_DEFAULT
                   : !bits && !ap_cstr_casecmp(argv[0], "RSA")
                       ? ACME_SPEC_KEY_KIND
                       : ACME_SPEC_KEY_EXACT;
    return bits ? 2 : 1;
}

/* Stores the elliptic key first, in whatever order the keys are written,
 * because the first key is the one of the site itself. */
static const char *set_keys(cmd_parms *cmd, void *dc, int argc,
                            char *const argv[])
{
    apr_array_header_t *keys =
        apr_array_make(cmd->pool, 2, sizeof(acme_private_key_t));
    acme_private_key_t key, *first, *last;
    const char *text, *why;
    int i, taken;

    (void)dc;
    if (!argc) {
        return "ACMEPrivateKeys: needs a kind of key; write P-256, P-384 or "
               "RSA with 2048 to 4096 bits";
    }
    for (i = 0; i < argc; i += taken) {
        taken = take_key(&key, &text, &why, argc - i, argv + i, cmd->pool);
        if (!taken) {
            return refuse(cmd, text, why);
        }
        if (keys->nelts == 2
            || (keys->nelts
                && (APR_ARRAY_IDX(keys, 0, acme_private_key_t).key.type
                    == ACME_KEY_RSA)
                       == (key.key.type == ACME_KEY_RSA))) {
            return refuse(cmd, text,
                          "a TLS server has one certificate with an elliptic "
                          "key and one with an RSA key at most; leave one out");
        }
        APR_ARRAY_PUSH(keys, acme_private_key_t) = key;
    }
    first = &APR_ARRAY_IDX(keys, 0, acme_private_key_t);
    last = &APR_ARRAY_IDX(keys, keys->nelts - 1, acme_private_key_t);
    if (keys->nelts > 1 && first->key.type == ACME_KEY_RSA) {
        key = *first;
        *first = *last;
        *last = key;
    }
    text = acme_key_spec_print(&first->key, cmd->pool);
    if (keys->nelts > 1) {
        text = apr_pstrcat(cmd->pool, text, " ",
                           acme_key_spec_print(&last->key, cmd->pool), NULL);
    }
    return put(cmd, ACME_SETTING_PRIVATE_KEYS, text, keys);
}

static const char *set_renew_mode(cmd_parms *cmd, void *dc, const char *arg)
{
    static const acme_renew_mode_e modes[] = {
        ACME_RENEW_AUTO, ACME_RENEW_ALWAYS, ACME_RENEW_MANUAL};
    int i;

    (void)dc;
    for (i = 0; i < 3; i++) {
        const char *name = acme_spec_renew_mode_name(modes[i]);

        if (!ap_cstr_casecmp(arg, name)) {
            return put(cmd, ACME_SETTING_RENEW_MODE, name, &modes[i]);
        }
    }
    return refuse(cmd, arg, "is no mode; write auto, always or manual");
}

static const char *set_require_https(cmd_parms *cmd, void *dc, const char *arg)
{
    static const acme_require_https_e values[] = {
        ACME_HTTPS_OFF, ACME_HTTPS_TEMPORARY, ACME_HTTPS_PERMANENT};
    acme_dir_config_t *dir = dc;
    int i;

    for (i = 0; i < 3; i++) {
        const char *name = acme_spec_require_https_name(values[i]);

        if (!ap_cstr_casecmp(arg, name)
            && ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT)) {
            if (values[i] == ACME_HTTPS_OFF) {
                return refuse(
                    cmd, arg,
                    "has no effect in a section, because redirects of "
                    "the site come before it; leave it out, and write "
                    "temporary or permanent into the sections instead "
                    "of the virtual host");
            }
            dir->require_https = values[i];
            return NULL;
        }
        if (!ap_cstr_casecmp(arg, name)) {
            return put(cmd, ACME_SETTING_REQUIRE_HTTPS, name, &values[i]);
        }
    }
    return refuse(cmd, arg, "write off, temporary or permanent");
}

static const char *set_window(cmd_parms *cmd, void *dc, const char *arg)
{
    acme_window_t *window = apr_pcalloc(cmd->pool, sizeof(*window));
    apr_size_t len = strlen(arg);

    (void)dc;
    if (len && arg[len - 1] == '%') {
        char *end;
        long percent = strtol(arg, &end, 10);

        if (end != arg + len - 1 || !apr_isdigit(*arg) || percent < 1
            || percent > 99) {
            return refuse(cmd, arg,
                          "a part of the certificate's life is 1% "
                          "to 99%");
        }
        window->percent = (int)percent;
    }
    else if (acme_time_parse_duration(&window->span, arg, ACME_TIME_DAY)
             || !window->span) {
        return refuse(cmd, arg,
                      "is no window; write a part of the "
                      "certificate's life such as 33%, or a "
                      "duration such as 30d (a bare number counts "
                      "days)");
    }
    return put(cmd, (acme_setting_e)(apr_uintptr_t)cmd->info,
               window->percent
                   ? acme_spec_window_print(window, cmd->pool)
                   : mod_acme_cmds_arg_exactly(window->span, cmd->pool),
               window);
}

static const char *set_profile(cmd_parms *cmd, void *dc, const char *arg)
{
    const char *c;

    (void)dc;
    for (c = arg; apr_isgraph(*c) && apr_isascii(*c); c++) {
    }
    if (*c || c == arg || c - arg > 64) {
        return refuse(cmd, *arg ? arg : "\"\"",
                      "is no name of a profile; write one that the authority "
                      "offers, of 1 to 64 printable characters");
    }
    return put(cmd, ACME_SETTING_PROFILE, arg, apr_pstrdup(cmd->pool, arg));
}

static const char *set_retry_delay(cmd_parms *cmd, void *dc, const char *arg)
{
    (void)dc;
    return mod_acme_cmds_arg_interval(cmd, ACME_SETTING_RETRY_DELAY, arg,
                                      apr_time_from_sec(1),
                                      apr_time_from_sec(1));
}

/* Returns non-zero when the text can be the common name of an issuer. */
static int is_common_name(const char *text)
{
    const char *c;

    for (c = text; *c && !apr_iscntrl(*c); c++) {
    }
    return !*c && c != text && c - text <= 256;
}

/* Takes "trusted", "none", or names. `trusted` and `none` stand alone, because
 * both say what is taken whatever the names of the chains are. */
static const char *set_chain(cmd_parms *cmd, void *dc, int argc,
                             char *const argv[])
{
    acme_chain_choice_t *choice = apr_pcalloc(cmd->pool, sizeof(*choice));
    const char *text = "";
    int i;

    (void)dc;
    if (!argc) {
        return "ACMEPreferredChain: needs the common name of the issuer at the "
               "top of a chain, such as \"ISRG Root X1\", or trusted, or none";
    }
    choice->names = apr_array_make(cmd->pool, argc, sizeof(const char *));
    for (i = 0; i < argc; i++) {
        int alone = !ap_cstr_casecmp(argv[i], "trusted")
                    || !ap_cstr_casecmp(argv[i], "none");

        if (!is_common_name(argv[i])) {
            return refuse(cmd, *argv[i] ? "***" : "\"\"",
                          "is no common name; write that of the issuer at the "
                          "top of the chain, such as \"ISRG Root X1\", or "
                          "trusted, or none");
        }
        if (alone && argc > 1) {
            return refuse(cmd, argv[i],
                          "stands alone; write it without names, or names "
                          "without it");
        }
        if (!alone) {
            APR_ARRAY_PUSH(choice->names, const char *) =
                apr_pstrdup(cmd->pool, argv[i]);
        }
        text =
            apr_pstrcat(cmd->pool, text, i ? " \"" : "\"", argv[i], "\"", NULL);
    }
    choice->quoted = strpbrk(cmd->directive->args, "\"'") != NULL;
    choice->trusted = !ap_cstr_casecmp(argv[0], "trusted");
    if (!choice->names->nelts) {
        text = choice->trusted ? "trusted" : "none";
        choice->names = NULL;
    }
    return put(cmd, ACME_SETTING_PREFERRED_CHAIN, text, choice);
}

static const char *set_failover(cmd_parms *cmd, void *dc, const char *arg)
{
    int *value = apr_palloc(cmd->pool, sizeof(*value));
    char *end;
    long number = strtol(arg, &end, 10);

    (void)dc;
    if (!apr_isdigit(*arg) || *end || number < 1 || number > 1000) {
        return refuse(cmd, arg, "write a number of failures from 1 to 1000");
    }
    *value = (int)number;
    return put(cmd, ACME_SETTING_FAILOVER,
               apr_psprintf(cmd->pool, "%d", *value), value);
}

#define SETTING(setting) (void *)(apr_uintptr_t)(setting)

const command_rec mod_acme_cmds_table[] = {
    AP_INIT_RAW_ARGS("ACMEDomain", mod_acme_cmds_sites_domain, NULL, RSRC_CONF,
                     "in a virtual host: manage the certificate of its "
                     "names, and of those given, or off: leave it alone; at "
                     "server level: the names of one certificate"),
    AP_INIT_RAW_ARGS("<ACMEDomainSet", mod_acme_cmds_sites_domain_set, NULL,
                     RSRC_CONF,
                     "the names of one certificate, with settings of its own"),
    AP_INIT_RAW_ARGS("ACMEMember", mod_acme_cmds_sites_members, NULL, RSRC_CONF,
                     "within <ACMEDomainSet>: more names of it; anywhere: "
                     "whether names of virtual hosts are collected (auto)"),
    AP_INIT_RAW_ARGS("ACMEMembers", mod_acme_cmds_sites_members, NULL,
                     RSRC_CONF,
                     "auto: names of virtual hosts are collected; manual: "
                     "only names that are written out (auto)"),
    AP_INIT_TAKE1("ACMEMatchNames", mod_acme_cmds_sites_match_names, NULL,
                  RSRC_CONF,
                  "all, or servernames: which names of a virtual host say "
                  "what site it is of (all)"),
    AP_INIT_TAKE1("ACMEBaseServer", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_BASE_SERVER), RSRC_CONF,
                  "whether the server outside of virtual hosts is managed "
                  "too (off)"),
    AP_INIT_TAKE1("ACMEAutoDomains", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_AUTO_DOMAINS), RSRC_CONF,
                  "whether every TLS virtual host without a certificate of "
                  "its own is managed (off)"),
    AP_INIT_TAKE1("ACMEPartialNames", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_PARTIAL_NAMES), RSRC_CONF,
                  "whether a ServerAlias that keeps failing is left out of "
                  "the certificate (off)"),
    AP_INIT_TAKE1("ACMEHttp01Stateless", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_HTTP01_STATELESS), RSRC_CONF,
                  "whether any http-01 token is answered in the name of the "
                  "account, for another node that shares it (off)"),
    AP_INIT_RAW_ARGS("ACMEChallengeDns01", mod_acme_cmds_dns_command, NULL,
                     RSRC_CONF,
                     "program, and its arguments, that sets and removes TXT "
                     "records for dns-01; or none (none)"),
    AP_INIT_TAKE1("ACMEChallengeDns01Version", mod_acme_cmds_dns_version, NULL,
                  RSRC_CONF,
                  "whether that program gets the value for teardown as well: "
                  "2, or 1 for no (2)"),
    AP_INIT_TAKE123("ACMEDnsUpdate", mod_acme_cmds_dns_update, NULL, RSRC_CONF,
                    "primary name server that takes updates (RFC 2136) with "
                    "records for dns-01, zone, file of the TSIG key; or none "
                    "(none)"),
    AP_INIT_TAKE12("ACMEDnsPropagation", mod_acme_cmds_dns_propagation, NULL,
                   RSRC_CONF,
                   "longest wait for the zone's name servers to have a record, "
                   "and longest time that the program may take (2min 10min)"),
    AP_INIT_TAKE_ARGV("ACMEDnsResponder", mod_acme_cmds_responder, NULL,
                      RSRC_CONF,
                      "[address:]port and zone of a DNS server of our own, "
                      "which answers for names that are delegated to the "
                      "zone; the name of the server; or none (none)"),
    AP_INIT_TAKE1("ACMECertificateFile", set_path,
                  SETTING(ACME_SETTING_CERT_FILE), RSRC_CONF,
                  "PEM file of a certificate of your own, served and watched "
                  "instead of one that is obtained (none)"),
    AP_INIT_TAKE1("ACMECertificateKeyFile", set_path,
                  SETTING(ACME_SETTING_CERT_KEY_FILE), RSRC_CONF,
                  "PEM file of its key (none)"),
    AP_INIT_TAKE_ARGV("ACMEActivationWindow",
                      mod_acme_cmds_sites_activation_window, NULL, RSRC_CONF,
                      "local times of the day for restarts that can wait, "
                      "such as 02:00-04:00 (any time)"),
    AP_INIT_TAKE_ARGV("ACMECertificateAuthority", mod_acme_cmds_ca_ca, NULL,
                      RSRC_CONF,
                      "short names or directory URLs of certificate "
                      "authorities, tried in this order (letsencrypt)"),
    AP_INIT_TAKE1("ACMECertificateAgreement", mod_acme_cmds_ca_agreement, NULL,
                  RSRC_CONF,
                  "'accepted': you accept the terms of service of the "
                  "authority (not accepted)"),
    AP_INIT_TAKE1("ACMEContactEmail", mod_acme_cmds_ca_contact, NULL, RSRC_CONF,
                  "mail address for the account at the authority (none)"),
    AP_INIT_TAKE123("ACMEExternalAccountBinding", mod_acme_cmds_ca_eab, NULL,
                    RSRC_CONF,
                    "key identifier and HMAC key from the authority, and if it "
                    "says so the algorithm; or a file with them; or none "
                    "(none)"),
    AP_INIT_TAKE1("ACMECACertificateFile", set_path,
                  SETTING(ACME_SETTING_CA_FILE), RSRC_CONF,
                  "PEM file of the roots that the authority's own server is "
                  "verified with (the system's)"),
    AP_INIT_TAKE_ARGV("ACMEPrivateKeys", set_keys, NULL, RSRC_CONF,
                      "kind of key: P-256, P-384, RSA [bits] (P-256)"),
    AP_INIT_TAKE1("ACMEKeyReuse", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_KEY_REUSE), RSRC_CONF,
                  "the next certificate is for the key of the last (off)"),
    AP_INIT_TAKE1("ACMERenewMode", set_renew_mode, NULL, RSRC_CONF,
                  "auto, always or manual (auto)"),
    AP_INIT_TAKE1("ACMERenewWindow", set_window,
                  SETTING(ACME_SETTING_RENEW_WINDOW), RSRC_CONF,
                  "part of its life or time before its end in which a "
                  "certificate is renewed (33%, 50% below 10 days)"),
    AP_INIT_TAKE1("ACMEWarnWindow", set_window,
                  SETTING(ACME_SETTING_WARN_WINDOW), RSRC_CONF,
                  "part of its life or time before its end in which a "
                  "certificate that is due and was not renewed is warned "
                  "about (10%)"),
    AP_INIT_TAKE1("ACMERenewViaARI", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_RENEW_VIA_ARI), RSRC_CONF,
                  "ask the authority when to renew a certificate (on)"),
    AP_INIT_TAKE1("ACMEPreflight", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_PREFLIGHT), RSRC_CONF,
                  "take the authority's way to the names of a site before an "
                  "order, after a failure and once a week (on)"),
    AP_INIT_TAKE_ARGV("ACMECAChallenges", mod_acme_cmds_ca_challenges, NULL,
                      RSRC_CONF,
                      "how names are proven to the authority, the best first: "
                      "http-01, tls-alpn-01, dns-01 (http-01 tls-alpn-01 "
                      "dns-01)"),
    AP_INIT_TAKE1("ACMEProfile", set_profile, NULL, RSRC_CONF,
                  "name of the authority's profile that certificates are "
                  "issued by (none)"),
    AP_INIT_TAKE1("ACMEProfileMandatory", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_PROFILE_MANDATORY), RSRC_CONF,
                  "rather no certificate than one without the profile (off)"),
    AP_INIT_TAKE1("ACMERetryDelay", set_retry_delay, NULL, RSRC_CONF,
                  "time to the next try after a failure; ten times as long "
                  "each further time, up to a day (1min)"),
    AP_INIT_TAKE_ARGV("ACMEPreferredChain", set_chain, NULL, RSRC_CONF,
                      "common names of issuers at the top of chains, the best "
                      "first; or trusted: the shortest one to a root of this "
                      "machine (none)"),
    AP_INIT_TAKE1("ACMEMustStaple", mod_acme_cmds_sites_flag,
                  SETTING(ACME_SETTING_MUST_STAPLE), RSRC_CONF,
                  "certificates are of use with OCSP stapling only (off)"),
    AP_INIT_TAKE1("ACMERetryFailover", set_failover, NULL, RSRC_CONF,
                  "failures of an authority before the next one is asked (2)"),
    AP_INIT_TAKE1("ACMECheckInterval", mod_acme_cmds_server_check_interval,
                  NULL, RSRC_CONF,
                  "longest time between two looks at a certificate (12h)"),
    AP_INIT_TAKE1("ACMEParallelOrders", mod_acme_cmds_server_parallel, NULL,
                  RSRC_CONF,
                  "orders under way at one authority at a time (100)"),
    AP_INIT_TAKE1("ACMERateLimit", mod_acme_cmds_server_rate, NULL, RSRC_CONF,
                  "off, letsencrypt, or orders/period of an account: limits "
                  "that are kept to (by CA)"),
    AP_INIT_TAKE1("ACMEStoreDir", set_path, SETTING(ACME_SETTING_STORE_DIR),
                  RSRC_CONF,
                  "folder for keys, certificates and accounts (below the "
                  "state folder given to configure)"),
    AP_INIT_TAKE12("ACMEPortMap", mod_acme_cmds_server_port_map, NULL,
                   RSRC_CONF,
                   "local ports behind the public 80 and 443, - for none "
                   "(http:80 https:443)"),
    AP_INIT_TAKE1("ACMEActivation", mod_acme_cmds_server_activation, NULL,
                  RSRC_CONF,
                  "graceful: the server restarts itself for a new "
                  "certificate; hot: it is served without that; manual: you "
                  "restart (graceful)"),
    AP_INIT_TAKE1("ACMEActivationDelay", mod_acme_cmds_server_activation_delay,
                  NULL, RSRC_CONF,
                  "time from a certificate's being ready to the restart (0)"),
    AP_INIT_TAKE12("ACMEActivationInterval",
                   mod_acme_cmds_server_activation_interval, NULL, RSRC_CONF,
                   "least time between two restarts, and longest that routine "
                   "renewals gather (1min 6h)"),
    AP_INIT_TAKE1("ACMEStashKeep", mod_acme_cmds_server_stash_keep, NULL,
                  RSRC_CONF,
                  "how long a certificate that no site wants is kept "
                  "(until-expiry)"),
    AP_INIT_TAKE_ARGV("ACMEDnsServers", mod_acme_cmds_dns_servers, NULL,
                      RSRC_CONF,
                      "addresses of resolvers to ask, with a port if it is "
                      "not 53; or none (those of the machine)"),
    AP_INIT_TAKE1("ACMERequireHttps", set_require_https, NULL,
                  RSRC_CONF | ACCESS_CONF,
                  "off, temporary or permanent: plain http is redirected to "
                  "https once the certificate is there (off)"),
    AP_INIT_TAKE1("ACMEHttpProxy", mod_acme_cmds_server_http_proxy, NULL,
                  RSRC_CONF,
                  "URL of the proxy that leads to the authority (none)"),
    AP_INIT_TAKE1("ACMEHttpProxyCACertificateFile", set_path,
                  SETTING(ACME_SETTING_HTTP_PROXY_CA_FILE), RSRC_CONF,
                  "PEM file of the roots that an https proxy is verified with "
                  "(the system's)"),
    MOD_ACME_CMDS_OTHER_ROWS,
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};
