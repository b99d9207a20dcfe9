/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns.h"

#include <arpa/inet.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

const char *acme_dns_type_name(acme_dns_type_e type)
{
    switch (type) {
    case ACME_DNS_A:
        return "A";
    case ACME_DNS_NS:
        return "NS";
    case ACME_DNS_CNAME:
        return "CNAME";
    case ACME_DNS_SOA:
        return "SOA";
    case ACME_DNS_TXT:
        return "TXT";
    case ACME_DNS_AAAA:
        return "AAAA";
    case ACME_DNS_CAA:
        return "CAA";
    }
    return "?";
}

/* Returns 0 for what is no port. */
static int parse_port(const char *text)
{
    int port = 0;

    if (!*text || strlen(text) > 5) {
        return 0;
    }
    for (; *text; ++text) {
        if (!apr_isdigit(*text)) {
            return 0;
        }
        port = 10 * port + (*text - '0');
    }
    return port <= 65535 ? port : 0;
}

apr_status_t acme_dns_address_parse(const char **address, int *port,
                                    const char *text, apr_pool_t *p)
{
    unsigned char bytes[16];
    char shortest[64];
    const char *host = text, *rest = NULL;
    const char *colon = strchr(text, ':');
    int family = AF_INET;

    *port = 0;
    if (*text == '[') {
        const char *end = strchr(text, ']');

        if (!end || (end[1] && end[1] != ':')) {
            return APR_EINVAL;
        }
        family = AF_INET6;
        host = apr_pstrmemdup(p, text + 1, (apr_size_t)(end - text - 1));
        rest = end[1] ? end + 2 : NULL;
    }
    else if (colon && strchr(colon + 1, ':')) {
        family = AF_INET6;
    }
    else if (colon) {
        host = apr_pstrmemdup(p, text, (apr_size_t)(colon - text));
        rest = colon + 1;
    }
    if (rest) {
        *port = parse_port(rest);
        if (!*port) {
            return APR_EINVAL;
        }
    }
    if (inet_pton(family, host, bytes) != 1
        || !inet_ntop(family, bytes, shortest, sizeof(shortest))) {
        return APR_EINVAL;
    }
    *address = apr_pstrdup(p, shortest);
    return APR_SUCCESS;
}
