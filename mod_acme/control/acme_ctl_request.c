/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ctl_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_key.h"
#include "acme_time.h"

#define FOLDER  "/outbox"
#define WORKER  "/locks/worker"
#define PURPOSE "outbox"

/* Most bytes of a request, and most requests that are read. */
#define REQUEST_MAX  (64 * 1024)
#define REQUESTS_MAX 200000

/* Time after a change of the folder in which another change may leave the same
 * time stamp. */
#define UNSURE apr_time_from_sec(2)

struct acme_ctl_request_dir_t {
    const char *folder;
    const char *worker;
    const acme_seal_t *seal;
    struct timespec seen;
    ino_t inode;
    apr_time_t since; /* when `seen` was first seen, by steady(); 0: never */
    int unsure;       /* nonzero: the folder may have changed since `seen` */
};

static const struct {
    acme_ctl_request_e what;
    const char *name;
} kinds[] = {
    {ACME_CTL_RENEW, "renew"},          {ACME_CTL_SIGN, "sign"},
    {ACME_CTL_ACCOUNT, "account"},      {ACME_CTL_REVOKE, "revoke"},
    {ACME_CTL_RECOVER, "recover"},      {ACME_CTL_ROLLOVER, "rollover"},
    {ACME_CTL_DEACTIVATE, "deactivate"}};

#define N_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

const char *acme_ctl_request_name(acme_ctl_request_e what)
{
    return kinds[what].name;
}

const char *acme_ctl_request_sign_name(const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, name, " (csr)", NULL);
}

const char *acme_ctl_request_dry_name(const char *name, apr_pool_t *p)
{
    return apr_pstrcat(p, name, " (dry run)", NULL);
}

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "%s cannot be read or written: %pm", path, &rv);
}

/* Gives folder and files to the worker's group, because requests may be older
 * than the first start of the server. */
