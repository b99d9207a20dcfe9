/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_removed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_certstore_path.h"
#include "acme_file.h"
#include "acme_time.h"

/* Longer than a certificate of a public CA may be valid. */
#define LIFE (400 * ACME_TIME_DAY)

static const char *path_of(const acme_certstore_t *certstore, const char *name,
                           apr_pool_t *p)
{
    return apr_pstrcat(p, certstore->removed, "/",
                       acme_file_name_encode(name, p), NULL);
}

/* Reads the note of a name: the time, and the fingerprint. Returns zero when
 * there is none that can be read. */
static int read_note(apr_time_t *found, const char **fingerprint,
                     const acme_certstore_t *certstore, const char *name,
                     apr_pool_t *ptemp)
{
    apr_size_t len;
    char *text;
    char *state = NULL;
    const char *first;

    if (acme_file_read(&text, &len, path_of(certstore, name, ptemp),
                       ACME_FILE_MAX, ptemp)) {
        return 0;
    }
    first = apr_strtok(text, "\n", &state);
    if (!first || acme_time_parse(found, first)) {
        return 0;
    }
    *fingerprint = apr_strtok(NULL, "\n", &state);
    return 1;
}

apr_time_t acme_removed_time(const acme_certstore_t *certstore,
                             const char *name, apr_pool_t *ptemp)
{
    const char *fingerprint;
    apr_time_t found;

    return read_note(&found, &fingerprint, certstore, name, ptemp) ? found : 0;
}

int acme_removed_bars(const acme_certstore_t *certstore, const char *name,
                      const acme_cert_info_t *info, apr_pool_t *ptemp)
{
    const char *fingerprint;
    apr_time_t found;

    if (!read_note(&found, &fingerprint, certstore, name, ptemp)) {
        return 0;
    }
    return info->not_before < found
           || (info->not_before == found && fingerprint
               && !strcmp(fingerprint, info->fingerprint));
}

apr_status_t acme_removed_note(const acme_certstore_t *certstore,
                               acme_place_e place, const char *name, int given,
                               acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(certstore, name, ptemp);
    acme_certstore_cert_t *cert;
    const char *text;
    apr_time_t found;
    apr_status_t rv;

    /* An import that is still one was never a site's. */
    if (place == ACME_PLACE_IMPORT
        || acme_certstore_get_at(&cert, certstore, place, name, NULL, ptemp)) {
        return APR_SUCCESS;
    }
    found = acme_removed_time(certstore, name, ptemp);
    if (found > cert->info->not_before
        || (given && found == cert->info->not_before)) {
        return APR_SUCCESS;
    }
    text =
        apr_pstrcat(ptemp, acme_time_print(cert->info->not_before, ptemp), "\n",
                    given ? NULL : cert->info->fingerprint, "\n", NULL);
    rv = acme_file_mkdir(
        certstore->removed,
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_file_write(path, text, strlen(text),
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                             ptemp);
    }
    return rv == APR_SUCCESS
               ? rv
               : acme_problem_set(
                   problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, ptemp,
                   "%s: %s cannot be written: %pm", name, path, &rv);
}

void acme_removed_prune(const acme_certstore_t *certstore, apr_time_t now,
                        apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    struct stat st;
    int i;

    if (acme_file_list(&names, certstore->removed, ptemp)) {
        return;
    }
    for (i = 0; i < names->nelts; i++) {
        const char *path =
            apr_pstrcat(ptemp, certstore->removed, "/",
                        APR_ARRAY_IDX(names, i, const char *), NULL);

        if (lstat(path, &st) == 0
            && apr_time_from_sec(st.st_mtime) + LIFE < now) {
            (void)unlink(path);
        }
    }
}
