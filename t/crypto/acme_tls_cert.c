/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "acme_alpn.h"
#include "acme_tls_cert.h"

/** A certificate and its key. */
typedef struct pair_t {
    acme_key_t *key;
    acme_chain_t *chain;
} pair_t;

/** Server and client, connected in memory. */
typedef struct world_t {
    SSL_CTX *server_ctx;
    SSL_CTX *client_ctx;
    SSL *server;
    SSL *client;
    const pair_t *serves[2]; /* by the callback; NULL: none */
    int alone;
    int refuses;
    int calls;
    int challenges; /* calls in a handshake of tls-alpn-01 */
} world_t;

static pair_t *make_pair(const char *name, acme_key_e type, apr_pool_t *p)
{
    acme_key_spec_t spec = {type, type == ACME_KEY_RSA ? 2048 : 0};
    pair_t *pair = apr_pcalloc(p, sizeof(*pair));
    const char *pem;

    assert_int_equal(acme_key_generate(&pair->key, &spec, NULL, NULL, NULL, p),
                     0);
    assert_int_equal(acme_cert_placeholder(&pem, pair->key, name,
                                           apr_time_now(), ACME_TIME_DAY, NULL,
                                           p),
                     0);
    assert_int_equal(
        acme_cert_chain_parse(&pair->chain, pem, strlen(pem), NULL, p), 0);
    return pair;
}

static int serve(SSL *ssl, void *baton)
{
    world_t *w = baton;
    int i;

    ++w->calls;
    w->challenges += acme_tls_cert_is_challenge(ssl);
    for (i = 0; i < 2; ++i) {
        if (w->serves[i]) {
            assert_null(acme_tls_cert_use(ssl, w->serves[i]->chain,
                                          w->serves[i]->key, w->alone && !i));
        }
    }
    return !w->refuses;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                  const unsigned char *in, unsigned int inlen, void *baton)
{
    (void)ssl;
    (void)baton;
    (void)inlen;
    *outlen = in[0];
    *out = in + 1;
    return SSL_TLSEXT_ERR_OK;
}

static apr_status_t end_world(void *data)
{
    world_t *w = data;

    SSL_free(w->server);
    SSL_free(w->client);
    SSL_CTX_free(w->server_ctx);
    SSL_CTX_free(w->client_ctx);
    return APR_SUCCESS;
}

static world_t *make_world(const pair_t *loaded, apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->server_ctx = SSL_CTX_new(TLS_server_method());
    w->client_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_alpn_select_cb(w->server_ctx, choose, NULL);
    assert_int_equal(SSL_CTX_use_cert_and_key(
                         w->server_ctx, acme_cert_chain_at(loaded->chain, 0),
                         acme_key_evp(loaded->key), NULL, 1),
                     1);
    acme_tls_cert_hook(w->server_ctx, serve, w);
    apr_pool_cleanup_register(p, w, end_world, apr_pool_cleanup_null);
    return w;
}

/** Makes a handshake. Returns the kind of key that the client has seen, or 0
 *  when it failed. */
