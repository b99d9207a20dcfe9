/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_message.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_dns_rcode.h"
#include "config.h"

#ifdef HAVE_LDNS

#include <ldns/ldns.h>

/* Members of the data of a TSIG record. */
enum {
    TSIG_ALGORITHM,
    TSIG_TIME,
    TSIG_FUDGE,
    TSIG_MAC,
    TSIG_ORIGINAL_ID,
    TSIG_ERROR,
    TSIG_OTHER,
    TSIG_COUNT
};

/* Bytes of a time in a TSIG record, and of a length before data. */
#define TIME_LEN 6
#define SIZE_LEN 2

int acme_dns_message_is_built(void)
{
    return 1;
}

/* hmac-sha384 is missing, because ldns 1.8 has a typing error in its name. */
int acme_dns_message_knows(const char *algorithm)
{
    return strcmp(algorithm, "hmac-sha256") == 0
           || strcmp(algorithm, "hmac-sha512") == 0;
}

/* ---- made ---- */

static apr_status_t fail(acme_problem_t *problem, const char *what,
                         ldns_status status, apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                            ACME_PROBLEM_DNS_UPDATE, p, "%s: %s", what,
                            ldns_get_errorstr_by_id(status));
}

/* Keeps the signature, which the reply's own one is made with. */
static void keep_mac(acme_dns_message_t *message, const ldns_pkt *pkt,
                     apr_pool_t *p)
{
    const ldns_rdf *mac = ldns_rr_rdf(ldns_pkt_tsig(pkt), TSIG_MAC);

    message->mac_len = ldns_rdf_size(mac);
    message->mac = apr_pmemdup(p, ldns_rdf_data(mac), message->mac_len);
}

/* Signs a message and turns it into bytes; frees it. */
static apr_status_t finish(acme_dns_message_t *message, ldns_pkt *pkt,
                           const acme_dns_key_t *key, acme_problem_t *problem,
                           apr_pool_t *p)
{
    ldns_status status = LDNS_STATUS_OK;
    uint8_t *wire = NULL;
    size_t len = 0;

    message->key = key;
    ldns_pkt_set_random_id(pkt);
    if (key) {
        status = ldns_pkt_tsig_sign(
            pkt, key->name, key->secret, ACME_DNS_MESSAGE_FUDGE,
            apr_pstrcat(p, key->algorithm, ".", NULL), NULL);
        if (status == LDNS_STATUS_OK) {
            keep_mac(message, pkt, p);
        }
    }
    if (status == LDNS_STATUS_OK) {
        status = ldns_pkt2wire(&wire, pkt, &len);
    }
    ldns_pkt_free(pkt);
    if (status != LDNS_STATUS_OK) {
        return fail(problem, "no message can be made", status, p);
    }
    message->bytes = apr_pmemdup(p, wire, len);
    message->len = len;
    LDNS_FREE(wire);
    return APR_SUCCESS;
}

apr_status_t acme_dns_message_ask(acme_dns_message_t *message, const char *name,
                                  acme_dns_type_e type,
                                  const acme_dns_key_t *key,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    ldns_rdf *dname = ldns_dname_new_frm_str(name);
    ldns_pkt *pkt;

    memset(message, 0, sizeof(*message));
    message->name = apr_pstrdup(p, name);
    message->type = type;
    if (!dname) {
        return fail(problem, name, LDNS_STATUS_INVALID_STR, p);
    }
    /* The packet owns the name from here on. */
    pkt = ldns_pkt_query_new(dname, (ldns_rr_type)type, LDNS_RR_CLASS_IN,
                             LDNS_RD);
    if (!pkt) {
        ldns_rdf_deep_free(dname);
        return fail(problem, name, LDNS_STATUS_MEM_ERR, p);
    }
    return finish(message, pkt, key, problem, p);
}

