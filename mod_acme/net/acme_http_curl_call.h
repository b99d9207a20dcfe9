/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl_call.h
 * @brief A request that libcurl carries out: its options, bounds and answer.
 *
 * A call lives in a pool of its own. Destroying that pool removes the call from
 * libcurl, which is allowed at any time except inside a callback of libcurl.
 * Used by acme_http_curl only.
 */
#ifndef ACME_HTTP_CURL_CALL_H
#define ACME_HTTP_CURL_CALL_H

#include <curl/curl.h>

#include "acme_cloexec.h"
#include "acme_http.h"

/** Descriptors before libcurl began to look a name up. */
typedef struct acme_http_curl_call_fds_t {
    acme_cloexec_t before;
    int is_noted;
} acme_http_curl_call_fds_t;

/** Options that all calls of a client share; outlives the calls. */
typedef struct acme_http_curl_call_config_t {
    CURLM *multi;
    acme_http_curl_call_fds_t *fds;
    const char *user_agent;    /**< or NULL */
    const char *ca_file;       /**< or NULL */
    const char *proxy;         /**< URL, or NULL */
    const char *proxy_ca_file; /**< or NULL */
    const char *proxy_host;    /**< with port, as messages show it, or NULL */
    long timeout_ms;
} acme_http_curl_call_config_t;

/** Returns host and port of a URL, without user and password, in p; NULL when
 *  the URL is malformed.
 *  @param shown set to the URL without user and password, unless that fails;
 *         may be NULL */
const char *acme_http_curl_call_host(const char **shown, const char *url,
                                     apr_pool_t *p);

typedef struct acme_http_curl_call_t {
    apr_pool_t *p;
    const acme_http_curl_call_config_t *config;
    const acme_http_request_t *request;
    CURL *easy;
    struct curl_slist *fields;
    struct curl_slist *connect_to; /**< of a probe, or NULL */
    int running;                   /**< in the multi handle */
    const char *refusal;           /**< our own reason to refuse it, or NULL */
    const char *host;              /**< with port, as messages show it */
    const char *shown;             /**< the URL as the log shows it */
    const char *proxy;             /**< URL, or NULL */
    const char *proxy_host; /**< with port, as messages show it, or NULL */
    apr_table_t *headers;
    int complete; /**< the headers of the last answer have ended */
    apr_size_t header_bytes;
    int header_lines;
    char *body;
    apr_size_t body_len;
    apr_size_t body_size;
    char error[CURL_ERROR_SIZE];
} acme_http_curl_call_t;

/**
 * Hands a request to libcurl. When that is impossible `running` is 0, and
 * acme_http_curl_problem() says why.
 * @param owner returned by CURLINFO_PRIVATE
 * @param p the call's own pool
 */
acme_http_curl_call_t *
acme_http_curl_call_begin(const acme_http_curl_call_config_t *config,
                          const acme_http_request_t *request, void *owner,
                          apr_pool_t *p);

/** Returns non-zero when the answer counts although its body was cut: it says
 *  where the CA keeps what this request has made (Location), and the request
 *  must not be repeated, because the CA would make another one. The body of
 *  the answer is empty then. */
int acme_http_curl_call_made(acme_http_curl_call_t *call, int status);

/** Removes the call from libcurl; its answer stays readable. */
void acme_http_curl_call_end(acme_http_curl_call_t *call);

/** Sets the problem to the reason why there is no answer. Returns its status.
 *  @param rc libcurl's result; ignored when the call was refused */
apr_status_t acme_http_curl_problem(acme_problem_t *problem,
                                    const acme_http_curl_call_t *call,
                                    CURLcode rc);

/** Fills the response; it lives in the call's pool. */
void acme_http_curl_call_response(acme_http_response_t *response,
                                  const acme_http_curl_call_t *call, int status,
                                  apr_time_t now);

#endif
