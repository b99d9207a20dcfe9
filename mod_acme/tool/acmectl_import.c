/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl_import.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_ca_account.h"
#include "acme_certstore.h"
#include "acme_suitable.h"
#include "acme_text.h"
#include "acme_cert_trusted.h"

/* Archive versions kept besides those that a pointer leads to. */
#define ARCHIVE_KEEP 3

/* ---- checks: before the store is touched ---- */

static int refuse(acmectl_import_t *import, const char *what, const char *why)
{
    acme_import_skip_t *skip;

    if (import->tolerant) {
        skip = apr_array_push(import->skipped);
        skip->replaced = 0;
        skip->what = what;
        skip->why = why;
        return 1;
    }
    acmectl_io_say("%s; nothing was imported", why);
    return 0;
}

/* Returns zero when the whole import is refused. */
static int check_bundle(acmectl_import_t *import, const acme_bundle_t *bundle)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = import->ctl->p;
    const acme_cert_info_t *info;
    acme_chain_t *chain;
    acmectl_import_entry_t *entry;
    int i;

    if (acme_export_check(&info, bundle, import->now, &problem, p)
        != APR_SUCCESS) {
        return refuse(import, bundle->name, acme_problem_text(&problem, p));
    }
    for (i = 0; i < import->entries->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t)
                       .bundle->name,
                   bundle->name)
            == 0) {
            return refuse(
                import, bundle->name,
                apr_pstrcat(p, bundle->name, ": it is there twice", NULL));
        }
    }
    /* A certificate without the URL of its CA must have a chain that all
     * clients trust. */
    if (!bundle->ca_url
        && (acme_cert_chain_parse(&chain, bundle->chain_pem,
                                  strlen(bundle->chain_pem), &problem, p)
                != APR_SUCCESS
            || acme_cert_trusted_check(chain, import->now, &problem, p)
                   != APR_SUCCESS)) {
        return refuse(import, bundle->name,
                      apr_pstrcat(p, bundle->name, ": ",
                                  acme_problem_text(&problem, p), NULL));
    }
    entry = apr_array_push(import->entries);
    memset(entry, 0, sizeof(*entry));
    entry->bundle = bundle;
    entry->info = info;
    entry->name = bundle->name;
    return 1;
}

static int check_all(acmectl_import_t *import)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = import->ctl->p;
    int i;

    for (i = 0; i < import->export->bundles->nelts; ++i) {
        if (!check_bundle(import, APR_ARRAY_IDX(import->export->bundles, i,
                                                acme_bundle_t *))) {
            return 0;
        }
    }
    for (i = 0; i < import->export->accounts->nelts; ++i) {
        if (acme_export_check_account(APR_ARRAY_IDX(import->export->accounts, i,
                                                    acme_export_account_t *),
                                      &problem, p)
            != APR_SUCCESS) {
            acmectl_io_say("%s; nothing was imported",
                           acme_problem_text(&problem, p));
            return 0;
        }
    }
    return 1;
}

/* Returns the certificate as the store will have it. */
static acme_certstore_cert_t as_kept(const acmectl_t *ctl,
                                     const acmectl_import_entry_t *entry,
                                     const acme_spec_t *spec)
{
    acme_certstore_cert_t cert;

    memset(&cert, 0, sizeof(cert));
    cert.info = entry->info;
    cert.ca_url = entry->bundle->ca_url;
    cert.profile =
        ctl->from || ctl->chain ? spec->profile : entry->bundle->profile;
    cert.imported = 1;
    return cert;
}

/* Finds the sites that can use a certificate: it covers their ServerNames, and
 * has a key of the kind where they have two. Returns a site that has another
 * CA, or NULL. */
