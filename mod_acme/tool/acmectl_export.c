/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_ca_account.h"
#include "acme_certstore.h"
#include "acme_export.h"

/* Adds the live certificate, else a stashed or imported one. A revoked
 * certificate is not exported, because the other machine would not know that it
 * is revoked. */
static int add(const acmectl_t *ctl, acme_export_t *export, const char *name)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;
    acme_bundle_t *bundle;
    const char *reason = NULL;
    int place;
    apr_status_t rv;

    for (place = 0; place < ACME_PLACES; ++place) {
        rv = acme_certstore_get_at(&cert, ctl->certstore, place, name, &problem,
                                   ctl->p);
        if (rv == APR_SUCCESS) {
            reason = acme_certstore_refusal(ctl->certstore, cert->info, ctl->p);
            if (reason) {
                acmectl_io_say("%s: the certificate in %s is not exported: %s",
                               name, acme_certstore_place_name(place), reason);
                continue;
            }
            rv = acme_certstore_bundle(&bundle, ctl->certstore, place, name,
                                       &problem, ctl->p);
        }
        if (rv == APR_SUCCESS) {
            APR_ARRAY_PUSH(export->bundles, acme_bundle_t *) = bundle;
            return 1;
        }
        if (!APR_STATUS_IS_ENOENT(rv)) {
            acmectl_io_fail(ctl, &problem);
            return 0;
        }
    }
    if (!reason) {
        acmectl_io_say("%s: the store has no certificate of that name", name);
    }
    return 0;
}

/* Adds all certificates. A damaged one is reported and left out. */
static int add_all(const acmectl_t *ctl, acme_export_t *export)
{
    apr_hash_t *seen = apr_hash_make(ctl->p);
    apr_array_header_t *names;
    const char *name;
    int i, place;

    for (place = 0; place < ACME_PLACES; ++place) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        if (acme_certstore_list(&names, ctl->certstore, place, &problem,
                                ctl->p)) {
            acmectl_io_fail(ctl, &problem);
            return 0;
        }
        for (i = 0; i < names->nelts; ++i) {
            name = APR_ARRAY_IDX(names, i, const char *);
            if (!apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
                apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
                add(ctl, export, name);
            }
        }
    }
    return 1;
}

/* Adds the account of a CA. It looks only for names that the configuration
 * gives, because the worker could put other files in the folder. */
static void add_account(const acmectl_t *ctl, acme_export_t *export,
                        apr_hash_t *seen, const acme_ca_spec_t *ca)
{
    const char *name = acme_ca_account_name(ca, ctl->p);
    acme_export_account_t *account;
    acme_json_t *record;

    if (apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
        return;
    }
    apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
    if (acme_vault_get_json(&record, NULL, ctl->vault, ACME_STORE_ACCOUNTS,
                            name, NULL, ctl->p)
        != APR_SUCCESS) {
        return;
    }
    account = acme_export_account_of(record, ctl->p);
    if (account) {
        APR_ARRAY_PUSH(export->accounts, acme_export_account_t *) = account;
    }
}

static void add_accounts(const acmectl_t *ctl, acme_export_t *export)
{
    apr_hash_t *seen = apr_hash_make(ctl->p);
    const acme_ca_spec_t *ca;
    int i, n;

    for (i = 0; ctl->vault && i < ctl->published->certs->nelts; ++i) {
        for (n = 0, ca = acmectl_store_spec(ctl, i)->ca; ca;
             ca = acme_spec_ca(acmectl_store_spec(ctl, i), ++n)) {
            add_account(ctl, export, seen, ca);
        }
    }
}

static int collect(acmectl_t *ctl, acme_export_t *export)
{
    const char *name;
    int i;

    if (ctl->all) {
        if (!add_all(ctl, export)) {
            return 0;
        }
        add_accounts(ctl, export);
        return 1;
    }
    for (i = 0; i < ctl->args->nelts; ++i) {
        name =
            acmectl_store_name(ctl, APR_ARRAY_IDX(ctl->args, i, const char *));
        if (!name || !add(ctl, export, name)) {
            return 0;
        }
    }
    return 1;
}

static int lock_and_write(const acmectl_t *ctl, const char *text)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pass = acmectl_io_passphrase(ctl, 1);
    unsigned char *box;
    apr_size_t len;

    if (!pass) {
        return CTL_FAILED;
    }
    if (acme_lockbox_lock(&box, &len, pass, text, strlen(text),
                          ACME_LOCKBOX_LOG_N, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    return acmectl_io_write(ctl, box, len, 1) ? CTL_DONE : CTL_FAILED;
}

int acmectl_export(acmectl_t *ctl)
{
    acme_export_t *export = acme_export_create(ctl->p);
    const char *text;
    int status;

    if (ctl->all ? ctl->args->nelts > 0 : ctl->args->nelts == 0) {
        return acmectl_io_usage("export names, or --all");
    }
    if (!acmectl_store_open(ctl, CTL_READ) || !collect(ctl, export)) {
        return CTL_FAILED;
    }
    if (export->bundles->nelts + export->accounts->nelts == 0) {
        acmectl_io_say("the store has nothing to export");
        return CTL_NOTHING;
    }
    text = acme_export_print(export, ctl->p);
    if (ctl->plain) {
        status = acmectl_io_write(ctl, text, strlen(text), 1) ? CTL_DONE
                                                              : CTL_FAILED;
    }
    else {
        status = lock_and_write(ctl, text);
    }
    if (status == CTL_DONE) {
        acmectl_io_say(
            "%d certificate%s and %d account%s exported%s",
            export->bundles->nelts, export->bundles->nelts == 1 ? "" : "s",
            export->accounts->nelts, export->accounts->nelts == 1 ? "" : "s",
            ctl->plain ? ", their keys in clear" : "");
    }
    return status;
}
