/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_responder_name.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_dns_reply.h"
#include "acme_ident.h"
#include "acme_jws.h"

#define PREFIX "_acme-challenge."

/* Hexadecimal digits of a hash: 160 bits, as no two names share. */
#define HASH_LEN 40

static const char *base_of(const char *identifier)
{
    return acme_ident_is_wildcard(identifier) ? identifier + 2 : identifier;
}

const char *acme_responder_name_asked(const char *identifier, apr_pool_t *p)
{
    return apr_pstrcat(p, PREFIX, base_of(identifier), NULL);
}

const char *acme_responder_name_target(const char *identifier, const char *zone,
                                       apr_pool_t *p)
{
    const char *base = base_of(identifier);

    if (strlen(base) + 1 + strlen(zone) > ACME_DNS_REPLY_NAME_MAX) {
        base = apr_pstrmemdup(p, acme_jws_sha256_hex(base, p), HASH_LEN);
    }
    return apr_pstrcat(p, base, ".", zone, NULL);
}

int acme_responder_name_is_in(const char *name, const char *zone)
{
    apr_size_t len = strlen(name), zone_len = strlen(zone);

    return len >= zone_len && strcmp(name + len - zone_len, zone) == 0
           && (len == zone_len || name[len - zone_len - 1] == '.');
}

const char *acme_responder_name_record(const char *identifier, const char *zone,
                                       apr_pool_t *p)
{
    const char *base = base_of(identifier);

    if (acme_ident_type(base) == ACME_IDENT_IP
        || acme_responder_name_is_in(base, zone)) {
        return NULL;
    }
    return apr_pstrcat(p, acme_responder_name_asked(base, p), ". IN CNAME ",
                       acme_responder_name_target(base, zone, p), ".", NULL);
}
