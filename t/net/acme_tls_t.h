/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_tls_t.h
 * @brief A small HTTPS server whose paths select how it misbehaves.
 *
 * Runs in processes of its own on a port of the loopback interface, with a
 * certificate for "localhost" from a CA that is made for the test.
 *
 *   /echo       method, content type, user agent and body, as text
 *   /connection the number of the connection and of the request on it
 *   /headers    two Link headers, an empty one, and blanks to be removed
 *   /bytes/N    N bytes, announced; /chunks/N the same in chunks
 *   /endless    a body without end; /endless-headers; /endless-line;
 *               /endless-continue; /endless-redirect
 *   /redirect/N redirects to /redirect/N-1 ...; 0 is an answer; /loop to itself
 *   /to/URL     redirects to that URL
 *   /trailer    a chunked answer with a trailer
 *   /wait       answers when tls_gate says so
 *   /slow       nothing for a long time; /half: half an answer, then nothing
 *   /drop       closes without an answer; /cut: in the middle of one
 *   /close      answers and closes without saying so
 *   /garbage    something that is no HTTP
 */
#ifndef ACME_TLS_T_H
#define ACME_TLS_T_H

#include "acme_t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Shared with the server's processes: the requests at /wait. */
typedef struct tls_gate_t {
    volatile int asked;    /* number that has arrived */
    volatile int open;     /* non-zero: they are answered */
    volatile int answered; /* number that has been answered */
} tls_gate_t;

static tls_gate_t *tls_gate;

/* Seconds until the server gives up; enough for any machine. */
#define TLS_PATIENCE 300

typedef struct tls_server_t {
    apr_pool_t *p;
    pid_t pid;
    int port;
    char *ca_file;
    char *other_ca_file; /* of another CA, which did not issue it */
} tls_server_t;

/* ---- certificates ---- */

static inline void tls_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
}

/* Makes a certificate signed by issuer_key; a CA certificate if san is NULL. */
static inline X509 *tls_cert(EVP_PKEY *key, EVP_PKEY *issuer_key,
                             const char *issuer_name, const char *san,
                             long serial)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_NAME *issuer = X509_NAME_new();

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC,
                               (const unsigned char *)issuer_name, -1, -1, 0);
    X509_set_issuer_name(cert, issuer);
    if (san) {
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   (const unsigned char *)"server", -1, -1, 0);
        tls_extension(cert, NID_subject_alt_name, san);
    }
    else {
        X509_set_subject_name(cert, issuer);
        tls_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
        tls_extension(cert, NID_key_usage, "critical,keyCertSign");
    }
    X509_NAME_free(issuer);
    assert_true(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
    return cert;
}

static inline char *tls_save(X509 *cert, apr_pool_t *p)
{
    const char *tmp = getenv("TMPDIR");
    char *path = apr_pstrcat(p, tmp ? tmp : "/tmp", "/acme-ca-XXXXXX", NULL);
    int fd = mkstemp(path);
    FILE *file;

    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    assert_true(PEM_write_X509(file, cert));
    fclose(file);
    return path;
}

static inline SSL_CTX *tls_context(tls_server_t *server)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *ca = tls_cert(ca_key, ca_key, "the CA", NULL, 1);
    X509 *other = tls_cert(other_key, other_key, "another", NULL, 2);
    X509 *cert = tls_cert(key, ca_key, "the CA", "DNS:localhost", 3);

    server->ca_file = tls_save(ca, server->p);
    server->other_ca_file = tls_save(other, server->p);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(ca);
    X509_free(other);
    X509_free(cert);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(key);
    return ctx;
}

/* ---- answers ---- */

typedef struct tls_request_t {
    char text[16 * 1024]; /* of all of it */
    int len;
    char method[16];
    char path[512];
    const char *body;
} tls_request_t;

/* Writes. Ends this connection's process if the peer has closed it. */
static inline void tls_write(SSL *ssl, const char *data, int len)
{
    if (SSL_write(ssl, data, len) <= 0) {
        _exit(0);
    }
}

static inline void tls_puts(SSL *ssl, const char *text)
{
    tls_write(ssl, text, (int)strlen(text));
}

static inline void tls_answer(SSL *ssl, const char *status, const char *headers,
                              const char *body)
{
    char text[20 * 1024];

    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, headers,
             (int)strlen(body), body);
    tls_puts(ssl, text);
}

static inline const char *tls_field(const tls_request_t *request,
                                    const char *name, char *value, size_t size)
{
    const char *found = strstr(request->text, name);

    value[0] = '\0';
    if (found && found < request->body) {
        found += strlen(name);
        snprintf(value, size, "%.*s", (int)strcspn(found, "\r"), found);
    }
    return value;
}

