/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file dns_packet.h
 * @brief Writes packets of the DNS, right ones and wrong ones.
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include <apr.h>

#define DNS_PACKET_MAX 65535

#define DNS_PACKET_ANSWER        0x8000
#define DNS_PACKET_AUTHORITATIVE 0x0400
#define DNS_PACKET_CUT           0x0200
#define DNS_PACKET_RECURSE       0x0100

typedef struct dns_packet_t {
    unsigned char data[DNS_PACKET_MAX];
    apr_size_t len;
} dns_packet_t;

/** Begins a packet with one question.
 *  @param flags DNS_PACKET_*, and the rcode */
void dns_packet_begin(dns_packet_t *packet, unsigned int id, unsigned int flags,
                      const char *name, unsigned int type);

/** Begins the answer to a query: its id and question, as they are. */
void dns_packet_reply(dns_packet_t *packet, unsigned int flags,
                      const unsigned char *query, apr_size_t len);

/** Adds a record to the answer section. */
void dns_packet_add(dns_packet_t *packet, const char *name, unsigned int type,
                    const void *data, apr_size_t len);

/** Adds a record whose data is a name: NS, CNAME. */
void dns_packet_add_name(dns_packet_t *packet, const char *name,
                         unsigned int type, const char *target);

/** Adds a TXT record with one string of at most 255 bytes. */
void dns_packet_add_txt(dns_packet_t *packet, const char *name,
                        const char *text);

/** Adds a CAA record. */
void dns_packet_add_caa(dns_packet_t *packet, const char *name,
                        unsigned int flags, const char *tag, const char *value);

/** Writes a name as the DNS has it. Returns its length. */
apr_size_t dns_packet_name(unsigned char *out, const char *name);

/** Reads the name of the question of a query, in lower case. */
void dns_packet_asked(char name[256], unsigned int *type,
                      const unsigned char *query, apr_size_t len);

#endif
