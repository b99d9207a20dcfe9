/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>
#include <sys/socket.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_http_curl_call.h"
#include "acme_sigpipe.h"

#define MAX_REDIRECTS 3L

/* Bounds over all answers of a request, including redirects and 1xx. Lines are
 * counted as well, because joining many short ones costs the square of their
 * number. */
#define MAX_HEADER_BYTES (64 * 1024)
#define MAX_HEADER_LINES 256

#define FIRST_BODY_BYTES (4 * 1024)

/* How long a probe waits for a connection: what does not answer by then is
 * behind a firewall that drops its packets. */
#define PROBE_CONNECT_MS 5000L

static apr_status_t call_cleanup(void *data)
{
    acme_http_curl_call_t *call = data;
    acme_sigpipe_t held;

    acme_sigpipe_hold(&held);
    if (call->running) {
        curl_multi_remove_handle(call->config->multi, call->easy);
        call->running = 0;
    }
    curl_easy_cleanup(call->easy);
    call->easy = NULL;
    curl_slist_free_all(call->fields);
    call->fields = NULL;
    curl_slist_free_all(call->connect_to);
    call->connect_to = NULL;
    acme_sigpipe_release(&held);
    return APR_SUCCESS;
}

static size_t refuse(acme_http_curl_call_t *call, const char *why)
{
    call->refusal = why;
    return 0;
}

/* Adds a header line to the table. Only a list goes on in another line of the
 * same name (RFC 9110 5.3). Of what can be there once the first line counts,
 * because a server in front of the CA may add another one. */
static void add_header(acme_http_curl_call_t *call, const char *line,
                       apr_size_t len)
{
    const char *end = line + len;
    const char *colon = memchr(line, ':', len);
    const char *name;
    const char *value;

    if (!colon || colon == line || apr_isspace(*line)) {
        return;
    }
    name = apr_pstrmemdup(call->p, line, (apr_size_t)(colon - line));
    if (apr_table_get(call->headers, name)
        && apr_cstr_casecmp(name, "Link") != 0) {
        return;
    }
    for (value = colon + 1; value < end && apr_isspace(*value); value++) {
    }
    while (end > value && apr_isspace(end[-1])) {
        end--;
    }
    apr_table_mergen(call->headers, name,
                     apr_pstrmemdup(call->p, value, (apr_size_t)(end - value)));
}

static size_t on_header(char *line, size_t size, size_t count, void *baton)
{
    acme_http_curl_call_t *call = baton;
    apr_size_t len = size * count;

    call->header_bytes += len;
    call->header_lines++;
    if (call->header_bytes > MAX_HEADER_BYTES
        || call->header_lines > MAX_HEADER_LINES) {
        return refuse(call, "the answer has too many headers");
    }
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        /* A new answer begins: the one before was a 1xx or a redirect. */
        apr_table_clear(call->headers);
        call->body_len = 0;
        call->complete = 0;
    }
    else if (len > 0 && (*line == '\r' || *line == '\n')) {
        call->complete = 1;
    }
    else if (!call->complete) {
        /* Only before the body, because trailers are not wanted. */
        add_header(call, line, len);
    }
    return len;
}

static apr_size_t most_bytes(const acme_http_curl_call_t *call)
{
    return call->request->probe ? ACME_HTTP_MAX_PROBE_BODY : ACME_HTTP_MAX_BODY;
}

static size_t refuse_long(acme_http_curl_call_t *call)
{
    return refuse(call, apr_psprintf(call->p,
                                     "the answer has more than "
                                     "%" APR_SIZE_T_FMT " bytes",
                                     most_bytes(call)));
}

static size_t on_body(char *data, size_t size, size_t count, void *baton)
{
    acme_http_curl_call_t *call = baton;
    apr_size_t len = size * count;

    if (len > most_bytes(call) - call->body_len) {
        return refuse_long(call);
    }
    if (len >= call->body_size - call->body_len) {
        apr_size_t room = call->body_size ? call->body_size : FIRST_BODY_BYTES;
        char *body;

        while (len >= room - call->body_len) {
            room *= 2;
        }
        body = apr_palloc(call->p, room);
        if (call->body_len) {
            memcpy(body, call->body, call->body_len);
        }
        call->body = body;
        call->body_size = room;
    }
    memcpy(call->body + call->body_len, data, len);
    call->body_len += len;
    return len;
}

/* Bounds the body of a redirect as well, which on_body() never sees. */
static int on_progress(void *baton, curl_off_t down_total, curl_off_t down,
                       curl_off_t up_total, curl_off_t up)
{
    acme_http_curl_call_t *call = baton;

    (void)down_total;
    (void)up_total;
    (void)up;
    if (down > (curl_off_t)most_bytes(call)) {
        (void)refuse_long(call);
        return 1;
    }
    return 0;
}

/* Notes the descriptors, because libcurl makes some for each look-up. */
static int on_resolve(void *state, void *reserved, void *baton)
{
    acme_http_curl_call_fds_t *fds = baton;

    (void)state;
    (void)reserved;
    if (!fds->is_noted) {
        acme_cloexec_note(&fds->before);
        fds->is_noted = 1;
    }
    return 0;
}

