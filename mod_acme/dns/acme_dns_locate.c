/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_locate.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_dns_rcode.h"
#include "acme_dns_refused.h"

struct acme_dns_locate_t {
    const acme_dns_server_t *server;
    acme_dns_t *resolver;    /* or NULL */
    const char *given;       /* zone that the record is in, or NULL: find it */
    const char *label;       /* of the server */
    const char *first;       /* name that was asked for */
    const char *name;        /* where CNAME records have led so far */
    const char *asked;       /* name or one above it, for which the server is
                                asked */
    apr_array_header_t *way; /* const char *: names that were left */
    acme_dns_message_t message;
    acme_dns_call_t *call;        /* or NULL */
    acme_dns_question_t question; /* to the resolver */
    int resolving, resolved;      /* it is asked; it was, for `name` */
    const char *alias;            /* its answer, or NULL */
    int rcode;                    /* last one of the server */
    apr_pool_t *p;
};

/* Returns non-zero when the name is the zone's, or below it. */
static int is_in(const char *name, const char *zone)
{
    size_t len = strlen(name), zone_len = strlen(zone);

    return len >= zone_len && strcmp(name + len - zone_len, zone) == 0
           && (len == zone_len || zone_len == 0
               || name[len - zone_len - 1] == '.');
}

static apr_status_t refuse(acme_problem_t *problem, apr_pool_t *p,
                           const char *what, const char *to_fix)
{
    apr_status_t rv =
        acme_problem_set(problem, APR_NOTFOUND, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_DNS_UPDATE, p, "%s", what);

    if (problem) {
        problem->to_fix = to_fix;
    }
    return rv;
}

static apr_status_t ask(acme_dns_locate_t *locate, apr_time_t now,
                        acme_problem_t *problem)
{
    const acme_dns_server_t *server = locate->server;
    apr_status_t rv =
        acme_dns_message_ask(&locate->message, locate->asked, ACME_DNS_SOA,
                             server->key, problem, locate->p);

    return rv != APR_SUCCESS
               ? rv
               : acme_dns_call_start(&locate->call, server, &locate->message,
                                     now, problem, locate->p);
}

/* ---- CNAME records ---- */

/* Goes to where a CNAME record leads. */
static apr_status_t follow(acme_dns_locate_t *locate, const char *target,
                           acme_problem_t *problem, apr_pool_t *p)
{
    int i;

    APR_ARRAY_PUSH(locate->way, const char *) = locate->name;
    for (i = 0; i < locate->way->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(locate->way, i, const char *), target) == 0) {
            return refuse(problem, p,
                          apr_psprintf(p,
                                       "the CNAME records at %s lead in a "
                                       "circle, back to %s",
                                       locate->first, target),
                          "let the CNAME record lead to a name that has none");
        }
    }
    if (locate->way->nelts > ACME_DNS_LOCATE_HOPS) {
        return refuse(problem, p,
                      apr_psprintf(p,
                                   "the CNAME records at %s lead from name to "
                                   "name, more than %d times",
                                   locate->first, ACME_DNS_LOCATE_HOPS),
                      "let the CNAME record lead to the last name at once");
    }
    locate->name = apr_pstrdup(locate->p, target);
    locate->asked = locate->name;
    locate->resolved = 0;
    return APR_SUCCESS;
}

/* Returns where the CNAME record of a name leads, or NULL. */
static const char *target_of(const apr_array_header_t *records,
                             const char *name)
{
    int i;

    for (i = 0; records && i < records->nelts; ++i) {
        const acme_dns_record_t *record =
            &APR_ARRAY_IDX(records, i, acme_dns_record_t);

        if (record->type == ACME_DNS_CNAME && strcmp(record->name, name) == 0) {
            return record->value;
        }
    }
    return NULL;
}

static apr_status_t cancel(void *data)
{
    acme_dns_locate_t *locate = data;

    if (locate->resolving) {
        locate->resolver->cancel(locate->resolver, locate);
    }
    return APR_SUCCESS;
}

static void resolved(void *baton, const acme_dns_answer_t *answer)
{
    acme_dns_locate_t *locate = baton;
    const char *target = answer->outcome == ACME_DNS_FOUND
                             ? target_of(answer->records, locate->name)
                             : NULL;

    locate->resolving = 0;
    locate->alias = target ? apr_pstrdup(locate->p, target) : NULL;
}

static void resolve(acme_dns_locate_t *locate)
{
    acme_dns_t *resolver = locate->resolver;

    locate->resolved = 1;
    locate->resolving = 1;
    locate->alias = NULL;
    memset(&locate->question, 0, sizeof(locate->question));
    locate->question.name = locate->name;
    locate->question.type = ACME_DNS_CNAME;
    resolver->ask(resolver, &locate->question, resolved, locate);
}

/* ---- zones ---- */

/* Returns the first record of a type, or NULL. */
static const acme_dns_record_t *first_of(const apr_array_header_t *records,
                                         acme_dns_type_e type)
{
    int i;

    for (i = 0; records && i < records->nelts; ++i) {
        if (APR_ARRAY_IDX(records, i, acme_dns_record_t).type == type) {
            return &APR_ARRAY_IDX(records, i, acme_dns_record_t);
        }
    }
    return NULL;
}

static const char *where(const acme_dns_locate_t *locate, apr_pool_t *p)
{
    return strcmp(locate->first, locate->name) == 0
               ? locate->name
               : apr_psprintf(p, "%s (where the CNAME record at %s leads)",
                              locate->name, locate->first);
}

