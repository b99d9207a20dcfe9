/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_responder_sockets.h
 * @brief The sockets of ACMEDnsResponder, which the parent holds: it binds them
 *  as root, and children inherit them.
 *
 * They are in process->pool, so that a graceful restart keeps them: queries
 * that come meanwhile wait in them. They are bound anew only where the
 * directive has changed, and closed when nothing wants them any more.
 */
#ifndef MOD_ACME_RESPONDER_SOCKETS_H
#define MOD_ACME_RESPONDER_SOCKETS_H

#include "acme_dns_listen.h"
#include "mod_acme_config.h"

/** post_config: opens what the sites want and closes the rest. A failure never
 *  ends the start: it is logged, and dns-01 is off for those sites.
 *  @param setup or NULL: nothing is wanted */
void mod_acme_responder_sockets_open(acme_setup_t *setup, process_rec *process,
                                     apr_pool_t *ptemp);

/** Returns the sockets that this process has (acme_dns_listen_t).
 *  @param count set */
const acme_dns_listen_t *
mod_acme_responder_sockets_get(int *count, process_rec *process, apr_pool_t *p);

#endif
