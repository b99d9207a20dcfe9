/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_responder.h
 * @brief The thread that answers DNS queries for ACMEDnsResponder, in one child
 *  at a time.
 *
 * Each child has a thread, of which one has the lease to answer. It is not the
 * child that has mod_watchdog's singleton, because a successor there waits for
 * ten seconds, in which a CA would give up. Whoever is killed or ends is
 * followed within half a second; queries wait in the sockets meanwhile.
 */
#ifndef MOD_ACME_RESPONDER_H
#define MOD_ACME_RESPONDER_H

#include "mod_acme_config.h"

/** child_init: starts the thread, if there is anything to answer. */
void mod_acme_responder_start(const acme_setup_t *setup);

/** Tells the thread to end. May be called from a signal handler. */
void mod_acme_responder_stop(void);

/** Waits, for a while only, until the thread has ended: it must not be at work
 *  when exit() destroys what it uses.
 * @return non-zero when it is still there */
int mod_acme_responder_leave(void);

#endif
