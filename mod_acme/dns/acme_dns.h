/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns.h
 * @brief The interface of a DNS client: question, answer, resolver.
 *
 * The client is asynchronous, as the transport of acme_http.h: ask() takes a
 * question, run() moves all of them forward and calls each one's `done` exactly
 * once, from inside run() or cancel(), never from ask(). run() does not wait:
 * its caller does so in the transport's run(), which returns when a descriptor
 * of the client is ready. All calls come from one thread. `done` may ask and
 * cancel, but must not call run().
 *
 * Names are without a dot at their end, in lower case, with A-labels. Nothing
 * in an answer is trusted: it may be cut, looped, huge or of another question,
 * and is then FAILED with a problem that says so. Octets that cannot be printed
 * are \DDD in its texts, as in a zone file.
 */
#ifndef ACME_DNS_H
#define ACME_DNS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "acme_problem.h"

/** Types of records, with the numbers of the DNS. */
typedef enum {
    ACME_DNS_A = 1,
    ACME_DNS_NS = 2,
    ACME_DNS_CNAME = 5,
    ACME_DNS_SOA = 6,
    ACME_DNS_TXT = 16,
    ACME_DNS_AAAA = 28,
    ACME_DNS_CAA = 257 /**< RFC 8659 */
} acme_dns_type_e;

/** A question. It and all that it points to live until `done` has been
 *  called. */
typedef struct acme_dns_question_t {
    const char *name;
    acme_dns_type_e type;
    /** Addresses of name servers (const char *), each as
     *  acme_dns_address_parse() takes it: they are asked without recursion.
     *  NULL: the resolvers are asked, with recursion. */
    const apr_array_header_t *servers;
} acme_dns_question_t;

/** A record. */
typedef struct acme_dns_record_t {
    const char *name;
    acme_dns_type_e type;
    apr_interval_time_t ttl;
    const char *value; /**< A, AAAA: the address as text; NS, CNAME: the name;
                            SOA: the name of the primary name server; TXT: all
                            strings joined; CAA: the value of the property */
    const char *tag;   /**< CAA: the tag in lower case, else NULL */
    int critical;      /**< CAA: the issuer critical flag */
} acme_dns_record_t;

/** How a question was answered. */
typedef enum {
    ACME_DNS_FOUND,   /**< there are records of the type */
    ACME_DNS_NODATA,  /**< the name exists, without records of the type; of a
                           name server that is not authoritative: it refers to
                           others */
    ACME_DNS_NO_NAME, /**< NXDOMAIN: the name does not exist */
    ACME_DNS_FAILED   /**< no server gave a usable answer */
} acme_dns_outcome_e;

/** Most CNAME records that are followed from one name; more are a loop. */
#define ACME_DNS_MOST_CNAMES 16

/** An answer, valid only while `done` runs. */
typedef struct acme_dns_answer_t {
    acme_dns_outcome_e outcome;
    int authoritative; /**< the AA bit */
    /** Records of the answer section that belong to the question: the chain of
     *  CNAME records first, then those of the type (acme_dns_record_t). NODATA
     *  and NO_NAME are about the name at the end of the chain. Never NULL. */
    const apr_array_header_t *records;
    const acme_problem_t *problem; /**< of FAILED, else NULL */
    apr_pool_t *p;                 /**< cleared when `done` returns */
} acme_dns_answer_t;

/** Takes the answer; FAILED with APR_EINTR: the question was cancelled. */
typedef void acme_dns_done_fn(void *baton, const acme_dns_answer_t *answer);

typedef struct acme_dns_t acme_dns_t;

struct acme_dns_t {
    void *self;
    void (*ask)(acme_dns_t *dns, const acme_dns_question_t *question,
                acme_dns_done_fn *done, void *baton);
    /** Goes on with all questions; never waits.
     *  @return when to call it again at the latest; 0: nothing is pending */
    apr_time_t (*run)(acme_dns_t *dns);
    /** Returns the number of questions whose `done` was not called yet. */
    int (*pending)(acme_dns_t *dns);
    /** Ends all questions, or those of one baton.
     *  @param baton or NULL for all */
    void (*cancel)(acme_dns_t *dns, const void *baton);
};

/** Returns "TXT" and the like. */
const char *acme_dns_type_name(acme_dns_type_e type);

/**
 * Parses the address of a DNS server: "192.0.2.1", "192.0.2.1:5353",
 * "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:5353".
 * @param address set to the address in its shortest form, without brackets
 * @param port set to 0 when there is none
 * @return APR_EINVAL when it is no such address
 */
apr_status_t acme_dns_address_parse(const char **address, int *port,
                                    const char *text, apr_pool_t *p);

#endif
