/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds.h"
#include "mod_acme_cmds_arg.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "acme_challenge_type.h"

/* Finds a known CA by its name or URL, or makes an entry for any other URL. */
static const char *find_ca(const acme_ca_name_t **found, cmd_parms *cmd,
                           const char *arg)
{
    acme_ca_name_t *ca;
    apr_uri_t uri;

    *found = acme_ca_find(arg);
    if (*found) {
        return NULL;
    }
    if (!strstr(arg, "://")) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            apr_psprintf(cmd->pool,
                         "is no authority known by name; write one "
                         "of %s, or the https URL of its directory",
                         acme_ca_list(cmd->pool)));
    }
    if (apr_uri_parse(cmd->pool, arg, &uri) || !uri.scheme || !uri.hostname
        || !*uri.hostname || strlen(arg) > 1024) {
        return mod_acme_cmds_arg_refuse(cmd, arg,
                                        "is no URL; write the https URL of the "
                                        "authority's directory");
    }
    if (strcmp(uri.scheme, "https") != 0) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            "ACME needs https (RFC 8555 6.1); write the "
            "https URL of the authority's directory");
    }
    if (uri.user || uri.fragment) {
        return mod_acme_cmds_arg_refuse(cmd, arg,
                                        "must have neither user nor fragment");
    }
    ca = apr_pcalloc(cmd->pool, sizeof(*ca));
    ca->url = apr_pstrdup(cmd->pool, arg);
    ca->label = uri.hostname;
    *found = ca;
    return NULL;
}

const char *mod_acme_cmds_ca_ca(cmd_parms *cmd, void *dc, int argc,
                                char *const argv[])
{
    apr_array_header_t *cas =
        apr_array_make(cmd->pool, argc + 1, sizeof(const acme_ca_name_t *));
    const acme_ca_name_t *ca = NULL;
    const char *text = "";
    int i, j;

    (void)dc;
    if (!argc) {
        return "ACMECertificateAuthority: needs an authority; write its short "
               "name or the https URL of its directory";
    }
    for (i = 0; i < argc; i++) {
        const char *err = find_ca(&ca, cmd, argv[i]);

        if (err) {
            return err;
        }
        for (j = 0; j < cas->nelts; j++) {
            if (!strcmp(APR_ARRAY_IDX(cas, j, const acme_ca_name_t *)->url,
                        ca->url)) {
                return mod_acme_cmds_arg_refuse(
                    cmd, argv[i], "is there twice; write each once");
            }
        }
        APR_ARRAY_PUSH(cas, const acme_ca_name_t *) = ca;
        text = apr_pstrcat(cmd->pool, text, i ? " " : "", ca->url, NULL);
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_CA, text, cas);
}

const char *mod_acme_cmds_ca_agreement(cmd_parms *cmd, void *dc,
                                       const char *arg)
{
    (void)dc;
    if (ap_cstr_casecmp(arg, "accepted")) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            "write 'accepted' once you have read and "
            "accepted the authority's terms of service");
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_AGREEMENT, "accepted",
                                 "accepted");
}

const char *mod_acme_cmds_ca_contact(cmd_parms *cmd, void *dc, const char *arg)
{
    const char *address = arg;
    const char *at;
    const char *c;

    (void)dc;
    if (!ap_cstr_casecmp(arg, "none")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_CONTACT, "none", "");
    }
    if (!ap_cstr_casecmpn(arg, "mailto:", 7)) {
        address += 7;
    }
    at = strchr(address, '@');
    for (c = address; *c; c++) {
        /* RFC 8555 7.3 allows one address and no header fields. */
        if (!apr_isgraph(*c) || strchr(",;?<>\"\\", *c)) {
            break;
        }
    }
    if (*c || !at || at == address || !at[1] || strchr(at + 1, '@')
        || strlen(address) > 254) {
        return mod_acme_cmds_arg_refuse(
            cmd, arg,
            "is no mail address; write one address such "
            "as admin@example.org, or none");
    }
    address = apr_pstrcat(cmd->pool, "mailto:", address, NULL);
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_CONTACT, address, address);
}

/* Never repeats a refused argument in the message, because one of the arguments
 * is a secret. */
const char *mod_acme_cmds_ca_eab(cmd_parms *cmd, void *dc, const char *first,
                                 const char *second, const char *third)
{
    acme_eab_t *eab = apr_pcalloc(cmd->pool, sizeof(*eab));
    const char *why;

    (void)dc;
    if (!second && !ap_cstr_casecmp(first, "none")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_EAB, "none", eab);
    }
    if (!second) {
        eab->file = *first ? ap_server_root_relative(cmd->pool, first) : NULL;
        return eab->file ? mod_acme_cmds_arg_put(cmd, ACME_SETTING_EAB,
                                                 eab->file, eab)
                         : mod_acme_cmds_arg_refuse(
                             cmd, "\"\"",
                             "is no valid path; write a file, or the key "
                             "identifier and the HMAC key, or none");
    }
    mod_acme_cmds_arg_hide(cmd, "***");
    if (acme_jws_eab_read(&eab->key, first, second, third, &why, cmd->pool)) {
        return mod_acme_cmds_arg_refuse(cmd, "***", why);
    }
    mod_acme_cmds_arg_hide(
        cmd, apr_pstrcat(cmd->pool, eab->key.kid, " *** ", eab->key.alg, NULL));
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_EAB,
                                 acme_eab_text(eab, cmd->pool), eab);
}

/* Returns what is wrong with a type of challenge, or NULL. */
static const char *wrong_challenge(const char *type)
{
    return acme_challenge_type(type)
               ? NULL
               : "is no type of challenge that is known here; write http-01, "
                 "tls-alpn-01 or dns-01, the preferred one first";
}

const char *mod_acme_cmds_ca_challenges(cmd_parms *cmd, void *dc, int argc,
                                        char *const argv[])
{
    apr_array_header_t *types =
        apr_array_make(cmd->pool, argc + 1, sizeof(const char *));
    const char *why;
    char *type;
    int i;

    (void)dc;
    if (!argc) {
        return "ACMECAChallenges: needs a type of challenge; write http-01, "
               "tls-alpn-01 or dns-01, the preferred one first";
    }
    for (i = 0; i < argc; i++) {
        type = apr_pstrdup(cmd->pool, argv[i]);
        ap_str_tolower(type);
        why = ap_array_str_contains(types, type) ? "is there twice; write each "
                                                   "once"
                                                 : wrong_challenge(type);
        if (why) {
            return mod_acme_cmds_arg_refuse(cmd, *argv[i] ? argv[i] : "\"\"",
                                            why);
        }
        APR_ARRAY_PUSH(types, const char *) = acme_challenge_type(type);
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_CHALLENGES,
                                 apr_array_pstrcat(cmd->pool, types, ' '),
                                 types);
}
