/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_preflight.h
 * @brief Preflight of a site: takes the way that a CA's validation will take to
 * each of its names, at no cost to the CA.
 *
 * A preflight asks the DNS client and the transport that it is given, and
 * learns their answers while their owner runs them; step() then goes on. It
 * never waits. A name is looked up (A and AAAA each), and where it does not
 * exist, its zone's name servers are asked whether that is so. Each of its
 * addresses is probed (acme_preflight_probe.h) at the port where the CA
 * validates, and redirects are followed as far as a CA and this server would go
 * along: to the same name, at http or https. The number of names, addresses and
 * redirects that are under way is bounded, and so is the time of each.
 *
 * One thread.
 */
#ifndef ACME_PREFLIGHT_H
#define ACME_PREFLIGHT_H

#include "acme_http.h"
#include "acme_preflight_finding.h"
#include "acme_seal.h"

typedef struct acme_preflight_t acme_preflight_t;

typedef struct acme_preflight_config_t {
    const apr_array_header_t *names; /**< const char *, canonical */
    const char *type;                /**< of the challenge */
    acme_dns_t *dns;     /**< NULL: the DNS is not asked, and libcurl
                                          looks the names up */
    int resolvers_named; /**< non-zero: the administrator has named the
                              resolvers of `dns`, so that what they are the
                              authority for counts */
    acme_http_t *http;
    const acme_seal_t *seal;
    int http_port;  /**< where the CA's requests to port 80 arrive; 0: they do
                         not */
    int https_port; /**< the same for port 443 */
    const acme_caa_order_t *caa; /**< who orders from which CA; its identifier
                                      is not used. NULL: CAA records are not
                                      looked at */
    int *moved; /**< set to non-zero with each answer; or NULL */
} acme_preflight_config_t;

/** Creates a preflight. Nothing is asked before the first step.
 *  @param config copied; what it points to lives as long as p
 *  @param p must not be destroyed while acme_preflight_pending() */
acme_preflight_t *acme_preflight_create(const acme_preflight_config_t *config,
                                        apr_pool_t *p);

/** Goes as far as possible without waiting.
 *  @return non-zero when all is found */
int acme_preflight_step(acme_preflight_t *preflight);

/** Returns non-zero while an answer is outstanding. */
int acme_preflight_pending(const acme_preflight_t *preflight);

/** Returns zero when the DNS was asked, and no answer that can be used has
 *  come. */
int acme_preflight_has_heard(const acme_preflight_t *preflight);

/** Begins nothing more, and cancels what the DNS is asked. Probes that are
 *  under way end by themselves. */
void acme_preflight_give_up(acme_preflight_t *preflight);

/** Returns what is found so far, in p. */
apr_array_header_t *acme_preflight_findings(const acme_preflight_t *preflight,
                                            apr_pool_t *p);

#endif
