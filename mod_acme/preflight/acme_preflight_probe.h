/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_preflight_probe.h
 * @brief Probes of preflight: requests that only a server with our store can
 * answer.
 *
 * A probe asks for a token below the path of http-01, because what is in front
 * of the server may treat that path in its own way. Its answer says for which
 * host the server was asked, and proves by the store's secret that it is one of
 * ours: all nodes with the same store, and all generations of a server, give
 * the same answer. The answer is no key authorization of any account, so that
 * nobody who asks for it gets anything that a CA would take.
 */
#ifndef ACME_PREFLIGHT_PROBE_H
#define ACME_PREFLIGHT_PROBE_H

#include "acme_seal.h"

/** Returns a new token, or NULL when there are no random bytes. */
const char *acme_preflight_probe_token(apr_pool_t *p);

/** Returns non-zero when the token of a request is one of a probe. */
int acme_preflight_probe_is_token(const char *token);

/** Returns the answer to a probe, or NULL when it cannot be made.
 *  @param host of the request, as the server has understood it, or NULL
 *  @param managed non-zero: a site of ours has the host */
const char *acme_preflight_probe_answer(const acme_seal_t *seal,
                                        const char *token, const char *host,
                                        int managed, apr_pool_t *p);

/** The server that has answered a probe. */
typedef enum {
    ACME_PREFLIGHT_PROBE_OTHER, /**< a server without our store */
    ACME_PREFLIGHT_PROBE_HOST,  /**< ours, which was asked for another host, or
                                     does not know it */
    ACME_PREFLIGHT_PROBE_OURS   /**< ours, and it would answer a challenge */
} acme_preflight_probe_e;

/** Reads the body of an answer.
 *  @param host set to the host that the server was asked for, in p; NULL for
 *         a server without our store
 *  @param name that was probed, canonical */
acme_preflight_probe_e
acme_preflight_probe_read(const char **host, const acme_seal_t *seal,
                          const char *token, const char *name, const char *body,
                          apr_pool_t *p);

#endif