static const acme_spec_t *find_sites(const acmectl_t *ctl,
                                     acmectl_import_entry_t *entry)
{
    const acme_spec_t *elsewhere = NULL;
    int i;

    entry->sites = apr_array_make(ctl->p, 2, sizeof(const acme_spec_t *));
    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        const acme_spec_t *spec = acmectl_store_spec(ctl, i);
        acme_certstore_cert_t cert;

        if (!acme_ident_covered(entry->info->names, acme_spec_host(spec))) {
            continue;
        }
        cert = as_kept(ctl, entry, spec);
        if (acme_site_has_two(acme_site_cert_at(ctl->published->certs, i)->site)
            && !acme_suitable_key(&cert, spec)) {
            continue;
        }
        if (cert.ca_url && acme_spec_find_ca(spec, cert.ca_url) < 0) {
            elsewhere = spec;
            continue;
        }
        APR_ARRAY_PUSH(entry->sites, const acme_spec_t *) = spec;
    }
    return entry->sites->nelts ? NULL : elsewhere;
}

static int is_there(const acmectl_t *ctl, acme_place_e place, const char *name,
                    const char *fingerprint)
{
    acme_certstore_cert_t *cert;

    return acme_certstore_get_at(&cert, ctl->certstore, place, name, NULL,
                                 ctl->p)
               == APR_SUCCESS
           && strcmp(cert->info->fingerprint, fingerprint) == 0;
}

/* Returns non-zero when the store has a certificate already: for all sites that
 * can use it, or under its name when there are none, or as an import that is
 * not decided upon yet. */
static int is_known(const acmectl_t *ctl, const acmectl_import_entry_t *entry)
{
    const char *fingerprint = entry->info->fingerprint;
    int i;

    if (is_there(ctl, ACME_PLACE_IMPORT, entry->name, fingerprint)) {
        return 1;
    }
    for (i = 0; i < entry->sites->nelts; ++i) {
        const char *name =
            APR_ARRAY_IDX(entry->sites, i, const acme_spec_t *)->name;

        if (!is_there(ctl, ACME_PLACE_LIVE, name, fingerprint)
            && !is_there(ctl, ACME_PLACE_STASH, name, fingerprint)) {
            return 0;
        }
    }
    return i > 0 || is_there(ctl, ACME_PLACE_LIVE, entry->name, fingerprint)
           || is_there(ctl, ACME_PLACE_STASH, entry->name, fingerprint);
}

/* Returns why a site that gets a certificate orders another one at once, or
 * NULL. */
static const char *change_of(const acmectl_t *ctl,
                             const acmectl_import_entry_t *entry,
                             const acme_spec_t *spec)
{
    acme_certstore_cert_t cert = as_kept(ctl, entry, spec);
    const char *missing =
        acme_spec_missing(spec, entry->info->names, ACME_SPEC_ALL);

    return missing ? apr_psprintf(ctl->p, "it does not cover %s", missing)
                   : acme_suitable_change(&cert, spec, ctl->p);
}

/* Sets the reason why a site orders another certificate as soon as it has this
 * one. Not when it has another import that will do. */
static void find_changes(acmectl_import_t *import)
{
    const acmectl_t *ctl = import->ctl;
    apr_hash_t *content = apr_hash_make(ctl->p);
    int pass, i, j;

    for (pass = 0; pass < 2; ++pass) {
        for (i = 0; i < import->entries->nelts; ++i) {
            acmectl_import_entry_t *entry =
                &APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t);

            for (j = 0; j < entry->sites->nelts; ++j) {
                const acme_spec_t *spec =
                    APR_ARRAY_IDX(entry->sites, j, const acme_spec_t *);
                const char *change = change_of(ctl, entry, spec);

                if (!change) {
                    apr_hash_set(content, spec->name, APR_HASH_KEY_STRING, "");
                }
                else if (pass == 1 && !entry->known
                         && !apr_hash_get(content, spec->name,
                                          APR_HASH_KEY_STRING)) {
                    entry->change = change;
                }
            }
        }
    }
}

