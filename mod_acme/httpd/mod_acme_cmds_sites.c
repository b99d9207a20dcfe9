/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds.h"
#include "mod_acme_cmds_arg.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_ident.h"

static const acme_members_e members_auto = ACME_MEMBERS_AUTO;
static const acme_members_e members_manual = ACME_MEMBERS_MANUAL;

const char *mod_acme_cmds_sites_flag(cmd_parms *cmd, void *dc, const char *arg)
{
    static const int on = 1;
    static const int off = 0;
    acme_setting_e setting = (acme_setting_e)(apr_uintptr_t)cmd->info;

    (void)dc;
    if (!ap_cstr_casecmp(arg, "on")) {
        return mod_acme_cmds_arg_put(cmd, setting, "on", &on);
    }
    if (!ap_cstr_casecmp(arg, "off")) {
        return mod_acme_cmds_arg_put(cmd, setting, "off", &off);
    }
    return mod_acme_cmds_arg_refuse(cmd, arg, "write on or off");
}

/* Returns NULL when the text is neither "auto" nor "manual". */
static const acme_members_e *parse_members(const char *arg)
{
    if (!ap_cstr_casecmp(arg, "auto")) {
        return &members_auto;
    }
    return ap_cstr_casecmp(arg, "manual") ? NULL : &members_manual;
}

static const char *add_name(cmd_parms *cmd, apr_array_header_t *names,
                            const char *arg)
{
    const char *name;
    const char *why;

    if (acme_ident_canonical(&name, arg, &why, cmd->pool)) {
        return mod_acme_cmds_arg_refuse(cmd, *arg ? arg : "\"\"", why);
    }
    acme_ident_add(names, name);
    return NULL;
}

/* Adds names, which may be followed by auto or manual as in mod_md. */
static const char *add_names(cmd_parms *cmd, acme_domain_t *domain,
                             const char *args)
{
    while (*args) {
        const char *word = ap_getword_conf(cmd->pool, &args);
        const acme_members_e *members = parse_members(word);
        const char *err;

        if (members && !*args) {
            domain->members = members;
            break;
        }
        if (members) {
            return mod_acme_cmds_arg_refuse(cmd, word,
                                            "stands behind the names");
        }
        if (!ap_cstr_casecmp(word, "off")) {
            return mod_acme_cmds_arg_refuse(
                cmd, word,
                "stands alone, in a virtual host that is to be left alone");
        }
        err = add_name(cmd, domain->names, word);
        if (err) {
            return err;
        }
    }
    return NULL;
}

static acme_domain_t *domain_create(cmd_parms *cmd)
{
    acme_domain_t *domain = apr_pcalloc(cmd->pool, sizeof(*domain));

    domain->place = mod_acme_cmds_arg_place(cmd);
    domain->names = apr_array_make(cmd->pool, 2, sizeof(const char *));
    return domain;
}

/* Returns the mistake of a virtual host that is to be managed and left alone,
 * or NULL. */
static const char *check_off(cmd_parms *cmd, const acme_config_t *config)
{
    if (!config->off || !config->domains->nelts) {
        return NULL;
    }
    return apr_psprintf(cmd->pool,
                        "ACMEDomain off at %s and ACMEDomain at %s are in one "
                        "virtual host, which can either be left alone or be "
                        "managed; remove one of them",
                        config->off,
                        APR_ARRAY_IDX(config->domains, 0, acme_domain_t).place);
}

/* Takes ACMEDomain off. */
static const char *leave_alone(cmd_parms *cmd, acme_config_t *config)
{
    if (config->section || !cmd->server->is_virtual) {
        return "ACMEDomain off is for a virtual host, which is then left "
               "alone, whatever its names are; write it into that virtual host";
    }
    config->off = mod_acme_cmds_arg_place(cmd);
    return check_off(cmd, config);
}

const char *mod_acme_cmds_sites_domain(cmd_parms *cmd, void *dc,
                                       const char *args)
{
    acme_config_t *config = mod_acme_config_get(cmd->server);
    const char *rest = args;
    acme_domain_t *domain;
    const char *err;

    (void)dc;
    if (!ap_cstr_casecmp(ap_getword_conf(cmd->pool, &rest), "off") && !*rest) {
        return leave_alone(cmd, config);
    }
    domain = domain_create(cmd);
    err = add_names(cmd, domain, args);
    if (err) {
        return err;
    }
    if (config->section) {
        return "ACMEDomain cannot be within <ACMEDomainSet>; write the name "
               "behind <ACMEDomainSet, or 'ACMEMember NAME'";
    }
    if (!domain->names->nelts && !cmd->server->is_virtual) {
        return "ACMEDomain without names is for virtual hosts, where it means "
               "the ServerName and all ServerAliases; at server level write "
               "the names of the certificate: ACMEDomain example.org "
               "www.example.org";
    }
    APR_ARRAY_PUSH(config->domains, acme_domain_t) = *domain;
    return check_off(cmd, config);
}