static int shake(world_t *w, int version, const char *ciphers,
                 SSL_SESSION *session, const char *alpn)
{
    BIO *a, *b;
    int i, done = 0;

    /* Without a shutdown OpenSSL makes the session useless. */
    if (w->client) {
        SSL_set_shutdown(w->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_set_shutdown(w->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(w->server);
    SSL_free(w->client);
    w->server = SSL_new(w->server_ctx);
    w->client = SSL_new(w->client_ctx);
    SSL_set_max_proto_version(w->client, version);
    if (ciphers) {
        assert_int_equal(SSL_set_cipher_list(w->client, ciphers), 1);
    }
    if (session) {
        SSL_set_session(w->client, session);
    }
    if (alpn) {
        SSL_set_alpn_protos(w->client, (const unsigned char *)alpn,
                            (unsigned int)strlen(alpn));
    }
    assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    SSL_set_bio(w->server, a, a);
    SSL_set_bio(w->client, b, b);
    SSL_set_accept_state(w->server);
    SSL_set_connect_state(w->client);
    for (i = 0; i < 10 && !done; ++i) {
        int c = SSL_do_handshake(w->client);
        int s = SSL_do_handshake(w->server);

        done = c == 1 && s == 1;
    }
    if (!done) {
        return 0;
    }
    return EVP_PKEY_get_base_id(
        X509_get0_pubkey(SSL_get0_peer_certificate(w->client)));
}

static void assert_shown(const world_t *w, const pair_t *pair)
{
    assert_int_equal(X509_cmp(SSL_get0_peer_certificate(w->client),
                              acme_cert_chain_at(pair->chain, 0)),
                     0);
}

static void the_callback_chooses(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    apr_pool_t *p = *state;
    pair_t *old = make_pair("old.test", ACME_KEY_P256, p);
    pair_t *new = make_pair("new.test", ACME_KEY_P256, p);
    world_t *w = make_world(old, p);
    size_t i;

    for (i = 0; i < 2; ++i) {
        w->serves[0] = NULL;
        assert_int_equal(shake(w, versions[i], NULL, NULL, NULL), EVP_PKEY_EC);
        assert_shown(w, old);
        w->serves[0] = new;
        assert_int_equal(shake(w, versions[i], NULL, NULL, NULL), EVP_PKEY_EC);
        assert_shown(w, new);
        assert_true(acme_tls_cert_is_done(w->server));
        assert_ptr_equal(acme_tls_cert_ctx(w->server), w->server_ctx);
    }
    w->refuses = 1;
    assert_int_equal(shake(w, TLS1_2_VERSION, NULL, NULL, NULL), 0);
    assert_false(acme_tls_cert_is_done(w->server));
}

static void alone_or_beside_another_kind(void **state)
{
    apr_pool_t *p = *state;
    pair_t *rsa = make_pair("old.test", ACME_KEY_RSA, p);
    pair_t *ec = make_pair("new.test", ACME_KEY_P256, p);
    pair_t *new_rsa = make_pair("new.test", ACME_KEY_RSA, p);
    world_t *w = make_world(rsa, p);

    w->serves[0] = ec;
    assert_int_equal(shake(w, TLS1_2_VERSION, "aRSA", NULL, NULL),
                     EVP_PKEY_RSA);
    assert_shown(w, rsa);
    assert_int_equal(shake(w, TLS1_2_VERSION, "aECDSA", NULL, NULL),
                     EVP_PKEY_EC);
    w->alone = 1;
    assert_int_equal(shake(w, TLS1_2_VERSION, "aRSA", NULL, NULL), 0);
    assert_int_equal(shake(w, TLS1_2_VERSION, "aECDSA", NULL, NULL),
                     EVP_PKEY_EC);
    w->serves[1] = new_rsa;
    assert_int_equal(shake(w, TLS1_2_VERSION, "aRSA", NULL, NULL),
                     EVP_PKEY_RSA);
    assert_shown(w, new_rsa);
}

static void a_resumed_session_calls_nothing(void **state)
{
    apr_pool_t *p = *state;
    pair_t *old = make_pair("old.test", ACME_KEY_P256, p);
    world_t *w = make_world(old, p);
    SSL_SESSION *session;

    assert_int_equal(shake(w, TLS1_2_VERSION, NULL, NULL, NULL), EVP_PKEY_EC);
    session = SSL_get1_session(w->client);
    assert_int_equal(w->calls, 1);
    shake(w, TLS1_2_VERSION, NULL, session, NULL);
    assert_true(SSL_session_reused(w->server));
    assert_int_equal(w->calls, 1);
    assert_false(acme_tls_cert_is_done(w->server));
    SSL_SESSION_free(session);
}

static void a_challenge_is_known_with_tls_1_3(void **state)
{
    apr_pool_t *p = *state;
    world_t *w = make_world(make_pair("old.test", ACME_KEY_P256, p), p);

    shake(w, TLS1_3_VERSION, NULL, NULL, "\x02h2");
    shake(w, TLS1_3_VERSION, NULL, NULL, NULL);
    assert_int_equal(w->challenges, 0);
    shake(w, TLS1_3_VERSION, NULL, NULL, "\x0a" ACME_ALPN_PROTOCOL);
    assert_int_equal(w->challenges, 1);
    assert_int_equal(w->calls, 3);
}

static void a_key_of_another_certificate_fails(void **state)
{
    apr_pool_t *p = *state;
    pair_t *old = make_pair("old.test", ACME_KEY_P256, p);
    pair_t *new = make_pair("new.test", ACME_KEY_P256, p);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(ctx);

    assert_non_null(acme_tls_cert_use(ssl, new->chain, old->key, 1));
    assert_null(acme_tls_cert_use(ssl, new->chain, new->key, 1));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static int staple(SSL *ssl, void *baton)
{
    (void)ssl;
    (void)baton;
    return SSL_TLSEXT_ERR_NOACK;
}

static void stapling_is_seen(void **state)
{
    apr_pool_t *p = *state;
    pair_t *pair = make_pair("old.test", ACME_KEY_P256, p);
    world_t *w = make_world(pair, p);

    assert_false(acme_tls_cert_is_stapled(w->server_ctx));
    SSL_CTX_set_tlsext_status_cb(w->server_ctx, staple);
    assert_true(acme_tls_cert_is_stapled(w->server_ctx));
    assert_false(acme_tls_cert_has_ocsp(pair->chain));
}

ACME_T_MAIN(ACME_T(the_callback_chooses), ACME_T(alone_or_beside_another_kind),
            ACME_T(a_resumed_session_calls_nothing),
            ACME_T(a_challenge_is_known_with_tls_1_3),
            ACME_T(a_key_of_another_certificate_fails),
            ACME_T(stapling_is_seen))
