/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "config.h"
#include "update_peer.h"

#ifdef HAVE_LDNS

#include <ldns/ldns.h>

#define OTHER_SECRET "b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldCBvdGhlciE="

static int open_socket(update_peer_t *peer, int type)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)peer->port);
    assert_true(fd >= 0);
    if (bind(fd, (struct sockaddr *)&address, len)) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    peer->port = ntohs(address.sin_port);
    return fd;
}

static apr_status_t close_all(void *data)
{
    update_peer_t *peer = data;

    close(peer->udp);
    close(peer->tcp);
    if (peer->stream >= 0) {
        close(peer->stream);
    }
    return APR_SUCCESS;
}

update_peer_t *update_peer_create(apr_pool_t *p)
{
    update_peer_t *peer = apr_pcalloc(p, sizeof(*peer));

    peer->p = p;
    peer->updates = apr_array_make(p, 4, sizeof(const char *));
    peer->stream = -1;
    /* The port of the one may be taken for the other. */
    do {
        peer->port = 0;
        peer->tcp = open_socket(peer, SOCK_STREAM);
        peer->udp = open_socket(peer, SOCK_DGRAM);
        if (peer->udp < 0) {
            close(peer->tcp);
        }
    } while (peer->udp < 0);
    assert_int_equal(listen(peer->tcp, 4), 0);
    apr_pool_cleanup_register(p, peer, close_all, apr_pool_cleanup_null);
    return peer;
}

/* Notes an update as a line. */
static void note(update_peer_t *peer, const ldns_pkt *asked)
{
    const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_authority(asked), 0);
    char *zone = ldns_rdf2str(
        ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(asked), 0)));
    char *name = ldns_rdf2str(ldns_rr_owner(rr));
    char *text = ldns_rdf2str(ldns_rr_rdf(rr, 0));

    assert_int_equal(ldns_rr_list_rr_count(ldns_pkt_authority(asked)), 1);
    APR_ARRAY_PUSH(peer->updates, const char *) = apr_psprintf(
        peer->p, "%s %s %s %s", zone,
        ldns_rr_get_class(rr) == LDNS_RR_CLASS_NONE ? "-" : "+", name, text);
    free(zone);
    free(name);
    free(text);
}

static void push(ldns_pkt *reply, ldns_pkt_section section, const char *text)
{
    ldns_rr *rr;

    if (text) {
        assert_int_equal(ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL),
                         LDNS_STATUS_OK);
        ldns_pkt_push_rr(reply, section, rr);
    }
}

/* Answers a question from the list. */
static void answer(const update_peer_t *peer, ldns_pkt *reply,
                   const ldns_pkt *asked)
{
    char *name = ldns_rdf2str(
        ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(asked), 0)));
    const update_peer_answer_t *found = peer->answers;

    name[strlen(name) - 1] = '\0';
    while (found && found->name && strcmp(found->name, name) != 0) {
        ++found;
    }
    if (found && found->name) {
        ldns_pkt_set_rcode(reply, (uint8_t)found->rcode);
        push(reply, LDNS_SECTION_ANSWER, found->answer);
        push(reply, LDNS_SECTION_AUTHORITY, found->authority);
    }
    else {
        ldns_pkt_set_rcode(reply, LDNS_RCODE_REFUSED);
    }
    free(name);
}

/* Adds an error about the signature, which is not signed. */
static void add_error(ldns_pkt *reply, int error)
{
    static const uint8_t nothing[2] = {0, 0};
    uint8_t when[6] = {0}, other[8] = {0, 6};
    ldns_rr *rr = ldns_rr_new();
    uint32_t now = (uint32_t)apr_time_sec(apr_time_now());

    ldns_write_uint32(when + 2, now);
    ldns_write_uint32(other + 4, now - 3600);
    ldns_rr_set_owner(rr, ldns_dname_new_frm_str(UPDATE_PEER_KEY));
    ldns_rr_set_class(rr, LDNS_RR_CLASS_ANY);
    ldns_rr_set_type(rr, LDNS_RR_TYPE_TSIG);
    ldns_rr_set_ttl(rr, 0);
    ldns_rr_push_rdf(rr, ldns_dname_new_frm_str("hmac-sha256."));
    ldns_rr_push_rdf(rr,
                     ldns_rdf_new_frm_data(LDNS_RDF_TYPE_TSIGTIME, 6, when));
    ldns_rr_push_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, 300));
    ldns_rr_push_rdf(
        rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, 2, nothing));
    ldns_rr_push_rdf(
        rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, ldns_pkt_id(reply)));
    ldns_rr_push_rdf(
        rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, (uint16_t)error));
    ldns_rr_push_rdf(
        rr, error == 18
                ? ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, 8, other)
                : ldns_rdf_new_frm_data(LDNS_RDF_TYPE_INT16_DATA, 2, nothing));
    ldns_pkt_set_rcode(reply, 9);
    ldns_pkt_set_tsig(reply, rr);
}

