/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_tls_cert.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "acme_alpn.h"

void acme_tls_cert_hook(SSL_CTX *ctx, acme_tls_cert_fn *fn, void *baton)
{
    SSL_CTX_set_cert_cb(ctx, fn, baton);
}

const char *acme_tls_cert_use(SSL *ssl, const acme_chain_t *chain,
                              const acme_key_t *key, int alone)
{
    const char *words = NULL;
    STACK_OF(X509) *rest = sk_X509_new_null();
    int i, ok = rest != NULL;

    ERR_clear_error();
    for (i = 1; ok && i < acme_cert_chain_count(chain); ++i) {
        ok = sk_X509_push(rest, acme_cert_chain_at(chain, i)) > 0;
    }
    if (ok && alone) {
        SSL_certs_clear(ssl);
    }
    ok = ok
         && SSL_use_cert_and_key(ssl, acme_cert_chain_at(chain, 0),
                                 acme_key_evp(key), rest, 1)
                == 1;
    /* The connection has references of its own. */
    sk_X509_free(rest);
    if (!ok) {
        words = ERR_reason_error_string(ERR_peek_last_error());
        ERR_clear_error();
        words = words ? words : "no reason is known";
    }
    return words;
}

int acme_tls_cert_is_challenge(const SSL *ssl)
{
    const unsigned char *protocol;
    unsigned int len;

    SSL_get0_alpn_selected(ssl, &protocol, &len);
    return len == sizeof(ACME_ALPN_PROTOCOL) - 1
           && memcmp(protocol, ACME_ALPN_PROTOCOL, len) == 0;
}

const SSL_CTX *acme_tls_cert_ctx(const SSL *ssl)
{
    return SSL_get_SSL_CTX(ssl);
}

int acme_tls_cert_is_done(SSL *ssl)
{
    return SSL_is_init_finished(ssl) && !SSL_session_reused(ssl);
}

int acme_tls_cert_is_stapled(SSL_CTX *ctx)
{
    int (*callback)(SSL *, void *) = NULL;

    return SSL_CTX_get_tlsext_status_cb(ctx, &callback) == 1
           && callback != NULL;
}

int acme_tls_cert_has_ocsp(const acme_chain_t *chain)
{
    STACK_OF(OPENSSL_STRING) *urls =
        X509_get1_ocsp(acme_cert_chain_at(chain, 0));
    int has = urls != NULL && sk_OPENSSL_STRING_num(urls) > 0;

    X509_email_free(urls);
    return has;
}
