/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore_path.h"

#include <errno.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_owned.h"

/* Most bytes of a link; an encoded name is much shorter. */
#define LINK_MAX_LEN 1024

#define MODE_DIR APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE

#define UPWARDS "../archive/"

void acme_certstore_path_find(acme_certstore_path_t *site,
                              const struct acme_certstore_t *certstore,
                              acme_place_e place, const char *name,
                              apr_pool_t *p)
{
    const char *encoded = acme_file_name_encode(name, p);

    site->name = name;
    site->folder = certstore->places[place];
    site->link = apr_pstrcat(p, site->folder, "/", encoded, NULL);
    site->archive = apr_pstrcat(p, certstore->archive, "/", encoded, NULL);
    site->target = apr_pstrcat(p, UPWARDS, encoded, "/", NULL);
}

static apr_status_t read_link(char buffer[LINK_MAX_LEN], const char *path)
{
    ssize_t got = readlink(path, buffer, LINK_MAX_LEN - 1);

    if (got < 0) {
        return errno;
    }
    buffer[got] = '\0';
    return APR_SUCCESS;
}

apr_status_t acme_certstore_path_pointed(int *number,
                                         const acme_certstore_path_t *site)
{
    apr_size_t len = strlen(site->target);
    char buffer[LINK_MAX_LEN];
    apr_status_t rv = read_link(buffer, site->link);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (strncmp(buffer, site->target, len) != 0) {
        return APR_EINVAL;
    }
    *number = acme_archive_version(buffer + len);
    return *number > 0 ? APR_SUCCESS : APR_EINVAL;
}

apr_status_t acme_certstore_path_parse(acme_certstore_target_t *aim,
                                       const struct acme_certstore_t *certstore,
                                       const char *text, apr_pool_t *p)
{
    apr_size_t len = strlen(UPWARDS);
    char *buffer = apr_pstrdup(p, text);
    char *slash;

    aim->link = apr_pstrdup(p, text);
    slash = strrchr(buffer, '/');
    if (strncmp(buffer, UPWARDS, len) != 0 || slash < buffer + len) {
        return APR_EINVAL;
    }
    *slash = '\0';
    aim->number = acme_archive_version(slash + 1);
    /* The name must be a single component that does not begin with a dot, so
     * that no link leads out of the archive. */
    if (aim->number == 0 || buffer[len] == '\0' || buffer[len] == '.'
        || strchr(buffer + len, '/') != NULL) {
        return APR_EINVAL;
    }
    aim->archive = apr_pstrcat(p, certstore->archive, "/", buffer + len, NULL);
    aim->dir = apr_psprintf(p, "%s/%d", aim->archive, aim->number);
    return APR_SUCCESS;
}

static apr_status_t follow(acme_certstore_target_t *aim,
                           const struct acme_certstore_t *certstore,
                           const char *link, apr_pool_t *p)
{
    char buffer[LINK_MAX_LEN];
    apr_status_t rv = read_link(buffer, link);

    return rv == APR_SUCCESS
               ? acme_certstore_path_parse(aim, certstore, buffer, p)
               : rv;
}

apr_status_t
acme_certstore_path_follow(acme_certstore_target_t *aim,
                           const struct acme_certstore_t *certstore,
                           const acme_certstore_path_t *site, apr_pool_t *p)
{
    return follow(aim, certstore, site->link, p);
}

