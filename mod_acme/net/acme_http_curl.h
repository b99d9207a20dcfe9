/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl.h
 * @brief The acme_http_t over libcurl's multi interface.
 *
 * One handle serves all CAs of one worker; connections are kept and shared.
 * TLS peers are always verified, an https proxy too; the environment names no
 * proxy. Redirects are followed for GET and HEAD only,
 * at most three, https only; each answer is bounded by ACME_HTTP_MAX_BODY and
 * each request by its own timeout. Destroying the pool ends all requests
 * without calling anybody, in milliseconds.
 */
#ifndef ACME_HTTP_CURL_H
#define ACME_HTTP_CURL_H

#include "acme_http.h"
#include "acme_log.h"
#include "acme_time.h"

typedef struct acme_http_curl_config_t {
    const char *user_agent;
    const char *ca_file;         /**< PEM of trusted roots, or NULL: system */
    const char *proxy;           /**< URL of an http or https proxy, or NULL */
    const char *proxy_ca_file;   /**< roots for an https one, or NULL: system */
    apr_interval_time_t timeout; /**< of a whole request; 0: one minute */
    int max_connections;         /**< per host; 0: 8 */
} acme_http_curl_config_t;

/** libcurl's global set-up; before the first thread, once per process. */
apr_status_t acme_http_curl_global_init(void);

apr_status_t acme_http_curl_create(acme_http_t **http,
                                   const acme_http_curl_config_t *config,
                                   const acme_clock_t *clock,
                                   const acme_log_t *log,
                                   acme_problem_t *problem, apr_pool_t *p);

#endif
