/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file update_peer.h
 * @brief A name server on a port of 127.0.0.1, UDP and TCP, without a thread:
 * it reads what has come when it is told to, and answers well or badly.
 *
 * Its messages are made by ldns, and signed by its key.
 */
#ifndef UPDATE_PEER_H
#define UPDATE_PEER_H

#include <apr_pools.h>
#include <apr_tables.h>

#define UPDATE_PEER_KEY    "acme-key"
#define UPDATE_PEER_SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="

/** How it answers. */
typedef enum {
    UPDATE_PEER_GOOD,
    UPDATE_PEER_SILENT,
    UPDATE_PEER_UNSIGNED,
    UPDATE_PEER_FORGED,  /**< signed by another secret */
    UPDATE_PEER_CHANGED, /**< changed after it was signed */
    UPDATE_PEER_STALE,   /**< the signature of another message */
    UPDATE_PEER_OTHER_KEY,
    UPDATE_PEER_OTHER_ID,
    UPDATE_PEER_OTHER_NAME,
    UPDATE_PEER_GARBAGE,
    UPDATE_PEER_SHORT, /**< a few bytes */
    UPDATE_PEER_QUERY, /**< our own message */
    UPDATE_PEER_CUT,   /**< TC over UDP, good over TCP */
    UPDATE_PEER_BADKEY,
    UPDATE_PEER_BADTIME /**< its clock is an hour late */
} update_peer_e;

/** An answer to questions: records, and the rcode when there is none. */
typedef struct update_peer_answer_t {
    const char *name;      /**< that is asked for */
    int rcode;             /**< of the answer */
    const char *answer;    /**< record as in a zone file, or NULL */
    const char *authority; /**< record as in a zone file, or NULL */
} update_peer_answer_t;

typedef struct update_peer_t {
    int port;
    update_peer_e how;
    int ignores; /**< messages that it does not answer before it does */
    int rcode;   /**< of its answers to updates */
    const update_peer_answer_t *answers; /**< ends with a name of NULL; other
                                              names are REFUSED */
    apr_array_header_t *updates; /**< const char *: "ZONE + RECORD", or "-" */
    int by_udp, by_tcp;          /**< messages that came */
    int udp, tcp, stream;        /**< sockets; stream: -1, or accepted */
    apr_pool_t *p;
} update_peer_t;

update_peer_t *update_peer_create(apr_pool_t *p);

/** Answers what has come. */
void update_peer_step(update_peer_t *peer);

#endif
