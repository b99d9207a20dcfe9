/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl.h
 * @brief Declarations that the commands of acmectl share.
 *
 * A command is one function: it gets the options and the words after them,
 * prints its result on standard output and everything else on standard error,
 * and returns the exit status. It never reads httpd's configuration, and only
 * the worker connects to a CA; acmectl check connects to the names of sites.
 * One thread; one pool for everything.
 */
#ifndef ACMECTL_H
#define ACMECTL_H

#include "acme_published.h"
#include "acme_certstore.h"
#include "acme_lock.h"
#include "acme_ctl_request.h"
#include "acme_judgement.h"
#include "acme_vault.h"

/** Exit statuses, as in the manual page. */
typedef enum {
    CTL_DONE = 0,
    CTL_FAILED = 1,
    CTL_NOTHING = 2,
    CTL_USAGE = 64
} acmectl_exit_e;

/** How long a command follows what the worker does. */
#define CTL_TIMEOUT apr_time_from_sec(600)

typedef struct acmectl_t {
    apr_pool_t *p;

    /* Options; NULL or 0 where they were not given. */
    const char *store;
    int json;
    int force;
    int all;
    int plain;
    int dry_run;
    int yes;
    int attention; /**< only what needs attention */
    apr_interval_time_t timeout;
    const char *out;
    const char *from;
    const char *key;
    const char *chain;
    const char *names;
    const char *ca;
    const char *version;
    const char *serial;
    const char *reason;
    const char *type;  /**< of a challenge */
    int passphrase_fd; /**< -1 when not given */
    const char *passphrase_file;
    apr_array_header_t *args; /**< const char *: the words after the command */

    /* Set by acmectl_store_open(). */
    const char *dir;
    acme_seal_t *seal;   /**< NULL when the store has no secret yet */
    acme_vault_t *vault; /**< or NULL */
    acme_ctl_request_dir_t *ctl_requests; /**< or NULL */
    acme_certstore_t *certstore;
    acme_published_t *published; /**< empty when no server has published any */
    acme_lock_t *lock;
} acmectl_t;

/** How acmectl_store_open() opens the store. */
typedef enum {
    CTL_READ,  /**< the store must exist */
    CTL_WRITE, /**< the store must exist; it is locked */
    CTL_MAKE   /**< as CTL_WRITE, but makes the store that --store names */
} acmectl_open_e;

/** Finds and opens the store. Prints the reason when it fails.
 * @return non-zero when it is open */
int acmectl_store_open(acmectl_t *ctl, acmectl_open_e how);

/** Opens the store to see what would be done to it: nothing is made or changed,
 * and a store that is not there yet is empty. Prints the reason when it fails,
 * also when the store could not be made. vault and ctl_requests stay NULL.
 * @return non-zero when it is open */
int acmectl_store_look(acmectl_t *ctl);

/** Tells a running server of the change, and prints what happens next. */
int acmectl_store_changed(acmectl_t *ctl, const char *what);

/** Prints "acmectl: ..." on standard error. */
void acmectl_io_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Prints a problem and what to do about it. Returns CTL_FAILED. */
int acmectl_io_fail(const acmectl_t *ctl, const acme_problem_t *problem);

