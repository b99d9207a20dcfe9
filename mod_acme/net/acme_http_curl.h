/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl.h
 * @brief The acme_http_t over libcurl's multi interface.
 *
 * A single handle serves all CAs of a worker; connections are kept and shared.
 * TLS peers are always verified, https proxies as well. A proxy is never taken
 * from the environment. Redirects are followed for GET and HEAD only, at most
 * three, to https only. A probe (acme_http_probe_t) is the exception: nothing
 * is verified, followed or shared. Each answer is bounded, and each request by
 * its own timeout. Destroying the pool ends all requests in milliseconds,
 * without a call of `done`.
 */
#ifndef ACME_HTTP_CURL_H
#define ACME_HTTP_CURL_H

#include "acme_http.h"
#include "acme_log.h"
#include "acme_time.h"

typedef struct acme_http_curl_config_t {
    const char *user_agent;
    const char *ca_file;       /**< PEM of trusted roots; NULL: the system's */
    const char *proxy;         /**< URL of an http or https proxy, or NULL */
    const char *proxy_ca_file; /**< roots for an https proxy; NULL: the
                                      system's */
    apr_interval_time_t timeout; /**< of a whole request; 0: a minute */
    int max_connections;         /**< per host; 0: 8 */
} acme_http_curl_config_t;

/** Sets up libcurl. To be called in each process, before its first thread. */
apr_status_t acme_http_curl_global_init(void);

/** @param config copied
 *  @param clock, log must live as long as p */
apr_status_t acme_http_curl_create(acme_http_t **http,
                                   const acme_http_curl_config_t *config,
                                   const acme_clock_t *clock,
                                   const acme_log_t *log,
                                   acme_problem_t *problem, apr_pool_t *p);

#endif
