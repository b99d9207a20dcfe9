/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore.h"

#include <errno.h>
#include <string.h>

#include <sys/stat.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore_index.h"
#include "acme_certstore_path.h"
#include "acme_blocklist.h"
#include "acme_cert_trusted.h"
#include "acme_owned.h"
#include "acme_str.h"

#define INDEX "/live.index"

const char *acme_certstore_place_name(acme_place_e place)
{
    switch (place) {
    case ACME_PLACE_LIVE:
        return "live";
    case ACME_PLACE_STASH:
        return "stash";
    case ACME_PLACE_IMPORT:
        return "import";
    case ACME_PLACES:
        break;
    }
    return "?";
}

static acme_certstore_t *create(const char *dir, apr_pool_t *p)
{
    acme_certstore_t *made = apr_pcalloc(p, sizeof(*made));
    int i;

    made->archive = apr_pstrcat(p, dir, "/archive", NULL);
    made->removed = apr_pstrcat(p, dir, "/removed", NULL);
    made->revoked = acme_blocklist_open(dir, p);
    made->index = apr_pstrcat(p, dir, INDEX, NULL);
    made->foreign = apr_pcalloc(p, sizeof(*made->foreign));
    made->foreign->p = p;
    for (i = 0; i < ACME_PLACES; ++i) {
        made->places[i] =
            apr_pstrcat(p, dir, "/", acme_certstore_place_name(i), NULL);
    }
    return made;
}

apr_status_t acme_certstore_open(acme_certstore_t **certstore, const char *dir,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    acme_certstore_t *made = create(dir, p);
    apr_status_t rv;
    int i;

    rv = acme_certstore_path_mkdir(made->archive, problem, p);
    for (i = 0; rv == APR_SUCCESS && i < ACME_PLACES; ++i) {
        rv = acme_certstore_path_mkdir(made->places[i], problem, p);
        if (rv == APR_SUCCESS) {
            /* Remove links that a killed writer made and did not put in
             * place. */
            acme_archive_tidy(made->places[i], p);
        }
    }
    if (rv == APR_SUCCESS) {
        *certstore = made;
    }
    return rv;
}

acme_certstore_t *acme_certstore_look(const char *dir, apr_pool_t *p)
{
    acme_certstore_t *made = create(dir, p);

    made->is_read_only = 1;
    return made;
}

void acme_certstore_recall(acme_certstore_t *certstore, apr_pool_t *p)
{
    const char *dir = apr_pstrmemdup(
        p, certstore->index,
        (apr_size_t)(strrchr(certstore->index, '/') - certstore->index));

    if (certstore->is_read_only && !acme_owned_dir(dir)) {
        return;
    }
    apr_pool_create(&certstore->pknown, p);
    certstore->known =
        acme_certstore_index_open(certstore->index, certstore->pknown);
}

void acme_certstore_keep(acme_certstore_t *certstore)
{
    if (certstore->known) {
        (void)acme_certstore_index_save(certstore->known);
        certstore->known = NULL;
        apr_pool_destroy(certstore->pknown);
    }
}

static apr_status_t useless(acme_problem_t *problem,
                            const acme_certstore_path_t *site, apr_status_t rv,
                            const char *why, apr_pool_t *p)
{
    const char *text =
        apr_psprintf(p, "%s: the certificate in %s cannot be used: %s",
                     site->name, site->link, why);

    acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_CERTIFICATE,
                     p, "%s", text);
    if (problem) {
        problem->to_fix = "nothing: another one is ordered and takes its "
                          "place; or restore the files from a backup";
    }
    return rv;
}

static apr_status_t read_file(char **data, apr_size_t *len,
                              const acme_certstore_path_t *site,
                              const char *dir, const char *file,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/", file, NULL);
    apr_status_t rv = acme_file_read(data, len, path, ACME_FILE_MAX, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return useless(problem, site, APR_EGENERAL,
                       apr_psprintf(p, "%s is missing", file), p);
    }
    if (rv == EFBIG) {
        return useless(
            problem, site, rv,
            apr_psprintf(p, "%s has more than %d bytes", file, ACME_FILE_MAX),
            p);
    }
    if (rv != APR_SUCCESS) {
        return useless(problem, site, rv,
                       apr_psprintf(p, "%s cannot be read: %pm", file, &rv), p);
    }
    return APR_SUCCESS;
}

