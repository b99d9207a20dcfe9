/* SPDX-License-Identifier: Apache-2.0 */

/* RTLD_NEXT is not in POSIX before 2024. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "acme_t_bundle.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>

#include "acme_ctl_request.h"

/* Takes the place of the monotonic clock, which a test sets. */
static apr_time_t monotonic;

/* Takes the place of libc's. Where a time is wider than the system's calls, it
 * has another name. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int (*real)(clockid_t, struct timespec *);
    void *found;

    if (clock == CLOCK_MONOTONIC) {
        ts->tv_sec = (time_t)apr_time_sec(monotonic);
        ts->tv_nsec = (long)apr_time_usec(monotonic) * 1000;
        return 0;
    }
    found = dlsym(RTLD_NEXT, sizeof(time_t) > sizeof(long) ? "__clock_gettime64"
                                                           : "clock_gettime");
    memcpy(&real, &found, sizeof(real));
    return real(clock, ts);
}

typedef struct box_t {
    const char *dir;
    const acme_seal_t *seal;
    acme_ctl_request_dir_t *root;
    acme_ctl_request_dir_t *worker;
} box_t;

static box_t *box_create(apr_pool_t *p)
{
    static const unsigned char secret[ACME_SEAL_SECRET_LEN] = {9};
    box_t *box = apr_pcalloc(p, sizeof(*box));

    box->dir = acme_t_dir(p);
    box->seal = acme_seal_create(secret, p);
    assert_int_equal(mkdir(apr_pstrcat(p, box->dir, "/locks", NULL), 0700), 0);
    assert_int_equal(acme_ctl_request_prepare(box->dir, getegid(), NULL, p), 0);
    box->root = acme_ctl_request_open(box->dir, box->seal, p);
    box->worker = acme_ctl_request_open(box->dir, box->seal, p);
    return box;
}

static acme_ctl_request_t renew(const char *name, int force)
{
    acme_ctl_request_t request;

    memset(&request, 0, sizeof(request));
    request.what = ACME_CTL_RENEW;
    request.name = name;
    request.force = force;
    return request;
}

static apr_array_header_t *read_all(acme_ctl_request_dir_t *ctl_requests,
                                    apr_pool_t *p)
{
    apr_array_header_t *requests;

    assert_int_equal(acme_ctl_request_read(&requests, ctl_requests, NULL, p),
                     0);
    return requests;
}

static void requests_arrive_in_order(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    acme_ctl_request_t first = renew("b.example", 1);
    acme_ctl_request_t second = renew("*.a.example", 0);
    apr_array_header_t *requests;
    const acme_ctl_request_t *read;

    assert_int_equal(read_all(box->worker, p)->nelts, 0);
    assert_int_equal(acme_ctl_request_put(box->root, &first, NULL, p), 0);
    apr_sleep(1000);
    assert_int_equal(acme_ctl_request_put(box->root, &second, NULL, p), 0);
    assert_true(acme_ctl_request_moved(box->worker));
    requests = read_all(box->worker, p);
    assert_int_equal(requests->nelts, 2);
    read = APR_ARRAY_IDX(requests, 0, acme_ctl_request_t *);
    assert_string_equal(read->name, "b.example");
    assert_string_equal(read->id, first.id);
    assert_int_equal(read->what, ACME_CTL_RENEW);
    assert_true(read->force);
    read = APR_ARRAY_IDX(requests, 1, acme_ctl_request_t *);
    assert_string_equal(read->name, "*.a.example");
    assert_false(read->force);
    assert_string_not_equal(first.id, second.id);
}

static void a_newer_request_replaces_and_outlives_the_older(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    acme_ctl_request_t first = renew("a.example", 0);
    acme_ctl_request_t second = renew("a.example", 1);

    assert_int_equal(acme_ctl_request_put(box->root, &first, NULL, p), 0);
    assert_int_equal(acme_ctl_request_put(box->root, &second, NULL, p), 0);
    acme_ctl_request_remove(box->root, &first, p);
    assert_int_equal(read_all(box->worker, p)->nelts, 1);
    acme_ctl_request_remove(box->root, &second, p);
    assert_int_equal(read_all(box->worker, p)->nelts, 0);
}

static void bodies_arrive_and_are_sealed(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    acme_ctl_request_t request = renew("0123", 0);
    acme_json_t *body = acme_json_object(p);
    apr_array_header_t *names;
    const char *secret;
    const acme_ctl_request_t *read;

    acme_json_set_str(body, "key", "VERY SECRET");
    request.what = ACME_CTL_ACCOUNT;
    request.body = body;
    request.csr = "AAAA";
    assert_int_equal(acme_ctl_request_put(box->root, &request, NULL, p), 0);
    read = APR_ARRAY_IDX(read_all(box->worker, p), 0, acme_ctl_request_t *);
    assert_int_equal(acme_json_get_str(&secret, read->body, "key"), 0);
    assert_string_equal(secret, "VERY SECRET");
    assert_string_equal(read->csr, "AAAA");
    assert_int_equal(
        acme_file_list(&names, apr_pstrcat(p, box->dir, "/outbox", NULL), p),
        0);
    assert_null(strstr(
        acme_t_read(apr_pstrcat(p, box->dir, "/outbox/",
                                APR_ARRAY_IDX(names, 0, const char *), NULL),
                    p),
        "SECRET"));
}

static void what_was_not_sealed_here_is_no_request(void **state)
{
    static const unsigned char other[ACME_SEAL_SECRET_LEN] = {8};
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    acme_ctl_request_t request = renew("a.example", 1);
    acme_ctl_request_dir_t *stranger =
        acme_ctl_request_open(box->dir, acme_seal_create(other, p), p);

    acme_t_write(apr_pstrcat(p, box->dir, "/outbox/planted", NULL), "{}", p);
    assert_int_equal(acme_ctl_request_put(stranger, &request, NULL, p), 0);
    assert_int_equal(
        symlink("/etc/passwd", apr_pstrcat(p, box->dir, "/outbox/link", NULL)),
        0);
    assert_int_equal(read_all(box->worker, p)->nelts, 0);
    /* a file that was renamed is another request */
    assert_int_equal(acme_ctl_request_put(box->root, &request, NULL, p), 0);
    assert_int_equal(
        rename(apr_pstrcat(p, box->dir, "/outbox/",
                           acme_file_name_encode("renew a.example", p), NULL),
               apr_pstrcat(p, box->dir, "/outbox/renew%20b", NULL)),
        0);
    assert_int_equal(read_all(box->worker, p)->nelts, 0);
}

