/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore.h"

#include <errno.h>
#include <string.h>

#include <sys/stat.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore_path.h"
#include "acme_removed.h"

/* The files of a version, and the end of the list. */
#define NFILES 6

static apr_status_t failed(acme_problem_t *problem,
                           const acme_certstore_path_t *site, const char *what,
                           apr_status_t rv, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "%s: %s: %pm", site->name,
                            what, &rv);
}

/* Removes all versions but those that a pointer leads to and the `keep` newest
 * of the others. Errors are ignored, because a later install tries again. */
static void prune(const acme_certstore_t *certstore,
                  const acme_certstore_path_t *site, int newest, int keep,
                  apr_pool_t *ptemp)
{
    apr_array_header_t *numbers;
    apr_pool_t *tmp;
    int i;

    if (acme_archive_list(&numbers, site->archive, ptemp) != APR_SUCCESS) {
        return;
    }
    apr_pool_create(&tmp, ptemp);
    for (i = numbers->nelts - 1; i >= 0; --i) {
        int number = APR_ARRAY_IDX(numbers, i, int);

        if (number != newest && keep-- <= 0
            && !acme_certstore_path_is_pointed(certstore, site->archive, number,
                                               tmp)) {
            acme_archive_remove(site->archive, number, tmp);
        }
        apr_pool_clear(tmp);
    }
    apr_pool_destroy(tmp);
}

/* Moves a folder that stands in the place of a pointer (from a restored backup)
 * into the archive, because a link cannot replace a folder. The archive keeps
 * the last of these. */
static apr_status_t set_aside(const acme_certstore_path_t *site,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const char *aside = apr_pstrcat(p, site->archive, "/aside", NULL);
    struct stat st;
    apr_status_t rv = APR_SUCCESS;

    if (lstat(site->link, &st) || !S_ISDIR(st.st_mode)) {
        return APR_SUCCESS;
    }
    rv = acme_file_remove_tree(aside, p);
    if (rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) {
        rv = apr_file_rename(site->link, aside, p);
    }
    return rv == APR_SUCCESS
               ? rv
               : failed(problem, site,
                        apr_psprintf(p, "%s is no link and is in the way",
                                     site->link),
                        rv, p);
}

static const char *print_meta(const acme_bundle_t *bundle, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, ACME_CERTSTORE_NAME, bundle->name);
    acme_json_set_str(json, ACME_CERTSTORE_CA_URL, bundle->ca_url);
    acme_json_set_str(json, ACME_CERTSTORE_PROFILE, bundle->profile);
    acme_json_set_str(json, ACME_CERTSTORE_ORDER_URL, bundle->order_url);
    acme_json_set_time(json, ACME_CERTSTORE_OBTAINED, bundle->obtained);
    if (bundle->imported) {
        acme_json_set_bool(json, ACME_CERTSTORE_IMPORTED, 1);
    }
    return acme_json_print(json, 1, p);
}

