/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_http_curl_call.h"

#include <errno.h>

#include <apr_strings.h>

/* Returns the system's reason why there is no connection. */
static apr_status_t connect_status(const acme_http_curl_call_t *call)
{
    long reason = 0;

    if (call->request->probe) {
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &reason);
    }
    return reason ? (apr_status_t)reason : APR_ECONNREFUSED;
}

static apr_status_t status_of(const acme_http_curl_call_t *call, CURLcode rc)
{
    if (call->refusal) {
        return call->running ? EMSGSIZE : APR_EINVAL;
    }
    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT:
        return APR_TIMEUP;
    case CURLE_COULDNT_CONNECT:
        return connect_status(call);
    default:
        return APR_EGENERAL;
    }
}

/* Returns what to do about the proxy if the proxy is at fault, else NULL. */
static const char *fix_proxy(const acme_http_curl_call_t *call, CURLcode rc)
{
    long status = 0;

    if (!call->running || !call->proxy) {
        return NULL;
    }
    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status == 407) {
        return "the proxy wants a user and a password: write them into "
               "ACMEHttpProxy, as http://USER:PASSWORD@HOST:PORT";
    }
    if (status >= 300) {
        return apr_psprintf(call->p,
                            "make the proxy allow connections to %s, "
                            "or name another one in ACMEHttpProxy",
                            call->host);
    }
    if (status) {
        return NULL;
    }
    if (rc == CURLE_PEER_FAILED_VERIFICATION) {
        return "check the proxy's address in ACMEHttpProxy; if its "
               "certificate has a root of its own, name that in "
               "ACMEHttpProxyCACertificateFile";
    }
    return "check the address in ACMEHttpProxy, and that the proxy runs";
}

/* Refused redirects are not network problems, because the CA, or a server in
 * front of it, has answered. */
static const char *type_of(const acme_http_curl_call_t *call, CURLcode rc)
{
    long followed = 0;

    if (call->running) {
        curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &followed);
    }
    return rc == CURLE_TOO_MANY_REDIRECTS
                   || (rc == CURLE_UNSUPPORTED_PROTOCOL && followed > 0)
               ? ACME_PROBLEM_PROTOCOL
               : ACME_PROBLEM_NETWORK;
}

apr_status_t acme_http_curl_problem(acme_problem_t *problem,
                                    const acme_http_curl_call_t *call,
                                    CURLcode rc)
{
    const char *proxy = call->proxy_host;
    const char *why = call->refusal;
    const char *to_fix;
    apr_status_t rv;

    if (!why && rc == CURLE_OUT_OF_MEMORY) {
        /* Because libcurl reports a header line over its own bound this way. */
        why = "a header of the answer is too long, or memory is short";
    }
    if (!why) {
        why = *call->error ? call->error : curl_easy_strerror(rc);
    }
    rv = acme_problem_set(
        problem, status_of(call, rc), ACME_RETRY_BACKOFF, type_of(call, rc),
        call->p, "request to %s%s%s failed: %s", call->host,
        proxy ? " through the proxy " : "", proxy ? proxy : "", why);
    to_fix = fix_proxy(call, rc);
    if (to_fix) {
        problem->to_fix = to_fix;
    }
    else if (rc == CURLE_PEER_FAILED_VERIFICATION) {
        problem->to_fix = "check the CA's address; if the CA has a root of "
                          "its own, name it in ACMECACertificateFile";
    }
    return rv;
}