static inline int tls_read(SSL *ssl, tls_request_t *request)
{
    char value[32];
    char *end = NULL;
    int wanted = 0;

    request->len = 0;
    while (!end || request->len < wanted) {
        int n = SSL_read(ssl, request->text + request->len,
                         (int)sizeof(request->text) - 1 - request->len);

        if (n <= 0) {
            return 0;
        }
        request->len += n;
        request->text[request->len] = '\0';
        end = strstr(request->text, "\r\n\r\n");
        if (end) {
            request->body = end + 4;
            tls_field(request, "\r\nContent-Length: ", value, sizeof(value));
            wanted = (int)(request->body - request->text) + atoi(value);
        }
    }
    return sscanf(request->text, "%15s %511s", request->method, request->path)
           == 2;
}

static inline void tls_bytes(SSL *ssl, long n)
{
    char block[16 * 1024];

    memset(block, 'x', sizeof(block));
    while (n > 0) {
        int len = n < (long)sizeof(block) ? (int)n : (int)sizeof(block);

        tls_write(ssl, block, len);
        n -= len;
    }
}

static inline void tls_for_ever(SSL *ssl, const char *first, const char *next)
{
    tls_puts(ssl, first);
    while (1) {
        tls_puts(ssl, next);
    }
}

static inline void tls_redirect(SSL *ssl, const char *to)
{
    char location[600];

    snprintf(location, sizeof(location), "Location: %s\r\n", to);
    tls_answer(ssl, "302 Found", location, "not this");
}

static inline int tls_is(const tls_request_t *request, const char *path)
{
    return strcmp(request->path, path) == 0;
}

/* Returns the rest of the path after the prefix, or NULL. */
static inline const char *tls_after(const tls_request_t *request,
                                    const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(request->path, prefix, len) ? NULL : request->path + len;
}

static inline void tls_echo(SSL *ssl, const tls_request_t *request)
{
    char body[18 * 1024];
    char type[128];
    char agent[128];
    char accept[128];

    tls_field(request, "\r\nContent-Type: ", type, sizeof(type));
    tls_field(request, "\r\nUser-Agent: ", agent, sizeof(agent));
    tls_field(request, "\r\nExpect: ", accept, sizeof(accept));
    snprintf(body, sizeof(body), "%s|%s|%s|%s|%s", request->method, type, agent,
             accept, request->body);
    tls_answer(ssl, "200 OK", "", body);
}

