/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_problem_type.h
 * @brief The types of problems that we know, and what each means for us.
 *
 * One const table for RFC 8555 6.7, RFC 9773 7.4 and the profiles extension,
 * one for our own types: when to try again, and why then, whose fault it is,
 * and what an administrator can do. Whoever wants to change when something is
 * tried again changes it there.
 */
#ifndef ACME_PROBLEM_TYPE_H
#define ACME_PROBLEM_TYPE_H

#include <apr.h>

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
/** OpenSSL refused: a key, a certificate, a signature. */
#define ACME_PROBLEM_CRYPTO ACME_PROBLEM_LOCAL "crypto"
/** The configuration lacks something, or asks for what cannot be. */
#define ACME_PROBLEM_CONFIG ACME_PROBLEM_LOCAL "config"
/** A certificate was refused before it could replace a working one. */
#define ACME_PROBLEM_CERTIFICATE ACME_PROBLEM_LOCAL "certificate"
/** A validation did not end in time. */
#define ACME_PROBLEM_TIMEOUT ACME_PROBLEM_LOCAL "timeout"
/** We were asked to stop; nothing is wrong and it is resumed later. */
#define ACME_PROBLEM_STOPPED ACME_PROBLEM_LOCAL "stopped"

/** When it makes sense to try again. */
typedef enum {
    ACME_RETRY_NOW,       /**< at once, the same request (a bad nonce) */
    ACME_RETRY_LATER,     /**< at `retry_at`: the CA named a time */
    ACME_RETRY_BACKOFF,   /**< after 1, 10, 100 minutes, then daily */
    ACME_RETRY_CONFIG,    /**< once the configuration has changed */
    ACME_RETRY_PERMANENT, /**< not before an administrator asks */
    ACME_RETRY_INTERNAL   /**< our own fault or the machine's: as BACKOFF */
} acme_retry_e;

/** Says whether another CA may help. */
typedef enum {
    ACME_BLAME_SITE, /**< a name, a site, a request: any CA says the same */
    ACME_BLAME_CA    /**< the CA, or the way to it */
} acme_blame_e;

typedef struct acme_problem_type_t {
    const char *name; /**< of the type, without the prefix */
    acme_retry_e retry;
    acme_blame_e blame;
    const char *to_fix; /**< one sentence for the administrator */
} acme_problem_type_t;

/** The row of a type, given with its prefix; NULL when it is not known: then
 *  the HTTP status alone tells. */
const acme_problem_type_t *acme_problem_type_find(const char *type);

/** The type of an answer that names none, by its HTTP status.
 *  @param says the answer has words of the CA */
const char *acme_problem_type_by_status(int status, int says);

/** The type without ACME_PROBLEM_URN, NULL when it is none of RFC 8555's. */
const char *acme_problem_type_acme(const char *type);

/** The type without ACME_PROBLEM_LOCAL, NULL when it is none of our own. */
const char *acme_problem_type_local(const char *type);

/** The name of a retry class, as the status shows it. */
const char *acme_problem_type_retry_name(acme_retry_e retry);

/** The class of that name; 0 when there is none. */
int acme_problem_type_retry_find(acme_retry_e *retry, const char *name);

#endif