/* Finds the sites of each certificate in the configuration. */
static int match(acmectl_import_t *import)
{
    acmectl_t *ctl = import->ctl;
    int i, kept = 0;

    for (i = 0; i < import->entries->nelts; ++i) {
        acmectl_import_entry_t entry =
            APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t);
        const acme_spec_t *elsewhere = find_sites(ctl, &entry);
        const char *reason =
            acme_certstore_refusal(ctl->certstore, entry.info, ctl->p);

        if (reason) {
            if (!refuse(import, entry.bundle->name,
                        apr_psprintf(ctl->p, "%s: it is never used again: %s",
                                     entry.bundle->name, reason))) {
                return 0;
            }
            continue;
        }
        if (elsewhere) {
            if (!refuse(import, entry.bundle->name,
                        apr_psprintf(
                            ctl->p,
                            "%s: it is from %s, and the site is configured for "
                            "%s",
                            entry.bundle->name,
                            acme_text_escape(entry.bundle->ca_url, 300, ctl->p),
                            elsewhere->ca->url))) {
                return 0;
            }
            continue;
        }
        if (entry.sites->nelts) {
            entry.profile =
                APR_ARRAY_IDX(entry.sites, 0, const acme_spec_t *)->profile;
        }
        entry.known = is_known(ctl, &entry);
        APR_ARRAY_IDX(import->entries, kept++, acmectl_import_entry_t) = entry;
    }
    import->entries->nelts = kept;
    find_changes(import);
    return 1;
}

/* ---- writing to the store ---- */

static void undo(acmectl_import_t *import)
{
    acmectl_t *ctl = import->ctl;
    int i;

    for (i = 0; i < import->entries->nelts; ++i) {
        const acmectl_import_entry_t *entry =
            &APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t);

        if (entry->installed) {
            acme_certstore_move_remove(ctl->certstore, ACME_PLACE_IMPORT,
                                       entry->name, NULL, ctl->p);
        }
    }
}

/* Returns non-zero when the store's record is of the same account with another
 * key: the worker asks the CA which of the two counts. */
static int has_other_key(const acme_json_t *record,
                         const acme_export_account_t *account)
{
    const char *url, *key;

    return account->url && acme_json_get_str(&url, record, "url") == APR_SUCCESS
           && strcmp(url, account->url) == 0
           && acme_json_get_str(&key, record, "key") == APR_SUCCESS
           && strcmp(key, account->key_pem) != 0;
}

