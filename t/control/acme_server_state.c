/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_server_state.h"

#define ACME_T_NOW apr_time_from_sec(1767323045)

static const char *folder(apr_pool_t *p)
{
    return mkdtemp(apr_pstrdup(p, "/tmp/acme-state-XXXXXX"));
}

static void comes_back_as_it_was_written(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = folder(p);
    acme_server_state_t written, *read = NULL;

    assert_int_equal(acme_server_state_read(&read, dir, p), APR_ENOENT);
    memset(&written, 0, sizeof(written));
    written.pid = getpid();
    written.loaded = ACME_T_NOW;
    written.user = 33;
    written.unusable = "it is full";
    written.to_fix = "make room";
    written.manual = 1;
    written.pending = 2;
    written.blocked = "a mistake";
    written.blocked_at = ACME_T_NOW + 1000000;
    written.next = ACME_T_NOW + 2000000;
    assert_int_equal(acme_server_state_write(dir, &written, NULL, p), 0);
    assert_int_equal(acme_server_state_read(&read, dir, p), 0);
    assert_int_equal(read->pid, getpid());
    assert_int_equal(read->loaded, ACME_T_NOW);
    assert_int_equal(read->user, 33);
    assert_string_equal(read->unusable, "it is full");
    assert_string_equal(read->to_fix, "make room");
    assert_true(read->manual);
    assert_int_equal(read->pending, 2);
    assert_string_equal(read->blocked, "a mistake");
    assert_int_equal(read->blocked_at, written.blocked_at);
    assert_int_equal(read->next, written.next);
    assert_true(acme_server_state_is_running(read));
    read->pid = 0x3fffffff;
    assert_false(acme_server_state_is_running(read));
    acme_file_remove_tree(dir, p);
}

static void what_is_damaged_is_none(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = folder(p);
    static const char *const texts[] = {"",
                                        "{",
                                        "{}",
                                        "[]",
                                        "{\"format\":1,\"pid\":-1}",
                                        "{\"format\":99,\"pid\":1}"};
    acme_server_state_t *read;
    int i;

    assert_int_equal(
        acme_file_mkdir(apr_pstrcat(p, dir, "/desired", NULL),
                        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE,
                        p),
        0);
    for (i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); ++i) {
        assert_int_equal(
            acme_file_write(apr_pstrcat(p, dir, "/desired/server.json", NULL),
                            texts[i], strlen(texts[i]), APR_FPROT_UREAD,
                            ACME_FILE_LAZY, p),
            0);
        assert_int_equal(acme_server_state_read(&read, dir, p), APR_ENOENT);
    }
    acme_file_remove_tree(dir, p);
}

ACME_T_MAIN(ACME_T(comes_back_as_it_was_written),
            ACME_T(what_is_damaged_is_none))
