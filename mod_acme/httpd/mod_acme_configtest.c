/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_configtest.h"

#include <signal.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "mod_acme_configtest_extra.h"
#include "mod_acme_process.h"

/* The most of the test's output that is shown: the end, where httpd names the
 * mistake. */
#define MAX_WORDS 1200

struct acme_configtest_t {
    server_rec *server;
    const char *dir;
    const char *variable; /* in its environment, or NULL */
    apr_pool_t *pconf;
    apr_pool_t *p; /* of the current run */
    acme_configtest_e state;
    apr_proc_t *proc;
    apr_file_t *output;
    apr_time_t started;
    const char *words;
    void (*ended)(void *baton);
    void *baton;
    pid_t owner;
};

static apr_status_t abandon(void *data)
{
    acme_configtest_t *test = data;

    /* Only the process that started the test kills it, because a child that
     * ends clears its copy of pconf, too. */
    if (test->state == ACME_CONFIGTEST_RUNNING && test->owner == getpid()) {
        kill(test->proc->pid, SIGKILL);
        apr_proc_other_child_unregister(test);
        /* Wait for the process, because the server would log an unknown child
         * otherwise. */
        apr_proc_wait(test->proc, NULL, NULL, APR_WAIT);
    }
    return APR_SUCCESS;
}

acme_configtest_t *mod_acme_configtest_create(server_rec *s, const char *dir,
                                              void (*ended)(void *baton),
                                              void *baton, apr_pool_t *pconf)
{
    acme_configtest_t *test = apr_pcalloc(pconf, sizeof(*test));

    test->server = s;
    test->dir = dir;
    test->ended = ended;
    test->owner = getpid();
    test->baton = baton;
    test->pconf = pconf;
    apr_pool_create(&test->p, pconf);
    apr_pool_pre_cleanup_register(pconf, test, abandon);
    return test;
}

void mod_acme_configtest_set(acme_configtest_t *test, const char *variable)
{
    test->variable = variable;
}

/* Returns the end of the test's output as one line for the log. */
static const char *read_words(acme_configtest_t *test)
{
    char buffer[MAX_WORDS + 1];
    apr_size_t len = MAX_WORDS;
    apr_off_t size = 0;
    apr_off_t start;
    char *words = buffer;
    char *c;

    if (apr_file_seek(test->output, APR_END, &size)) {
        return "it printed nothing";
    }
    start = size > MAX_WORDS ? size - MAX_WORDS : 0;
    if (apr_file_seek(test->output, APR_SET, &start)
        || apr_file_read(test->output, buffer, &len)) {
        return "it printed nothing";
    }
    buffer[len] = '\0';
    if (start && strchr(buffer, '\n')) {
        words = strchr(buffer, '\n') + 1;
    }
    for (c = words; *c; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c == 127) {
            *c = ' ';
        }
    }
    while (c > words && c[-1] == ' ') {
        *--c = '\0';
    }
    return apr_pstrdup(test->p, words);
}

static void maintain(int reason, void *data, int status)
{
    acme_configtest_t *test = data;

    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST) {
        return;
    }
    apr_proc_other_child_unregister(test);
    if (reason == APR_OC_REASON_DEATH && status == 0) {
        test->state = ACME_CONFIGTEST_PASSED;
    }
    else {
        test->state = ACME_CONFIGTEST_FAILED;
        if (!test->words) {
            test->words = read_words(test);
        }
    }
    test->ended(test->baton);
}

/* Opens a file without a name for the output, because the test then never waits
 * for us to read, and no file is left behind. */
static apr_status_t open_output(acme_configtest_t *test)
{
    char *path = apr_pstrcat(test->p, test->dir, "/configtest.XXXXXX", NULL);
    apr_status_t rv = apr_file_mktemp(&test->output, path,
                                      APR_FOPEN_CREATE | APR_FOPEN_EXCL
                                          | APR_FOPEN_READ | APR_FOPEN_WRITE,
                                      test->p);

    if (!rv) {
        apr_file_remove(path, test->p);
    }
    return rv;
}

static apr_status_t spawn(acme_configtest_t *test, const char *const *args)
{
    const acme_process_t *process = mod_acme_process_get(test->server->process);
    apr_procattr_t *attr;
    apr_status_t rv = apr_procattr_create(&attr, test->p);

    if (!rv) {
        rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM);
    }
    if (!rv) {
        rv = apr_procattr_io_set(attr, APR_NO_PIPE, APR_NO_FILE, APR_NO_FILE);
    }
    if (!rv) {
        rv = apr_procattr_child_out_set(attr, test->output, NULL);
    }
    if (!rv) {
        rv = apr_procattr_child_err_set(attr, test->output, NULL);
    }
    if (!rv && process->folder) {
        rv = apr_procattr_dir_set(attr, process->folder);
    }
    if (!rv) {
        test->proc = apr_pcalloc(test->p, sizeof(*test->proc));
        rv = apr_proc_create(
            test->proc, process->program, args,
            mod_acme_configtest_extra_env(test->variable, test->p), attr,
            test->p);
    }
    return rv;
}

void mod_acme_configtest_start(acme_configtest_t *test, apr_time_t now)
{
    const char *const *args;
    apr_status_t rv;

    apr_pool_clear(test->p);
    test->words = NULL;
    test->started = now;
    test->state = ACME_CONFIGTEST_FAILED;
    args = mod_acme_process_test_args(test->server->process, test->p);
    if (!args) {
        test->words = "the path of the server's own binary is not known";
        return;
    }
    rv = open_output(test);
    if (!rv) {
        rv = spawn(test, args);
    }
    if (rv) {
        test->words =
            apr_psprintf(test->p, "%s -t cannot be run: %pm", args[0], &rv);
        return;
    }
    test->state = ACME_CONFIGTEST_RUNNING;
    apr_proc_other_child_register(test->proc, maintain, test, NULL, test->p);
}

acme_configtest_e mod_acme_configtest_state(acme_configtest_t *test,
                                            const char **words, apr_time_t now)
{
    acme_configtest_e state = test->state;

    if (state == ACME_CONFIGTEST_RUNNING) {
        if (now < test->started) {
            test->started = now; /* the clock was turned back */
        }
        if (now > test->started + ACME_CONFIGTEST_TIMEOUT) {
            test->words = "it took longer than a minute";
            kill(test->proc->pid, SIGKILL);
        }
        return state;
    }
    *words = test->words;
    test->state = ACME_CONFIGTEST_IDLE;
    return state;
}
