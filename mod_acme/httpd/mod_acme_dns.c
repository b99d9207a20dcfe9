/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_dns.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_default.h"
#include "acme_ident.h"
#include "mod_acme_compat.h"
#include "mod_acme_dns_responder.h"
#include "mod_acme_dns_update.h"
#include "mod_acme_dns_way.h"

/* Longest first line of a script that is looked at, as the kernel does. */
#define SHEBANG_MAX 256

/* Returns the interpreter of a script, or NULL: it is none, or whoever runs
 * configtest may not look. */
static const char *interpreter_of(const char *file, apr_pool_t *p)
{
    char line[SHEBANG_MAX];
    apr_size_t len = sizeof(line) - 1;
    apr_file_t *in;
    char *path;
    apr_status_t rv;

    if (apr_file_open(&in, file, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, p)) {
        return NULL;
    }
    rv = apr_file_read_full(in, line, len, &len);
    apr_file_close(in);
    if ((rv && !APR_STATUS_IS_EOF(rv)) || len < 3 || memcmp(line, "#!", 2)) {
        return NULL;
    }
    line[len] = '\0';
    path = line + 2 + strspn(line + 2, " \t");
    path[strcspn(path, " \t\r\n")] = '\0';
    return *path == '/' ? apr_pstrdup(p, path) : NULL;
}

/* Returns what is wrong with a program inside of ChrootDir, where
 * it runs, or NULL. */
static const char *chroot_fault(const char *program, const char *file,
                                apr_pool_t *p)
{
    const char *root = mod_acme_compat_chroot();
    const char *null = mod_acme_compat_outside("/dev/null", p);
    const char *interpreter;
    struct stat st;

    if (stat(file, &st)) {
        return apr_psprintf(p,
                            "it runs as %s inside of ChrootDir %s, where there "
                            "is no such file; copy it to %s, and all that it "
                            "needs into ChrootDir",
                            program, root, file);
    }
    interpreter = interpreter_of(file, p);
    if (interpreter && stat(mod_acme_compat_outside(interpreter, p), &st)) {
        return apr_psprintf(p,
                            "it runs inside of ChrootDir %s, where its "
                            "interpreter %s is not; copy that to %s, and all "
                            "that it needs into ChrootDir",
                            root, interpreter,
                            mod_acme_compat_outside(interpreter, p));
    }
    /* Its standard input. */
    return stat(null, &st)
               ? apr_psprintf(p,
                              "it runs inside of ChrootDir %s, where there is "
                              "no /dev/null, without which no program is "
                              "started; an empty file is enough: mkdir -p "
                              "%s/dev && touch %s",
                              root, root, null)
               : NULL;
}

/* Returns what is wrong with a program, or NULL: nothing, or whoever runs
 * configtest may not look. */
