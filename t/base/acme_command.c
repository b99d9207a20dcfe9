/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "acme_command.h"
#include "acme_time.h"

/* A program that takes longer is a failure of the test. */
#define GIVE_UP apr_time_from_sec(120)

#define LONG ACME_TIME_HOUR

static acme_command_t *start(const char *script, const char *arg,
                             apr_interval_time_t limit, apr_pool_t *p)
{
    const char *const argv[] = {"/bin/sh", "-c", script, "sh", arg, NULL};
    const char *const env[] = {"ACME_RECORD=_acme-challenge.a.example", NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_command_t *command;

    assert_int_equal(acme_command_start(&command, &acme_command_posix, argv,
                                        env, limit, apr_time_now(), &problem,
                                        p),
                     APR_SUCCESS);
    return command;
}

static apr_status_t wait_for(acme_command_t *command, acme_problem_t *problem,
                             apr_pool_t *p)
{
    apr_time_t begun = apr_time_now();
    apr_status_t rv;

    for (;;) {
        rv = acme_command_poll(command, apr_time_now(), problem, p);
        if (!APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        assert_true(apr_time_now() - begun < GIVE_UP);
        apr_sleep(apr_time_from_msec(5));
    }
}

static const char *failure_of(const char *script, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_not_equal(wait_for(start(script, "", LONG, p), &problem, p),
                         APR_SUCCESS);
    assert_string_equal(problem.type, ACME_PROBLEM_COMMAND);
    assert_int_equal(problem.retry, ACME_RETRY_BACKOFF);
    assert_non_null(problem.to_fix);
    return problem.detail;
}

static void a_program_that_succeeds_is_no_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        wait_for(start("echo all is well", "", LONG, *state), &problem, *state),
        APR_SUCCESS);
    assert_null(problem.type);
}

static void the_exit_status_and_the_last_words_are_told(void **state)
{
    assert_string_equal(
        failure_of("echo one; echo; echo '  two ' >&2; exit 3", *state),
        "has ended with exit status 3; it printed last: one two");
    assert_string_equal(failure_of("exit 1", *state),
                        "has ended with exit status 1; it printed nothing");
    assert_string_equal(failure_of("kill -9 $$", *state),
                        "was ended by signal 9; it printed nothing");
}

static void only_the_end_of_much_output_is_kept(void **state)
{
    const char *detail = failure_of(
        "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit "
        "2",
        *state);

    assert_non_null(strstr(detail, "line 19999"));
    assert_null(strstr(detail, "line 19000"));
    assert_true(strlen(detail) < ACME_COMMAND_WORDS + 100);
}

static void garbage_is_made_safe(void **state)
{
    const char *detail = failure_of(
        "printf 'a\\000b\\033[31mc\\377\\nACME0001: forged'; exit 1", *state);

    assert_string_equal(detail,
                        "has ended with exit status 1; it printed last: "
                        "a?b?[31mc\xef\xbf\xbd ACME0001: forged");
}

static void the_end_of_garbage_is_kept(void **state)
{
    const char *detail = failure_of(
        "i=0; while [ $i -lt 300 ]; do printf '\\377'; i=$((i+1)); done; "
        "echo no such zone; exit 1",
        *state);

    assert_non_null(strstr(detail, "last: \xef\xbf\xbd\xef\xbf\xbd"));
    assert_non_null(strstr(detail, "\xef\xbf\xbdno such zone"));
    assert_true(strlen(detail) < ACME_COMMAND_WORDS + 100);
}

static void arguments_are_passed_without_a_shell(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        wait_for(start("[ \"$1\" = '$(exit 1); *' ]", "$(exit 1); *", LONG, p),
                 &problem, p),
        APR_SUCCESS);
}

static void the_environment_is_clean(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    setenv("ACME_TEST_SECRET", "x", 1);
    assert_int_equal(
        wait_for(start("[ -z \"$ACME_TEST_SECRET\" ] && "
                       "[ \"$ACME_RECORD\" = _acme-challenge.a.example ] && "
                       "[ -n \"$PATH\" ] && ls / > /dev/null",
                       "", LONG, p),
                 &problem, p),
        APR_SUCCESS);
}

static void no_descriptor_of_ours_is_inherited(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int fd = open("/dev/null", O_RDONLY);

    assert_true(fd > 2);
    assert_int_equal(dup2(fd, 77), 77);
    assert_int_equal(wait_for(start("[ ! -e /proc/self/fd/77 ] && "
                                    "[ \"$(cat)\" = '' ]",
                                    "", LONG, p),
                              &problem, p),
                     APR_SUCCESS);
    close(77);
    close(fd);
}