static apr_status_t check_zone(const acme_dns_locate_t *locate,
                               const char *zone, acme_problem_t *problem,
                               apr_pool_t *p)
{
    if (is_in(locate->name, zone)) {
        return APR_SUCCESS;
    }
    return refuse(
        problem, p,
        apr_psprintf(p, "%s is not in the zone %s", where(locate, p), zone),
        "name the zone that it is in after the server in "
        "ACMEDnsUpdate, or none");
}

/* Asks for the name above, because the server knows nothing of this one. */
static apr_status_t climb(acme_dns_locate_t *locate, apr_time_t now,
                          acme_problem_t *problem, apr_pool_t *p)
{
    const char *dot = strchr(locate->asked, '.');

    if (!dot || !strchr(dot + 1, '.')) {
        return refuse(
            problem, p,
            apr_psprintf(p, "the name server %s has no zone for %s (%s: %s)",
                         locate->label, where(locate, p),
                         acme_dns_rcode_name(locate->rcode, p),
                         acme_dns_rcode_words(locate->rcode)),
            "name the primary server of its zone in ACMEDnsUpdate, or let a "
            "CNAME record at the name lead into a zone of this server");
    }
    locate->asked = dot + 1;
    return ask(locate, now, problem);
}

/* Goes on when the server has no CNAME record, and no zone for `asked`. */
static apr_status_t go_on(acme_dns_locate_t *locate, const char **zone,
                          apr_time_t now, acme_problem_t *problem,
                          apr_pool_t *p)
{
    apr_status_t rv;

    if (locate->resolver && !locate->resolved) {
        resolve(locate);
        return APR_EAGAIN;
    }
    if (locate->given) {
        *zone = locate->given;
        return check_zone(locate, *zone, problem, p);
    }
    rv = climb(locate, now, problem, p);
    return rv == APR_SUCCESS ? APR_EAGAIN : rv;
}

static apr_status_t take(acme_dns_locate_t *locate,
                         const acme_dns_reply_t *reply, const char **zone,
                         apr_time_t now, acme_problem_t *problem, apr_pool_t *p)
{
    const char *target = target_of(reply->answers, locate->name);
    const acme_dns_record_t *soa;
    apr_status_t rv;

    locate->rcode = reply->rcode;
    if (reply->tsig_error) {
        return acme_dns_refused(reply, locate->label, &locate->message, now,
                                problem, p);
    }
    if (target) {
        while (target) {
            rv = follow(locate, target, problem, p);
            if (rv != APR_SUCCESS) {
                return rv;
            }
            target = target_of(reply->answers, locate->name);
        }
        rv = ask(locate, now, problem);
        return rv == APR_SUCCESS ? APR_EAGAIN : rv;
    }
    if (reply->rcode != ACME_DNS_MESSAGE_NOERROR
        && reply->rcode != ACME_DNS_MESSAGE_NXDOMAIN) {
        return go_on(locate, zone, now, problem, p);
    }
    soa = first_of(reply->answers, ACME_DNS_SOA);
    soa = soa ? soa : first_of(reply->authority, ACME_DNS_SOA);
    if (locate->given) {
        *zone = locate->given;
        return check_zone(locate, *zone, problem, p);
    }
    if (soa && *soa->name && is_in(locate->name, soa->name)) {
        *zone = apr_pstrdup(locate->p, soa->name);
        return APR_SUCCESS;
    }
    soa = first_of(reply->authority, ACME_DNS_NS);
    if (soa && strchr(soa->name, '.')) {
        return refuse(
            problem, p,
            apr_psprintf(p,
                         "the name server %s leaves %s to others: the "
                         "zone %s is at %s",
                         locate->label, where(locate, p), soa->name,
                         soa->value),
            "name the primary server of that zone in ACMEDnsUpdate");
    }
    return go_on(locate, zone, now, problem, p);
}

apr_status_t acme_dns_locate_poll(acme_dns_locate_t *locate, const char **name,
                                  const char **zone, apr_time_t now,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    acme_dns_reply_t reply;
    apr_status_t rv;

    if (locate->resolving) {
        return APR_EAGAIN;
    }
    if (locate->call) {
        rv = acme_dns_call_poll(locate->call, &reply, now, problem, p);
        if (rv == APR_SUCCESS) {
            locate->call = NULL;
            rv = take(locate, &reply, zone, now, problem, p);
        }
    }
    else if (locate->alias) {
        rv = follow(locate, locate->alias, problem, p);
        if (rv == APR_SUCCESS) {
            rv = ask(locate, now, problem);
            rv = rv == APR_SUCCESS ? APR_EAGAIN : rv;
        }
        locate->alias = NULL;
    }
    else {
        rv = go_on(locate, zone, now, problem, p);
    }
    if (rv == APR_SUCCESS) {
        *name = locate->name;
    }
    return rv;
}

apr_status_t acme_dns_locate_start(acme_dns_locate_t **locate,
                                   const acme_dns_server_t *server,
                                   acme_dns_t *resolver, const char *zone,
                                   const char *name, apr_time_t now,
                                   acme_problem_t *problem, apr_pool_t *p)
{
    acme_dns_locate_t *made = apr_pcalloc(p, sizeof(*made));

    made->server = server;
    made->resolver = resolver;
    made->given = zone;
    made->label = acme_dns_call_address(server->address, server->port, p);
    made->first = apr_pstrdup(p, name);
    made->name = made->first;
    made->asked = made->first;
    made->way = apr_array_make(p, 2, sizeof(const char *));
    made->p = p;
    apr_pool_cleanup_register(p, made, cancel, apr_pool_cleanup_null);
    *locate = made;
    return ask(made, now, problem);
}