static const char *last_part(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* Adds a pointer to the list if it leads into the archive of another name. */
static void add_foreign(const struct acme_certstore_t *certstore,
                        const char *link, apr_pool_t *ptemp)
{
    acme_certstore_foreign_t *foreign = certstore->foreign;
    acme_certstore_target_t aim;

    if (follow(&aim, certstore, link, ptemp) == APR_SUCCESS
        && strcmp(last_part(link), last_part(aim.archive)) != 0) {
        APR_ARRAY_PUSH(foreign->links, const char *) =
            apr_pstrdup(foreign->p, link);
    }
}

static apr_status_t read_foreign(const struct acme_certstore_t *certstore,
                                 apr_pool_t *ptemp)
{
    acme_certstore_foreign_t *foreign = certstore->foreign;
    apr_array_header_t *entries[ACME_PLACES];
    apr_pool_t *each;
    apr_status_t rv;
    int place, i;

    for (place = 0; place < ACME_PLACES; ++place) {
        rv = acme_file_list(&entries[place], certstore->places[place], ptemp);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    foreign->links = apr_array_make(foreign->p, 4, sizeof(const char *));
    apr_pool_create(&each, ptemp);
    for (place = 0; place < ACME_PLACES; ++place) {
        for (i = 0; i < entries[place]->nelts; ++i) {
            const char *entry = APR_ARRAY_IDX(entries[place], i, const char *);

            /* Skip a temporary link of a killed writer: it belongs to no
             * site. */
            if (strncmp(entry, ACME_FILE_TEMP, strlen(ACME_FILE_TEMP)) != 0) {
                add_foreign(certstore,
                            apr_pstrcat(each, certstore->places[place], "/",
                                        entry, NULL),
                            each);
            }
            apr_pool_clear(each);
        }
    }
    apr_pool_destroy(each);
    return APR_SUCCESS;
}

void acme_certstore_path_changed(const struct acme_certstore_t *certstore,
                                 const acme_certstore_path_t *site,
                                 apr_pool_t *ptemp)
{
    if (certstore->foreign->links) {
        add_foreign(certstore, site->link, ptemp);
    }
}

static int leads_to(const struct acme_certstore_t *certstore, const char *link,
                    const char *archive, int number, apr_pool_t *ptemp)
{
    acme_certstore_target_t aim;

    return follow(&aim, certstore, link, ptemp) == APR_SUCCESS
           && aim.number == number && strcmp(aim.archive, archive) == 0;
}

int acme_certstore_path_is_pointed(const struct acme_certstore_t *certstore,
                                   const char *archive, int number,
                                   apr_pool_t *ptemp)
{
    const acme_certstore_foreign_t *foreign = certstore->foreign;
    int i;

    if (!foreign->links && read_foreign(certstore, ptemp) != APR_SUCCESS) {
        return 1;
    }
    for (i = 0; i < ACME_PLACES; ++i) {
        if (leads_to(certstore,
                     apr_pstrcat(ptemp, certstore->places[i], "/",
                                 last_part(archive), NULL),
                     archive, number, ptemp)) {
            return 1;
        }
    }
    for (i = 0; i < foreign->links->nelts; ++i) {
        if (leads_to(certstore, APR_ARRAY_IDX(foreign->links, i, const char *),
                     archive, number, ptemp)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t acme_certstore_path_mkdir(const char *path,
                                       acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = acme_file_mkdir(path, MODE_DIR, p);
    struct stat st;

    if (rv == APR_SUCCESS && lstat(path, &st)) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, p,
                                "folder %s could not be made: %pm", path, &rv);
    }
    /* Put no keys where somebody else could change them. */
    if (!acme_owned(&st)) {
        return acme_problem_set(
            problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE, p,
            "folder %s belongs to another user or may be written by others: "
            "it must belong to the user who starts httpd (%ld), mode 0700",
            path, (long)geteuid());
    }
    return APR_SUCCESS;
}

static apr_status_t not_trusted(acme_problem_t *problem,
                                const acme_certstore_path_t *site,
                                const char *path, apr_pool_t *p)
{
    return acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_CONFIG, ACME_PROBLEM_STORE, p,
        "%s: %s is not ours, or may be written by others", site->name, path);
}

apr_status_t
acme_certstore_path_is_owned(const struct acme_certstore_t *certstore,
                             const acme_certstore_path_t *site,
                             const acme_certstore_target_t *aim,
                             acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *paths[6];
    int i;

    paths[0] = site->folder;
    paths[1] = certstore->archive;
    paths[2] = aim->archive;
    paths[3] = aim->dir;
    paths[4] = apr_pstrcat(ptemp, aim->dir, "/" ACME_CERTSTORE_KEY, NULL);
    paths[5] = apr_pstrcat(ptemp, aim->dir, "/" ACME_CERTSTORE_FULL, NULL);
    for (i = 0; i < 6; i++) {
        if (!(i < 4 ? acme_owned_dir(paths[i]) : acme_owned_file(paths[i]))) {
            return not_trusted(problem, site, paths[i], ptemp);
        }
    }
    return APR_SUCCESS;
}
