/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_install_recover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_archive.h"
#include "acme_certstore_path.h"
#include "acme_file.h"
#include "acme_owned.h"

/* Older versions that stay when a folder becomes a version. */
#define KEEP 3

/* Most bytes of a file that says what a link said. */
#define TEXT_MAX 1024

static const char *path_in(const char *dir, const char *file, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, "/", file, NULL);
}

/* Returns the text of a file, or NULL. */
static char *read_text(const char *dir, const char *file, apr_pool_t *p)
{
    apr_size_t len;
    char *data;

    if (acme_file_read(&data, &len, path_in(dir, file, p), ACME_FILE_MAX, p)
        != APR_SUCCESS) {
        return NULL;
    }
    acme_key_wipe_with_pool(data, len, p);
    return strlen(data) == len ? data : NULL;
}

static int is_same_file(const char *one, const char *other, const char *file,
                        apr_pool_t *p)
{
    const char *a = read_text(one, file, p);
    const char *b = a ? read_text(other, file, p) : NULL;

    return b && strcmp(a, b) == 0;
}

/* Returns the version with the same key and chain as a folder, or 0. */
static int find_version(const acme_certstore_path_t *site, apr_pool_t *p)
{
    apr_array_header_t *numbers;
    apr_pool_t *each;
    int i, number = 0;

    if (acme_archive_list(&numbers, site->archive, p) != APR_SUCCESS) {
        return 0;
    }
    apr_pool_create(&each, p);
    for (i = numbers->nelts - 1; number == 0 && i >= 0; --i) {
        int one = APR_ARRAY_IDX(numbers, i, int);
        const char *dir = apr_psprintf(each, "%s/%d", site->archive, one);

        if (is_same_file(site->link, dir, ACME_CERTSTORE_KEY, each)
            && is_same_file(site->link, dir, ACME_CERTSTORE_FULL, each)) {
            number = one;
        }
        apr_pool_clear(each);
    }
    apr_pool_destroy(each);
    return number;
}

/* Exchanges a link and a folder in one step, where the system can do so. */
static int exchange(const char *link, const char *folder)
{
#if defined(__GLIBC__) && defined(RENAME_EXCHANGE)
    return renameat2(AT_FDCWD, link, AT_FDCWD, folder, RENAME_EXCHANGE) == 0;
#else
    (void)link;
    (void)folder;
    return 0;
#endif
}

/* Replaces a folder, whose content is in the archive, by a pointer. */
static apr_status_t replace(const acme_certstore_path_t *site, int number,
                            apr_pool_t *p)
{
    const char *link = path_in(site->folder, ACME_FILE_TEMP "pointer", p);
    const char *old = path_in(site->folder, ACME_FILE_TEMP "folder", p);
    const char *target = apr_psprintf(p, "%s%d", site->target, number);

    if ((unlink(link) && errno != ENOENT) || symlink(target, link)) {
        return errno;
    }
    if (exchange(link, site->link)) {
        old = link;
    }
    else if (rename(site->link, old) || rename(link, site->link)) {
        return errno;
    }
    acme_file_remove_tree(old, p);
    return acme_file_sync_dir(site->folder, p);
}

/* Makes the bundle of a folder; NULL when its files are not there, or could
 * have been written by others. */
static acme_bundle_t *read_folder(const char *dir, const char *name,
                                  apr_pool_t *p)
{
    acme_bundle_t *bundle = apr_pcalloc(p, sizeof(*bundle));
    const char *meta = read_text(dir, ACME_CERTSTORE_META, p);
    acme_json_t *json;

    bundle->name = name;
    bundle->key_pem = read_text(dir, ACME_CERTSTORE_KEY, p);
    bundle->chain_pem = read_text(dir, ACME_CERTSTORE_FULL, p);
    if (!bundle->key_pem || !bundle->chain_pem
        || !acme_owned_file(path_in(dir, ACME_CERTSTORE_KEY, p))
        || !acme_owned_file(path_in(dir, ACME_CERTSTORE_FULL, p))) {
        return NULL;
    }
    if (meta
        && acme_json_parse(&json, meta, strlen(meta), NULL, p) == APR_SUCCESS) {
        acme_json_get_str(&bundle->ca_url, json, ACME_CERTSTORE_CA_URL);
        acme_json_get_str(&bundle->profile, json, ACME_CERTSTORE_PROFILE);
        acme_json_get_str(&bundle->order_url, json, ACME_CERTSTORE_ORDER_URL);
        acme_json_get_time(&bundle->obtained, json, ACME_CERTSTORE_OBTAINED);
        acme_json_get_bool(&bundle->imported, json, ACME_CERTSTORE_IMPORTED);
    }
    return bundle;
}

