/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore_path.h"
#include "acme_removed.h"

static apr_status_t failed(acme_problem_t *problem, const char *name,
                           const char *doing, apr_status_t rv, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p, "%s: %s: %pm", name, doing,
                            &rv);
}

/* Sets the link's own time, which says since when it is in its place. Ignores
 * an error, because on a file system without such times the time when the link
 * was made serves as well. */
static void stamp(const char *link)
{
    struct timespec times[2];

    times[0].tv_sec = 0;
    times[0].tv_nsec = UTIME_NOW;
    times[1] = times[0];
    if (utimensat(AT_FDCWD, link, times, AT_SYMLINK_NOFOLLOW)) {
        errno = 0;
    }
}

apr_status_t acme_certstore_move(const acme_certstore_t *certstore,
                                 acme_place_e from, const char *from_name,
                                 acme_place_e to, const char *to_name,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_certstore_path_t source, target;
    struct stat st;
    const char *what;
    apr_status_t rv;

    acme_certstore_path_find(&source, certstore, from, from_name, ptemp);
    acme_certstore_path_find(&target, certstore, to, to_name, ptemp);
    what = apr_psprintf(ptemp, "moving its certificate from %s to %s",
                        source.link, target.link);
    if (lstat(source.link, &st)) {
        rv = errno;
        return APR_STATUS_IS_ENOENT(rv)
                   ? APR_ENOENT
                   : failed(problem, from_name, what, rv, ptemp);
    }
    if (!S_ISLNK(st.st_mode)) {
        return failed(problem, from_name, what, APR_EINVAL, ptemp);
    }
    if (strcmp(from_name, to_name) != 0) {
        /* A site must get its certificate on a full disk, too. */
        (void)acme_removed_note(certstore, from, from_name, 1, NULL, ptemp);
    }
    (void)acme_removed_note(certstore, to, to_name, 0, NULL, ptemp);
    stamp(source.link);
    if (rename(source.link, target.link)) {
        return failed(problem, from_name, what, errno, ptemp);
    }
    acme_certstore_path_changed(certstore, &target, ptemp);
    rv = acme_file_sync_dir(certstore->places[to], ptemp);
    if (rv == APR_SUCCESS && from != to) {
        rv = acme_file_sync_dir(certstore->places[from], ptemp);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, from_name, what, rv, ptemp);
}

apr_status_t acme_certstore_move_stash(const acme_certstore_t *certstore,
                                       const char *name,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp)
{
    return acme_certstore_move(certstore, ACME_PLACE_LIVE, name,
                               ACME_PLACE_STASH, name, problem, ptemp);
}

apr_status_t acme_certstore_move_point(const acme_certstore_t *certstore,
                                       const char *name, int version,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp)
{
    acme_certstore_path_t site;
    struct stat st;
    const char *dir;
    apr_status_t rv;

    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, name, ptemp);
    dir = apr_psprintf(ptemp, "%s/%d", site.archive, version);
    if (lstat(dir, &st) || !S_ISDIR(st.st_mode)) {
        return acme_problem_set(problem, APR_ENOENT, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_STORE, ptemp,
                                "%s: there is no generation %d", name, version);
    }
    rv = acme_file_link(site.link,
                        apr_psprintf(ptemp, "%s%d", site.target, version),
                        ACME_FILE_SYNC, ptemp);
    return rv == APR_SUCCESS ? rv : failed(problem, name, site.link, rv, ptemp);
}

static apr_status_t remove_pointer(const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *ptemp)
{
    acme_certstore_path_t site;
    apr_status_t rv = APR_SUCCESS;

    acme_certstore_path_find(&site, certstore, place, name, ptemp);
    if (unlink(site.link)) {
        rv = errno;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = acme_file_sync_dir(certstore->places[place], ptemp);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, name, site.link, rv, ptemp);
}

apr_status_t acme_certstore_move_archive(const acme_certstore_t *certstore,
                                         acme_place_e place, const char *name,
                                         acme_problem_t *problem,
                                         apr_pool_t *ptemp)
{
    (void)acme_removed_note(certstore, place, name, 0, NULL, ptemp);
    return remove_pointer(certstore, place, name, problem, ptemp);
}

apr_status_t acme_certstore_move_remove(const acme_certstore_t *certstore,
                                        acme_place_e place, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    acme_certstore_path_t site;
    acme_certstore_target_t aim;
    apr_status_t aimed;
    apr_status_t rv;

    acme_certstore_path_find(&site, certstore, place, name, ptemp);
    aimed = acme_certstore_path_follow(&aim, certstore, &site, ptemp);
    rv = acme_removed_note(certstore, place, name, 0, problem, ptemp);
    if (rv == APR_SUCCESS) {
        rv = remove_pointer(certstore, place, name, problem, ptemp);
    }
    if (rv != APR_SUCCESS || aimed != APR_SUCCESS
        || acme_certstore_path_is_pointed(certstore, aim.archive, aim.number,
                                          ptemp)) {
        return rv;
    }
    rv = acme_archive_remove(aim.archive, aim.number, ptemp);
    /* Removes the folder when that was its last version, else fails. */
    rmdir(aim.archive);
    return rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)
               ? APR_SUCCESS
               : failed(problem, name, aim.dir, rv, ptemp);
}