static const char *program_fault(const char *program, apr_pool_t *p)
{
    const char *file = mod_acme_compat_outside(program, p);
    struct stat st;

    if (stat(file, &st)) {
        if (errno != ENOENT && errno != ENOTDIR) {
            return NULL;
        }
        return mod_acme_compat_chroot()
                   ? chroot_fault(program, file, p)
                   : "there is no such file; correct the path";
    }
    if (!S_ISREG(st.st_mode)) {
        return "it is no file; write the path of a program";
    }
    if (!(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
        return apr_psprintf(p,
                            "it is not executable; 'chmod 755 %s' lets httpd "
                            "run it",
                            file);
    }
    return mod_acme_compat_chroot() ? chroot_fault(program, file, p) : NULL;
}

/* Warns of a program that is not there, or that nobody may run. A server does
 * not end for it, because all but new certificates works without it.
 * @param program its path as httpd's children see it */
static void check_program(acme_sites_t *sites, const char *program,
                          const acme_setting_t *setting)
{
    const char *why = program_fault(program, sites->p);

    if (why && mod_acme_sites_first(sites, "dns command", setting->place)) {
        mod_acme_sites_warn(
            sites, ACME_TAG(0634) "ACMEChallengeDns01 %s at %s: %s",
            APR_ARRAY_IDX((const apr_array_header_t *)setting->value, 0,
                          const char *),
            setting->place, why);
    }
}

static int set_command(acme_sites_t *sites, const acme_config_t *config,
                       const acme_setting_t *setting, acme_dns_spec_t *dns)
{
    const acme_dns_command_e *version =
        mod_acme_config_value(config, ACME_SETTING_CHALLENGE_DNS01_VERSION);

    apr_array_header_t *argv = apr_array_copy(sites->p, setting->value);

    /* The worker is inside of ChrootDir when it runs the program. */
    APR_ARRAY_IDX(argv, 0, const char *) =
        mod_acme_compat_inside(APR_ARRAY_IDX(argv, 0, const char *), sites->p);
    dns->argv = argv;
    dns->version = version ? *version : ACME_DEFAULT_DNS_VERSION;
    check_program(sites, APR_ARRAY_IDX(argv, 0, const char *), setting);
    return 1;
}

static int set_responder(acme_sites_t *sites, const acme_config_t *config,
                         const acme_setting_t *setting, acme_dns_spec_t *dns)
{
    (void)config;
    mod_acme_dns_responder_set(sites, setting, dns);
    return 1;
}

static int set_update(acme_sites_t *sites, const acme_config_t *config,
                      const acme_setting_t *setting, acme_dns_spec_t *dns)
{
    (void)config;
    dns->update = setting->value;
    return mod_acme_dns_update_check(sites, setting);
}

/* Fills in what a way needs. Returns zero when it cannot be used. */
typedef int set_fn(acme_sites_t *sites, const acme_config_t *config,
                   const acme_setting_t *setting, acme_dns_spec_t *dns);

/* By acme_dns_way_e. */
static set_fn *const setters[] = {
    set_command,
    set_responder,
    set_update,
};

/* Returns the only way that is named here, or NULL; refuses two. A directive
 * that says "none" rules its way out, wherever else it stands.
 * @param all the site's merged settings */
static const acme_dns_way_t *only_way(acme_sites_t *sites,
                                      const acme_config_t *here,
                                      const acme_config_t *all,
                                      const acme_spec_t *spec)
{
    const acme_dns_way_t *way, *found = NULL;
    int i;

    for (i = 0; (way = mod_acme_dns_way_at(i)) != NULL; i++) {
        if (!mod_acme_dns_way_is_named(way, here)
            || !mod_acme_dns_way_is_named(way, all)) {
            continue;
        }
        if (!found) {
            found = way;
            continue;
        }
        if (mod_acme_sites_first(sites, "two ways",
                                 here->settings[way->setting].place)) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0650) "%s at %s: the site %s (%s) has %s at %s "
                               "already, and its records can only come into "
                               "the DNS in one way; remove one of them",
                mod_acme_config_setting_name(way->setting),
                here->settings[way->setting].place, spec->name, spec->place,
                mod_acme_config_setting_name(found->setting),
                here->settings[found->setting].place);
        }
    }
    return found;
}

void mod_acme_dns_set(acme_sites_t *sites, const acme_site_draft_t *draft,
                      const acme_config_t *config, acme_spec_t *spec)
{
    const acme_dns_times_t *times =
        mod_acme_config_value(config, ACME_SETTING_DNS_PROPAGATION);
    const acme_dns_way_t *way = only_way(sites, &draft->settings, config, spec);
    acme_dns_spec_t *dns;

    if (!way) {
        way = only_way(sites, config, config, spec);
    }
    if (!way) {
        return;
    }
    dns = apr_pcalloc(sites->p, sizeof(*dns));
    dns->way = way->way;
    /* A wait that is not written is worth it only as long as a name server says
     * that the record is missing. */
    dns->propagation = times ? times->propagation : 0;
    dns->seen_within =
        times ? times->propagation : ACME_DEFAULT_DNS_PROPAGATION;
    dns->limit = times ? times->limit : ACME_DEFAULT_DNS_LIMIT;
    if (setters[way->way](sites, config, &config->settings[way->setting],
                          dns)) {
        spec->dns = dns;
    }
}

void mod_acme_dns_check_wildcards(acme_sites_t *sites, const acme_spec_t *spec)
{
    int i;

    if (spec->cert_file || acme_spec_has_challenge(spec, "dns-01")) {
        return;
    }
    for (i = 0; i < spec->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(spec->names, i, const char *);

        if (acme_ident_is_wildcard(name)) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0635) "%s in the site %s (%s): a wildcard can only be "
                               "proven by a record in the DNS; %s, or write "
                               "the names one by one",
                name, spec->name, spec->place,
                spec->dns ? "add dns-01 to ACMECAChallenges"
                          : "add ACMEChallengeDns01 with a program that sets "
                            "it, ACMEDnsUpdate or ACMEDnsResponder");
            return;
        }
    }
}