/* Writes a folder into the archive. Returns the number of the version, or 0
 * when key and chain do not belong together. */
static int archive_folder(const acme_certstore_t *certstore,
                          const acme_certstore_path_t *site, apr_pool_t *p)
{
    apr_array_header_t *no_names = apr_array_make(p, 1, sizeof(const char *));
    acme_bundle_t *bundle = read_folder(site->link, site->name, p);
    acme_chain_t *chain;
    acme_key_t *key;
    int number;

    if (!bundle
        || acme_bundle_open(&key, &chain, bundle, NULL, p) != APR_SUCCESS
        || acme_cert_check(chain, key, no_names,
                           acme_cert_chain_info(chain)->not_before, NULL, p)
               != APR_SUCCESS
        || acme_certstore_install_version(&number, certstore, bundle, NULL, p)
               != APR_SUCCESS) {
        return 0;
    }
    return number;
}

/* Returns the archive's paths for what the pointer led to: that of the name
 * which the version was made for, because a certificate may have come from
 * another site. */
static void find_archive(acme_certstore_path_t *from,
                         const acme_certstore_t *certstore,
                         const acme_certstore_path_t *site, apr_pool_t *p)
{
    const char *meta = read_text(site->link, ACME_CERTSTORE_META, p);
    acme_certstore_path_t other;
    const char *name;
    acme_json_t *json;

    *from = *site;
    if (meta
        && acme_json_parse(&json, meta, strlen(meta), NULL, p) == APR_SUCCESS
        && acme_json_get_str(&name, json, ACME_CERTSTORE_NAME) == APR_SUCCESS) {
        acme_certstore_path_find(&other, certstore, ACME_PLACE_LIVE, name, p);
        from->archive = other.archive;
        from->target = other.target;
    }
}

static int recover_folder(const acme_certstore_t *certstore,
                          const acme_certstore_path_t *site, apr_pool_t *p)
{
    acme_certstore_path_t from;
    int number;

    if (!acme_owned_dir(site->link)) {
        return 0;
    }
    find_archive(&from, certstore, site, p);
    number = find_version(&from, p);
    if (!number) {
        from = *site;
        number = archive_folder(certstore, site, p);
    }
    return number && replace(&from, number, p) == APR_SUCCESS ? number : 0;
}

/* Puts a link in the place of a file that has its text, as some programs
 * restore it. */
static int recover_file(const acme_certstore_t *certstore,
                        const acme_certstore_path_t *site, apr_pool_t *p)
{
    char *text = read_text(site->folder, strrchr(site->link, '/') + 1, p);
    acme_certstore_target_t aim;
    struct stat st;

    if (!text || strlen(text) >= TEXT_MAX) {
        return 0;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (acme_certstore_path_parse(&aim, certstore, text, p) != APR_SUCCESS
        || lstat(aim.dir, &st) || !S_ISDIR(st.st_mode)
        || acme_file_link(site->link, text, ACME_FILE_SYNC, p) != APR_SUCCESS) {
        return 0;
    }
    return aim.number;
}

static int recover_entry(const acme_certstore_t *certstore,
                         const acme_certstore_path_t *site, apr_pool_t *p)
{
    struct stat st;

    if (lstat(site->link, &st) || S_ISLNK(st.st_mode)) {
        return 0;
    }
    return S_ISDIR(st.st_mode)   ? recover_folder(certstore, site, p)
           : S_ISREG(st.st_mode) ? recover_file(certstore, site, p)
                                 : 0;
}

apr_array_header_t *acme_install_recover(const acme_certstore_t *certstore,
                                         apr_pool_t *p)
{
    apr_array_header_t *found =
        apr_array_make(p, 2, sizeof(acme_install_recovered_t));
    apr_array_header_t *names;
    acme_certstore_path_t site;
    apr_pool_t *ptemp;
    int place, i, number;

    apr_pool_create(&ptemp, p);
    for (place = 0; place < ACME_PLACES; ++place) {
        if (acme_certstore_list(&names, certstore, place, NULL, p)
            != APR_SUCCESS) {
            continue;
        }
        for (i = 0; i < names->nelts; ++i) {
            const char *name = APR_ARRAY_IDX(names, i, const char *);

            apr_pool_clear(ptemp);
            acme_certstore_path_find(&site, certstore, place, name, ptemp);
            number = recover_entry(certstore, &site, ptemp);
            if (number) {
                acme_install_recovered_t *one = apr_array_push(found);

                acme_certstore_path_changed(certstore, &site, ptemp);
                one->place = place;
                one->name = name;
                one->version = number;
            }
        }
    }
    apr_pool_destroy(ptemp);
    return found;
}