/* Returns the record of a change, or NULL. */
static ldns_rr *make_record(const acme_dns_change_t *change)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(change->name);
    ldns_rdf *text = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_STR, change->text);
    ldns_rr *rr = ldns_rr_new();

    if (!owner || !text || !rr) {
        ldns_rdf_deep_free(owner);
        ldns_rdf_deep_free(text);
        ldns_rr_free(rr);
        return NULL;
    }
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_type(rr, LDNS_RR_TYPE_TXT);
    ldns_rr_set_ttl(rr, change->remove ? 0 : change->ttl);
    ldns_rr_set_class(rr,
                      change->remove ? LDNS_RR_CLASS_NONE : LDNS_RR_CLASS_IN);
    ldns_rr_push_rdf(rr, text);
    return rr;
}

apr_status_t acme_dns_message_change(acme_dns_message_t *message,
                                     const acme_dns_change_t *change,
                                     const acme_dns_key_t *key,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    ldns_rdf *zone = ldns_dname_new_frm_str(change->zone);
    ldns_rr *rr = make_record(change);
    ldns_rr_list *changes = ldns_rr_list_new();
    ldns_pkt *pkt = NULL;

    memset(message, 0, sizeof(*message));
    message->is_update = 1;
    message->name = apr_pstrdup(p, change->zone);
    message->type = ACME_DNS_SOA;
    if (zone && rr && changes && ldns_rr_list_push_rr(changes, rr)) {
        rr = NULL;
        pkt = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, NULL, changes, NULL);
        zone = pkt ? NULL : zone; /* it has become the packet's own */
    }
    ldns_rdf_deep_free(zone);
    ldns_rr_free(rr);
    ldns_rr_list_deep_free(changes);
    if (!pkt) {
        return fail(problem, change->name, LDNS_STATUS_INVALID_STR, p);
    }
    return finish(message, pkt, key, problem, p);
}

/* ---- read ---- */

static apr_status_t refuse(acme_problem_t *problem, apr_pool_t *p,
                           const char *what)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_DNS_UPDATE, p, "%s", what);
}

/* Returns a name as acme_dns.h has it, or NULL. */
static const char *name_of(const ldns_rdf *rdf, apr_pool_t *p)
{
    char *text, *name, *c;
    size_t len;

    if (!rdf || ldns_rdf_get_type(rdf) != LDNS_RDF_TYPE_DNAME) {
        return NULL;
    }
    text = ldns_rdf2str(rdf);
    if (!text) {
        return NULL;
    }
    name = apr_pstrdup(p, text);
    LDNS_FREE(text);
    len = strlen(name);
    if (len > 0 && name[len - 1] == '.') {
        name[len - 1] = '\0';
    }
    for (c = name; *c; ++c) {
        *c = (char)apr_tolower(*c);
    }
    return name;
}

/* Returns the records that are needed here, of those of a section. */
static const apr_array_header_t *records_of(const ldns_rr_list *list,
                                            apr_pool_t *p)
{
    size_t i, n = list ? ldns_rr_list_rr_count(list) : 0;
    apr_array_header_t *records =
        apr_array_make(p, 4, sizeof(acme_dns_record_t));

    for (i = 0; i < n; ++i) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        acme_dns_record_t record;

        memset(&record, 0, sizeof(record));
        record.type = (acme_dns_type_e)ldns_rr_get_type(rr);
        record.name = name_of(ldns_rr_owner(rr), p);
        if (!record.name || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN
            || ldns_rr_rd_count(rr) == 0
            || (record.type != ACME_DNS_CNAME && record.type != ACME_DNS_SOA
                && record.type != ACME_DNS_NS)) {
            continue;
        }
        record.value = name_of(ldns_rr_rdf(rr, 0), p);
        record.ttl = apr_time_from_sec(ldns_rr_ttl(rr));
        if (record.value) {
            APR_ARRAY_PUSH(records, acme_dns_record_t) = record;
        }
    }
    return records;
}

/* Returns non-zero when the question, or the zone of an update, is that of the
 * message. A server may leave it out after an error. */
static int is_of(const ldns_pkt *pkt, const acme_dns_message_t *sent,
                 apr_pool_t *p)
{
    const ldns_rr_list *list = ldns_pkt_question(pkt);
    const ldns_rr *rr;
    const char *name;

    if (!list || ldns_rr_list_rr_count(list) == 0) {
        return sent->is_update || ldns_pkt_get_rcode(pkt) != LDNS_RCODE_NOERROR;
    }
    rr = ldns_rr_list_rr(list, 0);
    name = name_of(ldns_rr_owner(rr), p);
    return ldns_rr_list_rr_count(list) == 1 && name
           && strcmp(name, sent->name) == 0
           && ldns_rr_get_type(rr) == (ldns_rr_type)sent->type;
}

