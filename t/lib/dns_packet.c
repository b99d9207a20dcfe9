/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_lib.h>

#include "dns_packet.h"

#define HEADER_LEN 12

static void put16(dns_packet_t *packet, unsigned int value)
{
    packet->data[packet->len++] = (unsigned char)(value >> 8);
    packet->data[packet->len++] = (unsigned char)value;
}

apr_size_t dns_packet_name(unsigned char *out, const char *name)
{
    apr_size_t n = 0, len;
    const char *dot;

    while (*name) {
        dot = strchr(name, '.');
        len = dot ? (apr_size_t)(dot - name) : strlen(name);
        out[n++] = (unsigned char)len;
        memcpy(out + n, name, len);
        n += len;
        name += len + (dot != NULL);
    }
    out[n++] = 0;
    return n;
}

void dns_packet_begin(dns_packet_t *packet, unsigned int id, unsigned int flags,
                      const char *name, unsigned int type)
{
    packet->len = 0;
    put16(packet, id);
    put16(packet, flags);
    put16(packet, 1);
    put16(packet, 0);
    put16(packet, 0);
    put16(packet, 0);
    packet->len += dns_packet_name(packet->data + packet->len, name);
    put16(packet, type);
    put16(packet, 1);
}

/* Returns the length of header and question. */
static apr_size_t head_len(const unsigned char *query, apr_size_t len)
{
    apr_size_t at = HEADER_LEN;

    while (at < len && query[at]) {
        at += query[at] + 1U;
    }
    return at + 5 <= len ? at + 5 : len;
}

void dns_packet_reply(dns_packet_t *packet, unsigned int flags,
                      const unsigned char *query, apr_size_t len)
{
    packet->len = head_len(query, len);
    memcpy(packet->data, query, packet->len);
    packet->data[2] = (unsigned char)(flags >> 8);
    packet->data[3] = (unsigned char)flags;
    memset(packet->data + 6, 0, 6);
}

void dns_packet_add(dns_packet_t *packet, const char *name, unsigned int type,
                    const void *data, apr_size_t len)
{
    unsigned int count = (unsigned int)packet->data[6] << 8 | packet->data[7];

    ++count;
    packet->data[6] = (unsigned char)(count >> 8);
    packet->data[7] = (unsigned char)count;
    packet->len += dns_packet_name(packet->data + packet->len, name);
    put16(packet, type);
    put16(packet, 1);
    put16(packet, 0);
    put16(packet, 60);
    put16(packet, (unsigned int)len);
    memcpy(packet->data + packet->len, data, len);
    packet->len += len;
}

void dns_packet_add_name(dns_packet_t *packet, const char *name,
                         unsigned int type, const char *target)
{
    unsigned char data[256];

    dns_packet_add(packet, name, type, data, dns_packet_name(data, target));
}

void dns_packet_add_txt(dns_packet_t *packet, const char *name,
                        const char *text)
{
    unsigned char data[256];
    apr_size_t len = strlen(text);

    data[0] = (unsigned char)len;
    memcpy(data + 1, text, len);
    dns_packet_add(packet, name, 16, data, len + 1);
}

void dns_packet_add_caa(dns_packet_t *packet, const char *name,
                        unsigned int flags, const char *tag, const char *value)
{
    unsigned char data[1024];
    apr_size_t tag_len = strlen(tag), len = strlen(value);

    data[0] = (unsigned char)flags;
    data[1] = (unsigned char)tag_len;
    memcpy(data + 2, tag, tag_len);
    memcpy(data + 2 + tag_len, value, len);
    dns_packet_add(packet, name, 257, data, 2 + tag_len + len);
}

void dns_packet_asked(char name[256], unsigned int *type,
                      const unsigned char *query, apr_size_t len)
{
    apr_size_t at = HEADER_LEN, n = 0, i;

    while (at < len && query[at] && at + query[at] < len
           && n + query[at] + 2 < 256) {
        if (n > 0) {
            name[n++] = '.';
        }
        for (i = 1; i <= query[at]; ++i) {
            name[n++] = (char)apr_tolower((char)query[at + i]);
        }
        at += query[at] + 1U;
    }
    name[n] = '\0';
    *type = at + 2 < len ? (unsigned int)query[at + 1] << 8 | query[at + 2] : 0;
}