/** Prints a usage error. Returns CTL_USAGE. */
int acmectl_io_usage(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/** Asks a question that is answered by y or n. Without a terminal the answer is
 * no, and a message says so. */
int acmectl_io_confirm(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/** Returns non-zero when a server with this store is running. Prints a message
 * when there is none. */
int acmectl_follow_attended(const acmectl_t *ctl);

/** Called repeatedly while a command waits.
 * @param line set to what is going on, in p, or NULL
 * @return non-zero when there is nothing more to wait for */
typedef int acmectl_follow_fn(void *baton, const char **line, apr_pool_t *p);

/** Calls `look` until it is done. Returns NULL when it is done, else why the
 * command stops waiting: --timeout, or the server has stopped. */
const char *acmectl_follow(const acmectl_t *ctl, acmectl_follow_fn *look,
                           void *baton);

/**
 * Puts a control request and waits for its result (acme_ctl_result.h).
 * @param url set to the URL of the account that was used, or NULL; may be NULL
 * @param problem set to the reason of the failure; its status is APR_TIMEUP
 *  when the result is not known yet
 * @return non-zero when it was done
 */
int acmectl_follow_result(const acmectl_t *ctl, acme_ctl_request_t *request,
                          const char **url, const acme_problem_t **problem);

/** Sets `server` to what can be seen from here of server and store. */
void acmectl_server(acme_judgement_server_t *server, const acmectl_t *ctl);

/** Returns non-zero when a server with this store runs, whether or not it can
 *  order. */
int acmectl_server_is_running(const acmectl_t *ctl);

/** Returns the words for an event of a site's log. */
const char *acmectl_explain_event(const char *type);

/** Prints JSON on standard output. */
void acmectl_io_print_json(const acmectl_t *ctl, const acme_json_t *json);

/** Prints a date such as "2026-11-20 22:51", or "-" for 0. */
const char *acmectl_io_date(apr_time_t t, apr_pool_t *p);

/** Returns a name given by the user in canonical form, or NULL after printing
 * why it is invalid. */
const char *acmectl_store_name(const acmectl_t *ctl, const char *text);

/** Returns the index of the site named `text`, or -1 after printing a
 * message. */
int acmectl_store_site(const acmectl_t *ctl, const char *text);

const acme_spec_t *acmectl_store_spec(const acmectl_t *ctl, int i);

/** Returns the index of the certificate with the second kind of key of the site
 * whose first one has this index, or -1. */
int acmectl_store_second_key(const acmectl_t *ctl, int i);

/** Returns what that site has now. Its live certificate is NULL when there is
 * none. */
acme_inventory_t *acmectl_store_inventory(const acmectl_t *ctl, int i,
                                          apr_pool_t *p);

/** Returns the passphrase, wiped with the pool, or NULL after printing why
 * there is none.
 * @param twice non-zero for a new passphrase: a prompt asks again */
const char *acmectl_io_passphrase(const acmectl_t *ctl, int twice);

/** Prints what is going on while a command waits. On a terminal it replaces the
 * last such line. NULL ends it. */
void acmectl_io_progress(const char *line);

/**
 * Writes the output of a command to --out (a new file, or one that only we can
 * read, 0600) or to standard output.
 * @param secret non-zero: never write it where others can read it, nor to a
 *  terminal
 */
int acmectl_io_write(const acmectl_t *ctl, const void *data, apr_size_t len,
                     int secret);

/** The path that "-" stands for. */
#define CTL_STDIN "/dev/stdin"

/** Reads a file that the user named. CTL_STDIN is standard input. */
int acmectl_io_read(const acmectl_t *ctl, char **data, apr_size_t *len,
                    const char *path, apr_size_t max);

/** Returns the key that waits here for a certificate (acmectl csr), or NULL.
 * @param pem its PEM, wiped with the pool */
acme_key_t *acmectl_csr_waiting_key(const acmectl_t *ctl, const char *name,
                                    const char **pem);
void acmectl_csr_waiting_done(const acmectl_t *ctl, const char *name);

/* ---- commands ---- */

int acmectl_show_list(acmectl_t *ctl);
int acmectl_show_status(acmectl_t *ctl);
int acmectl_explain(acmectl_t *ctl);
int acmectl_wait(acmectl_t *ctl);
int acmectl_renew(acmectl_t *ctl);
int acmectl_revoke(acmectl_t *ctl);
int acmectl_edit_rollback(acmectl_t *ctl);
int acmectl_edit_delete(acmectl_t *ctl);
int acmectl_edit_adopt(acmectl_t *ctl);
int acmectl_export(acmectl_t *ctl);
int acmectl_import(acmectl_t *ctl);
int acmectl_csr(acmectl_t *ctl);
int acmectl_csr_sign(acmectl_t *ctl);
int acmectl_account(acmectl_t *ctl);
int acmectl_check(acmectl_t *ctl);

#endif