/* Each look costs one stat(). It answers no once it is certain that no request
 * was missed. */
static void it_moves_when_something_comes(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    const char *folder = apr_pstrcat(p, box->dir, "/outbox", NULL);
    acme_ctl_request_t request = renew("a.example", 0);
    struct utimbuf old = {1000000000, 1000000000};

    assert_int_equal(utime(folder, &old), 0);
    assert_true(acme_ctl_request_moved(box->worker));
    read_all(box->worker, p);
    assert_false(acme_ctl_request_moved(box->worker));
    assert_int_equal(acme_ctl_request_put(box->root, &request, NULL, p), 0);
    assert_true(acme_ctl_request_moved(box->worker));
    read_all(box->worker, p);
    /* the folder changed so lately that another request may come in the same
     * instant */
    monotonic += apr_time_from_msec(1900);
    read_all(box->worker, p);
    assert_true(acme_ctl_request_moved(box->worker));
    /* whatever the folder's clock says */
    assert_int_equal(utime(folder, &old), 0);
    read_all(box->worker, p);
    assert_true(acme_ctl_request_moved(box->worker));
    monotonic += apr_time_from_msec(2100);
    read_all(box->worker, p);
    assert_false(acme_ctl_request_moved(box->worker));
}

static void a_store_without_one_is_empty(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    acme_ctl_request_dir_t *none =
        acme_ctl_request_open("/nowhere", box->seal, p);

    assert_int_equal(read_all(none, p)->nelts, 0);
    assert_false(acme_ctl_request_moved(none));
    assert_false(acme_ctl_request_attended(none));
}

static void a_worker_is_there_as_long_as_its_pool(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    apr_pool_t *life, *second;

    assert_false(acme_ctl_request_attended(box->root));
    apr_pool_create(&life, p);
    apr_pool_create(&second, p);
    acme_ctl_request_attend(box->worker, life);
    acme_ctl_request_attend(box->worker, second);
    assert_true(acme_ctl_request_attended(box->root));
    apr_pool_destroy(life);
    assert_true(acme_ctl_request_attended(box->root));
    apr_pool_destroy(second);
    assert_false(acme_ctl_request_attended(box->root));
}

static void a_worker_that_dies_is_gone(void **state)
{
    apr_pool_t *p = *state;
    box_t *box = box_create(p);
    int ready[2], status;
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        acme_ctl_request_attend(box->worker, p);
        if (write(ready[1], "x", 1) == 1) {
            pause();
        }
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(acme_ctl_request_attended(box->root));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(acme_ctl_request_attended(box->root));
}

static void the_job_for_a_request_has_a_name_no_site_can_have(void **state)
{
    assert_string_equal(acme_ctl_request_sign_name("a.example", *state),
                        "a.example (csr)");
}

ACME_T_MAIN(ACME_T(requests_arrive_in_order),
            ACME_T(a_newer_request_replaces_and_outlives_the_older),
            ACME_T(bodies_arrive_and_are_sealed),
            ACME_T(what_was_not_sealed_here_is_no_request),
            ACME_T(it_moves_when_something_comes),
            ACME_T(a_store_without_one_is_empty),
            ACME_T(a_worker_is_there_as_long_as_its_pool),
            ACME_T(a_worker_that_dies_is_gone),
            ACME_T(the_job_for_a_request_has_a_name_no_site_can_have))