/* Reads a time of TIME_LEN bytes. */
static apr_time_t time_of(const uint8_t *bytes)
{
    apr_int64_t high = ldns_read_uint16(bytes);

    return apr_time_from_sec((high << 32)
                             | (apr_int64_t)ldns_read_uint32(bytes + SIZE_LEN));
}

/* Returns non-zero when a TSIG record has all of its members. */
static int is_whole(const ldns_rr *tsig)
{
    size_t i;

    if (!tsig || ldns_rr_rd_count(tsig) != TSIG_COUNT) {
        return 0;
    }
    for (i = 0; i < TSIG_COUNT; ++i) {
        if (!ldns_rr_rdf(tsig, i)) {
            return 0;
        }
    }
    return ldns_rdf_size(ldns_rr_rdf(tsig, TSIG_TIME)) == TIME_LEN
           && ldns_rdf_size(ldns_rr_rdf(tsig, TSIG_FUDGE)) == SIZE_LEN
           && ldns_rdf_size(ldns_rr_rdf(tsig, TSIG_ORIGINAL_ID)) == SIZE_LEN
           && ldns_rdf_size(ldns_rr_rdf(tsig, TSIG_ERROR)) == SIZE_LEN;
}

/* Takes what the server says of our signature. It cannot sign such a reply when
 * it does not know the key, so this is not verified; a forger can make a try
 * fail at most. Returns zero when it says nothing. */
static int has_error(acme_dns_reply_t *reply, const ldns_rr *tsig)
{
    const ldns_rdf *other = ldns_rr_rdf(tsig, TSIG_OTHER);

    reply->tsig_error = ldns_rdf2native_int16(ldns_rr_rdf(tsig, TSIG_ERROR));
    if (reply->rcode != ACME_DNS_MESSAGE_NOTAUTH || reply->tsig_error == 0) {
        reply->tsig_error = 0;
        return 0;
    }
    if (reply->tsig_error == ACME_DNS_MESSAGE_BADTIME
        && ldns_rdf_size(other) == SIZE_LEN + TIME_LEN) {
        reply->server_time = time_of(ldns_rdf_data(other) + SIZE_LEN);
    }
    return 1;
}

static int is_signed(ldns_pkt *pkt, const acme_dns_message_t *sent,
                     const unsigned char *bytes, apr_size_t len)
{
    ldns_rdf *mac = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA,
                                          sent->mac_len, sent->mac);
    int good;

    good = mac
           && ldns_pkt_tsig_verify(pkt, bytes, len, sent->key->name,
                                   sent->key->secret, mac);
    ldns_rdf_deep_free(mac);
    return good;
}

static apr_status_t check_signature(acme_dns_reply_t *reply, ldns_pkt *pkt,
                                    const acme_dns_message_t *sent,
                                    const unsigned char *bytes, apr_size_t len,
                                    acme_problem_t *problem, apr_pool_t *p)
{
    const ldns_rr *tsig = ldns_pkt_tsig(pkt);
    const char *owner, *algorithm;
    apr_time_t away;

    if (!tsig) {
        return refuse(problem, p,
                      apr_psprintf(p, "a reply without a signature (%s)",
                                   acme_dns_rcode_name(reply->rcode, p)));
    }
    if (!is_whole(tsig)) {
        return refuse(problem, p, "a reply with a damaged signature");
    }
    if (has_error(reply, tsig)) {
        return APR_SUCCESS;
    }
    owner = name_of(ldns_rr_owner(tsig), p);
    algorithm = name_of(ldns_rr_rdf(tsig, TSIG_ALGORITHM), p);
    if (!owner || strcmp(owner, sent->key->name) != 0 || !algorithm
        || strcmp(algorithm, sent->key->algorithm) != 0) {
        return refuse(problem, p, "a reply that another key has signed");
    }
    if (!is_signed(pkt, sent, bytes, len)) {
        return refuse(problem, p, "a reply with a bad signature");
    }
    away =
        time_of(ldns_rdf_data(ldns_rr_rdf(tsig, TSIG_TIME))) - apr_time_now();
    if (away > apr_time_from_sec(ACME_DNS_MESSAGE_FUDGE)
        || away < -apr_time_from_sec(ACME_DNS_MESSAGE_FUDGE)) {
        return refuse(problem, p, "a reply that was signed long ago");
    }
    return APR_SUCCESS;
}

