/* SPDX-License-Identifier: Apache-2.0 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_owned.h"
#include "acme_store_fs_spare.h"

#define SPARE_MAX 256

/* A ring of spare files. The oldest is written first, so that a process that
 * still reads it has had time to finish. */
struct acme_store_fs_spare_t {
    const char *stem; /* of the paths; a number follows */
    apr_uint32_t numbers[SPARE_MAX];
    apr_uint32_t next;
    int first;
    int count;
    apr_pool_t *p;
};

static apr_status_t cleanup(void *data)
{
    acme_store_fs_spare_drop(data);
    return APR_SUCCESS;
}

acme_store_fs_spare_t *acme_store_fs_spare_create(const char *folder,
                                                  apr_pool_t *p)
{
    acme_store_fs_spare_t *spare = apr_pcalloc(p, sizeof(*spare));
    apr_uint64_t own = 0;

    /* Use random names, because another process may have spare files, too. */
    if (apr_generate_random_bytes((unsigned char *)&own, sizeof(own))
        != APR_SUCCESS) {
        own = (apr_uint64_t)apr_time_now() ^ (apr_uint64_t)getpid() << 40;
    }
    spare->stem =
        apr_psprintf(p, "%s/" ACME_FILE_TEMP "spare-%" APR_UINT64_T_HEX_FMT "-",
                     folder, own);
    spare->p = p;
    apr_pool_cleanup_register(p, spare, cleanup, apr_pool_cleanup_null);
    return spare;
}

static const char *path_of(const acme_store_fs_spare_t *spare,
                           apr_uint32_t number, apr_pool_t *p)
{
    return apr_psprintf(p, "%s%u", spare->stem, number);
}

static void push(acme_store_fs_spare_t *spare, apr_uint32_t number)
{
    spare->numbers[(spare->first + spare->count) % SPARE_MAX] = number;
    spare->count++;
}

static apr_uint32_t shift(acme_store_fs_spare_t *spare)
{
    apr_uint32_t number = spare->numbers[spare->first];

    spare->first = (spare->first + 1) % SPARE_MAX;
    spare->count--;
    return number;
}

/* Returns non-zero for a regular file without other links. Another program of
 * our user may have put a link in the place of an item. */
static int is_ours(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_nlink == 1 && acme_owned(st);
}

apr_status_t acme_store_fs_spare_keep(acme_store_fs_spare_t *spare,
                                      const char *path, apr_pool_t *ptemp)
{
    struct stat st;

    if (spare->count == SPARE_MAX) {
        return APR_ENOSPC;
    }
    if (lstat(path, &st) != 0) {
        return errno;
    }
    if (!is_ours(&st)) {
        return APR_EINVAL;
    }
    if (rename(path, path_of(spare, spare->next, ptemp)) != 0) {
        return errno;
    }
    push(spare, spare->next++);
    return APR_SUCCESS;
}

/* Opens the oldest spare file that is still a file of ours. */
static int open_oldest(acme_store_fs_spare_t *spare, apr_uint32_t *number,
                       struct stat *st, apr_pool_t *p)
{
    const char *path;
    int fd;

    while (spare->count > 0) {
        *number = shift(spare);
        path = path_of(spare, *number, p);
        do {
            fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        } while (fd < 0 && errno == EINTR);
        if (fd >= 0 && fstat(fd, st) == 0 && is_ours(st)
            && ((st->st_mode & 07777) == (S_IRUSR | S_IWUSR)
                || fchmod(fd, S_IRUSR | S_IWUSR) == 0)) {
            return fd;
        }
        if (fd >= 0) {
            close(fd);
        }
        (void)unlink(path);
    }
    return -1;
}

/* Writes a file over its old content, and cuts off the rest. Does not empty the
 * file first, because some file systems then write it to disk at once. */
static apr_status_t fill(int fd, const char *data, apr_size_t len,
                         const struct stat *st)
{
    apr_size_t done = 0;

    while (done < len) {
        ssize_t wrote = pwrite(fd, data + done, len - done, (off_t)done);

        if (wrote < 0 && errno != EINTR) {
            return errno;
        }
        done += wrote > 0 ? (apr_size_t)wrote : 0;
    }
    if ((apr_uint64_t)st->st_size > len && ftruncate(fd, (off_t)len) != 0) {
        return errno;
    }
    return APR_SUCCESS;
}

/* Renames a spare file to the path of an item. If the system can exchange two
 * files, the old file of the item becomes a spare file. */
static apr_status_t place(acme_store_fs_spare_t *spare, apr_uint32_t number,
                          int fd, const char *from, const char *to)
{
#ifdef RENAME_EXCHANGE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0) {
        push(spare, number);
#ifdef SYNC_FILE_RANGE_WRITE
        /* Start to write the new file to disk, because the old one will be
         * overwritten soon. */
        (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
        return APR_SUCCESS;
    }
#endif
    (void)spare;
    (void)number;
    (void)fd;
    return rename(from, to) == 0 ? APR_SUCCESS : errno;
}

apr_status_t acme_store_fs_spare_write(acme_store_fs_spare_t *spare,
                                       const char *path, const void *data,
                                       apr_size_t len, acme_store_sync_e sync,
                                       apr_pool_t *ptemp)
{
    const char *from, *folder;
    apr_uint32_t number;
    apr_status_t rv;
    struct stat st;
    int fd = open_oldest(spare, &number, &st, ptemp);

    if (fd < 0) {
        return APR_ENOENT;
    }
    from = path_of(spare, number, ptemp);
    rv = fill(fd, data, len, &st);
    if (rv == APR_SUCCESS && sync == ACME_STORE_SYNC && fsync(fd) != 0) {
        rv = errno;
    }
    if (rv == APR_SUCCESS) {
        rv = place(spare, number, fd, from, path);
    }
    if (rv != APR_SUCCESS) {
        (void)unlink(from);
    }
    close(fd);
    if (rv == APR_SUCCESS && sync == ACME_STORE_SYNC) {
        folder = apr_pstrmemdup(ptemp, path,
                                (apr_size_t)(strrchr(path, '/') - path));
        rv = acme_file_sync_dir(folder, ptemp);
    }
    return rv;
}

void acme_store_fs_spare_drop(acme_store_fs_spare_t *spare)
{
    apr_pool_t *ptemp;

    if (spare->count == 0) {
        return;
    }
    apr_pool_create(&ptemp, spare->p);
    while (spare->count > 0) {
        (void)unlink(path_of(spare, shift(spare), ptemp));
    }
    apr_pool_destroy(ptemp);
}
