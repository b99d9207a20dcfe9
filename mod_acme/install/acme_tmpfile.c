/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_tmpfile.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"

/* The value of MFD_CLOEXEC, because not every libc defines it. */
#define CLOSE_ON_EXEC 1U

struct acme_tmpfile_t {
    apr_pool_t *p;
    const char *const *next; /* places that were not tried yet */
    const char *place;       /* the one in use, or NULL */
    const char *dir;         /* our folder in it */
};

const char *const *acme_tmpfile_places(const char *dir, apr_pool_t *p)
{
    const char **places = apr_pcalloc(p, 5 * sizeof(*places));
    int n = 0;

    if (dir) {
        places[n++] = dir;
    }
    /* Both are in memory on most systems, each a file system of its own. */
    places[n++] = "/dev/shm";
    places[n++] = "/run";
    apr_temp_dir_get(&places[n], p);
    return places;
}

acme_tmpfile_t *acme_tmpfile_create(const char *const *places, apr_pool_t *p)
{
    acme_tmpfile_t *tmp = apr_pcalloc(p, sizeof(*tmp));

    tmp->p = p;
    tmp->next = places;
    return tmp;
}

static apr_status_t remove_dir(void *dir)
{
    apr_pool_t *ptemp;

    if (apr_pool_create(&ptemp, NULL) == APR_SUCCESS) {
        acme_file_remove_tree(dir, ptemp);
        apr_pool_destroy(ptemp);
    }
    return APR_SUCCESS;
}

/* Makes a folder in the next place. */
static apr_status_t advance(acme_tmpfile_t *tmp)
{
    char *dir;

    tmp->place = *tmp->next++;
    dir =
        apr_pstrcat(tmp->p, tmp->place, "/" ACME_TMPFILE_PREFIX "XXXXXX", NULL);
    if (!mkdtemp(dir)) {
        tmp->place = NULL;
        return apr_get_os_error();
    }
    apr_pool_cleanup_register(tmp->p, dir, remove_dir, apr_pool_cleanup_null);
    tmp->dir = dir;
    return APR_SUCCESS;
}

static apr_status_t write_file(const char **path, const acme_tmpfile_t *tmp,
                               const char *name, const char *text,
                               apr_pool_t *p)
{
    *path = apr_pstrcat(p, tmp->dir, "/", name, NULL);
    return acme_file_write(*path, text, strlen(text),
                           APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_LAZY,
                           p);
}

#if defined(__linux__) && defined(SYS_memfd_create)
static apr_status_t close_memory(void *data)
{
    close(*(int *)data);
    return APR_SUCCESS;
}

static apr_status_t write_memory(const char **path, apr_pool_t *p,
                                 const char *text, apr_pool_t *pscratch)
{
    int *fd = apr_palloc(pscratch, sizeof(*fd));
    apr_size_t len = strlen(text);

    *fd = (int)syscall(SYS_memfd_create, "placeholder", CLOSE_ON_EXEC);
    if (*fd < 0) {
        return apr_get_os_error();
    }
    apr_pool_cleanup_register(pscratch, fd, close_memory,
                              apr_pool_cleanup_null);
    if (write(*fd, text, len) != (ssize_t)len) {
        return APR_EGENERAL;
    }
    *path = apr_psprintf(p, "/proc/self/fd/%d", *fd);
    return access(*path, R_OK) ? apr_get_os_error() : APR_SUCCESS;
}
#else
static apr_status_t write_memory(const char **path, apr_pool_t *p,
                                 const char *text, apr_pool_t *pscratch)
{
    (void)path;
    (void)p;
    (void)text;
    (void)pscratch;
    return APR_ENOTIMPL;
}
#endif

apr_status_t acme_tmpfile_write(const char **path, acme_tmpfile_t *tmp,
                                const char *name, const char *text,
                                acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t first = APR_SUCCESS;
    const char *first_place = "memory";
    apr_status_t rv;

    while (tmp->place || *tmp->next) {
        const char *place = tmp->place ? tmp->place : *tmp->next;

        rv = tmp->place ? APR_SUCCESS : advance(tmp);
        if (rv == APR_SUCCESS) {
            rv = write_file(path, tmp, name, text, p);
        }
        if (rv == APR_SUCCESS) {
            return rv;
        }
        tmp->place = NULL;
        if (first == APR_SUCCESS) {
            first = rv;
            first_place = place;
        }
    }
    rv = write_memory(path, p, text, tmp->p);
    if (rv == APR_SUCCESS) {
        return rv;
    }
    first = first ? first : rv;
    return acme_problem_set(problem, first, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "%s cannot be written in %s, nor anywhere else: "
                            "%pm",
                            name, first_place, &first);
}
