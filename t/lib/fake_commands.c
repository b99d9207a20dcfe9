/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_strings.h>

#include "fake_commands.h"

typedef struct fake_process_t {
    fake_commands_t *commands;
    const char *what, *identifier, *value;
    fake_command_e how;
    int looks;
    int signalled;
} fake_process_t;

static void add_record(fake_commands_t *commands, const char *identifier,
                       const char *value)
{
    APR_ARRAY_PUSH(commands->records, const char *) =
        apr_pstrcat(commands->p, identifier, " ", value, NULL);
}

/* Returns non-zero when the record is of the name, and has the value unless
 * that is NULL. */
static int is_of(const char *record, const char *identifier, const char *value)
{
    apr_size_t len = strlen(identifier);

    return strncmp(record, identifier, len) == 0 && record[len] == ' '
           && (!value || strcmp(record + len + 1, value) == 0);
}

static void remove_records(fake_commands_t *commands, const char *identifier,
                           const char *value)
{
    int i, n = 0;

    for (i = 0; i < commands->records->nelts; ++i) {
        const char *record = APR_ARRAY_IDX(commands->records, i, const char *);

        if (!is_of(record, identifier, value)) {
            APR_ARRAY_IDX(commands->records, n++, const char *) = record;
        }
    }
    commands->records->nelts = n;
}

static apr_status_t start(void **process, void *baton, const char *const *argv,
                          const char *const *env, apr_pool_t *p)
{
    fake_commands_t *commands = baton;
    fake_process_t *made = apr_pcalloc(p, sizeof(*made));
    const char *call = argv[0];
    int i, n;

    if (strcmp(argv[0], "/missing") == 0) {
        return APR_ENOENT;
    }
    for (n = 1; argv[n]; ++n) {
        call = apr_pstrcat(commands->p, n > 1 ? call : "", n > 1 ? " " : "",
                           argv[n], NULL);
    }
    APR_ARRAY_PUSH(commands->calls, const char *) = call;
    for (i = 1; i < n && strcmp(argv[i], "setup") != 0
                && strcmp(argv[i], "teardown") != 0;
         ++i) {
    }
    assert_true(i + 1 < n);
    made->commands = commands;
    made->what = argv[i];
    made->identifier = argv[i + 1];
    made->value = argv[i + 2];
    made->how =
        strcmp(made->what, "setup") == 0 ? commands->setup : commands->teardown;
    if (commands->hangs && strcmp(commands->hangs, made->identifier) == 0) {
        made->how = FAKE_COMMAND_HANGS;
    }
    made->looks = commands->looks;
    for (i = 0; env[i] && strncmp(env[i], "ACME_RECORD=", 12) != 0; ++i) {
    }
    assert_non_null(env[i]);
    assert_string_equal(env[i] + 12, apr_pstrcat(p, "_acme-challenge.",
                                                 made->identifier, NULL));
    ++commands->running;
    if (commands->running > commands->most) {
        commands->most = commands->running;
    }
    *process = made;
    return APR_SUCCESS;
}

static apr_status_t look(acme_command_end_t *end, char *words, apr_size_t size,
                         void *looked_at)
{
    fake_process_t *process = looked_at;
    fake_commands_t *commands = process->commands;

    if (process->signalled) {
        end->signal = process->signalled;
        --commands->running;
        return APR_SUCCESS;
    }
    if (process->how == FAKE_COMMAND_HANGS || process->looks-- > 0) {
        return APR_EAGAIN;
    }
    --commands->running;
    if (process->how == FAKE_COMMAND_FAILS) {
        end->status = 3;
        apr_cpystrn(words, "no such zone", size);
        return APR_SUCCESS;
    }
    if (strcmp(process->what, "setup") == 0) {
        add_record(commands, process->identifier, process->value);
    }
    else {
        remove_records(commands, process->identifier, process->value);
    }
    return APR_SUCCESS;
}

static void take_signal(void *sent_to, int number)
{
    fake_process_t *process = sent_to;

    process->signalled = number;
}

fake_commands_t *fake_commands_create(apr_pool_t *p)
{
    fake_commands_t *commands = apr_pcalloc(p, sizeof(*commands));

    commands->system.baton = commands;
    commands->system.start = start;
    commands->system.look = look;
    commands->system.signal = take_signal;
    commands->calls = apr_array_make(p, 8, sizeof(const char *));
    commands->records = apr_array_make(p, 8, sizeof(const char *));
    commands->p = p;
    return commands;
}

void fake_commands_orphan(fake_commands_t *commands)
{
    commands->running = 0;
}

const char *fake_commands_call(const fake_commands_t *commands, int i)
{
    return i < commands->calls->nelts
               ? APR_ARRAY_IDX(commands->calls, i, const char *)
               : "";
}

int fake_commands_count(const fake_commands_t *commands, const char *begin)
{
    int i, n = 0;

    for (i = 0; i < commands->calls->nelts; ++i) {
        n +=
            strncmp(fake_commands_call(commands, i), begin, strlen(begin)) == 0;
    }
    return n;
}

int fake_commands_has(const fake_commands_t *commands, const char *identifier,
                      const char *value)
{
    int i;

    for (i = 0; i < commands->records->nelts; ++i) {
        if (is_of(APR_ARRAY_IDX(commands->records, i, const char *), identifier,
                  value)) {
            return 1;
        }
    }
    return 0;
}