static apr_status_t read_pkt(acme_dns_reply_t *reply, ldns_pkt *pkt,
                             const acme_dns_message_t *sent,
                             const unsigned char *bytes, apr_size_t len,
                             acme_problem_t *problem, apr_pool_t *p)
{
    ldns_pkt_opcode opcode =
        sent->is_update ? LDNS_PACKET_UPDATE : LDNS_PACKET_QUERY;
    apr_status_t rv = APR_SUCCESS;

    if (ldns_pkt_get_opcode(pkt) != opcode || !is_of(pkt, sent, p)) {
        return refuse(problem, p, "a reply to another question");
    }
    reply->rcode = (int)ldns_pkt_get_rcode(pkt);
    reply->cut = ldns_pkt_tc(pkt);
    if (reply->cut) {
        return APR_SUCCESS;
    }
    reply->authoritative = ldns_pkt_aa(pkt);
    if (sent->key) {
        rv = check_signature(reply, pkt, sent, bytes, len, problem, p);
    }
    if (rv == APR_SUCCESS && !sent->is_update) {
        reply->answers = records_of(ldns_pkt_answer(pkt), p);
        reply->authority = records_of(ldns_pkt_authority(pkt), p);
    }
    return rv;
}

apr_status_t acme_dns_message_read(acme_dns_reply_t *reply,
                                   const acme_dns_message_t *sent,
                                   const unsigned char *bytes, apr_size_t len,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    ldns_pkt *pkt = NULL;
    ldns_status status;
    apr_status_t rv;

    memset(reply, 0, sizeof(*reply));
    if (len < LDNS_HEADER_SIZE) {
        return refuse(problem, p, "something that is no DNS message");
    }
    if (!LDNS_QR_WIRE(bytes)
        || LDNS_ID_WIRE(bytes) != LDNS_ID_WIRE(sent->bytes)) {
        return refuse(problem, p, "a message that is no reply to ours");
    }
    status = ldns_wire2pkt(&pkt, bytes, len);
    if (status != LDNS_STATUS_OK || !pkt) {
        return refuse(problem, p,
                      apr_psprintf(p, "a damaged reply (%s)",
                                   ldns_get_errorstr_by_id(status)));
    }
    rv = read_pkt(reply, pkt, sent, bytes, len, problem, p);
    ldns_pkt_free(pkt);
    return rv;
}

#else

int acme_dns_message_is_built(void)
{
    return 0;
}

int acme_dns_message_knows(const char *algorithm)
{
    (void)algorithm;
    return 0;
}

static apr_status_t lack(acme_problem_t *problem, apr_pool_t *p)
{
    return acme_problem_set(problem, APR_ENOTIMPL, ACME_RETRY_CONFIG,
                            ACME_PROBLEM_DNS_UPDATE, p,
                            "mod_acme was built without ldns");
}

apr_status_t acme_dns_message_ask(acme_dns_message_t *message, const char *name,
                                  acme_dns_type_e type,
                                  const acme_dns_key_t *key,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    (void)name;
    (void)type;
    (void)key;
    memset(message, 0, sizeof(*message));
    return lack(problem, p);
}

apr_status_t acme_dns_message_change(acme_dns_message_t *message,
                                     const acme_dns_change_t *change,
                                     const acme_dns_key_t *key,
                                     acme_problem_t *problem, apr_pool_t *p)
{
    (void)change;
    (void)key;
    memset(message, 0, sizeof(*message));
    return lack(problem, p);
}

apr_status_t acme_dns_message_read(acme_dns_reply_t *reply,
                                   const acme_dns_message_t *sent,
                                   const unsigned char *bytes, apr_size_t len,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    (void)sent;
    (void)bytes;
    (void)len;
    memset(reply, 0, sizeof(*reply));
    return lack(problem, p);
}

#endif
