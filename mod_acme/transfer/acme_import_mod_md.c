/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_import.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_b64.h"
#include "acme_file.h"
#include "acme_import_common.h"
#include "acme_ident.h"
#include "acme_key_foreign.h"
#include "acme_spec.h"

/* Length of the passphrase that encrypts all keys except those in domains/. */
#define STORE_KEY_LEN 48

typedef struct md_store_t {
    const char *dir;
    unsigned char *key; /* or NULL */
    apr_size_t key_len;
    acme_import_t *found;
    apr_array_header_t *used; /* const char *: ids of accounts in use */
    apr_time_t now;
    apr_pool_t *p;
} md_store_t;

static void read_store_key(md_store_t *store)
{
    const acme_json_t *json =
        acme_import_common_json(store->dir, "md_store.json", store->p);
    const char *text = acme_import_common_str(json, "key", NULL, store->p);

    if (text
        && acme_b64_decode(&store->key, &store->key_len, text, store->p)
               == APR_SUCCESS
        && store->key_len == STORE_KEY_LEN) {
        acme_key_wipe_with_pool(store->key, store->key_len, store->p);
        return;
    }
    store->key = NULL;
    store->key_len = 0;
}

static acme_key_t *read_key(const md_store_t *store, const char *dir,
                            const char *file, const char **why)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem = acme_import_common_read(dir, file, 0, store->p);
    acme_key_t *key;

    if (!pem) {
        *why = apr_pstrcat(store->p, file, " cannot be read", NULL);
        return NULL;
    }
    if (acme_key_foreign_locked_pem(&key, pem, strlen(pem), store->key,
                                    store->key_len, &problem, store->p)
        != APR_SUCCESS) {
        *why = apr_pstrcat(store->p, file, ": ", problem.detail, NULL);
        return NULL;
    }
    return key;
}

/* ---- certificates ---- */

/* The key and the certificate in stores of mod_md's first versions. */
#define OLD_KEY  "pkey.pem"
#define OLD_CERT "cert.pem"

/* Reads a key and its certificate: privkey.pem belongs to pubcert.pem,
 * privkey.X.pem to pubcert.X.pem. */
static acme_bundle_t *read_pair(const md_store_t *store, const char *dir,
                                const char *file, const char *name,
                                const char **why)
{
    const char *cert_file =
        strcmp(file, OLD_KEY) == 0
            ? OLD_CERT
            : apr_pstrcat(store->p, "pubcert", file + strlen("privkey"), NULL);
    acme_bundle_t *bundle = apr_pcalloc(store->p, sizeof(*bundle));
    acme_key_t *key = read_key(store, dir, file, why);

    if (!key) {
        return NULL;
    }
    bundle->name = name;
    bundle->chain_pem = acme_import_common_read(dir, cert_file, 0, store->p);
    if (!bundle->chain_pem) {
        *why = apr_pstrcat(store->p, cert_file, " cannot be read", NULL);
        return NULL;
    }
    if (acme_key_to_pem(&bundle->key_pem, key, NULL, store->p) != APR_SUCCESS) {
        *why = "its key cannot be converted";
        return NULL;
    }
    return bundle;
}

static int is_key_file(const char *name)
{
    apr_size_t len = strlen(name);

    return strcmp(name, OLD_KEY) == 0
           || (len >= 11 && strncmp(name, "privkey.", 8) == 0
               && strcmp(name + len - 4, ".pem") == 0);
}

static const char *ca_of(const acme_json_t *md, apr_pool_t *p)
{
    const char *url = acme_import_common_first(md, "ca", "urls", p);

    return url ? url : acme_import_common_str(md, "ca", "url", p);
}

/* A certificate of a domain. */
typedef struct md_found_t {
    acme_bundle_t *bundle; /* or NULL */
    apr_time_t until;
} md_found_t;

/* Chooses one elliptic certificate, the one that lives longest, and one with an
 * RSA key, also among those that were found before. Returns why there is none
 * in this folder. */
static const char *read_pairs(md_found_t *elliptic, md_found_t *rsa,
                              const md_store_t *store, const char *dir,
                              const char *name, const char *ca_url)
{
    apr_array_header_t *files = acme_import_common_list(dir, store->p);
    const char *why = "it has no key";
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info;
    acme_bundle_t *bundle;
    md_found_t *best;
    int i;

    for (i = 0; i < files->nelts; ++i) {
        const char *file = APR_ARRAY_IDX(files, i, const char *);

        if (!is_key_file(file)) {
            continue;
        }
        bundle = read_pair(store, dir, file, name, &why);
        if (!bundle) {
            continue;
        }
        bundle->ca_url = ca_url;
        if (acme_export_check(&info, bundle, store->now, &problem, store->p)
            != APR_SUCCESS) {
            why = problem.detail;
            continue;
        }
        best = strncmp(info->key_type, "RSA", 3) == 0 ? rsa : elliptic;
        if (!best->bundle || info->not_after > best->until) {
            best->bundle = bundle;
            best->until = info->not_after;
            bundle->obtained = info->not_before;
        }
    }
    return why;
}

/* Chooses among the certificates of a domain: those that mod_md serves, and
 * those that it has obtained and not served yet; when there is none of these,
 * those that it served before. Returns why there is none in domains/. */
