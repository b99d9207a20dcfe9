/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl_call.h
 * @brief One request in libcurl's hands: its options, bounds and answer.
 *
 * All of it lives in a pool of its own; destroying that takes it out of
 * libcurl, at any time but from inside libcurl. Used by acme_http_curl only.
 */
#ifndef ACME_HTTP_CURL_CALL_H
#define ACME_HTTP_CURL_CALL_H

#include <curl/curl.h>

#include "acme_http.h"

/** What all calls of one client share; outlives them. */
typedef struct acme_http_call_config_t {
    CURLM *multi;
    const char *user_agent;    /**< or NULL */
    const char *ca_file;       /**< or NULL */
    const char *proxy;         /**< URL, or NULL */
    const char *proxy_ca_file; /**< or NULL */
    const char *proxy_host;    /**< and port, as messages show it, or NULL */
    long timeout_ms;
} acme_http_call_config_t;

/** Host and port of a URL, never its user or password; NULL: malformed.
 *  @param shown its text without them, or NULL where that fails */
const char *acme_http_curl_call_host(const char **shown, const char *url,
                                     apr_pool_t *p);

typedef struct acme_http_call_t {
    apr_pool_t *p;
    const acme_http_call_config_t *config;
    const acme_http_request_t *request;
    CURL *easy;
    struct curl_slist *fields;
    int running;            /**< in the multi; else it was refused */
    const char *refusal;    /**< our own reason to end it, or NULL */
    const char *host;       /**< and port, as messages show it */
    const char *shown;      /**< the URL as the log shows it */
    const char *proxy;      /**< URL, or NULL */
    const char *proxy_host; /**< and port, as messages show it, or NULL */
    apr_table_t *headers;
    apr_size_t header_bytes;
    int header_lines;
    char *body;
    apr_size_t body_len;
    apr_size_t body_size;
    char error[CURL_ERROR_SIZE];
} acme_http_call_t;

/**
 * Hands a request to libcurl, or not: when that is
 * impossible, `running` is 0 and acme_http_curl_problem() says why.
 * @param owner what CURLINFO_PRIVATE gives back
 * @param p the call's own pool
 */
acme_http_call_t *
acme_http_curl_call_begin(const acme_http_call_config_t *config,
                          const acme_http_request_t *request, void *owner,
                          apr_pool_t *p);

/** Takes it out of libcurl; what came of it stays readable. */
void acme_http_curl_call_end(acme_http_call_t *call);

/** Why there is no answer. rc is libcurl's, where it had the call. */
apr_status_t acme_http_curl_problem(acme_problem_t *problem,
                                    const acme_http_call_t *call, CURLcode rc);

/** The answer. */
void acme_http_curl_call_response(acme_http_response_t *response,
                                  const acme_http_call_t *call, int status,
                                  apr_time_t now);

#endif