/* Sets CLOEXEC at once, because programs that another thread starts must not
 * inherit our connections. */
static curl_socket_t on_socket(void *baton, curlsocktype purpose,
                               struct curl_sockaddr *address)
{
    (void)baton;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

const char *acme_http_curl_call_host(const char **shown, const char *url,
                                     apr_pool_t *p)
{
    CURLU *parts = curl_url();
    const char *found = NULL;
    char *host = NULL;
    char *port = NULL;
    char *text = NULL;
    CURLUcode rc;

    rc = parts
             ? curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME)
             : CURLUE_OUT_OF_MEMORY;
    if (rc == CURLUE_OK) {
        rc = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    }
    if (rc == CURLUE_OK) {
        if (curl_url_get(parts, CURLUPART_PORT, &port, 0) != CURLUE_OK) {
            port = NULL;
        }
        found =
            port ? apr_pstrcat(p, host, ":", port, NULL) : apr_pstrdup(p, host);
        (void)curl_url_set(parts, CURLUPART_USER, NULL, 0);
        (void)curl_url_set(parts, CURLUPART_PASSWORD, NULL, 0);
        if (shown
            && curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK) {
            *shown = apr_pstrdup(p, text);
        }
    }
    curl_free(host);
    curl_free(port);
    curl_free(text);
    curl_url_cleanup(parts);
    return found;
}

static CURLcode set_protocols(CURL *easy, int is_probe)
{
    CURLcode rc;

#if LIBCURL_VERSION_NUM >= 0x075500
    rc = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                          is_probe ? "http,https" : "https");
    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    }
#else
    rc = curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                          (long)CURLPROTO_HTTPS
                              | (is_probe ? (long)CURLPROTO_HTTP : 0L));
    if (rc == CURLE_OK) {
        rc = curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS,
                              (long)CURLPROTO_HTTPS);
    }
#endif
    return rc;
}

/* Sets the trust and the URL. Returns non-zero when each option is set, because
 * none of these may be missing. */
static int set_trust(acme_http_curl_call_t *call)
{
    CURL *easy = call->easy;
    const acme_http_probe_t *probe = call->request->probe;
    int ok = set_protocols(easy, probe != NULL) == CURLE_OK;
    const char *ca_file;

    ok &= curl_easy_setopt(easy, CURLOPT_URL, call->request->url) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, probe ? 0L : 1L)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, probe ? 0L : 2L)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                           (long)CURL_SSLVERSION_TLSv1_2)
          == CURLE_OK;
    ca_file =
        call->request->ca_file ? call->request->ca_file : call->config->ca_file;
    if (ca_file) {
        ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK;
        /* Because else the system's folder of roots is trusted as well. */
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, call->config->timeout_ms)
          == CURLE_OK;
    return ok;
}

/* Sets the proxy options even if there is no proxy, because libcurl would take
 * them from the environment otherwise. */
static int set_proxy(acme_http_curl_call_t *call)
{
    const char *ca_file = call->request->proxy_ca_file
                              ? call->request->proxy_ca_file
                              : call->config->proxy_ca_file;
    CURL *easy = call->easy;
    int ok;

    ok = curl_easy_setopt(easy, CURLOPT_PROXY, call->proxy ? call->proxy : "")
         == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK;
    if (!call->proxy) {
        return ok;
    }
    ok &= curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK;
    /* Keep the proxy's headers out of the CA's answer, and the CA's headers
     * away from the proxy. */
    ok &= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE)
          == CURLE_OK;
    if (!strncmp(call->proxy, "https:", 6)) {
        ok &= curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L)
              == CURLE_OK;
        ok &= curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L)
              == CURLE_OK;
        if (ca_file) {
            ok &= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file)
                  == CURLE_OK;
            (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
        }
    }
    return ok;
}

static int set_callbacks(acme_http_curl_call_t *call)
{
    CURL *easy = call->easy;
    int ok;

    ok = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_resolve)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, call->config->fds)
          == CURLE_OK;
    return ok;
}

static int add_field(acme_http_curl_call_t *call, const char *field)
{
    struct curl_slist *longer = curl_slist_append(call->fields, field);

    if (!longer) {
        return 0;
    }
    call->fields = longer;
    return 1;
}

/* Sends a probe to its address and port. Sets nothing for other requests. */
static int set_probe(acme_http_curl_call_t *call)
{
    const acme_http_probe_t *probe = call->request->probe;
    CURL *easy = call->easy;
    const char *to;
    long ms;
    int ok;

    if (!probe) {
        return 1;
    }
    to = apr_psprintf(call->p,
                      strchr(probe->address, ':') ? "::[%s]:%d" : "::%s:%d",
                      probe->address, probe->port);
    call->connect_to = curl_slist_append(NULL, to);
    ms = (long)(probe->timeout / 1000);
    ok = call->connect_to != NULL;
    ok &= curl_easy_setopt(easy, CURLOPT_CONNECT_TO, call->connect_to)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms > 0 ? ms : 1L)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, PROBE_CONNECT_MS)
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
    return ok;
}

