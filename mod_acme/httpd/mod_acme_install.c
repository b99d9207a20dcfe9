/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_install.h"

#include <apr_strings.h>

#include "acme_ca_clock.h"
#include "acme_ident.h"
#include "acme_install.h"
#include "acme_install_recover.h"
#include "acme_own_cert.h"
#include "acme_str.h"
#include "acme_time.h"
#include "acme_tmpfile.h"

/* A clock that is set back by no more than this is ignored. */
#define CLOCK_STEP (2 * ACME_TIME_MINUTE)

/* The decision for one certificate, by index of certs. */
typedef struct outcome_t {
    acme_site_decide_serve_e serve;
    /* own certificate files of the first host */
    const apr_array_header_t *cert_files;
    const apr_array_header_t *key_files;
    const char *chain_file; /* of these */
    acme_former_t former;   /* own certificate, if still valid */
} outcome_t;

struct mod_acme_install_t {
    acme_lock_t *lock;
    acme_install_config_t config;
    acme_install_t *core;
    outcome_t *certs;
    apr_array_header_t *others; /* acme_deployed_site_t *, not managed */
    apr_hash_t *wanted;         /* name -> acme_wanted_e *, not managed */
    acme_tmpfile_t *files;      /* of former certificates */
};

static int take_lock(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    /* Do not wait unless we are root, because other programs of the same user
     * could hold the lock for ever. */
    apr_interval_time_t wait = geteuid() == 0 ? ACME_LOCK_START : 0;

    if (acme_lock_take(&setup->install->lock, setup->store_dir, wait, &problem,
                       setup->pconf)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0157) "no certificate is stashed, "
                                "unstashed or imported in this "
                                "start: %s; restart the server "
                                "again later",
                 acme_problem_text(&problem, ptemp));
        return 0;
    }
    return 1;
}

static acme_deployed_t *read_record(acme_setup_t *setup, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_deployed_t *before;
    apr_status_t rv =
        acme_deployed_read(&before, setup->store_dir, &problem, setup->pconf);

    if (!rv) {
        return before;
    }
    if (!APR_STATUS_IS_ENOENT(rv)) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0158) "%s; it is written anew, and certificates are "
                                "found by their names",
                 acme_problem_text(&problem, ptemp));
    }
    return acme_deployed_create(setup->pconf);
}

static void check_clock(acme_setup_t *setup, apr_time_t now, apr_pool_t *ptemp)
{
    acme_install_config_t *config = &setup->install->config;
    apr_time_t written = config->before->written;

    config->clock_good = written <= now + CLOCK_STEP;
    if (!config->clock_good) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0152) "the clock of this machine is %s "
                                "behind the last start of the "
                                "server, at %s: in this start no "
                                "certificate is deleted for its "
                                "age, and none ordered for an "
                                "expiry before the authority's "
                                "clock has been seen",
                 acme_time_print_duration(written - now, ptemp),
                 acme_time_print(written, ptemp));
    }
}

/* Puts back the links of a store that was restored without them. */
static void recover(const acme_setup_t *setup, apr_pool_t *ptemp)
{
    const apr_array_header_t *found =
        acme_install_recover(setup->certstore, ptemp);
    int i;

    for (i = 0; i < found->nelts; i++) {
        const acme_install_recovered_t *one =
            &APR_ARRAY_IDX(found, i, acme_install_recovered_t);

        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0121) "%s: its link in %s had become a file or a "
                                "folder, as after a restored backup without "
                                "links; it is put back and leads to "
                                "generation %d",
                 one->name, acme_certstore_place_name(one->place),
                 one->version);
    }
}

void mod_acme_install_open(acme_setup_t *setup, acme_vault_t *vault,
                           apr_time_t now, apr_pool_t *ptemp)
{
    mod_acme_install_t *install = apr_pcalloc(setup->pconf, sizeof(*install));

    setup->install = install;
    if (!take_lock(setup, ptemp)) {
        setup->install = NULL;
        return;
    }
    install->config.certstore = setup->certstore;
    install->config.before = read_record(setup, ptemp);
    install->config.certs = setup->certs;
    install->config.now = now;
    install->config.proven = vault ? acme_ca_clock_read(vault, ptemp) : 0;
    install->config.stash_keep = mod_acme_config_interval(
        mod_acme_config_get(setup->server), ACME_SETTING_STASH_KEEP, 0);
    install->config.archive_keep = ACME_ARCHIVE_KEEP;
    install->config.log = setup->log;
    check_clock(setup, now, ptemp);
    recover(setup, ptemp);
    install->certs =
        apr_pcalloc(setup->pconf,
                    sizeof(outcome_t) * ((apr_size_t)setup->certs->nelts + 1));
    install->others =
        apr_array_make(setup->pconf, 16, sizeof(acme_deployed_site_t *));
    install->wanted = apr_hash_make(setup->pconf);
    install->files = acme_tmpfile_create(
        acme_tmpfile_places(setup->store_dir, ptemp), ptemp);
}