static apr_status_t give(const char *folder, apr_gid_t gid, apr_pool_t *p)
{
    apr_array_header_t *names;
    int i;

    if (lchown(folder, (uid_t)-1, gid)) {
        return errno;
    }
    if (acme_file_list(&names, folder, p) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    for (i = 0; i < names->nelts; ++i) {
        const char *path = apr_pstrcat(
            p, folder, "/", APR_ARRAY_IDX(names, i, const char *), NULL);

        if (lchown(path, (uid_t)-1, gid) && errno != ENOENT) {
            return errno;
        }
    }
    return APR_SUCCESS;
}

apr_status_t acme_ctl_request_prepare(const char *dir, apr_gid_t gid,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    apr_status_t rv =
        acme_file_mkdir(folder,
                        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                            | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                        ptemp);

    if (rv == APR_SUCCESS && geteuid() == 0) {
        rv = give(folder, gid, ptemp);
    }
    return rv == APR_SUCCESS ? rv : failed(problem, rv, folder, ptemp);
}

acme_ctl_request_dir_t *
acme_ctl_request_open(const char *dir, const acme_seal_t *seal, apr_pool_t *p)
{
    acme_ctl_request_dir_t *ctl_requests =
        apr_pcalloc(p, sizeof(*ctl_requests));

    ctl_requests->folder = apr_pstrcat(p, dir, FOLDER, NULL);
    ctl_requests->worker = apr_pstrcat(p, dir, WORKER, NULL);
    ctl_requests->seal = seal;
    ctl_requests->unsure = 1;
    return ctl_requests;
}

static const char *component_of(const acme_ctl_request_t *request,
                                apr_pool_t *p)
{
    return acme_file_name_encode(
        apr_pstrcat(p, kinds[request->what].name, " ", request->name,
                    request->what == ACME_CTL_RENEW && request->body
                        ? " (dry run)"
                        : "",
                    NULL),
        p);
}

static apr_status_t draw_id(const char **id, apr_pool_t *p)
{
    unsigned char bytes[12];
    char *text = apr_palloc(p, sizeof(bytes) * 2 + 1);
    int i;
    apr_status_t rv = acme_key_random(bytes, sizeof(bytes));

    for (i = 0; i < (int)sizeof(bytes); ++i) {
        apr_snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    *id = text;
    return rv;
}

static const char *print(const acme_ctl_request_t *request, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "what", kinds[request->what].name);
    acme_json_set_str(json, "name", request->name);
    acme_json_set_str(json, "id", request->id);
    acme_json_set_time(json, "when", request->when);
    acme_json_set_bool(json, "force", request->force);
    acme_json_set_str(json, "csr", request->csr);
    acme_json_set(json, "body", request->body);
    return acme_json_print(json, 0, p);
}

apr_status_t acme_ctl_request_put(acme_ctl_request_dir_t *ctl_requests,
                                  acme_ctl_request_t *request,
                                  acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *component = component_of(request, ptemp);
    const char *path =
        apr_pstrcat(ptemp, ctl_requests->folder, "/", component, NULL);
    const acme_seal_label_t label = {.purpose = PURPOSE, .name = component};
    const char *text;
    unsigned char *sealed;
    apr_size_t len;
    apr_gid_t gid = ACME_FILE_ANY_GROUP;
    struct stat st;
    apr_status_t rv = draw_id(&request->id, ptemp);

    if (rv != APR_SUCCESS) {
        return failed(problem, rv, path, ptemp);
    }
    request->when = apr_time_now();
    text = print(request, ptemp);
    rv = acme_seal(&sealed, &len, ctl_requests->seal, &label, text,
                   strlen(text), problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* Readable by the group from the moment that it has its name, because one
     * that cannot be read is taken for one that was withdrawn. */
    if (geteuid() == 0 && stat(ctl_requests->folder, &st) == 0) {
        gid = st.st_gid;
    }
    rv = acme_file_write_for(gid, path, sealed, len,
                             APR_FPROT_UREAD | APR_FPROT_UWRITE
                                 | APR_FPROT_GREAD,
                             ACME_FILE_SYNC, ptemp);
    return rv == APR_SUCCESS ? rv : failed(problem, rv, path, ptemp);
}

static acme_ctl_request_t *parse(const char *text, apr_size_t len,
                                 apr_pool_t *p)
{
    acme_ctl_request_t *request = apr_pcalloc(p, sizeof(*request));
    acme_json_t *json, *body;
    const char *what;
    int i;

    if (acme_json_parse(&json, text, len, NULL, p) != APR_SUCCESS
        || acme_json_get_str(&what, json, "what") != APR_SUCCESS
        || acme_json_get_str(&request->name, json, "name") != APR_SUCCESS
        || acme_json_get_str(&request->id, json, "id") != APR_SUCCESS
        || acme_json_get_time(&request->when, json, "when") != APR_SUCCESS) {
        return NULL;
    }
    (void)acme_json_get_bool(&request->force, json, "force");
    (void)acme_json_get_str(&request->csr, json, "csr");
    if (acme_json_get(&body, json, "body") == APR_SUCCESS) {
        request->body = body;
    }
    for (i = 0; i < N_KINDS; ++i) {
        if (strcmp(what, kinds[i].name) == 0) {
            request->what = kinds[i].what;
            return request;
        }
    }
    return NULL;
}

static acme_ctl_request_t *read_one(const acme_ctl_request_dir_t *ctl_requests,
                                    const char *component, apr_pool_t *p)
{
    const char *path =
        apr_pstrcat(p, ctl_requests->folder, "/", component, NULL);
    const acme_seal_label_t label = {.purpose = PURPOSE, .name = component};
    char *sealed, *text;
    apr_size_t len;

    if (acme_file_read(&sealed, &len, path, REQUEST_MAX, p) != APR_SUCCESS
        || acme_seal_open(&text, &len, ctl_requests->seal, &label, sealed, len,
                          NULL, p)
               != APR_SUCCESS) {
        return NULL;
    }
    return parse(text, len, p);
}

void acme_ctl_request_remove(acme_ctl_request_dir_t *ctl_requests,
                             const acme_ctl_request_t *request,
                             apr_pool_t *ptemp)
{
    const char *component = component_of(request, ptemp);
    const acme_ctl_request_t *there = read_one(ctl_requests, component, ptemp);

    if (there && strcmp(there->id, request->id) == 0) {
        apr_file_remove(
            apr_pstrcat(ptemp, ctl_requests->folder, "/", component, NULL),
            ptemp);
    }
}

/* Returns non-zero when the folder has changed since it was read. */
static int is_other(const acme_ctl_request_dir_t *ctl_requests,
                    const struct stat *st)
{
    return st->st_ino != ctl_requests->inode
           || st->st_mtim.tv_sec != ctl_requests->seen.tv_sec
           || st->st_mtim.tv_nsec != ctl_requests->seen.tv_nsec;
}

int acme_ctl_request_moved(acme_ctl_request_dir_t *ctl_requests)
{
    struct stat st;

    if (stat(ctl_requests->folder, &st)) {
        return 0;
    }
    return ctl_requests->unsure || is_other(ctl_requests, &st);
}

/* Returns the time of a clock that is never set. */
static apr_time_t steady(void)
{
    struct timespec t = {0, 0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    /* Stay above 0 and UNSURE even right after the boot. */
    return apr_time_make(t.tv_sec, t.tv_nsec / 1000) + UNSURE + 1;
}

/* Notes the time stamp of the folder before it is listed, so that a later
 * change is seen. The time stamp may be of another clock (a file server's, or
 * ours before it was set), so it is only used to see that the folder was old
 * before we came. */
static void note_time(acme_ctl_request_dir_t *ctl_requests)
{
    apr_time_t now = steady();
    int first = ctl_requests->since == 0;
    struct stat st;

    if (stat(ctl_requests->folder, &st)) {
        ctl_requests->unsure = 0;
        ctl_requests->inode = 0;
        ctl_requests->since = now;
        return;
    }
    if (first || is_other(ctl_requests, &st)) {
        ctl_requests->since = now;
    }
    if (first
        && apr_time_from_sec(st.st_mtim.tv_sec) < apr_time_now() - UNSURE) {
        ctl_requests->since = now - UNSURE;
    }
    ctl_requests->seen = st.st_mtim;
    ctl_requests->inode = st.st_ino;
    ctl_requests->unsure = now - ctl_requests->since < UNSURE;
}

void acme_ctl_request_again(acme_ctl_request_dir_t *ctl_requests)
{
    ctl_requests->unsure = 1;
}

static int by_time(const void *a, const void *b)
{
    const acme_ctl_request_t *left = *(const acme_ctl_request_t *const *)a;
    const acme_ctl_request_t *right = *(const acme_ctl_request_t *const *)b;

    return left->when < right->when ? -1 : left->when > right->when;
}

apr_status_t acme_ctl_request_read(apr_array_header_t **requests,
                                   acme_ctl_request_dir_t *ctl_requests,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *names;
    acme_ctl_request_t *request;
    apr_status_t rv;
    int i;

    *requests = apr_array_make(p, 4, sizeof(acme_ctl_request_t *));
    note_time(ctl_requests);
    rv = acme_file_list(&names, ctl_requests->folder, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, ctl_requests->folder, p);
    }
    for (i = 0; i < names->nelts && i < REQUESTS_MAX; ++i) {
        request =
            read_one(ctl_requests, APR_ARRAY_IDX(names, i, const char *), p);
        if (request) {
            APR_ARRAY_PUSH(*requests, acme_ctl_request_t *) = request;
        }
    }
    qsort((*requests)->elts, (size_t)(*requests)->nelts,
          sizeof(acme_ctl_request_t *), by_time);
    return APR_SUCCESS;
}

static apr_status_t close_fd(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

void acme_ctl_request_attend(const acme_ctl_request_dir_t *ctl_requests,
                             apr_pool_t *p)
{
    int fd = open(ctl_requests->worker,
                  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd < 0) {
        /* A read-only file system stops work, but not the sign of life. */
        fd = open(ctl_requests->worker,
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd < 0) {
        return;
    }
    /* Share the lock, because workers of two process generations may run for a
     * while. */
    if (flock(fd, LOCK_SH | LOCK_NB)) {
        close(fd);
        return;
    }
    apr_pool_cleanup_register(p, (void *)(intptr_t)fd, close_fd,
                              apr_pool_cleanup_null);
}

int acme_ctl_request_attended(const acme_ctl_request_dir_t *ctl_requests)
{
    int fd = open(ctl_requests->worker,
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int busy;

    if (fd < 0) {
        return 0;
    }
    busy = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return busy;
}
