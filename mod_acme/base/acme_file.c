/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_file.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_portable.h>
#include <apr_strings.h>

/* Limits the depth of a folder that is removed, because each level keeps a file
 * descriptor open. No folder of the store is that deep. */
#define MAX_DEPTH 32

/* A temporary file that is so many seconds old has lost its writer. */
#define TEMP_AGE 3600

/* ---- reading ------------------------------------------------------------ */

static apr_status_t open_regular(int *fd, apr_off_t *size, const char *path,
                                 int flags)
{
    struct stat st;
    apr_status_t rv;

    /* O_NONBLOCK, because opening a FIFO would wait for a writer. */
    do {
        *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
    } while (*fd < 0 && errno == EINTR);
    if (*fd < 0) {
        if (errno == ENXIO || errno == EOPNOTSUPP) {
            return APR_EINVAL; /* a socket */
        }
        return errno == EMLINK ? ELOOP : errno; /* FreeBSD says EMLINK */
    }
    rv = fstat(*fd, &st) ? errno : APR_SUCCESS;
    if (rv == APR_SUCCESS && !S_ISREG(st.st_mode)) {
        rv = APR_EINVAL;
    }
    if (rv != APR_SUCCESS) {
        close(*fd);
        return rv;
    }
    *size = st.st_size;
    return APR_SUCCESS;
}

/* Reads to the end of the file, because its size may change meanwhile. */
static apr_status_t read_all(char **data, apr_size_t *len, int fd,
                             apr_size_t size, apr_size_t max, apr_pool_t *p)
{
    apr_size_t room = size + 1; /* one more, to notice the end */
    apr_size_t n = 0;
    char *buffer = apr_palloc(p, room + 1);

    while (1) {
        ssize_t got = read(fd, buffer + n, room - n);

        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        if (got == 0) {
            break;
        }
        n += (apr_size_t)got;
        if (n > max) {
            return EFBIG;
        }
        if (n == room) {
            char *larger;

            room = room < max / 2 ? 2 * room + 1024 : max + 1;
            larger = apr_palloc(p, room + 1);
            memcpy(larger, buffer, n);
            buffer = larger;
        }
    }
    buffer[n] = '\0';
    *data = buffer;
    *len = n;
    return APR_SUCCESS;
}

static apr_status_t read_file(char **data, apr_size_t *len, const char *path,
                              apr_size_t max, int flags, apr_pool_t *p)
{
    int fd;
    apr_off_t size = 0;
    apr_status_t rv = open_regular(&fd, &size, path, flags);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((apr_uint64_t)size > max) {
        rv = EFBIG;
    }
    else {
        rv = read_all(data, len, fd, (apr_size_t)size, max, p);
    }
    close(fd);
    return rv;
}

apr_status_t acme_file_read(char **data, apr_size_t *len, const char *path,
                            apr_size_t max, apr_pool_t *p)
{
    return read_file(data, len, path, max, O_NOFOLLOW, p);
}

apr_status_t acme_file_read_linked(char **data, apr_size_t *len,
                                   const char *path, apr_size_t max,
                                   apr_pool_t *p)
{
    return read_file(data, len, path, max, 0, p);
}

/* ---- writing ------------------------------------------------------------ */

/* Returns the folder of a path, with the slash at its end; "" for the current
 * folder. */
static const char *folder_of(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    return slash ? apr_pstrmemdup(p, path, (apr_size_t)(slash + 1 - path)) : "";
}

/* Converts APR's permission bits (hexadecimal digits) to those of the system
 * (octal digits). */
static mode_t to_mode(apr_fileperms_t perms)
{
    mode_t mode =
        (mode_t)((perms & 0x700) >> 2 | (perms & 0x70) >> 1 | (perms & 0x7));

    if (perms & APR_FPROT_USETID) {
        mode |= S_ISUID;
    }
    if (perms & APR_FPROT_GSETID) {
        mode |= S_ISGID;
    }
    if (perms & APR_FPROT_WSTICKY) {
        mode |= S_ISVTX;
    }
    return mode;
}