/* Returns the machine that decides sites. It is made after promotion, because
 * it looks at the live certificates. */
static acme_install_t *core_of(mod_acme_install_t *install, apr_pool_t *p)
{
    if (!install->core) {
        install->core = acme_install_create(&install->config, p);
    }
    return install->core;
}

/* Says why a site without a certificate does not serve its former one. Not when
 * the configuration still names one, because that is said of it. */
static void say_former(const acme_setup_t *setup, const acme_spec_t *spec,
                       const acme_problem_t *problem, apr_pool_t *ptemp)
{
    if (problem->detail) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0153) "%s: its former certificate cannot be served "
                                "until there is one from %s: %s",
                 spec->name, spec->ca->label,
                 acme_problem_text(problem, ptemp));
    }
}

/* Returns non-zero when the virtual host's own certificate can be served:
 * unless it is known to have expired, because mod_ssl may be able to read a
 * file that cannot be read here. */
static int is_of_use(const acme_setup_t *setup,
                     const apr_array_header_t *cert_files,
                     const apr_array_header_t *key_files, apr_pool_t *ptemp)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    return cert_files->nelts
           && acme_own_cert_check(cert_files, key_files,
                                  setup->install->config.now, &problem, ptemp)
                  != ACME_OWN_CERT_EXPIRED;
}

/* Returns the first certificate of the site of this virtual host. */
static const acme_site_cert_t *first_of(const acme_setup_t *setup,
                                        const server_rec *s)
{
    return mod_acme_config_setup_site(setup, s)->certs[ACME_SPEC_FIRST_KEY];
}

/* Notes the own certificate of the first virtual host that has one, for the
 * record. */
static void note_own(const acme_setup_t *setup, outcome_t *outcome,
                     const server_rec *s, const apr_array_header_t *cert_files,
                     const apr_array_header_t *key_files)
{
    if (outcome->cert_files || !cert_files->nelts) {
        return;
    }
    outcome->cert_files = acme_str_array_dup(cert_files, setup->pconf);
    outcome->key_files = acme_str_array_dup(
        key_files->nelts ? key_files : cert_files, setup->pconf);
    outcome->chain_file = mod_acme_config_get(s)->chain_file;
}

/* Falls back to the former certificate, if there is one, and keeps it in the
 * record. */
static void use_former(acme_fallback_t *fallback, const acme_setup_t *setup,
                       outcome_t *outcome, const acme_spec_t *spec)
{
    const acme_deployed_site_t *before = outcome->former.before;

    if (!before) {
        return;
    }
    *fallback = *mod_acme_former_files(setup, &outcome->former, spec,
                                       setup->install->files);
    if (!outcome->cert_files) {
        outcome->cert_files = before->cert_files;
        outcome->key_files = before->key_files;
        outcome->chain_file = before->chain_file;
    }
}

int mod_acme_install_host(acme_fallback_t *fallback, acme_setup_t *setup,
                          server_rec *s, const apr_array_header_t *cert_files,
                          const apr_array_header_t *key_files,
                          apr_pool_t *ptemp)
{
    const acme_site_cert_t *cert = first_of(setup, s);
    const acme_spec_t *spec = cert->spec;
    acme_inventory_t *inventory = cert->inventory;
    mod_acme_install_t *install = setup->install;
    outcome_t *outcome = &install->certs[cert->index];
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int own = 0;

    memset(fallback, 0, sizeof(*fallback));
    if (!inventory->decided || outcome->serve != ACME_SITE_DECIDE_SERVE_LKC) {
        own = is_of_use(setup, cert_files, key_files, ptemp);
    }
    if (!inventory->decided) {
        mod_acme_former_find(&outcome->former,
                             acme_install_before(install->config.before, spec),
                             install->config.now, &problem, ptemp);
        outcome->serve = acme_install_site(
            core_of(install, setup->pconf), cert, ACME_WANTED_ACME,
            own || outcome->former.before != NULL);
        inventory->decided = 1;
    }
    if (outcome->serve == ACME_SITE_DECIDE_SERVE_LKC) {
        return 1;
    }
    if (own) {
        fallback->cert_files = acme_str_array_dup(cert_files, setup->pconf);
        fallback->key_files = acme_str_array_dup(
            key_files->nelts ? key_files : cert_files, setup->pconf);
        note_own(setup, outcome, s, cert_files, key_files);
        return 0;
    }
    if (cert_files->nelts) {
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0154) "%s: SSLCertificateFile %s has expired and is "
                                "left out",
                 spec->name, APR_ARRAY_IDX(cert_files, 0, const char *));
    }
    else {
        say_former(setup, spec, &problem, ptemp);
    }
    use_former(fallback, setup, outcome, spec);
    return 0;
}