static int hand_over(acmectl_import_t *import,
                     const acme_export_account_t *account, const char *contact,
                     int *news)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = import->ctl;
    acme_export_account_t kept = *account;
    acme_ca_spec_t ca;
    acme_eab_t eab;
    acme_ctl_request_t request;
    acme_json_t *record;

    memset(&ca, 0, sizeof(ca));
    memset(&eab, 0, sizeof(eab));
    ca.url = account->ca_url;
    ca.contact = contact;
    eab.key.kid = account->eab_kid;
    ca.eab = eab.key.kid ? &eab : NULL;
    memset(&request, 0, sizeof(request));
    request.what = ACME_CTL_ACCOUNT;
    request.name = acme_ca_account_name(&ca, ctl->p);
    /* Keep the contact that the CA has when none is configured here. */
    kept.contact = contact;
    request.body = acme_export_account_record(&kept, ctl->p);
    if (acme_vault_get_json(&record, NULL, ctl->vault, ACME_STORE_ACCOUNTS,
                            request.name, NULL, ctl->p)
            == APR_SUCCESS
        && !has_other_key(record, account)) {
        return 1;
    }
    *news = 1;
    if (acme_ctl_request_put(ctl->ctl_requests, &request, &problem, ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

/* Hands over the accounts. An account also serves sites that have no contact
 * configured. */
static int hand_over_all(acmectl_import_t *import)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = import->ctl;
    int i, news;

    if (import->export->accounts->nelts == 0) {
        return 1;
    }
    if (!acme_ctl_request_attended(ctl->ctl_requests)
        && acme_ctl_request_prepare(ctl->dir, (apr_gid_t)-1, &problem,
                                    ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    for (i = 0; i < import->export->accounts->nelts; ++i) {
        const acme_export_account_t *account = APR_ARRAY_IDX(
            import->export->accounts, i, const acme_export_account_t *);

        news = 0;
        if (!hand_over(import, account, account->contact, &news)
            || !hand_over(import, account, NULL, &news)) {
            return 0;
        }
        import->accounts += news;
    }
    return 1;
}

static int install_all(acmectl_import_t *import)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = import->ctl;
    apr_pool_t *each;
    int i;

    apr_pool_create(&each, ctl->p);
    for (i = 0; i < import->entries->nelts; ++i) {
        acmectl_import_entry_t *entry =
            &APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t);
        acme_bundle_t bundle = *entry->bundle;

        if (entry->known) {
            continue;
        }
        bundle.name = entry->name;
        bundle.imported = 1;
        /* Certificates of other ACME clients do not tell the profile, so use
         * the site's. */
        if (ctl->from || ctl->chain) {
            bundle.profile = entry->profile;
        }
        apr_pool_clear(each);
        if (acme_certstore_install_at(ctl->certstore, ACME_PLACE_IMPORT,
                                      &bundle, ARCHIVE_KEEP, &problem, each)) {
            acmectl_io_fail(ctl, &problem);
            return 0;
        }
        entry->installed = 1;
    }
    apr_pool_destroy(each);
    return hand_over_all(import);
}

static int bad_usage(const acmectl_t *ctl)
{
    if (ctl->chain && ctl->from) {
        return acmectl_io_usage("either --chain or --from");
    }
    if ((ctl->key || ctl->ca) && !ctl->chain) {
        return acmectl_io_usage("--key and --ca need --chain");
    }
    if (ctl->from && strcmp(ctl->from, "mod_md") != 0
        && strcmp(ctl->from, "certbot") != 0) {
        return acmectl_io_usage("--from mod_md or --from certbot, not \"%s\"",
                                ctl->from);
    }
    if (ctl->args->nelts < 1
        || (!ctl->from && !ctl->chain && ctl->args->nelts != 1)) {
        return acmectl_io_usage("what is to be imported? see acmectl --help");
    }
    return 0;
}

/* Returns non-zero when a name that the user asked for was left out. Without
 * such names nothing counts as missing. */
static int misses_some(const acmectl_import_t *import)
{
    int i;

    if (!import->ctl->from || import->ctl->args->nelts < 2) {
        return 0;
    }
    for (i = 0; i < import->skipped->nelts; ++i) {
        const acme_import_skip_t *skip =
            &APR_ARRAY_IDX(import->skipped, i, acme_import_skip_t);

        if (!skip->replaced && strncmp(skip->what, "accounts/", 9) != 0) {
            return 1;
        }
    }
    return 0;
}

/* Removes the waiting key, because the certificate has it now. */
static void finish(const acmectl_import_t *import)
{
    const acmectl_t *ctl = import->ctl;

    if (ctl->chain && !ctl->key) {
        acmectl_csr_waiting_done(
            ctl,
            APR_ARRAY_IDX(import->export->bundles, 0, acme_bundle_t *)->name);
    }
}

int acmectl_import(acmectl_t *ctl)
{
    acmectl_import_t import;
    int count;

    memset(&import, 0, sizeof(import));
    if (bad_usage(ctl)) {
        return CTL_USAGE;
    }
    import.ctl = ctl;
    import.now = apr_time_now();
    import.skipped = apr_array_make(ctl->p, 4, sizeof(acme_import_skip_t));
    import.entries = apr_array_make(ctl->p, 4, sizeof(acmectl_import_entry_t));
    /* Open the store first, because it has the waiting key. */
    if (ctl->chain && !ctl->key && !acmectl_store_open(ctl, CTL_WRITE)) {
        return CTL_FAILED;
    }
    if (!acmectl_import_read(&import) || !check_all(&import)
        || (!ctl->certstore
            && !(ctl->dry_run ? acmectl_store_look(ctl)
                              : acmectl_store_open(ctl, CTL_MAKE)))
        || !match(&import)) {
        return CTL_FAILED;
    }
    if (!ctl->dry_run && !install_all(&import)) {
        undo(&import);
        acmectl_io_say("nothing was imported");
        return CTL_FAILED;
    }
    count = acmectl_import_report(&import);
    if (count + import.accounts == 0) {
        return ctl->dry_run && import.export->accounts->nelts > 0 ? CTL_DONE
               : import.skipped->nelts > 0                        ? CTL_FAILED
                                                                  : CTL_NOTHING;
    }
    if (!ctl->dry_run) {
        finish(&import);
    }
    if (count > 0 && !ctl->dry_run
        && acmectl_store_changed(ctl, "import") != CTL_DONE) {
        return CTL_FAILED;
    }
    return misses_some(&import) ? CTL_FAILED : CTL_DONE;
}
