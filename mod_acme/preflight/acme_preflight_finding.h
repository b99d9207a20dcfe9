/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_preflight_finding.h
 * @brief What preflight has found of a name, and what is to be done about it:
 * pure.
 *
 * Facts come from acme_preflight.h. A finding is about one check of one name.
 * It says that all is well, that something is wrong, or that it could not be
 * told. What is wrong only warns, because a look from this machine may see
 * another DNS, and another way, than a CA does (NAT, split DNS). Three things
 * are certain enough to hold an order back: the zone's own name servers say
 * that the name does not exist, its CAA records forbid the CA, or this server
 * answers for the name and would not answer a challenge.
 */
#ifndef ACME_PREFLIGHT_FINDING_H
#define ACME_PREFLIGHT_FINDING_H

#include <apr_tables.h>

#include "acme_caa.h"
#include "acme_dns.h"
#include "acme_json.h"

/** The checks of a name. */
typedef enum {
    ACME_PREFLIGHT_NAME,     /**< it exists */
    ACME_PREFLIGHT_DNS,      /**< name servers answer for it */
    ACME_PREFLIGHT_ADDRESS,  /**< it has an address */
    ACME_PREFLIGHT_PORT,     /**< something answers at its port */
    ACME_PREFLIGHT_SERVER,   /**< this server answers there */
    ACME_PREFLIGHT_IPV6,     /**< its AAAA records are as right as its A
                                  records */
    ACME_PREFLIGHT_REDIRECT, /**< a redirect there can be followed */
    ACME_PREFLIGHT_HOST,     /**< this server is asked for the name there */
    ACME_PREFLIGHT_CAA,      /**< its CAA records permit the CA */
    ACME_PREFLIGHT_DNS01     /**< the record of dns-01 can be looked up */
} acme_preflight_check_e;

/** Outcome of a check. */
typedef enum {
    ACME_PREFLIGHT_FINE,
    ACME_PREFLIGHT_UNKNOWN, /**< it could not be told from here */
    ACME_PREFLIGHT_FAULT,   /**< it is wrong, as far as can be told from here */
    ACME_PREFLIGHT_FORBIDS  /**< it is wrong: the CA cannot validate the name */
} acme_preflight_state_e;

typedef struct acme_preflight_finding_t {
    acme_preflight_check_e check;
    acme_preflight_state_e state;
    const char *name;
    const char *key;    /**< address, or whatever tells it from others of the
                             same check and name; "" for none */
    const char *detail; /**< for people */
    const char *to_fix; /**< of a fault, else NULL */
} acme_preflight_finding_t;

/** How a probe of an address has ended. */
typedef enum {
    ACME_PREFLIGHT_END_NONE,  /**< it was not looked at, or that was given up */
    ACME_PREFLIGHT_END_OURS,  /**< this server answers, and knows the name */
    ACME_PREFLIGHT_END_HOST,  /**< this server answers for another host */
    ACME_PREFLIGHT_END_OTHER, /**< another server answers */
    ACME_PREFLIGHT_END_CLOSED, /**< the connection is refused */
    ACME_PREFLIGHT_END_SILENT, /**< no answer came in time */
    ACME_PREFLIGHT_END_BROKEN, /**< the connection has failed otherwise, such as
                                    in its TLS handshake */
    ACME_PREFLIGHT_END_NO_WAY, /**< this machine has no way there, such as no
                                    IPv6 */
    ACME_PREFLIGHT_END_LOOP,   /**< redirects without end */
    ACME_PREFLIGHT_END_AWAY    /**< a redirect to another name or port */
} acme_preflight_end_e;

typedef struct acme_preflight_address_t {
    const char *address;
    int is_ipv6;
    acme_preflight_end_e end;
    const char *what; /**< HOST: the host; OTHER: what it has said; LOOP, AWAY:
                           the URL; else NULL */
    int hops;         /**< redirects that were followed */
} acme_preflight_address_t;

/** All that was seen of a name. */
typedef struct acme_preflight_facts_t {
    const char *name; /**< canonical, a wildcard without its asterisk */
    const char *type; /**< of the challenge */
    int port;         /**< where a CA validates: 80 or 443 */
    int local_port;   /**< where it was looked, by ACMEPortMap */
    int is_ip;        /**< the name is an address */
    int looked_up;    /**< the DNS was asked */
    acme_dns_outcome_e a;
    acme_dns_outcome_e aaaa;
    int is_certain;    /**< the zone's own name servers say NO_NAME */
    const char *cname; /**< where its CNAME records end, or NULL */
    apr_array_header_t *addresses; /**< acme_preflight_address_t, IPv4 first */
    acme_dns_outcome_e record;     /**< of TXT at _acme-challenge, for dns-01 */
    const acme_caa_verdict_t *caa; /**< on its CAA records; NULL: they were not
                                        looked at */
    const char *caa_at; /**< name that has those records; NULL: none has any */
    int caa_failed;     /**< they cannot be looked up */
} acme_preflight_facts_t;

/** Returns a new array of findings. */
apr_array_header_t *acme_preflight_finding_make(apr_pool_t *p);

/** Returns finding i of an array. */
const acme_preflight_finding_t *
acme_preflight_finding_at(const apr_array_header_t *findings, int i);

/** Adds what the facts of a name mean. */
void acme_preflight_finding_judge(apr_array_header_t *findings,
                                  const acme_preflight_facts_t *facts,
                                  apr_pool_t *p);

/** Returns the name of a check, such as "server". */
const char *acme_preflight_finding_check(acme_preflight_check_e check);

/** Returns the name of a state: "ok", "unknown", "fault" or "forbids". */
const char *acme_preflight_finding_state(acme_preflight_state_e state);

/** Returns the worst state of all findings. */
acme_preflight_state_e
acme_preflight_finding_worst(const apr_array_header_t *findings);

/** Returns the faults in one line, those that forbid first, or NULL when there
 *  is none.
 *  @param to_fix set to the remedy of the first, or NULL; may be NULL */
const char *acme_preflight_finding_text(const apr_array_header_t *findings,
                                        const char **to_fix, apr_pool_t *p);

/** Returns a text that is the same as long as the same faults are found. */
const char *acme_preflight_finding_digest(const apr_array_header_t *findings,
                                          apr_pool_t *p);

/** Returns the findings as a JSON array.
 *  @param all non-zero: also those that are no faults */
acme_json_t *acme_preflight_finding_json(const apr_array_header_t *findings,
                                         int all, apr_pool_t *p);

#endif