int mod_acme_install_second_key(acme_setup_t *setup,
                                const acme_site_cert_t *cert)
{
    acme_inventory_t *inventory = cert->inventory;
    outcome_t *outcome = &setup->install->certs[cert->index];

    if (!inventory->decided) {
        /* Say that the site has another certificate to serve, because its first
         * key's certificate or a fallback is there. */
        outcome->serve = acme_install_site(
            core_of(setup->install, setup->pconf), cert, ACME_WANTED_ACME, 1);
        inventory->decided = 1;
    }
    return outcome->serve == ACME_SITE_DECIDE_SERVE_LKC;
}

/* Decides a site that has an own certificate file or no TLS: its live
 * certificate is stashed if it is not wanted. */
static void decide(acme_setup_t *setup, const acme_site_cert_t *cert,
                   acme_wanted_e wanted)
{
    const acme_spec_t *spec = cert->spec;
    acme_inventory_t *inventory = cert->inventory;
    acme_certstore_cert_t *live;

    if (spec->cert_file
        && !acme_certstore_get(&live, setup->certstore, spec->name, NULL,
                               setup->pconf)) {
        inventory->live = live;
    }
    acme_install_site(core_of(setup->install, setup->pconf), cert, wanted, 0);
    if (spec->cert_file) {
        inventory->live = NULL;
    }
    inventory->decided = 1;
}

void mod_acme_install_file(acme_setup_t *setup, server_rec *s,
                           const apr_array_header_t *cert_files,
                           const apr_array_header_t *key_files)
{
    const acme_site_cert_t *cert = first_of(setup, s);
    outcome_t *outcome = &setup->install->certs[cert->index];

    if (!cert->inventory->decided) {
        decide(setup, cert, ACME_WANTED_OKC);
    }
    note_own(setup, outcome, s, cert_files, key_files);
}

static const apr_array_header_t *names_of(const server_rec *s, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    const char *name, *why;
    int i;

    if (s->server_hostname
        && !acme_ident_canonical(&name, s->server_hostname, &why, p)) {
        acme_ident_add(names, name);
    }
    for (i = 0; s->names && i < s->names->nelts; i++) {
        if (!acme_ident_canonical(
                &name, APR_ARRAY_IDX(s->names, i, const char *), &why, p)) {
            acme_ident_add(names, name);
        }
    }
    return names;
}

void mod_acme_install_other(acme_setup_t *setup, server_rec *s,
                            const apr_array_header_t *cert_files,
                            const apr_array_header_t *key_files)
{
    const apr_array_header_t *names;
    acme_deployed_site_t *site;

    if (!cert_files->nelts) {
        return;
    }
    names = names_of(s, setup->pconf);
    if (!names->nelts) {
        return;
    }
    site = apr_pcalloc(setup->pconf, sizeof(*site));
    site->names = names;
    site->name = APR_ARRAY_IDX(names, 0, const char *);
    site->state = ACME_DEPLOYED_OKC;
    site->cert_files = acme_str_array_dup(cert_files, setup->pconf);
    site->key_files = acme_str_array_dup(
        key_files->nelts ? key_files : cert_files, setup->pconf);
    site->chain_file = mod_acme_config_get(s)->chain_file;
    APR_ARRAY_PUSH(setup->install->others, acme_deployed_site_t *) = site;
}

/* Notes for each name what the unmanaged virtual hosts with that name want, the
 * strongest of several. One that goes on with the certificate that was obtained
 * for it wants that to stay where it is. Managed virtual hosts are left out,
 * because their sites are decided already. */
static void index_hosts(acme_setup_t *setup)
{
    mod_acme_install_t *install = setup->install;
    server_rec *s;
    int i;

    for (s = setup->server->next; s; s = s->next) {
        const apr_array_header_t *names;
        const acme_config_t *config = mod_acme_config_get(s);
        acme_wanted_e is = config->left  ? ACME_WANTED_ACME
                           : config->tls ? ACME_WANTED_OKC
                                         : ACME_WANTED_HTTP;

        if (config->site >= 0) {
            continue;
        }
        names = names_of(s, setup->pconf);
        for (i = 0; i < names->nelts; i++) {
            const char *name = APR_ARRAY_IDX(names, i, const char *);
            acme_wanted_e *wanted =
                apr_hash_get(install->wanted, name, APR_HASH_KEY_STRING);

            if (!wanted) {
                wanted = apr_pcalloc(setup->pconf, sizeof(*wanted));
                apr_hash_set(install->wanted, name, APR_HASH_KEY_STRING,
                             wanted);
            }
            if (*wanted < is) {
                *wanted = is;
            }
        }
    }
}

