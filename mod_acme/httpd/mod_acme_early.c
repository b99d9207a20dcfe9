/* SPDX-License-Identifier: Apache-2.0 */

/* Ends a child that gets a SIGTERM before it has begun without an abort.
 *
 * Every MPM calls exit() from the handler of a SIGTERM until the child's
 * signals are set up, maybe in the middle of a malloc(). The exit handlers of
 * the libraries then free() on a heap that is half changed, and the C library
 * aborts: "AH00052: child pid N exit signal Aborted". Without this module that
 * hardly happens, because little is freed there; libcurl brings libraries that
 * free a lot (on Debian libldap, and so GnuTLS). */
#include "mod_acme_hooks.h"

#include <signal.h>
#include <unistd.h>

/* The process that makes the children, and the signals it blocks. */
static pid_t parent;
static sigset_t blocked;
static int has_begun;

void mod_acme_early_parent(void)
{
    has_begun = 0;
    parent = pthread_sigmask(SIG_BLOCK, NULL, &blocked) ? 0 : getpid();
}

/* From child_init on httpd ends a child in order, because it blocks the child's
 * signals until it can. */
void mod_acme_early_begun(apr_pool_t *pchild, server_rec *s)
{
    (void)pchild;
    (void)s;
    has_begun = 1;
}

/* Returns non-zero in the handler of this signal, because nothing else blocks
 * it that early. */
static int is_handled(int signum)
{
    sigset_t now;

    return !pthread_sigmask(SIG_BLOCK, NULL, &now)
           && sigismember(&now, signum) == 1
           && sigismember(&blocked, signum) == 0;
}

/* httpd calls this before it destroys pchild and calls exit(). Such a child
 * needs no cleanup, because no module has started anything in it. A child that
 * ends because it failed is left alone, because its exit status tells the
 * parent so. */
void mod_acme_early_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    (void)graceful;
    if (!has_begun && parent && getpid() != parent
        && (is_handled(SIGTERM) || is_handled(SIGHUP))) {
        _exit(0);
    }
}