static int set_post(acme_http_curl_call_t *call)
{
    const acme_http_request_t *request = call->request;
    CURL *easy = call->easy;
    int ok;

    ok = curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                           request->body ? request->body : "")
          == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)(request->body ? request->body_len : 0))
          == CURLE_OK;
    ok &= add_field(call,
                    request->content_type ? apr_pstrcat(
                        call->p, "Content-Type: ", request->content_type, NULL)
                                          : "Content-Type:");
    /* Send the body at once, without a round trip for 100 Continue. */
    ok &= add_field(call, "Expect:");
    ok &= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->fields) == CURLE_OK;
    return ok;
}

static int set_method(acme_http_curl_call_t *call)
{
    CURL *easy = call->easy;
    int ok;

    if (strcmp(call->request->method, "POST") == 0) {
        return set_post(call);
    }
    if (strcmp(call->request->method, "HEAD") == 0) {
        ok = curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    }
    else {
        ok = curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    }
    ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK;
    ok &= curl_easy_setopt(easy, CURLOPT_MAXREDIRS, MAX_REDIRECTS) == CURLE_OK;
    return ok;
}

/* Sets options that are not necessary; an older libcurl may not know them. */
static void set_optional(acme_http_curl_call_t *call)
{
    CURL *easy = call->easy;

    if (call->config->user_agent) {
        (void)curl_easy_setopt(easy, CURLOPT_USERAGENT,
                               call->config->user_agent);
    }
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           (long)CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    /* All that libcurl decodes, because a server may compress where nothing is
     * said (RFC 9110 12.5.3). The bound holds for what is decoded. */
    (void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
#if LIBCURL_VERSION_NUM >= 0x075700
    /* End without waiting for the thread of the resolver. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static void choose_proxy(acme_http_curl_call_t *call)
{
    const char *own = call->request->probe ? "" : call->request->proxy;

    call->proxy = call->config->proxy;
    call->proxy_host = call->config->proxy_host;
    if (own) {
        call->proxy = *own ? own : NULL;
        call->proxy_host =
            *own ? acme_http_curl_call_host(NULL, own, call->p) : NULL;
    }
}

/* Hands the call to libcurl. Returns NULL, or why that is impossible. */
static const char *begin(acme_http_curl_call_t *call, void *owner)
{
    const char *method = call->request->method;
    const char *host;
    CURLMcode rc;

    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0
        && strcmp(method, "POST") != 0) {
        return "its method is none of GET, HEAD and POST";
    }
    host = acme_http_curl_call_host(&call->shown, call->request->url, call->p);
    if (!host) {
        return "its URL is malformed";
    }
    call->host = host;
    call->easy = curl_easy_init();
    if (!call->easy) {
        return curl_easy_strerror(CURLE_FAILED_INIT);
    }
    set_optional(call);
    if (!set_trust(call) || !set_proxy(call) || !set_callbacks(call)
        || !set_method(call) || !set_probe(call)) {
        return "libcurl refuses an option";
    }
    if (curl_easy_setopt(call->easy, CURLOPT_PRIVATE, owner) != CURLE_OK) {
        return "libcurl refuses an option";
    }
    rc = curl_multi_add_handle(call->config->multi, call->easy);
    if (rc != CURLM_OK) {
        return curl_multi_strerror(rc);
    }
    call->running = 1;
    return NULL;
}

acme_http_curl_call_t *
acme_http_curl_call_begin(const acme_http_curl_call_config_t *config,
                          const acme_http_request_t *request, void *owner,
                          apr_pool_t *p)
{
    acme_http_curl_call_t *call = apr_pcalloc(p, sizeof(*call));

    call->p = p;
    call->config = config;
    call->request = request;
    call->host = "an unreadable URL";
    call->shown = "";
    call->headers = apr_table_make(p, 16);
    apr_pool_cleanup_register(p, call, call_cleanup, apr_pool_cleanup_null);
    choose_proxy(call);
    call->refusal = begin(call, owner);
    return call;
}

int acme_http_curl_call_made(acme_http_curl_call_t *call, int status)
{
    if (call->request->repeatable || call->refusal || !call->complete
        || status != 201 || !apr_table_get(call->headers, "Location")) {
        return 0;
    }
    call->body_len = 0;
    return 1;
}

void acme_http_curl_call_end(acme_http_curl_call_t *call)
{
    apr_pool_cleanup_run(call->p, call, call_cleanup);
}

void acme_http_curl_call_response(acme_http_response_t *response,
                                  const acme_http_curl_call_t *call, int status,
                                  apr_time_t now)
{
    response->status = status;
    response->headers = call->headers;
    response->body = "";
    if (call->body_len) {
        call->body[call->body_len] = '\0';
        response->body = call->body;
    }
    response->body_len = call->body_len;
    response->received = now;
    response->p = call->p;
}