static void a_program_gets_its_signals(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_command_t *command;
    sigset_t all, before;

    /* As httpd's threads have it. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    signal(SIGTERM, SIG_IGN);
    command = start("sleep 1000", "", LONG, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGTERM, SIG_DFL);
    acme_command_stop(command, apr_time_now());
    assert_int_not_equal(wait_for(command, &problem, p), APR_SUCCESS);
    assert_string_equal(problem.detail, "was ended before it was done; it "
                                        "printed nothing");
}

static void a_program_that_hangs_is_ended_with_all_it_has_started(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *dir = apr_psprintf(p, "/tmp/acme-command-%d", (int)getpid());
    const char *script =
        apr_psprintf(p,
                     "mkfifo %s; (trap '' TERM; exec 9<> %s; read x <&9) & "
                     "sleep 1000",
                     dir, dir);
    acme_command_t *command = start(script, "", apr_time_from_msec(200), p);
    apr_time_t begun = apr_time_now();
    int fd;

    assert_int_not_equal(wait_for(command, &problem, p), APR_SUCCESS);
    assert_non_null(strstr(problem.detail, "did not end within"));
    /* A child of the program that has opened the pipe is there to read until
     * it is gone. */
    while ((fd = open(dir, O_WRONLY | O_NONBLOCK)) >= 0) {
        close(fd);
        assert_true(apr_time_now() - begun < GIVE_UP);
        apr_sleep(apr_time_from_msec(5));
    }
    unlink(dir);
}

static void a_program_ends_with_its_pool(void **state)
{
    apr_pool_t *p;
    const char *fifo =
        apr_psprintf(*state, "/tmp/acme-command-%d", (int)getpid());
    char byte;
    int fd;

    apr_pool_create(&p, *state);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    (void)start("exec 3> $1; echo >&3; sleep 1000", fifo, LONG, p);
    fd = open(fifo, O_RDONLY);
    assert_int_equal(read(fd, &byte, 1), 1);
    apr_pool_destroy(p);
    /* The end of file comes when nobody has it open for writing. */
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
    unlink(fifo);
}

static void what_is_no_program_is_a_problem(void **state)
{
    static const char *const argv[] = {"/nowhere/at/all", NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_command_t *command;

    assert_int_not_equal(acme_command_start(&command, &acme_command_posix, argv,
                                            NULL, LONG, 0, &problem, *state),
                         APR_SUCCESS);
    assert_string_equal(problem.type, ACME_PROBLEM_COMMAND);
    assert_string_equal(problem.detail,
                        "cannot be started: No such file or directory");
}

/* ---- time, on a system that a test makes ---- */

typedef struct script_t {
    int runs;
    acme_command_end_t end;
    int signals[4];
    int n;
} script_t;

static apr_status_t script_start(void **process, void *baton,
                                 const char *const *argv,
                                 const char *const *env, apr_pool_t *p)
{
    (void)argv;
    (void)env;
    (void)p;
    *process = baton;
    return APR_SUCCESS;
}

static apr_status_t script_look(acme_command_end_t *end, char *words,
                                apr_size_t size, void *process)
{
    script_t *script = process;

    (void)words;
    (void)size;
    *end = script->end;
    return script->runs ? APR_EAGAIN : APR_SUCCESS;
}

static void script_signal(void *process, int number)
{
    script_t *script = process;

    assert_true(script->n < 4);
    script->signals[script->n++] = number;
}

static void term_comes_first_and_kill_later_and_each_once(void **state)
{
    apr_pool_t *p = *state;
    script_t script = {1, {0, 0}, {0}, 0};
    acme_command_system_t system = {&script, script_start, script_look,
                                    script_signal};
    static const char *const argv[] = {"/x", NULL};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_command_t *command;
    apr_time_t at = 1000 * APR_USEC_PER_SEC;
    apr_time_t t;

    assert_int_equal(acme_command_start(&command, &system, argv, NULL,
                                        apr_time_from_sec(10), at, &problem, p),
                     APR_SUCCESS);
    /* The clock is turned back: its time begins anew. */
    at -= apr_time_from_sec(500);
    for (t = 0; t < apr_time_from_sec(30); t += apr_time_from_msec(100)) {
        assert_int_equal(acme_command_poll(command, at + t, &problem, p),
                         APR_EAGAIN);
        assert_int_equal(script.n, t < apr_time_from_sec(10)   ? 0
                                   : t < apr_time_from_sec(13) ? 1
                                                               : 2);
    }
    assert_int_equal(script.signals[0], SIGTERM);
    assert_int_equal(script.signals[1], SIGKILL);
    script.runs = 0;
    assert_int_equal(acme_command_poll(command, at + t, &problem, p),
                     APR_EGENERAL);
    assert_non_null(strstr(problem.detail, "did not end within 10 s"));
}

ACME_T_MAIN(ACME_T(a_program_that_succeeds_is_no_problem),
            ACME_T(the_exit_status_and_the_last_words_are_told),
            ACME_T(only_the_end_of_much_output_is_kept),
            ACME_T(garbage_is_made_safe), ACME_T(the_end_of_garbage_is_kept),
            ACME_T(arguments_are_passed_without_a_shell),
            ACME_T(the_environment_is_clean),
            ACME_T(no_descriptor_of_ours_is_inherited),
            ACME_T(a_program_gets_its_signals),
            ACME_T(a_program_that_hangs_is_ended_with_all_it_has_started),
            ACME_T(a_program_ends_with_its_pool),
            ACME_T(what_is_no_program_is_a_problem),
            ACME_T(term_comes_first_and_kill_later_and_each_once))