/* Reads key and chain, and checks all that does not depend on the time. */
static apr_status_t read_pair(const acme_cert_info_t **info,
                              const acme_certstore_path_t *site,
                              const char *dir, acme_problem_t *problem,
                              apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_array_header_t *no_names = apr_array_make(p, 1, sizeof(const char *));
    acme_chain_t *chain;
    acme_key_t *key;
    char *data;
    apr_size_t len;
    apr_status_t rv;

    rv = read_file(&data, &len, site, dir, ACME_CERTSTORE_KEY, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_key_from_pem(&key, data, len, &why, p);
    acme_key_wipe(data, len);
    if (rv != APR_SUCCESS) {
        return useless(problem, site, rv,
                       apr_psprintf(p, ACME_CERTSTORE_KEY ": %s", why.detail),
                       p);
    }
    rv = read_file(&data, &len, site, dir, ACME_CERTSTORE_FULL, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_cert_chain_parse(&chain, data, len, &why, p);
    if (rv != APR_SUCCESS) {
        return useless(problem, site, rv,
                       apr_psprintf(p, ACME_CERTSTORE_FULL ": %s", why.detail),
                       p);
    }
    *info = acme_cert_chain_info(chain);
    rv = acme_cert_check(chain, key, no_names, (*info)->not_before, &why, p);
    return rv == APR_SUCCESS ? rv : useless(problem, site, rv, why.detail, p);
}

/* Reads what is known of a certificate besides key and chain. A member that is
 * missing or damaged is left out, because the certificate works without it. */
static void read_meta(acme_certstore_cert_t *cert, const char *dir,
                      apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *path = apr_pstrcat(ptemp, dir, "/" ACME_CERTSTORE_META, NULL);
    acme_json_t *json;
    const char *url, *profile;
    char *data;
    apr_size_t len;

    if (acme_file_read(&data, &len, path, ACME_FILE_MAX, ptemp) != APR_SUCCESS
        || acme_json_parse(&json, data, len, NULL, ptemp) != APR_SUCCESS
        || !acme_json_is_object(json)) {
        return;
    }
    if (acme_json_get_str(&url, json, ACME_CERTSTORE_CA_URL) == APR_SUCCESS) {
        cert->ca_url = apr_pstrdup(p, url);
    }
    if (acme_json_get_str(&profile, json, ACME_CERTSTORE_PROFILE)
        == APR_SUCCESS) {
        cert->profile = apr_pstrdup(p, profile);
    }
    if (acme_json_get_time(&cert->obtained, json, ACME_CERTSTORE_OBTAINED)
        != APR_SUCCESS) {
        cert->obtained = 0;
    }
    if (acme_json_get_bool(&cert->imported, json, ACME_CERTSTORE_IMPORTED)
        != APR_SUCCESS) {
        cert->imported = 0;
    }
}

static void read_order_url(const char **url, const char *dir, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/" ACME_CERTSTORE_META, NULL);
    acme_json_t *json;
    char *data;
    apr_size_t len;

    if (acme_file_read(&data, &len, path, ACME_FILE_MAX, p) == APR_SUCCESS
        && acme_json_parse(&json, data, len, NULL, p) == APR_SUCCESS) {
        acme_json_get_str(url, json, ACME_CERTSTORE_ORDER_URL);
    }
}

static const acme_cert_info_t *info_dup(const acme_cert_info_t *info,
                                        apr_pool_t *p)
{
    acme_cert_info_t *copy = apr_pmemdup(p, info, sizeof(*info));

    copy->names = acme_str_array_dup(info->names, p);
    copy->subject = apr_pstrdup(p, info->subject);
    copy->issuer = apr_pstrdup(p, info->issuer);
    copy->serial = apr_pstrdup(p, info->serial);
    copy->fingerprint = apr_pstrdup(p, info->fingerprint);
    copy->key_type = apr_pstrdup(p, info->key_type);
    copy->key_hash = apr_pstrdup(p, info->key_hash);
    copy->ari_id = apr_pstrdup(p, info->ari_id);
    return copy;
}

static void set_paths(acme_certstore_cert_t *cert,
                      const acme_certstore_path_t *site, apr_pool_t *p)
{
    struct stat st;

    cert->cert_path = apr_pstrcat(p, site->link, "/" ACME_CERTSTORE_FULL, NULL);
    cert->key_path = apr_pstrcat(p, site->link, "/" ACME_CERTSTORE_KEY, NULL);
    /* The link's own time is the time of the move, because
     * acme_certstore_move() sets it and a rename leaves it. */
    cert->moved = lstat(site->link, &st) ? 0 : apr_time_from_sec(st.st_mtime);
}

/* Returns the index for live certificates only, because few are in the other
 * places. */
static acme_certstore_index_t *index_of(const acme_certstore_t *certstore,
                                        const acme_certstore_path_t *site)
{
    return site->folder == certstore->places[ACME_PLACE_LIVE] ? certstore->known
                                                              : NULL;
}

/* Takes a certificate from the index. Returns APR_ENOENT when the index does
 * not have it; the site may have one all the same. */
static apr_status_t recall(acme_certstore_cert_t **cert,
                           const acme_certstore_t *certstore,
                           const acme_certstore_path_t *site,
                           const acme_certstore_target_t *aim, apr_pool_t *p)
{
    acme_certstore_index_t *index = index_of(certstore, site);
    acme_certstore_cert_t *found;

    if (!index) {
        return APR_ENOENT;
    }
    found = apr_pcalloc(p, sizeof(*found));
    if (!acme_certstore_index_find(found, index, site->name, aim->number,
                                   aim->dir, p)) {
        return APR_ENOENT;
    }
    set_paths(found, site, p);
    *cert = found;
    return APR_SUCCESS;
}

static apr_status_t get_cert(acme_certstore_cert_t **cert,
                             const acme_certstore_t *certstore,
                             const acme_certstore_path_t *site,
                             acme_problem_t *problem, apr_pool_t *p,
                             apr_pool_t *ptemp)
{
    const acme_cert_info_t *info = NULL;
    acme_certstore_cert_t *found;
    acme_certstore_target_t aim;
    apr_status_t rv;

    rv = acme_certstore_path_follow(&aim, certstore, site, ptemp);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return useless(problem, site, rv,
                       "this is no link to a generation in the archive", ptemp);
    }
    if (certstore->is_read_only) {
        rv =
            acme_certstore_path_is_owned(certstore, site, &aim, problem, ptemp);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (recall(cert, certstore, site, &aim, p) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    /* Read from the version's folder and not through the link, so that all
     * files are of one version. */
    rv = read_pair(&info, site, aim.dir, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found = apr_pcalloc(p, sizeof(*found));
    found->info = info_dup(info, p);
    found->version = aim.number;
    set_paths(found, site, p);
    read_meta(found, aim.dir, p, ptemp);
    if (index_of(certstore, site)) {
        acme_certstore_index_add(certstore->known, site->name, found, aim.dir);
    }
    *cert = found;
    return APR_SUCCESS;
}

apr_status_t acme_certstore_get_version(acme_certstore_cert_t **cert,
                                        const acme_certstore_t *certstore,
                                        const char *name, int version,
                                        apr_pool_t *p)
{
    const acme_cert_info_t *info = NULL;
    acme_certstore_cert_t *found;
    acme_certstore_path_t site;
    const char *dir;
    apr_pool_t *ptemp;
    apr_status_t rv;

    apr_pool_create(&ptemp, p);
    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, name, ptemp);
    dir = apr_psprintf(ptemp, "%s/%d", site.archive, version);
    rv = read_pair(&info, &site, dir, NULL, ptemp);
    if (rv == APR_SUCCESS) {
        found = apr_pcalloc(p, sizeof(*found));
        found->info = info_dup(info, p);
        found->version = version;
        found->cert_path = apr_pstrcat(p, dir, "/" ACME_CERTSTORE_FULL, NULL);
        found->key_path = apr_pstrcat(p, dir, "/" ACME_CERTSTORE_KEY, NULL);
        read_meta(found, dir, p, ptemp);
        *cert = found;
    }
    apr_pool_destroy(ptemp);
    return rv;
}

apr_status_t acme_certstore_get_at(acme_certstore_cert_t **cert,
                                   const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_pool_t *ptemp;
    acme_certstore_path_t site;
    apr_status_t rv;

    apr_pool_create(&ptemp, p);
    acme_certstore_path_find(&site, certstore, place, name, ptemp);
    rv = get_cert(cert, certstore, &site, &why, p, ptemp);
    if (problem && why.type) {
        *problem = *acme_problem_dup(&why, p);
    }
    apr_pool_destroy(ptemp);
    return rv;
}

apr_status_t acme_certstore_get(acme_certstore_cert_t **cert,
                                const acme_certstore_t *certstore,
                                const char *name, acme_problem_t *problem,
                                apr_pool_t *p)
{
    return acme_certstore_get_at(cert, certstore, ACME_PLACE_LIVE, name,
                                 problem, p);
}

apr_status_t acme_certstore_bundle(acme_bundle_t **bundle,
                                   const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    acme_certstore_cert_t *cert;
    acme_bundle_t *made;
    acme_certstore_path_t site;
    acme_certstore_target_t aim;
    const char *order_url = NULL;
    char *key, *chain;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_certstore_get_at(&cert, certstore, place, name, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    acme_certstore_path_find(&site, certstore, place, name, p);
    rv = acme_certstore_path_follow(&aim, certstore, &site, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_file(&chain, &len, &site, aim.dir, ACME_CERTSTORE_FULL, problem,
                   p);
    if (rv == APR_SUCCESS) {
        rv = read_file(&key, &len, &site, aim.dir, ACME_CERTSTORE_KEY, problem,
                       p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    acme_key_wipe_with_pool(key, len, p);
    read_order_url(&order_url, aim.dir, p);
    made = apr_pcalloc(p, sizeof(*made));
    made->name = apr_pstrdup(p, name);
    made->key_pem = key;
    made->chain_pem = chain;
    made->ca_url = cert->ca_url;
    made->profile = cert->profile;
    made->order_url = order_url;
    made->obtained = cert->obtained;
    made->imported = cert->imported;
    *bundle = made;
    return APR_SUCCESS;
}

static apr_status_t load(const acme_certstore_cert_t *cert, int level,
                         acme_problem_t *problem, apr_pool_t *p)
{
    acme_chain_t *chain;
    acme_key_t *key = NULL;
    char *data;
    apr_size_t len;
    apr_status_t rv;

    rv = acme_file_read(&data, &len, cert->key_path, ACME_FILE_MAX, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_from_pem(&key, data, len, problem, p);
        acme_key_wipe(data, len);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_file_read(&data, &len, cert->cert_path, ACME_FILE_MAX, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_cert_chain_parse(&chain, data, len, problem, p);
    }
    return rv == APR_SUCCESS
               ? acme_cert_check_loads(chain, key, level, problem, p)
               : rv;
}

apr_status_t acme_certstore_loads(const acme_certstore_cert_t *cert, int level,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_pool_t *ptemp;
    apr_status_t rv;

    if (!level) {
        return APR_SUCCESS;
    }
    apr_pool_create(&ptemp, p);
    rv = load(cert, level, &why, ptemp);
    if (problem && rv != APR_SUCCESS && why.type) {
        *problem = *acme_problem_dup(&why, p);
    }
    apr_pool_destroy(ptemp);
    return rv;
}

int acme_certstore_is_trusted(const acme_certstore_t *certstore,
                              acme_place_e place, const char *name,
                              apr_pool_t *ptemp)
{
    acme_certstore_path_t site;
    acme_certstore_target_t aim;
    acme_chain_t *chain;
    char *data;
    apr_size_t len;

    acme_certstore_path_find(&site, certstore, place, name, ptemp);
    return acme_certstore_path_follow(&aim, certstore, &site, ptemp)
               == APR_SUCCESS
           && read_file(&data, &len, &site, aim.dir, ACME_CERTSTORE_FULL, NULL,
                        ptemp)
                  == APR_SUCCESS
           && acme_cert_chain_parse(&chain, data, len, NULL, ptemp)
                  == APR_SUCCESS
           && acme_cert_trusted_check(
                  chain, acme_cert_chain_info(chain)->not_before, NULL, ptemp)
                  == APR_SUCCESS;
}

const char *acme_certstore_refusal(const acme_certstore_t *certstore,
                                   const acme_cert_info_t *info, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked =
        acme_blocklist_find(certstore->revoked, info, p);

    return revoked ? acme_blocklist_entry_text(revoked, p) : NULL;
}

const char *acme_certstore_refusal_dir(const acme_certstore_t *certstore,
                                       const char *dir, apr_pool_t *p)
{
    acme_chain_t *chain;
    apr_size_t len;
    char *data;

    if (acme_file_read(&data, &len,
                       apr_pstrcat(p, dir, "/" ACME_CERTSTORE_FULL, NULL),
                       ACME_FILE_MAX, p)
            != APR_SUCCESS
        || acme_cert_chain_parse(&chain, data, len, NULL, p) != APR_SUCCESS) {
        return NULL;
    }
    return acme_certstore_refusal(certstore, acme_cert_chain_info(chain), p);
}

const acme_blocklist_entry_t *
acme_certstore_revoked(const acme_certstore_t *certstore,
                       const acme_certstore_cert_t *cert, apr_pool_t *p)
{
    const acme_blocklist_entry_t *revoked =
        acme_blocklist_find(certstore->revoked, cert->info, p);

    return revoked && acme_blocklist_entry_is_final(revoked) ? revoked : NULL;
}

/* Returns the name of a site by its pointer, or NULL. A name that is too long
 * for the pointer's is in the version's meta.json. */
static const char *name_behind(const acme_certstore_t *certstore,
                               acme_place_e place, const char *entry,
                               apr_pool_t *p)
{
    const char *name = acme_file_name_decode(entry, p);
    const char *path, *text;
    acme_json_t *json;
    char *data;
    apr_size_t len;

    if (name) {
        return name;
    }
    path = apr_pstrcat(p, certstore->places[place], "/", entry,
                       "/" ACME_CERTSTORE_META, NULL);
    if (acme_file_read(&data, &len, path, ACME_FILE_MAX, p) != APR_SUCCESS
        || acme_json_parse(&json, data, len, NULL, p) != APR_SUCCESS
        || acme_json_get_str(&text, json, ACME_CERTSTORE_NAME) != APR_SUCCESS
        || strcmp(acme_file_name_encode(text, p), entry) != 0) {
        return NULL;
    }
    return apr_pstrdup(p, text);
}

apr_status_t acme_certstore_list(apr_array_header_t **names,
                                 const acme_certstore_t *certstore,
                                 acme_place_e place, acme_problem_t *problem,
                                 apr_pool_t *p)
{
    apr_array_header_t *found;
    apr_array_header_t *entries;
    apr_status_t rv = acme_file_list(&entries, certstore->places[place], p);
    int i;

    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p, "%s: %pm",
                                certstore->places[place], &rv);
    }
    found = apr_array_make(p, entries->nelts + 1, sizeof(const char *));
    for (i = 0; i < entries->nelts; ++i) {
        const char *name = name_behind(
            certstore, place, APR_ARRAY_IDX(entries, i, const char *), p);

        if (name) {
            APR_ARRAY_PUSH(found, const char *) = name;
        }
    }
    acme_str_array_sort(found);
    *names = found;
    return APR_SUCCESS;
}

apr_status_t acme_certstore_versions(apr_array_header_t **numbers,
                                     const acme_certstore_t *certstore,
                                     const char *name, apr_pool_t *p)
{
    acme_certstore_path_t site;

    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, name, p);
    return acme_archive_list(numbers, site.archive, p);
}