static void sign(const update_peer_t *peer, ldns_pkt *reply,
                 const ldns_pkt *asked)
{
    const ldns_rr *tsig = ldns_pkt_tsig(asked);
    ldns_rdf *mac = tsig ? ldns_rr_rdf(tsig, 3) : NULL;

    if (peer->how == UPDATE_PEER_BADKEY || peer->how == UPDATE_PEER_BADTIME) {
        add_error(reply, peer->how == UPDATE_PEER_BADKEY ? 17 : 18);
        return;
    }
    if (!mac || peer->how == UPDATE_PEER_UNSIGNED) {
        return;
    }
    assert_int_equal(
        ldns_pkt_tsig_sign(
            reply,
            peer->how == UPDATE_PEER_OTHER_KEY ? "other-key" : UPDATE_PEER_KEY,
            peer->how == UPDATE_PEER_FORGED ? OTHER_SECRET : UPDATE_PEER_SECRET,
            300, "hmac-sha256.", peer->how == UPDATE_PEER_STALE ? NULL : mac),
        LDNS_STATUS_OK);
    if (peer->how == UPDATE_PEER_CHANGED) {
        ldns_pkt_set_rcode(reply, LDNS_RCODE_NXDOMAIN);
    }
}

/* Makes the reply in `out`. Returns its length; 0: none. */
static apr_size_t make_reply(update_peer_t *peer, const unsigned char *in,
                             apr_size_t len, unsigned char *out, int tcp)
{
    ldns_pkt *asked = NULL, *reply = ldns_pkt_new();
    ldns_rr_list *zone;
    uint8_t *wire;
    size_t size = 0;

    assert_int_equal(ldns_wire2pkt(&asked, in, len), LDNS_STATUS_OK);
    ldns_pkt_set_id(reply, ldns_pkt_id(asked));
    ldns_pkt_set_qr(reply, true);
    ldns_pkt_set_aa(reply, true);
    ldns_pkt_set_opcode(reply, ldns_pkt_get_opcode(asked));
    zone = ldns_rr_list_clone(ldns_pkt_question(asked));
    if (peer->how == UPDATE_PEER_OTHER_NAME) {
        ldns_rdf_deep_free(ldns_rr_owner(ldns_rr_list_rr(zone, 0)));
        ldns_rr_set_owner(ldns_rr_list_rr(zone, 0),
                          ldns_dname_new_frm_str("other.example"));
    }
    ldns_pkt_push_rr_list(reply, LDNS_SECTION_QUESTION, zone);
    ldns_rr_list_free(zone);
    if (ldns_pkt_get_opcode(asked) == LDNS_PACKET_UPDATE) {
        note(peer, asked);
        ldns_pkt_set_rcode(reply, (uint8_t)peer->rcode);
    }
    else {
        answer(peer, reply, asked);
    }
    if (peer->how == UPDATE_PEER_OTHER_ID) {
        ldns_pkt_set_id(reply, (uint16_t)(ldns_pkt_id(asked) + 1));
    }
    if (peer->how == UPDATE_PEER_CUT && !tcp) {
        ldns_pkt_set_tc(reply, true);
    }
    else {
        sign(peer, reply, asked);
    }
    assert_int_equal(ldns_pkt2wire(&wire, reply, &size), LDNS_STATUS_OK);
    memcpy(out, wire, size);
    free(wire);
    ldns_pkt_free(reply);
    ldns_pkt_free(asked);
    if (peer->how == UPDATE_PEER_GARBAGE) {
        memset(out + 4, 0xc7, size - 4);
    }
    if (peer->how == UPDATE_PEER_QUERY) {
        memcpy(out, in, len);
        size = len;
    }
    return peer->how == UPDATE_PEER_SHORT ? 5 : size;
}

static void step_udp(update_peer_t *peer)
{
    unsigned char in[4096], out[4096];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    apr_size_t size;
    ssize_t n;

    while ((n = recvfrom(peer->udp, in, sizeof(in), 0, (struct sockaddr *)&from,
                         &from_len))
           > 0) {
        ++peer->by_udp;
        if (peer->how != UPDATE_PEER_SILENT && peer->by_udp > peer->ignores) {
            size = make_reply(peer, in, (apr_size_t)n, out, 0);
            assert_int_equal(sendto(peer->udp, out, size, 0,
                                    (struct sockaddr *)&from, from_len),
                             size);
        }
        from_len = sizeof(from);
    }
}

/* Takes a message in one piece, and sends the reply in two. */
static void step_tcp(update_peer_t *peer)
{
    unsigned char in[4096], out[4098];
    apr_size_t size;
    ssize_t n;

    if (peer->stream < 0) {
        peer->stream = accept(peer->tcp, NULL, NULL);
        if (peer->stream < 0) {
            return;
        }
        fcntl(peer->stream, F_SETFL, O_NONBLOCK);
    }
    n = recv(peer->stream, in, sizeof(in), 0);
    if (n > 2 && peer->how != UPDATE_PEER_SILENT) {
        ++peer->by_tcp;
        assert_int_equal(n, 2 + (in[0] << 8 | in[1]));
        size = make_reply(peer, in + 2, (apr_size_t)n - 2, out + 2, 1);
        out[0] = (unsigned char)(size >> 8);
        out[1] = (unsigned char)size;
        assert_int_equal(send(peer->stream, out, 1, MSG_NOSIGNAL), 1);
        assert_int_equal(send(peer->stream, out + 1, size + 1, MSG_NOSIGNAL),
                         size + 1);
    }
    if (n == 0) {
        close(peer->stream);
        peer->stream = -1;
    }
}

void update_peer_step(update_peer_t *peer)
{
    step_udp(peer);
    step_tcp(peer);
}

#endif
