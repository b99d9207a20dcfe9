/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_host.h"

#include <string.h>

#include <apr_strings.h>

struct acme_dns_host_t {
    acme_dns_t *resolver;
    acme_dns_question_t question;
    int asks;
    const char *address; /* or NULL */
    const char *why;     /* why there is none, or NULL */
    apr_pool_t *p;
};

static void answered(void *baton, const acme_dns_answer_t *answer)
{
    acme_dns_host_t *host = baton;
    int i;

    host->asks = 0;
    host->why =
        answer->problem ? apr_pstrdup(host->p, answer->problem->detail) : NULL;
    for (i = 0; answer->outcome == ACME_DNS_FOUND && i < answer->records->nelts;
         ++i) {
        const acme_dns_record_t *record =
            &APR_ARRAY_IDX(answer->records, i, acme_dns_record_t);

        if (record->type == host->question.type && !host->address) {
            host->address = apr_pstrdup(host->p, record->value);
        }
    }
}

static void ask(acme_dns_host_t *host, acme_dns_type_e type)
{
    host->asks = 1;
    host->question.type = type;
    host->resolver->ask(host->resolver, &host->question, answered, host);
}

static apr_status_t cancel(void *data)
{
    acme_dns_host_t *host = data;

    if (host->asks) {
        host->resolver->cancel(host->resolver, host);
    }
    return APR_SUCCESS;
}

acme_dns_host_t *acme_dns_host_start(acme_dns_t *resolver, const char *name,
                                     apr_pool_t *p)
{
    acme_dns_host_t *host = apr_pcalloc(p, sizeof(*host));

    host->resolver = resolver;
    host->question.name = apr_pstrdup(p, name);
    host->p = p;
    apr_pool_cleanup_register(p, host, cancel, apr_pool_cleanup_null);
    ask(host, ACME_DNS_A);
    return host;
}

apr_status_t acme_dns_host_poll(acme_dns_host_t *host, const char **address,
                                acme_problem_t *problem, apr_pool_t *p)
{
    if (host->asks) {
        return APR_EAGAIN;
    }
    if (host->address) {
        *address = host->address;
        return APR_SUCCESS;
    }
    if (host->question.type == ACME_DNS_A) {
        ask(host, ACME_DNS_AAAA);
        return APR_EAGAIN;
    }
    acme_problem_set(
        problem, APR_NOTFOUND, ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS_UPDATE, p,
        "the DNS has no address of the name server %s%s%s", host->question.name,
        host->why ? ": " : "", host->why ? host->why : "");
    problem->to_fix = "write its address in ACMEDnsUpdate instead of its name";
    return APR_NOTFOUND;
}
