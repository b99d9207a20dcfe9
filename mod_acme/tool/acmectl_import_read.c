/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "acmectl_import.h"

#include "acme_own_cert.h"
#include "acme_spec.h"
#include "acme_text.h"

static int read_bundle(acmectl_import_t *import, const char *path)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = import->ctl;
    const char *pass;
    char *data;
    apr_size_t len;

    if (!acmectl_io_read(ctl, &data, &len, path,
                         ACME_LOCKBOX_MAX + ACME_LOCKBOX_OVERHEAD)) {
        return 0;
    }
    if (acme_lockbox_is(data, len)) {
        pass = acmectl_io_passphrase(ctl, 0);
        if (!pass) {
            return 0;
        }
        if (acme_lockbox_open(&data, &len, pass, data, len, &problem, ctl->p)) {
            acmectl_io_fail(ctl, &problem);
            return 0;
        }
    }
    if (acme_export_parse(&import->export, data, len, &problem, ctl->p)) {
        acmectl_io_say("%s: %s", path, acme_problem_text(&problem, ctl->p));
        return 0;
    }
    return 1;
}

/* Reads the chain and the key from files, or uses the key that waits since
 * acmectl csr. */
static int read_pem(acmectl_import_t *import)
{
    acmectl_t *ctl = import->ctl;
    acme_bundle_t *bundle = apr_pcalloc(ctl->p, sizeof(*bundle));
    char *data;
    apr_size_t len;

    if (ctl->args->nelts != 1) {
        acmectl_io_say("name the site that the certificate is for");
        return 0;
    }
    bundle->name =
        acmectl_store_name(ctl, APR_ARRAY_IDX(ctl->args, 0, const char *));
    if (!bundle->name
        || !acmectl_io_read(ctl, &data, &len, ctl->chain,
                            ACME_EXPORT_MAX * 32)) {
        return 0;
    }
    bundle->chain_pem = acme_own_cert_only(data, ctl->p);
    if (ctl->key) {
        if (!acmectl_io_read(ctl, &data, &len, ctl->key, 65536)) {
            return 0;
        }
        bundle->key_pem = data;
    }
    else if (!acmectl_csr_waiting_key(ctl, bundle->name, &bundle->key_pem)) {
        acmectl_io_say(
            "%s: give its key with --key FILE: none was made here with "
            "acmectl csr",
            bundle->name);
        return 0;
    }
    bundle->ca_url = ctl->ca;
    import->export = acme_export_create(ctl->p);
    APR_ARRAY_PUSH(import->export->bundles, acme_bundle_t *) = bundle;
    return 1;
}

static int read_foreign(acmectl_import_t *import)
{
    acmectl_t *ctl = import->ctl;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(ctl->p, 4, sizeof(const char *));
    int is_md = strcmp(ctl->from, "mod_md") == 0;
    acme_import_t *found;
    const char *dir, *name;
    apr_status_t rv;
    int i;

    dir = APR_ARRAY_IDX(ctl->args, 0, const char *);
    for (i = 1; i < ctl->args->nelts; ++i) {
        name = APR_ARRAY_IDX(ctl->args, i, const char *);
        /* A lineage of certbot may have a name that is no site's. */
        if (is_md) {
            name = acmectl_store_name(ctl, name);
        }
        if (!name) {
            return 0;
        }
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    rv = is_md ? acme_import_mod_md(&found, dir, names, import->now, &problem,
                                    ctl->p)
               : acme_import_certbot(&found, dir, names, import->now, &problem,
                                     ctl->p);
    if (rv != APR_SUCCESS) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    if (found->missing) {
        name = acme_text_escape(found->missing, 300, ctl->p);
        if (is_md) {
            acmectl_io_say("%s: there is no domain of that name in %s", name,
                           dir);
        }
        else {
            acmectl_io_say("%s: there is no lineage of that name in %s, and no "
                           "certificate for it; certbot certificates lists "
                           "them",
                           name, dir);
        }
        return 0;
    }
    import->export = found->export;
    apr_array_cat(import->skipped, found->skipped);
    import->tolerant = 1;
    return 1;
}

int acmectl_import_read(acmectl_import_t *import)
{
    acmectl_t *ctl = import->ctl;

    if (ctl->chain) {
        return read_pem(import);
    }
    if (ctl->from) {
        return read_foreign(import);
    }
    return read_bundle(import, APR_ARRAY_IDX(ctl->args, 0, const char *));
}
