/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_message.h
 * @brief Messages to a name server and its replies, as bytes: questions,
 * dynamic updates (RFC 2136) and their signatures (RFC 8945), by ldns.
 *
 * Pure: no sockets. Nothing in a reply is trusted. Names are as in acme_dns.h.
 */
#ifndef ACME_DNS_MESSAGE_H
#define ACME_DNS_MESSAGE_H

#include "acme_dns.h"

/** Longest difference between the clocks that a signature allows. */
#define ACME_DNS_MESSAGE_FUDGE 300

/** Codes of replies (RFC 1035, RFC 2136) that are told apart. */
#define ACME_DNS_MESSAGE_NOERROR  0
#define ACME_DNS_MESSAGE_NXDOMAIN 3
#define ACME_DNS_MESSAGE_NOTAUTH  9

/** Codes of errors about signatures (RFC 8945). */
#define ACME_DNS_MESSAGE_BADSIG  16
#define ACME_DNS_MESSAGE_BADKEY  17
#define ACME_DNS_MESSAGE_BADTIME 18

/** A key that signs messages. */
typedef struct acme_dns_key_t {
    const char *name;
    const char *algorithm; /**< "hmac-sha256", see acme_dns_message_knows() */
    const char *secret;    /**< base64 */
} acme_dns_key_t;

/** A message to be sent. */
typedef struct acme_dns_message_t {
    const unsigned char *bytes;
    apr_size_t len;
    int is_update;
    const char *name; /**< of the question, or the zone of an update */
    acme_dns_type_e type;
    const acme_dns_key_t *key; /**< that has signed it, or NULL */
    const unsigned char *mac;  /**< its signature */
    apr_size_t mac_len;
} acme_dns_message_t;

/** A change of one TXT record. All others at its name stay. */
typedef struct acme_dns_change_t {
    const char *zone;
    const char *name;
    const char *text;
    apr_uint32_t ttl; /**< in seconds, of a record that is added */
    int remove;       /**< non-zero: the record goes */
} acme_dns_change_t;

/** A reply that belongs to a message, and is signed if that was. */
typedef struct acme_dns_reply_t {
    int cut; /**< it did not fit: nothing else is set; ask by TCP */
    int rcode;
    int tsig_error;         /**< ACME_DNS_MESSAGE_..., or 0 */
    apr_time_t server_time; /**< of BADTIME: the server's clock, or 0 */
    int authoritative;
    const apr_array_header_t *answers;   /**< acme_dns_record_t */
    const apr_array_header_t *authority; /**< acme_dns_record_t */
} acme_dns_reply_t;

/** Returns non-zero when this mod_acme was built with ldns; else the functions
 *  below fail. */
int acme_dns_message_is_built(void);

/** Returns non-zero when messages can be signed by this algorithm. */
int acme_dns_message_knows(const char *algorithm);

/** Makes a question.
 *  @param key or NULL; it lives as long as the message */
apr_status_t acme_dns_message_ask(acme_dns_message_t *message, const char *name,
                                  acme_dns_type_e type,
                                  const acme_dns_key_t *key,
                                  acme_problem_t *problem, apr_pool_t *p);

/** Makes an update. */
apr_status_t acme_dns_message_change(acme_dns_message_t *message,
                                     const acme_dns_change_t *change,
                                     const acme_dns_key_t *key,
                                     acme_problem_t *problem, apr_pool_t *p);

/**
 * Reads a reply. An error of the server is a success here: see its rcode.
 * @param sent what it is to reply to
 * @return APR_EINVAL: this is no reply to it, or damaged, or is not signed as
 *         it has to be; the problem's detail goes on after "the server sent"
 */
apr_status_t acme_dns_message_read(acme_dns_reply_t *reply,
                                   const acme_dns_message_t *sent,
                                   const unsigned char *bytes, apr_size_t len,
                                   acme_problem_t *problem, apr_pool_t *p);

#endif
