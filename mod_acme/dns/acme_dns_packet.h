/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_dns_packet.h
 * @brief Reads the packet of an answer (RFC 1035 4). Pure.
 *
 * Whatever the bytes are, reading ends soon and takes no more memory than a
 * small multiple of them. There without c-ares, too, but then it reads nothing.
 */
#ifndef ACME_DNS_PACKET_H
#define ACME_DNS_PACKET_H

#include "acme_dns.h"

/** Most bytes of a packet: what the length before it over TCP can say. */
#define ACME_DNS_PACKET_MAX 65535

/**
 * Reads an answer.
 * @param answer outcome, bit and records are set, in p
 * @param question that was asked
 * @return APR_EGENERAL when it cannot be used: it is cut or damaged, of another
 *         question, loops, or the server says that it cannot answer
 */
apr_status_t acme_dns_packet_read(acme_dns_answer_t *answer,
                                  const acme_dns_question_t *question,
                                  const unsigned char *packet, apr_size_t len,
                                  acme_problem_t *problem, apr_pool_t *p);

#endif