apr_status_t acme_file_sync_dir(const char *path, apr_pool_t *ptemp)
{
    apr_status_t rv = APR_SUCCESS;
    int fd;

    (void)ptemp;
    do {
        fd = open(*path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return errno;
    }
    /* Ignore EINVAL, with which file systems say that they sync no folders. */
    if (fsync(fd) && errno != EINVAL) {
        rv = errno;
    }
    close(fd);
    return rv;
}

static apr_status_t write_temp(apr_file_t *file, const void *data,
                               apr_size_t len, apr_fileperms_t mode,
                               apr_gid_t gid, acme_file_sync_e sync)
{
    apr_os_file_t fd;
    apr_status_t rv = apr_os_file_get(&fd, file);

    /* Set the permissions last, so that the file is 0600 until it is complete.
     */
    if (rv == APR_SUCCESS && len) {
        rv = apr_file_write_full(file, data, len, NULL);
    }
    if (rv == APR_SUCCESS && gid != ACME_FILE_ANY_GROUP
        && fchown(fd, (uid_t)-1, gid)) {
        rv = errno;
    }
    if (rv == APR_SUCCESS && fchmod(fd, to_mode(mode))) {
        rv = errno;
    }
    if (rv == APR_SUCCESS && sync == ACME_FILE_SYNC) {
        rv = apr_file_sync(file);
    }
    return rv;
}

/* Renames a temporary file to path; removes it when that fails. */
static apr_status_t flip(const char *temp, const char *path, const char *folder,
                         acme_file_sync_e sync, apr_pool_t *ptemp)
{
    apr_status_t rv = apr_file_rename(temp, path, ptemp);

    if (rv != APR_SUCCESS) {
        unlink(temp);
        return rv;
    }
    return sync == ACME_FILE_SYNC ? acme_file_sync_dir(folder, ptemp)
                                  : APR_SUCCESS;
}

apr_status_t acme_file_write(const char *path, const void *data, apr_size_t len,
                             apr_fileperms_t mode, acme_file_sync_e sync,
                             apr_pool_t *ptemp)
{
    return acme_file_write_for(ACME_FILE_ANY_GROUP, path, data, len, mode, sync,
                               ptemp);
}

apr_status_t acme_file_write_for(apr_gid_t gid, const char *path,
                                 const void *data, apr_size_t len,
                                 apr_fileperms_t mode, acme_file_sync_e sync,
                                 apr_pool_t *ptemp)
{
    const char *folder = folder_of(path, ptemp);
    char *temp = apr_pstrcat(ptemp, folder, ACME_FILE_TEMP "XXXXXX", NULL);
    apr_file_t *file;
    apr_status_t rv;
    apr_status_t closed;

    rv = apr_file_mktemp(&file, temp,
                         APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL
                             | APR_FOPEN_BINARY,
                         ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = write_temp(file, data, len, mode, gid, sync);
    closed = apr_file_close(file);
    if (rv == APR_SUCCESS) {
        rv = closed;
    }
    if (rv != APR_SUCCESS) {
        unlink(temp);
        return rv;
    }
    return flip(temp, path, folder, sync, ptemp);
}

apr_status_t acme_file_share(apr_gid_t gid, const char *path, const void *data,
                             apr_size_t len, apr_pool_t *ptemp)
{
    const char *folder = folder_of(path, ptemp);
    apr_status_t rv =
        acme_file_mkdir(folder,
                        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                            | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                        ptemp);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (geteuid() != 0) {
        gid = ACME_FILE_ANY_GROUP;
    }
    else if (lchown(folder, (uid_t)-1, gid)) {
        return errno;
    }
    return acme_file_write_for(gid, path, data, len,
                               APR_FPROT_UREAD | APR_FPROT_UWRITE
                                   | APR_FPROT_GREAD,
                               ACME_FILE_LAZY, ptemp);
}

apr_status_t acme_file_link(const char *path, const char *target,
                            acme_file_sync_e sync, apr_pool_t *ptemp)
{
    const char *folder = folder_of(path, ptemp);
    const char *temp;
    apr_uint64_t number;
    apr_status_t rv;
    int tries = 0;

    do {
        rv =
            apr_generate_random_bytes((unsigned char *)&number, sizeof(number));
        if (rv != APR_SUCCESS) {
            return rv;
        }
        temp = apr_psprintf(ptemp, "%s" ACME_FILE_TEMP "%" APR_UINT64_T_HEX_FMT,
                            folder, number);
        rv = symlink(target, temp) ? errno : APR_SUCCESS;
    } while (rv == EEXIST && ++tries < 10);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return flip(temp, path, folder, sync, ptemp);
}

apr_status_t acme_file_mkdir(const char *path, apr_fileperms_t mode,
                             apr_pool_t *ptemp)
{
    apr_finfo_t finfo;
    apr_status_t rv;
    int fd;

    if (mkdir(path, to_mode(mode))) {
        if (errno != EEXIST) {
            return errno;
        }
        rv = apr_stat(&finfo, path, APR_FINFO_LINK | APR_FINFO_TYPE, ptemp);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        return finfo.filetype == APR_DIR ? APR_SUCCESS : APR_ENOTDIR;
    }
    /* Set the mode again, because the umask has removed bits. */
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    rv = fd < 0 || fchmod(fd, to_mode(mode)) ? errno : APR_SUCCESS;
    if (fd >= 0) {
        close(fd);
    }
    return rv;
}

/* ---- folders ------------------------------------------------------------ */

apr_status_t acme_file_list(apr_array_header_t **names, const char *path,
                            apr_pool_t *p)
{
    apr_array_header_t *result = apr_array_make(p, 16, sizeof(const char *));
    apr_finfo_t finfo;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, path, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while ((rv = apr_dir_read(&finfo, APR_FINFO_NAME, dir)) == APR_SUCCESS) {
        if (strcmp(finfo.name, ".") && strcmp(finfo.name, "..")) {
            APR_ARRAY_PUSH(result, const char *) = apr_pstrdup(p, finfo.name);
        }
    }
    apr_dir_close(dir);
    if (!APR_STATUS_IS_ENOENT(rv)) {
        return rv; /* ENOENT is the end of the list */
    }
    *names = result;
    return APR_SUCCESS;
}

static apr_status_t empty_dir(int fd, int depth, apr_pool_t *ptemp);

/* Removes a folder by its name in the folder `at`, or by a path. */
static apr_status_t remove_dir(int at, const char *name, int depth,
                               apr_pool_t *ptemp)
{
    apr_status_t rv;
    int fd;

    if (depth > MAX_DEPTH) {
        return APR_ENOTEMPTY;
    }
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ELOOP || errno == EMLINK ? APR_ENOTDIR : errno;
    }
    rv = empty_dir(fd, depth, ptemp);
    if (rv == APR_SUCCESS && unlinkat(at, name, AT_REMOVEDIR)) {
        rv = errno;
    }
    return rv;
}

static apr_status_t remove_entry(int at, const char *name, int depth,
                                 apr_pool_t *ptemp)
{
    struct stat st;
    apr_status_t rv = APR_SUCCESS;

    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW)) {
        rv = errno;
    }
    else if (S_ISDIR(st.st_mode)) {
        rv = remove_dir(at, name, depth + 1, ptemp);
    }
    else if (unlinkat(at, name, 0)) {
        rv = errno;
    }
    /* Ignore ENOENT: another process has removed it. */
    return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
}

