/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"

#define MODE_DIR  APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
#define MODE_FILE APR_FPROT_UREAD | APR_FPROT_UWRITE

int acme_archive_version(const char *text)
{
    apr_size_t len = strspn(text, "0123456789");

    if (len == 0 || len > 9 || text[len] != '\0' || text[0] == '0') {
        return 0;
    }
    return atoi(text);
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

apr_status_t acme_archive_list(apr_array_header_t **numbers, const char *dir,
                               apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 4, sizeof(int));
    apr_array_header_t *names;
    apr_status_t rv = acme_file_list(&names, dir, p);
    int i;

    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv)) {
        return rv;
    }
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        int number =
            acme_archive_version(APR_ARRAY_IDX(names, i, const char *));

        if (number > 0) {
            APR_ARRAY_PUSH(found, int) = number;
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(int), by_number);
    *numbers = found;
    return APR_SUCCESS;
}

void acme_archive_tidy(const char *dir, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    int i;

    if (acme_file_list(&names, dir, ptemp) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *path;

        if (strncmp(name, ACME_FILE_TEMP, strlen(ACME_FILE_TEMP)) == 0) {
            path = apr_pstrcat(ptemp, dir, "/", name, NULL);
            if (acme_file_remove_tree(path, ptemp) != APR_SUCCESS) {
                apr_file_remove(path, ptemp);
            }
        }
    }
}

/* Returns the name that a folder has while it is filled or emptied. */
static const char *temp_path(const char *dir, int number, apr_pool_t *p)
{
    return apr_psprintf(p, "%s/" ACME_FILE_TEMP "%d", dir, number);
}

static apr_status_t sync_file(const char *path)
{
    apr_status_t rv;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        return errno;
    }
    rv = fsync(fd) ? errno : APR_SUCCESS;
    close(fd);
    return rv;
}

/* Writes all files before it syncs the first, because most file systems then
 * put all of them on disk at once. */
static apr_status_t fill(const char *temp, const acme_archive_file_t *files,
                         apr_pool_t *ptemp)
{
    const acme_archive_file_t *file;
    apr_status_t rv = APR_SUCCESS;

    for (file = files; rv == APR_SUCCESS && file->name; ++file) {
        rv = acme_file_write(apr_pstrcat(ptemp, temp, "/", file->name, NULL),
                             file->data, strlen(file->data), MODE_FILE,
                             ACME_FILE_LAZY, ptemp);
    }
    for (file = files; rv == APR_SUCCESS && file->name; ++file) {
        rv = sync_file(apr_pstrcat(ptemp, temp, "/", file->name, NULL));
    }
    return rv == APR_SUCCESS ? acme_file_sync_dir(temp, ptemp) : rv;
}

apr_status_t acme_archive_write(const char *dir, int number,
                                const acme_archive_file_t *files,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *temp = temp_path(dir, number, ptemp);
    const char *path = apr_psprintf(ptemp, "%s/%d", dir, number);
    apr_status_t rv;

    rv = acme_file_mkdir(temp, MODE_DIR, ptemp);
    if (rv == APR_SUCCESS) {
        rv = fill(temp, files, ptemp);
    }
    if (rv == APR_SUCCESS && rename(temp, path)) {
        rv = errno;
    }
    if (rv != APR_SUCCESS) {
        acme_file_remove_tree(temp, ptemp);
    }
    else {
        rv = acme_file_sync_dir(dir, ptemp);
    }
    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_STORE, ptemp,
                                "%s could not be written: %pm", path, &rv);
    }
    return APR_SUCCESS;
}

apr_status_t acme_archive_remove(const char *dir, int number, apr_pool_t *ptemp)
{
    const char *temp = temp_path(dir, number, ptemp);

    if (rename(apr_psprintf(ptemp, "%s/%d", dir, number), temp)) {
        return errno;
    }
    return acme_file_remove_tree(temp, ptemp);
}
