/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_caa_lookup.h"

typedef struct lookup_t {
    acme_dns_t *dns;
    acme_dns_question_t question;
    acme_caa_lookup_done_fn *done;
    void *baton;
} lookup_t;

static int has_records(const acme_dns_answer_t *answer)
{
    return answer->outcome == ACME_DNS_FOUND;
}

static void answered(void *baton, const acme_dns_answer_t *answer)
{
    lookup_t *lookup = baton;
    const char *name = lookup->question.name;
    const char *parent = acme_caa_parent(name);

    if (answer->outcome == ACME_DNS_FAILED) {
        lookup->done(lookup->baton, name, NULL, answer->problem);
    }
    else if (has_records(answer)) {
        lookup->done(lookup->baton, name, answer->records, NULL);
    }
    else if (parent) {
        lookup->question.name = parent;
        lookup->dns->ask(lookup->dns, &lookup->question, answered, lookup);
    }
    else {
        lookup->done(lookup->baton, NULL,
                     apr_array_make(answer->p, 1, sizeof(acme_dns_record_t)),
                     NULL);
    }
}

void acme_caa_lookup(acme_dns_t *dns, const char *identifier,
                     acme_caa_lookup_done_fn *done, void *baton, apr_pool_t *p)
{
    lookup_t *lookup = apr_pcalloc(p, sizeof(*lookup));

    lookup->dns = dns;
    lookup->question.name = acme_caa_first(identifier);
    lookup->question.type = ACME_DNS_CAA;
    lookup->done = done;
    lookup->baton = baton;
    dns->ask(dns, &lookup->question, answered, lookup);
}