/* Refuses directives of other modules, because they would act as if the section
 * was not there. */
static const char *check_children(cmd_parms *cmd)
{
    ap_directive_t *child;

    for (child = cmd->directive->first_child; child; child = child->next) {
        if (!strncasecmp(child->directive, "ACME", 4)) {
            continue;
        }
        cmd->err_directive = child;
        return apr_psprintf(cmd->pool,
                            "%s%s cannot be within <ACMEDomainSet>, only "
                            "settings of mod_acme can; write it into the "
                            "virtual hosts",
                            child->directive,
                            *child->directive == '<' ? ">" : "");
    }
    return NULL;
}

const char *mod_acme_cmds_sites_domain_set(cmd_parms *cmd, void *dc,
                                           const char *args)
{
    acme_config_t *config = mod_acme_config_get(cmd->server);
    acme_domain_t *set = domain_create(cmd);
    const char *end = ap_strrchr_c(args, '>');
    const char *err;

    (void)dc;
    if (cmd->server->is_virtual || ap_check_cmd_context(cmd, GLOBAL_ONLY)) {
        return "<ACMEDomainSet> cannot be within a virtual host or another "
               "section; write it outside of them, or 'ACMEDomain' in the "
               "virtual host";
    }
    if (!end) {
        return "<ACMEDomainSet: there is no '>' at the end of the line";
    }
    while (end > args && apr_isspace(end[-1])) {
        end--;
    }
    err = add_names(cmd, set,
                    apr_pstrmemdup(cmd->pool, args, (apr_size_t)(end - args)));
    if (!err && !set->names->nelts) {
        err = "<ACMEDomainSet> needs names; write <ACMEDomainSet example.org "
              "www.example.org>";
    }
    if (!err) {
        err = check_children(cmd);
    }
    if (err) {
        return err;
    }
    set->settings =
        apr_pcalloc(cmd->pool, sizeof(acme_setting_t) * ACME_SETTING_COUNT);
    config->section = set;
    err = ap_walk_config(cmd->directive->first_child, cmd, cmd->context);
    config->section = NULL;
    APR_ARRAY_PUSH(config->domains, acme_domain_t) = *set;
    return err;
}

const char *mod_acme_cmds_sites_members(cmd_parms *cmd, void *dc,
                                        const char *args)
{
    acme_domain_t *set = mod_acme_config_get(cmd->server)->section;
    const char *rest = args;
    const char *first = ap_getword_conf(cmd->pool, &rest);
    const acme_members_e *members = *rest ? NULL : parse_members(first);

    (void)dc;
    if (set && *args) {
        return add_names(cmd, set, args);
    }
    if (members) {
        return mod_acme_cmds_arg_put(
            cmd, ACME_SETTING_MEMBERS,
            *members == ACME_MEMBERS_AUTO ? "auto" : "manual", members);
    }
    if (!*args) {
        return apr_psprintf(cmd->pool,
                            "%s: write auto or manual, or within "
                            "<ACMEDomainSet> more names of it",
                            cmd->cmd->name);
    }
    return mod_acme_cmds_arg_refuse(
        cmd, first,
        "write auto or manual; names can be given within "
        "<ACMEDomainSet>, and behind ACMEDomain");
}

const char *mod_acme_cmds_sites_match_names(cmd_parms *cmd, void *dc,
                                            const char *arg)
{
    static const acme_match_names_e all = ACME_MATCH_NAMES_ALL;
    static const acme_match_names_e server = ACME_MATCH_NAMES_SERVER;

    (void)dc;
    if (!ap_cstr_casecmp(arg, "all")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_MATCH_NAMES, "all",
                                     &all);
    }
    if (!ap_cstr_casecmp(arg, "servernames")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_MATCH_NAMES,
                                     "servernames", &server);
    }
    return mod_acme_cmds_arg_refuse(cmd, arg, "write all or servernames");
}

const char *mod_acme_cmds_sites_activation_window(cmd_parms *cmd, void *dc,
                                                  int argc, char *const argv[])
{
    apr_array_header_t *windows =
        apr_array_make(cmd->pool, argc + 1, sizeof(acme_restart_window_t));
    apr_array_header_t *texts =
        apr_array_make(cmd->pool, argc + 1, sizeof(const char *));
    const char *why;
    int i;

    (void)dc;
    if (!argc) {
        return "ACMEActivationWindow: needs a time of the day; write from when "
               "until when, such as 02:00-04:00";
    }
    for (i = 0; i < argc; i++) {
        acme_restart_window_t window;

        if (acme_restart_window_parse(&window, argv[i], &why)) {
            return mod_acme_cmds_arg_refuse(cmd, argv[i], why);
        }
        APR_ARRAY_PUSH(windows, acme_restart_window_t) = window;
        APR_ARRAY_PUSH(texts, const char *) = argv[i];
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_ACTIVATION_WINDOW,
                                 apr_array_pstrcat(cmd->pool, texts, ' '),
                                 windows);
}
