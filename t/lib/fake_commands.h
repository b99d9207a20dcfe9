/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file fake_commands.h
 * @brief Commands of ACMEChallengeDns01 without processes: what they were
 * called with, how they end, and the records that are there then.
 */
#ifndef FAKE_COMMANDS_H
#define FAKE_COMMANDS_H

#include "acme_command.h"

typedef enum {
    FAKE_COMMAND_WORKS,
    FAKE_COMMAND_FAILS, /**< with exit status 3, and "no such zone" */
    FAKE_COMMAND_HANGS  /**< until it is ended, and then has done nothing */
} fake_command_e;

typedef struct fake_commands_t {
    acme_command_system_t system;
    apr_array_header_t *calls;   /**< const char *: arguments, by spaces */
    apr_array_header_t *records; /**< const char *: "NAME VALUE" */
    fake_command_e setup;        /**< how all setups end */
    fake_command_e teardown;
    const char *hangs; /**< identifier whose commands hang, or NULL */
    int looks;         /**< of a command before it ends */
    int running, most; /**< now, and at once so far */
    apr_pool_t *p;
} fake_commands_t;

fake_commands_t *fake_commands_create(apr_pool_t *p);

/** The processes of the worker are gone, as after a kill. */
void fake_commands_orphan(fake_commands_t *commands);

/** Returns call i, or "". */
const char *fake_commands_call(const fake_commands_t *commands, int i);

/** Returns the number of calls that begin so. */
int fake_commands_count(const fake_commands_t *commands, const char *begin);

/** Returns non-zero when there is a record for the name, with that value unless
 *  it is NULL. */
int fake_commands_has(const fake_commands_t *commands, const char *identifier,
                      const char *value);

#endif
