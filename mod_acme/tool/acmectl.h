/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl.h
 * @brief What the commands of acmectl share.
 *
 * A command is one function: it gets the options and the words behind them,
 * prints its result on standard output and everything else on standard error,
 * and returns the exit status. It never reads httpd's configuration, and only
 * the worker speaks to a CA. One thread; one pool for all.
 */
#ifndef ACMECTL_H
#define ACMECTL_H

#include "acme_published.h"
#include "acme_certstore.h"
#include "acme_lock.h"
#include "acme_ctl_request.h"
#include "acme_vault.h"

/** Exit statuses, as the manual page has them. */
typedef enum {
    CTL_DONE = 0,
    CTL_FAILED = 1,
    CTL_NOTHING = 2,
    CTL_USAGE = 64
} ctl_exit_e;

/** How long a command follows what the worker does. */
#define CTL_TIMEOUT apr_time_from_sec(600)

typedef struct ctl_t {
    apr_pool_t *p;

    /* Options; NULL or 0 where they were not given. */
    const char *store;
    int json;
    int force;
    int all;
    int plain;
    int dry_run;
    int yes;
    apr_interval_time_t timeout;
    const char *out;
    const char *from;
    const char *key;
    const char *chain;
    const char *names;
    const char *ca;
    const char *generation;
    const char *serial;
    const char *reason;
    int passphrase_fd; /**< -1: not given */
    const char *passphrase_file;
    apr_array_header_t *args; /**< const char *: the words */

    /* By acmectl_store_open(). */
    const char *dir;
    acme_seal_t *seal;   /**< or NULL: the store has no secret yet */
    acme_vault_t *vault; /**< or NULL */
    acme_ctl_request_dir_t *ctl_requests; /**< or NULL */
    acme_certstore_t *live;
    acme_published_t *published; /**< empty where no server has left any */
    acme_lock_t *lock;
} ctl_t;

/** Where a command may begin. */
typedef enum {
    CTL_READ,  /**< a store must be there */
    CTL_WRITE, /**< and is locked */
    CTL_MAKE   /**< as CTL_WRITE, but one is made where --store says so */
} ctl_open_e;

/** Finds and opens the store. What is wrong has been said when it fails.
 *  @return nonzero when it is open */
int acmectl_store_open(ctl_t *ctl, ctl_open_e how);

/** Tells a running server of changes, and people what comes next. */
int acmectl_store_changed(ctl_t *ctl, const char *what);

/** "acmectl: ..." on standard error. */
void acmectl_io_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** The same for a problem, with what to do; returns CTL_FAILED. */
int acmectl_io_fail(const ctl_t *ctl, const acme_problem_t *problem);

/** A usage error; returns CTL_USAGE. */
int acmectl_io_usage(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/** Asks a question that is answered by y or n; without a terminal it is n, and
 *  said so. */
int acmectl_io_confirm(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/** Whether a server is there that speaks to CAs; said so when there is none. */
int acmectl_follow_attended(const ctl_t *ctl);

/** Looked at again and again.
 *  @param line what is going on, in p, or NULL
 *  @return nonzero when there is nothing more to wait for */
typedef int ctl_look_fn(void *baton, const char **line, apr_pool_t *p);

/** Follows what the server does. NULL when it is over; else why nobody waits
 *  any longer: --timeout, or the server is gone. */
const char *acmectl_follow(const ctl_t *ctl, ctl_look_fn *look, void *baton);

/**
 * Has the server do an errand (acme_ctl_result.h), and waits for it.
 * @param url of the account that it was done with, or NULL; may be NULL
 * @param problem why it was not done; of status APR_TIMEUP: nobody knows yet
 * @return nonzero when it was done
 */
int acmectl_follow_result(const ctl_t *ctl, acme_ctl_request_t *request,
                          const char **url, const acme_problem_t **problem);

/** Prints JSON on standard output. */
void acmectl_io_print_json(const ctl_t *ctl, const acme_json_t *json);

/** "2026-11-20 22:51" for people; "-" for 0. */
const char *acmectl_io_date(apr_time_t t, apr_pool_t *p);

/** A name given by the user in canonical form; NULL: said why not. */
const char *acmectl_store_name(const ctl_t *ctl, const char *text);

/** The site of the word `text`; -1, and said so, when there is none. */
int acmectl_store_site(const ctl_t *ctl, const char *text);

const acme_spec_t *acmectl_store_spec(const ctl_t *ctl, int i);

/** The certificate for the further kind of key of site `of`, or -1. */
int acmectl_store_second_key(const ctl_t *ctl, int of);

/** What that site has now; its live is NULL where there is none. */
acme_inventory_t *acmectl_store_inventory(const ctl_t *ctl, int i,
                                          apr_pool_t *p);

/** The passphrase, wiped with the pool; NULL: said why there is none.
 *  @param twice it is new: a prompt asks again */
const char *acmectl_io_passphrase(const ctl_t *ctl, int twice);

/** A line that says what is going on while a command waits; on a terminal it
 *  replaces the last one. NULL ends it. */
void acmectl_io_progress(const char *line);

/**
 * Writes what a command makes: to --out (new or private to us, 0600), or to
 * standard output.
 * @param secret nonzero: never where others can read it, and not to a terminal
 */
int acmectl_io_write(const ctl_t *ctl, const void *data, apr_size_t len,
                     int secret);

/** What "-" stands for among the words. */
#define CTL_STDIN "/dev/stdin"

/** Reads a file that the user named, CTL_STDIN being standard input. */
int acmectl_io_read(const ctl_t *ctl, char **data, apr_size_t *len,
                    const char *path, apr_size_t max);

/** The key that waits here for a certificate (acmectl csr); NULL: none.
 *  @param pem its PEM, wiped with the pool */
acme_key_t *acmectl_csr_waiting_key(const ctl_t *ctl, const char *name,
                                    const char **pem);
void acmectl_csr_waiting_done(const ctl_t *ctl, const char *name);

/* ---- commands ---- */

int acmectl_show_list(ctl_t *ctl);
int acmectl_show_status(ctl_t *ctl);
int acmectl_wait(ctl_t *ctl);
int acmectl_renew(ctl_t *ctl);
int acmectl_revoke(ctl_t *ctl);
int acmectl_edit_rollback(ctl_t *ctl);
int acmectl_edit_delete(ctl_t *ctl);
int acmectl_edit_adopt(ctl_t *ctl);
int acmectl_export(ctl_t *ctl);
int acmectl_import(ctl_t *ctl);
int acmectl_csr(ctl_t *ctl);
int acmectl_csr_sign(ctl_t *ctl);
int acmectl_account(ctl_t *ctl);

#endif
