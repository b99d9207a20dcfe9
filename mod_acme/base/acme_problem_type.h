/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_problem_type.h
 * @brief The types of problems that we know, and what each means for us.
 *
 * There is a const table for the types of RFC 8555 6.7, RFC 9773 7.4 and the
 * profiles extension, and another for our own types. A row says when to try
 * again, and why then, whose fault the problem is, and what an administrator
 * can do. To change when something is tried again, change its row.
 */
#ifndef ACME_PROBLEM_TYPE_H
#define ACME_PROBLEM_TYPE_H

#include <apr.h>
#include <apr_pools.h>

/** Prefix of the types that RFC 8555 6.7 registers. */
#define ACME_PROBLEM_URN "urn:ietf:params:acme:error:"
/** Prefix of our own types. */
#define ACME_PROBLEM_LOCAL "urn:mod_acme:error:"

/** The CA could not be reached, or the connection broke. */
#define ACME_PROBLEM_NETWORK ACME_PROBLEM_LOCAL "network"
/** The CA answered something that RFC 8555 does not allow. */
#define ACME_PROBLEM_PROTOCOL ACME_PROBLEM_LOCAL "protocol"
/** The CA refused, and named no type. */
#define ACME_PROBLEM_REFUSED ACME_PROBLEM_LOCAL "refused"
/** The store could not be read or written, or holds something damaged. */
#define ACME_PROBLEM_STORE ACME_PROBLEM_LOCAL "store"
/** OpenSSL refused a key, a certificate or a signature. */
#define ACME_PROBLEM_CRYPTO ACME_PROBLEM_LOCAL "crypto"
/** The configuration lacks something, or asks for something impossible. */
#define ACME_PROBLEM_CONFIG ACME_PROBLEM_LOCAL "config"
/** A certificate was refused before it could replace a working one. */
#define ACME_PROBLEM_CERTIFICATE ACME_PROBLEM_LOCAL "certificate"
/** A validation did not end in time. */
#define ACME_PROBLEM_TIMEOUT ACME_PROBLEM_LOCAL "timeout"
/** The worker was told to stop; nothing is wrong, and it is resumed later. */
#define ACME_PROBLEM_STOPPED ACME_PROBLEM_LOCAL "stopped"
/** A program of the administrator has failed. */
#define ACME_PROBLEM_COMMAND ACME_PROBLEM_LOCAL "command"
/** The DNS gave no usable answer. */
#define ACME_PROBLEM_DNS ACME_PROBLEM_LOCAL "dns"
/** A name server did not take an update of its zone. */
#define ACME_PROBLEM_DNS_UPDATE ACME_PROBLEM_LOCAL "dnsUpdate"
/** the process that was at it has crashed */
#define ACME_PROBLEM_CRASH ACME_PROBLEM_LOCAL "crash"

/** When to try again. */
typedef enum {
    ACME_RETRY_NOW,       /**< the same request at once (a bad nonce) */
    ACME_RETRY_LATER,     /**< at `retry_at`: the CA named a time */
    ACME_RETRY_BACKOFF,   /**< after 1, 10, 100 minutes, then daily */
    ACME_RETRY_CONFIG,    /**< once the configuration has changed */
    ACME_RETRY_PERMANENT, /**< not before an administrator asks */
    ACME_RETRY_INTERNAL   /**< as BACKOFF; a fault of ours or the machine */
} acme_retry_e;

/** Says whether another CA may help. */
typedef enum {
    ACME_BLAME_SITE, /**< a name, a site, a request: any CA says the same */
    ACME_BLAME_CA    /**< the CA, or the way to it */
} acme_blame_e;

/** Says during which request or work a problem came up, because what helps
 *  depends on it. */
typedef enum {
    ACME_AT_DIRECTORY,  /**< fetching the directory */
    ACME_AT_NONCE,      /**< newNonce */
    ACME_AT_ACCOUNT,    /**< newAccount */
    ACME_AT_ORDER,      /**< newOrder, and requests about an order after that */
    ACME_AT_VALIDATION, /**< the CA has tried to validate a name */
    ACME_AT_ISSUANCE    /**< finalize, and what comes after it */
} acme_problem_at_e;

typedef struct acme_problem_type_t {
    const char *name; /**< of the type, without the prefix */
    acme_retry_e retry;
    acme_blame_e blame;
    const char *to_fix; /**< one sentence for the administrator, wherever the
                             problem came up */
} acme_problem_type_t;

/** Returns the row of a type, given with its prefix; NULL when it is not known.
 */
const acme_problem_type_t *acme_problem_type_find(const char *type);

/** Returns the advice for a problem of that type that came up there; NULL when
 *  the type is not known, or its own advice is good everywhere. */
const char *acme_problem_type_advice(const char *type, acme_problem_at_e at);

/** Returns a type, by its HTTP status, for a response that names none.
 *  @param says non-zero: the response has words of the CA */
const char *acme_problem_type_by_status(int status, int says);

/** Returns the type without ACME_PROBLEM_URN, NULL when it is not a type of RFC
 *  8555. */
const char *acme_problem_type_acme(const char *type);

/** Returns a type as RFC 8555 writes it if it is one in upper or lower case, or
 *  with the prefix of drafts of it; else the type itself.
 *  @return in p, or `type` */
const char *acme_problem_type_canonical(const char *type, apr_pool_t *p);

/** Returns the type without ACME_PROBLEM_LOCAL, NULL when it is not our own. */
const char *acme_problem_type_local(const char *type);

/** Returns the name of a retry class, as the store has it. */
const char *acme_problem_type_retry_name(acme_retry_e retry);

/** Finds the class of that name. Returns zero when there is none. */
int acme_problem_type_retry_find(acme_retry_e *retry, const char *name);

#endif