static acme_wanted_e wanted_of(void *baton, const apr_array_header_t *names)
{
    const acme_setup_t *setup = baton;
    acme_wanted_e wanted = ACME_WANTED_NOTHING;
    int i;

    for (i = 0; i < names->nelts; i++) {
        const acme_wanted_e *one = apr_hash_get(
            setup->install->wanted, APR_ARRAY_IDX(names, i, const char *),
            APR_HASH_KEY_STRING);

        if (one && *one > wanted) {
            wanted = *one;
        }
    }
    return wanted;
}

void mod_acme_install_rest(acme_setup_t *setup)
{
    acme_install_t *core;
    int i;

    if (!setup->install) {
        return;
    }
    core = core_of(setup->install, setup->pconf);
    for (i = 0; i < setup->certs->nelts; i++) {
        const acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);
        const acme_spec_t *spec = cert->spec;

        if (!cert->inventory->decided) {
            decide(setup, cert,
                   spec->renew_mode == ACME_RENEW_ALWAYS && !spec->cert_file
                       ? ACME_WANTED_ACME
                       : ACME_WANTED_HTTP);
        }
    }
    index_hosts(setup);
    acme_install_rest(core, wanted_of, setup);
}

/* Returns the names for the record. A certificate with the second kind of key
 * is recorded under the name it is filed under. */
static const apr_array_header_t *names_in_record(const acme_spec_t *spec,
                                                 apr_pool_t *p)
{
    apr_array_header_t *names;

    if (spec->kind == ACME_SPEC_FIRST_KEY) {
        return spec->names;
    }
    names = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(names, const char *) = spec->name;
    return names;
}

/* Returns the record of what the site serves from now on. A site that still
 * waits for its first certificate keeps its old record. */
static acme_deployed_site_t *deployed_of(acme_setup_t *setup,
                                         const acme_site_cert_t *cert)
{
    const acme_spec_t *spec = cert->spec;
    acme_inventory_t *inventory = cert->inventory;
    const outcome_t *outcome = &setup->install->certs[cert->index];
    const acme_deployed_site_t *before =
        acme_install_before(setup->install->config.before, spec);
    acme_deployed_site_t *site = apr_pcalloc(setup->pconf, sizeof(*site));

    site->name = spec->name;
    site->names = names_in_record(spec, setup->pconf);
    site->managed = 1;
    switch (inventory->serving) {
    case ACME_SERVING_LKC:
        site->state = ACME_DEPLOYED_LKC;
        break;
    case ACME_SERVING_NOTHING:
        site->state = inventory->live ? ACME_DEPLOYED_LKC : ACME_DEPLOYED_HTTP;
        break;
    case ACME_SERVING_OKC:
        site->state = ACME_DEPLOYED_OKC;
        site->cert_files = outcome->cert_files;
        site->key_files = outcome->key_files;
        site->chain_file = outcome->chain_file;
        break;
    case ACME_SERVING_PLACEHOLDER:
        if (before) {
            site->state = before->state;
            site->cert_files = before->cert_files;
            site->key_files = before->key_files;
            site->chain_file = before->chain_file;
        }
        break;
    }
    inventory->deployed = site->state;
    return site;
}

void mod_acme_install_done(acme_setup_t *setup)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    mod_acme_install_t *install = setup->install;
    acme_deployed_t *now;
    apr_pool_t *ptemp;
    int i;

    if (!install) {
        return;
    }
    apr_pool_create(&ptemp, setup->pconf);
    now = acme_deployed_create(ptemp);
    now->written = apr_time_now();
    for (i = 0; i < setup->certs->nelts; i++) {
        acme_deployed_add(
            now, deployed_of(setup, acme_site_cert_at(setup->certs, i)));
    }
    for (i = 0; i < install->others->nelts; i++) {
        acme_deployed_add(
            now, APR_ARRAY_IDX(install->others, i, acme_deployed_site_t *));
    }
    if (acme_deployed_write(setup->store_dir, now, &problem, ptemp)) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0155) "%s; the next start compares the configuration "
                                "with the record of an earlier start",
                 acme_problem_text(&problem, ptemp));
    }
    acme_lock_release(install->lock);
    setup->install = NULL;
    apr_pool_destroy(ptemp);
}
