/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_command.h"

#include <signal.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_text.h"
#include "acme_time.h"

/* The search path of the program, because that of whoever started the server
 * may be any. */
#define COMMAND_PATH \
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct acme_command_t {
    const acme_command_system_t *system;
    void *process;
    apr_interval_time_t limit;
    apr_time_t started;
    apr_time_t asked; /* when it got SIGTERM, or 0 */
    int stopped;      /* it was asked to end before its time was over */
    int killed;
    char words[ACME_COMMAND_WORDS + 1];
};

static const char *const *whole_env(const char *const *env, apr_pool_t *p)
{
    const char **whole;
    int i, n = 0;

    while (env && env[n]) {
        ++n;
    }
    whole = apr_pcalloc(p, sizeof(*whole) * ((apr_size_t)n + 2));
    whole[0] = COMMAND_PATH;
    for (i = 0; i < n; ++i) {
        whole[i + 1] = env[i];
    }
    return whole;
}

apr_status_t acme_command_start(acme_command_t **command,
                                const acme_command_system_t *system,
                                const char *const *argv, const char *const *env,
                                apr_interval_time_t limit, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p)
{
    acme_command_t *started = apr_pcalloc(p, sizeof(*started));
    apr_status_t rv;

    started->system = system;
    started->limit = limit;
    started->started = now;
    rv = system->start(&started->process, system->baton, argv,
                       whole_env(env, p), p);
    if (rv != APR_SUCCESS) {
        return acme_problem_set(problem, rv, ACME_RETRY_BACKOFF,
                                ACME_PROBLEM_COMMAND, p,
                                "cannot be started: %pm", &rv);
    }
    *command = started;
    return APR_SUCCESS;
}

/* Makes valid UTF-8 of a text, and leaves out its beginning where it becomes
 * too long by that: most programs say last why they have failed. Log and status
 * escape what is left to be escaped. */
static const char *valid_end(const char *text, apr_pool_t *p)
{
    const char *valid;
    apr_size_t len;

    for (;;) {
        valid = acme_text_utf8(text, p);
        len = strlen(valid);
        if (len <= ACME_COMMAND_WORDS) {
            return valid;
        }
        /* A byte becomes three at most. */
        text += (len - ACME_COMMAND_WORDS + 2) / 3;
    }
}

/* Returns the end of what the program has printed, as one line of a message. */
static const char *printed(const acme_command_t *command, apr_pool_t *p)
{
    char *words = apr_pstrdup(p, command->words);
    char *from, *to = words;
    int blank = 1;

    /* Joins lines by a blank, because most programs print several. */
    for (from = words; *from; ++from) {
        if (strchr(" \t\r\n", *from)) {
            if (!blank) {
                *to++ = ' ';
            }
            blank = 1;
        }
        else {
            *to++ = apr_iscntrl(*from) ? '?' : *from;
            blank = 0;
        }
    }
    *to = '\0';
    while (to > words && to[-1] == ' ') {
        *--to = '\0';
    }
    return *words ? apr_pstrcat(p, "; it printed last: ", valid_end(words, p),
                                NULL)
                  : "; it printed nothing";
}

static void ask(acme_command_t *command, apr_time_t now)
{
    if (!command->asked) {
        command->asked = now;
        command->system->signal(command->process, SIGTERM);
    }
}

void acme_command_stop(acme_command_t *command, apr_time_t now)
{
    command->stopped = 1;
    ask(command, now);
}

/* Returns how the program has ended, as the end of a sentence. */
static const char *how(const acme_command_t *command,
                       const acme_command_end_t *end, apr_pool_t *p)
{
    if (command->asked && !command->stopped) {
        return apr_psprintf(p, "did not end within %s, and was ended",
                            acme_time_print_duration(command->limit, p));
    }
    if (command->stopped) {
        return "was ended before it was done";
    }
    if (end->signal) {
        return apr_psprintf(p, "was ended by signal %d", end->signal);
    }
    return end->status < 0
               ? "has ended, and its exit status cannot be learnt"
               : apr_psprintf(p, "has ended with exit status %d", end->status);
}

apr_status_t acme_command_poll(acme_command_t *command, apr_time_t now,
                               acme_problem_t *problem, apr_pool_t *p)
{
    acme_command_end_t end = {0, 0};

    if (APR_STATUS_IS_EAGAIN(command->system->look(
            &end, command->words, sizeof(command->words), command->process))) {
        /* A clock that was turned back gives the program more time, and not
         * less. */
        if (now < command->started) {
            command->started = now;
        }
        if (now < command->asked) {
            command->asked = now;
        }
        if (now - command->started >= command->limit) {
            ask(command, now);
        }
        if (command->asked && !command->killed
            && now - command->asked >= ACME_COMMAND_GRACE) {
            command->killed = 1;
            command->system->signal(command->process, SIGKILL);
        }
        return APR_EAGAIN;
    }
    if (!command->asked && !end.signal && end.status == 0) {
        return APR_SUCCESS;
    }
    return acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_COMMAND, p, "%s%s",
                            how(command, &end, p), printed(command, p));
}