/* Answers the paths that end the connection. */
static inline void tls_bad(SSL *ssl, const tls_request_t *request)
{
    if (tls_is(request, "/endless")) {
        tls_for_ever(ssl, "HTTP/1.1 200 OK\r\n\r\n", "for ever and ");
    }
    if (tls_is(request, "/endless-headers")) {
        tls_for_ever(ssl, "HTTP/1.1 200 OK\r\n", "X: for ever\r\n");
    }
    if (tls_is(request, "/endless-line")) {
        tls_for_ever(ssl, "HTTP/1.1 200 OK\r\nX:", " for ever and ever");
    }
    if (tls_is(request, "/endless-continue")) {
        tls_for_ever(ssl, "HTTP/1.1 103 Early Hints\r\n\r\n",
                     "HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (tls_is(request, "/endless-redirect")) {
        tls_for_ever(ssl,
                     "HTTP/1.1 302 Found\r\nLocation: /echo\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n",
                     "f\r\nfor ever and on\r\n");
    }
    if (tls_is(request, "/half")) {
        tls_puts(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        pause();
    }
    if (tls_is(request, "/slow")) {
        pause();
    }
    if (tls_is(request, "/cut")) {
        tls_puts(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }
    if (tls_is(request, "/cut-made") || tls_is(request, "/cut-headers")) {
        tls_puts(ssl, "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n"
                      "Location: https://c/1\r\n");
        tls_puts(ssl, tls_is(request, "/cut-made") ? "\r\nhalf" : "Link: <a");
    }
    if (tls_is(request, "/garbage")) {
        tls_puts(ssl, "220 mail.example.org ESMTP\r\n\r\n");
    }
    _exit(0);
}

/* Answers with N bytes. Returns non-zero if the path wants that. */
static inline int tls_sized(SSL *ssl, const tls_request_t *request)
{
    const char *plain = tls_after(request, "/bytes/");
    const char *chunked = tls_after(request, "/chunks/");
    char text[200];

    if (plain) {
        snprintf(text, sizeof(text),
                 "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n", atol(plain));
        tls_puts(ssl, text);
        tls_bytes(ssl, strcmp(request->method, "HEAD") ? atol(plain) : 0);
    }
    if (chunked) {
        snprintf(text, sizeof(text),
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "%lx\r\n",
                 (unsigned long)atol(chunked));
        tls_puts(ssl, text);
        tls_bytes(ssl, atol(chunked));
        tls_puts(ssl, "\r\n0\r\n\r\n");
    }
    return plain || chunked;
}

/* Answers with a redirect. Returns non-zero if the path wants that. */
static inline int tls_elsewhere(SSL *ssl, const tls_request_t *request)
{
    const char *left = tls_after(request, "/redirect/");
    const char *to = tls_after(request, "/to/");
    char text[64];

    if (left && atoi(left) > 0) {
        snprintf(text, sizeof(text), "/redirect/%d", atoi(left) - 1);
        tls_redirect(ssl, text);
    }
    else if (left) {
        tls_answer(ssl, "200 OK", "", "arrived");
    }
    else if (to) {
        tls_redirect(ssl, to);
    }
    else if (tls_is(request, "/loop")) {
        tls_redirect(ssl, "/loop");
    }
    else {
        return 0;
    }
    return 1;
}

static inline void tls_serve(SSL *ssl, const tls_request_t *request,
                             int connection, int number)
{
    char text[64];

    if (tls_sized(ssl, request) || tls_elsewhere(ssl, request)) {
        return;
    }
    if (tls_is(request, "/echo")) {
        tls_echo(ssl, request);
    }
    else if (tls_is(request, "/wait")) {
        __sync_fetch_and_add(&tls_gate->asked, 1);
        while (!tls_gate->open) {
            usleep(1000);
        }
        tls_answer(ssl, "200 OK", "", "at last");
        __sync_fetch_and_add(&tls_gate->answered, 1);
    }
    else if (tls_is(request, "/connection")) {
        snprintf(text, sizeof(text), "%d.%d", connection, number);
        tls_answer(ssl, "200 OK", "", text);
    }
    else if (tls_is(request, "/close")) {
        tls_answer(ssl, "200 OK", "", "closing");
        _exit(0);
    }
    else if (tls_is(request, "/headers")) {
        tls_answer(ssl, "418 Teapot",
                   "Link: <a>\r\nReplay-Nonce:  n1  \r\nLINK: <b>\r\n"
                   "replay-nonce: n2\r\n"
                   "Empty:\r\n",
                   "");
    }
    else if (tls_is(request, "/trailer")) {
        tls_puts(ssl, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                      "Replay-Nonce: n1\r\n\r\n2\r\nab\r\n0\r\n"
                      "Replay-Nonce: n2\r\n\r\n");
    }
    else if (tls_is(request, "/empty-trailer")) {
        tls_puts(ssl, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                      "Replay-Nonce: n1\r\n\r\n0\r\nLocation: /other\r\n"
                      "\r\n");
    }
    else {
        tls_bad(ssl, request);
    }
}

/* ---- the server ---- */

static inline void tls_connection(SSL_CTX *ctx, int fd, int connection)
{
    SSL *ssl = SSL_new(ctx);
    static tls_request_t request;
    int number = 0;

    alarm(2 * TLS_PATIENCE);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        while (tls_read(ssl, &request)) {
            tls_serve(ssl, &request, connection, ++number);
        }
    }
    _exit(0);
}

static inline void tls_loop(SSL_CTX *ctx, int listener)
{
    int connection;

    alarm(2 * TLS_PATIENCE);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (connection = 1;; connection++) {
        int fd = accept(listener, NULL, NULL);

        if (fd >= 0 && fork() == 0) {
            close(listener);
            tls_connection(ctx, fd, connection);
        }
        close(fd);
    }
}

/* Returns a socket that listens on an unused port. */
static inline int tls_listen(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    socklen_t len = sizeof(address);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static inline tls_server_t *tls_start(apr_pool_t *p)
{
    tls_server_t *server = apr_pcalloc(p, sizeof(*server));
    SSL_CTX *ctx;
    int listener;

    server->p = p;
    tls_gate = mmap(NULL, sizeof(*tls_gate), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(tls_gate != MAP_FAILED);
    ctx = tls_context(server);
    listener = tls_listen(&server->port);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        setpgid(0, 0);
        tls_loop(ctx, listener);
    }
    setpgid(server->pid, server->pid);
    close(listener);
    SSL_CTX_free(ctx);
    return server;
}

/* Ends the server and all its connections. */
static inline void tls_stop(tls_server_t *server)
{
    kill(-server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    munmap(tls_gate, sizeof(*tls_gate));
    unlink(server->ca_file);
    unlink(server->other_ca_file);
}

#endif