/* Removes all that is in a folder, and closes fd. Reads all names before it
 * removes the first, because it is undefined what readdir() returns while files
 * are removed. */
static apr_status_t empty_dir(int fd, int depth, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    struct dirent *entry;
    apr_pool_t *p;
    apr_status_t rv;
    DIR *dir = fdopendir(fd);
    int i;

    if (!dir) {
        rv = errno;
        close(fd);
        return rv;
    }
    apr_pool_create(&p, ptemp);
    names = apr_array_make(p, 16, sizeof(const char *));
    errno = 0;
    entry = readdir(dir);
    while (entry) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, entry->d_name);
        }
        errno = 0;
        entry = readdir(dir);
    }
    rv = errno;
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; ++i) {
        rv = remove_entry(dirfd(dir), APR_ARRAY_IDX(names, i, const char *),
                          depth, p);
    }
    closedir(dir);
    apr_pool_destroy(p);
    return rv;
}

apr_status_t acme_file_remove_tree(const char *path, apr_pool_t *ptemp)
{
    return remove_dir(AT_FDCWD, path, 0, ptemp);
}

void acme_file_sweep(const char *path, apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    struct stat st;
    int i;

    if (acme_file_list(&names, path, ptemp) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *temp;

        if (strncmp(name, ACME_FILE_TEMP, strlen(ACME_FILE_TEMP)) != 0) {
            continue;
        }
        temp = apr_pstrcat(ptemp, path, "/", name, NULL);
        if (lstat(temp, &st) || st.st_mtime >= time(NULL) - TEMP_AGE) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            (void)acme_file_remove_tree(temp, ptemp);
        }
        else {
            (void)unlink(temp);
        }
    }
}