static const char *read_all(md_found_t *elliptic, md_found_t *rsa,
                            const md_store_t *store, const char *entry,
                            const char *name, const char *ca_url)
{
    apr_pool_t *p = store->p;
    const char *archive = apr_pstrcat(p, store->dir, "/archive", NULL);
    const char *why = read_pairs(
        elliptic, rsa, store,
        apr_pstrcat(p, store->dir, "/domains/", entry, NULL), name, ca_url);
    const apr_array_header_t *old;
    apr_size_t len = strlen(entry);
    int i;

    read_pairs(elliptic, rsa, store,
               apr_pstrcat(p, store->dir, "/staging/", entry, NULL), name,
               ca_url);
    if (elliptic->bundle || rsa->bundle) {
        return why;
    }
    old = acme_import_common_list(archive, p);
    for (i = 0; i < old->nelts; ++i) {
        const char *folder = APR_ARRAY_IDX(old, i, const char *);

        if (strncmp(folder, entry, len) == 0 && folder[len] == '.'
            && folder[len + 1] != '\0'
            && strspn(folder + len + 1, "0123456789")
                   == strlen(folder + len + 1)) {
            read_pairs(elliptic, rsa, store,
                       apr_pstrcat(p, archive, "/", folder, NULL), name,
                       ca_url);
        }
    }
    return why;
}

/* Adds the certificates of a domain. Two of them get the names of a site with
 * two kinds of keys. */
static void read_domain(md_store_t *store, const char *entry)
{
    const char *what = apr_pstrcat(store->p, "domains/", entry, NULL);
    const char *dir = apr_pstrcat(store->p, store->dir, "/", what, NULL);
    const acme_json_t *md = acme_import_common_json(dir, "md.json", store->p);
    const char *name = acme_import_common_str(md, "name", NULL, store->p);
    const char *account = acme_import_common_str(md, "ca", "account", store->p);
    const char *why = "md.json cannot be read";
    apr_array_header_t *bundles = store->found->export->bundles;
    md_found_t elliptic = {NULL, 0}, rsa = {NULL, 0};

    if (md) {
        why = read_all(&elliptic, &rsa, store, entry, name ? name : entry,
                       ca_of(md, store->p));
    }
    if (!elliptic.bundle && !rsa.bundle) {
        acme_import_common_skip(store->found, what, why, store->p);
        return;
    }
    if (elliptic.bundle) {
        APR_ARRAY_PUSH(bundles, acme_bundle_t *) = elliptic.bundle;
    }
    if (elliptic.bundle && rsa.bundle) {
        rsa.bundle->name = acme_spec_filed_name(rsa.bundle->name,
                                                ACME_SPEC_SECOND_KEY, store->p);
    }
    if (rsa.bundle) {
        APR_ARRAY_PUSH(bundles, acme_bundle_t *) = rsa.bundle;
    }
    if (account) {
        acme_ident_add(store->used, account);
    }
}

/* ---- accounts ---- */

static void read_account(const md_store_t *store, const char *entry)
{
    const char *what = apr_pstrcat(store->p, "accounts/", entry, NULL);
    const char *dir = apr_pstrcat(store->p, store->dir, "/", what, NULL);
    const acme_json_t *json =
        acme_import_common_json(dir, "account.json", store->p);
    const char *status = acme_import_common_str(json, "status", NULL, store->p);
    acme_export_account_t account;
    const char *why = "account.json cannot be read";
    acme_key_t *key;
    int disabled = 0;

    memset(&account, 0, sizeof(account));
    if (json) {
        (void)acme_json_get_bool(&disabled, json, "disabled");
    }
    if (disabled || (status && strcmp(status, "valid") != 0)) {
        acme_import_common_skip(store->found, what, "it is not valid any more",
                                store->p);
        return;
    }
    account.ca_url = acme_import_common_str(json, "ca-url", NULL, store->p);
    account.url = acme_import_common_str(json, "url", NULL, store->p);
    account.contact = acme_import_common_first(json, "contact", NULL, store->p);
    if (!account.contact) {
        account.contact =
            acme_import_common_first(json, "registration", "contact", store->p);
    }
    key = account.ca_url ? read_key(store, dir, "account.pem", &why) : NULL;
    if (!key
        || acme_key_to_pem(&account.key_pem, key, NULL, store->p)
               != APR_SUCCESS) {
        acme_import_common_skip(store->found, what, why, store->p);
        return;
    }
    acme_import_common_account(store->found, what, &account, store->p);
}

/* Reads accounts in use first, because of several at one CA the first is
 * kept. */
static void read_accounts(md_store_t *store)
{
    apr_array_header_t *entries = acme_import_common_list(
        apr_pstrcat(store->p, store->dir, "/accounts", NULL), store->p);
    int i, used;

    for (used = 1; used >= 0; --used) {
        for (i = 0; i < entries->nelts; ++i) {
            const char *entry = APR_ARRAY_IDX(entries, i, const char *);

            if (acme_ident_in(store->used, entry) == used) {
                read_account(store, entry);
            }
        }
    }
}

apr_status_t acme_import_mod_md(acme_import_t **found, const char *dir,
                                const apr_array_header_t *names, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *entries =
        acme_import_common_list(apr_pstrcat(p, dir, "/domains", NULL), p);
    md_store_t store;
    int i;

    memset(&store, 0, sizeof(store));
    store.dir = dir;
    store.found = acme_import_common_create(p);
    store.used = apr_array_make(p, 2, sizeof(const char *));
    store.now = now;
    store.p = p;
    if (entries->nelts == 0) {
        return acme_problem_set(problem, APR_ENOENT, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_CONFIG, p,
                                "%s is no store of mod_md: there is nothing "
                                "in its folder domains/",
                                dir);
    }
    read_store_key(&store);
    for (i = names->nelts - 1; i >= 0; --i) {
        const char *asked = APR_ARRAY_IDX(names, i, const char *);

        if (!acme_ident_in(entries, asked)) {
            store.found->missing = asked;
        }
    }
    for (i = 0; i < entries->nelts; ++i) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);

        if (names->nelts == 0 || acme_ident_in(names, entry)) {
            read_domain(&store, entry);
        }
    }
    read_accounts(&store);
    *found = store.found;
    return APR_SUCCESS;
}