static apr_status_t prepare_files(acme_archive_file_t files[NFILES],
                                  const acme_bundle_t *bundle,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_key_t *key;
    acme_chain_t *chain;
    const char *leaf, *rest, *full;
    apr_status_t rv;

    rv = acme_bundle_open(&key, &chain, bundle, problem, p);
    if (rv == APR_SUCCESS) {
        rv = acme_cert_chain_print(&leaf, &rest, &full, chain, problem, p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    memset(files, 0, NFILES * sizeof(*files));
    files[0].name = ACME_CERTSTORE_KEY;
    files[0].data = bundle->key_pem;
    files[1].name = ACME_CERTSTORE_CERT;
    files[1].data = leaf;
    files[2].name = ACME_CERTSTORE_CHAIN;
    files[2].data = rest;
    files[3].name = ACME_CERTSTORE_FULL;
    files[3].data = full;
    files[4].name = ACME_CERTSTORE_META;
    files[4].data = print_meta(bundle, p);
    return APR_SUCCESS;
}

/* Finds a number that no version has had. */
static apr_status_t next_number(int *number, const acme_certstore_path_t *site,
                                acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *numbers;
    int highest = 0;
    apr_status_t rv;

    rv = acme_archive_list(&numbers, site->archive, p);
    if (rv != APR_SUCCESS) {
        return failed(problem, site, site->archive, rv, p);
    }
    acme_certstore_path_pointed(&highest, site);
    if (numbers->nelts > 0) {
        int last = APR_ARRAY_IDX(numbers, numbers->nelts - 1, int);

        highest = last > highest ? last : highest;
    }
    if (highest >= ACME_ARCHIVE_MAX) {
        return failed(problem, site,
                      apr_psprintf(p, "%s/%d: no generation can follow it",
                                   site->archive, highest),
                      EOVERFLOW, p);
    }
    *number = highest + 1;
    return APR_SUCCESS;
}

static apr_status_t make_archive(const acme_certstore_t *certstore,
                                 const acme_certstore_path_t *site,
                                 acme_problem_t *problem, apr_pool_t *p)
{
    struct stat st;
    apr_status_t rv;

    if (lstat(site->archive, &st) == 0 && S_ISDIR(st.st_mode)) {
        acme_archive_tidy(site->archive, p);
        return APR_SUCCESS;
    }
    rv = acme_certstore_path_mkdir(site->archive, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_file_sync_dir(certstore->archive, p);
    return rv == APR_SUCCESS ? rv
                             : failed(problem, site, certstore->archive, rv, p);
}

apr_status_t acme_certstore_install_version(int *number,
                                            const acme_certstore_t *certstore,
                                            const acme_bundle_t *bundle,
                                            acme_problem_t *problem,
                                            apr_pool_t *ptemp)
{
    acme_archive_file_t files[NFILES];
    acme_certstore_path_t site;
    apr_status_t rv;

    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, bundle->name,
                             ptemp);
    rv = prepare_files(files, bundle, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = make_archive(certstore, &site, problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = next_number(number, &site, problem, ptemp);
    }
    return rv == APR_SUCCESS ? acme_archive_write(site.archive, *number, files,
                                                  problem, ptemp)
                             : rv;
}

/* Notes what the site had, because it must not be staged again once it is
 * archived. A stashed certificate is compared with staged ones only while none
 * is live. */
static apr_status_t note_replaced(const acme_certstore_t *certstore,
                                  acme_place_e place, const char *name,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_status_t rv =
        acme_removed_note(certstore, place, name, 0, problem, ptemp);

    return rv == APR_SUCCESS && place == ACME_PLACE_LIVE ? acme_removed_note(
               certstore, ACME_PLACE_STASH, name, 0, problem, ptemp)
                                                         : rv;
}

apr_status_t acme_certstore_install_at(const acme_certstore_t *certstore,
                                       acme_place_e place,
                                       const acme_bundle_t *bundle, int keep,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp)
{
    const char *target;
    acme_certstore_path_t site;
    int number = 0;
    apr_status_t rv;

    acme_certstore_path_find(&site, certstore, place, bundle->name, ptemp);
    rv = acme_certstore_install_version(&number, certstore, bundle, problem,
                                        ptemp);
    if (rv == APR_SUCCESS) {
        rv = note_replaced(certstore, place, bundle->name, problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = set_aside(&site, problem, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    target = apr_psprintf(ptemp, "%s%d", site.target, number);
    rv = acme_file_link(site.link, target, ACME_FILE_SYNC, ptemp);
    if (rv != APR_SUCCESS) {
        return failed(problem, &site, site.link, rv, ptemp);
    }
    prune(certstore, &site, number, keep, ptemp);
    return APR_SUCCESS;
}

apr_status_t acme_certstore_install(const acme_certstore_t *certstore,
                                    const acme_bundle_t *bundle, int keep,
                                    acme_problem_t *problem, apr_pool_t *ptemp)
{
    return acme_certstore_install_at(certstore, ACME_PLACE_LIVE, bundle, keep,
                                     problem, ptemp);
}
