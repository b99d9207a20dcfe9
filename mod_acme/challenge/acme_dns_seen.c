/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_seen.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_dns.h"
#include "acme_schedule.h"

/* The time to the second round of questions; each next one is half as long
 * again. */
#define FIRST_PAUSE apr_time_from_sec(2)
#define MOST_PAUSE  apr_time_from_sec(10)

/* Most name servers of a zone, and addresses of each of one kind. */
#define MOST_SERVERS     13
#define MOST_OF_A_SERVER 4

typedef struct look_t look_t;

/* An address, for all looks. */
typedef struct server_t {
    int asked; /* questions that are outstanding */
    apr_time_t dead_until;
} server_t;

typedef enum {
    ADDRESS_TODO,
    ADDRESS_ASKED,
    ADDRESS_HAS, /* it has the record */
    ADDRESS_HAS_NOT,
    ADDRESS_DEAD /* it does not answer, or not well */
} address_e;

typedef struct address_t {
    const char *text;
    const char *host; /* the name server */
    address_e state;
    int lacks; /* it has said last that there is no such record */
    server_t *server;
} address_t;

/* A question that is outstanding. */
typedef struct ask_t {
    look_t *look;
    acme_dns_question_t question;
    int address; /* index; or -1 for a question to the resolvers */
    const char *host;
    apr_pool_t *p;
} ask_t;

typedef enum {
    LOOK_ZONE,      /* finds the zone */
    LOOK_ADDRESSES, /* finds the addresses of its name servers */
    LOOK_SERVERS,   /* asks them */
    LOOK_SEEN,
    LOOK_LATE,   /* the time is over */
    LOOK_UNKNOWN /* no name server can be asked */
} look_e;

struct look_t {
    acme_dns_seen_t *seen;
    acme_dns_seen_record_t record;
    look_e state;
    const char *name;  /* of the record, where aliases lead */
    const char *zone;  /* LOOK_ZONE: that is tried */
    int hops;          /* aliases that were followed */
    int delegated;     /* the zone was looked for from `name` itself on */
    const char *alias; /* where a name server has led, or NULL */
    int refers;        /* a name server is not the authority */
    apr_array_header_t *addresses; /* address_t */
    apr_array_header_t *asks;      /* ask_t * */
    apr_interval_time_t pause;
    apr_time_t next; /* round, or 0: it is going on */
    acme_problem_t missing;
    apr_pool_t *p;
    apr_pool_t *pmissing;
};

struct acme_dns_seen_t {
    acme_worker_ctx_t *ctx;
    apr_array_header_t *looks; /* look_t * */
    apr_hash_t *servers;       /* address -> server_t */
    apr_pool_t *p;
};

acme_dns_seen_t *acme_dns_seen_create(acme_worker_ctx_t *ctx, apr_pool_t *p)
{
    acme_dns_seen_t *seen = apr_pcalloc(p, sizeof(*seen));

    seen->ctx = ctx;
    apr_pool_create(&seen->p, p);
    seen->looks = apr_array_make(p, 4, sizeof(look_t *));
    seen->servers = apr_hash_make(seen->p);
    return seen;
}

int acme_dns_seen_can(const acme_dns_seen_t *seen)
{
    return seen->ctx->resolver != NULL;
}

static look_t *look_at(const acme_dns_seen_t *seen, int i)
{
    return APR_ARRAY_IDX(seen->looks, i, look_t *);
}

static address_t *address_at(const look_t *look, int i)
{
    return &APR_ARRAY_IDX(look->addresses, i, address_t);
}

static apr_time_t now_of(const look_t *look)
{
    return acme_time_now(look->seen->ctx->clock);
}

static int is_over(const look_t *look)
{
    return look->state >= LOOK_SEEN;
}

/* ---- the end of a look ---- */

/* Cancels what is outstanding. `done` takes each question off the list. */
static void cancel(look_t *look)
{
    acme_dns_t *resolver = look->seen->ctx->resolver;

    while (look->asks->nelts > 0) {
        resolver->cancel(resolver, APR_ARRAY_IDX(look->asks, 0, ask_t *));
    }
}

static void end(look_t *look, look_e state)
{
    look->state = state;
    memset(&look->missing, 0, sizeof(look->missing));
    look->seen->ctx->moved = 1;
}

static void end_unknown(look_t *look, const char *why)
{
    end(look, LOOK_UNKNOWN);
    acme_log(look->seen->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0642) "%s: no name server can be asked whether it has "
                            "the record %s: %s; the CA is told without that",
             look->record.site, look->record.name, why);
}

static int count(const look_t *look, address_e state)
{
    int i, n = 0;

    for (i = 0; i < look->addresses->nelts; ++i) {
        n += address_at(look, i)->state == state;
    }
    return n;
}

/* Names the addresses that do not have the record, three at most; NULL for
 * none. */
static const char *list_missing(const look_t *look, apr_pool_t *p)
{
    const char *list = NULL;
    int i, n = 0;

    for (i = 0; i < look->addresses->nelts; ++i) {
        const address_t *address = address_at(look, i);

        if (address->lacks && ++n <= 3) {
            list = apr_pstrcat(p, list ? list : "", list ? ", " : "",
                               address->host, " (", address->text, ")", NULL);
        }
    }
    return n > 3 ? apr_psprintf(p, "%s and %d more", list, n - 3) : list;
}

static void end_seen(look_t *look)
{
    acme_log(look->seen->ctx->log, ACME_LOG_INFO, 0,
             ACME_TAG(0644) "%s: the record %s is seen at all name servers of "
                            "%s that answer (%d addresses of %d)",
             look->record.site, look->record.name, look->zone,
             count(look, ADDRESS_HAS), look->addresses->nelts);
    end(look, LOOK_SEEN);
}

/* Ends a look whose time is over. Those that have not answered until then count
 * as not to be asked. */
static void end_late(look_t *look)
{
    const char *list = list_missing(look, look->pmissing);

    cancel(look);
    if (list) {
        acme_log(look->seen->ctx->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0643) "%s: the record %s is still not seen at %s; "
                                "the CA is told all the same, because "
                                "ACMEDnsPropagation says not to wait longer",
                 look->record.site, look->record.name, list);
        end(look, LOOK_LATE);
    }
    else if (count(look, ADDRESS_HAS) > 0) {
        end_seen(look);
    }
    else {
        end_unknown(look, "there was no answer in time");
    }
}

/* ---- questions ---- */

static acme_dns_done_fn answered;

/* Asks.
 * @param address index of the one that is asked, or -1: the resolvers */
static void ask(look_t *look, const char *name, acme_dns_type_e type,
                int address, const char *host)
{
    acme_dns_t *resolver = look->seen->ctx->resolver;
    apr_array_header_t *servers;
    apr_pool_t *p;
    ask_t *asked;

    apr_pool_create(&p, look->p);
    asked = apr_pcalloc(p, sizeof(*asked));
    asked->p = p;
    asked->look = look;
    asked->address = address;
    asked->host = host;
    asked->question.name = apr_pstrdup(p, name);
    asked->question.type = type;
    if (address >= 0) {
        servers = apr_array_make(p, 1, sizeof(const char *));
        APR_ARRAY_PUSH(servers, const char *) = address_at(look, address)->text;
        asked->question.servers = servers;
        address_at(look, address)->state = ADDRESS_ASKED;
        ++address_at(look, address)->server->asked;
    }
    APR_ARRAY_PUSH(look->asks, ask_t *) = asked;
    resolver->ask(resolver, &asked->question, answered, asked);
}

/* Looks for the zone of a name, from there upwards. */
static void find_zone(look_t *look, const char *from)
{
    look->state = LOOK_ZONE;
    look->zone = apr_pstrdup(look->p, from);
    apr_array_clear(look->addresses);
    ask(look, look->zone, ACME_DNS_NS, -1, NULL);
}

static const char *parent_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot && dot[1] ? dot + 1 : NULL;
}

/* ---- the zone and its name servers ---- */

static const acme_dns_record_t *record_at(const acme_dns_answer_t *answer,
                                          int i)
{
    return &APR_ARRAY_IDX(answer->records, i, acme_dns_record_t);
}

/* Takes the NS records of a name, if it is a zone: an alias is none. */
static void take_servers(look_t *look, const acme_dns_answer_t *answer)
{
    const char *parent = parent_of(look->zone);
    int i;

    if (answer->outcome == ACME_DNS_FAILED) {
        end_unknown(look, answer->problem->detail);
        return;
    }
    if (answer->outcome != ACME_DNS_FOUND
        || record_at(answer, 0)->type != ACME_DNS_NS) {
        if (parent) {
            find_zone(look, parent);
        }
        else {
            end_unknown(look, apr_pstrcat(answer->p, "no zone is known for ",
                                          look->name, NULL));
        }
        return;
    }
    look->state = LOOK_ADDRESSES;
    for (i = 0; i < answer->records->nelts && i < MOST_SERVERS; ++i) {
        const char *host = apr_pstrdup(look->p, record_at(answer, i)->value);

        ask(look, host, ACME_DNS_A, -1, host);
        ask(look, host, ACME_DNS_AAAA, -1, host);
    }
}

static server_t *server_of(acme_dns_seen_t *seen, const char *text)
{
    server_t *server = apr_hash_get(seen->servers, text, APR_HASH_KEY_STRING);

    if (!server) {
        server = apr_pcalloc(seen->p, sizeof(*server));
        apr_hash_set(seen->servers, apr_pstrdup(seen->p, text),
                     APR_HASH_KEY_STRING, server);
    }
    return server;
}

static void add_address(look_t *look, const char *host, const char *text)
{
    address_t *address;
    int i;

    for (i = 0; i < look->addresses->nelts; ++i) {
        if (strcmp(address_at(look, i)->text, text) == 0) {
            return;
        }
    }
    if (look->addresses->nelts < ACME_DNS_SEEN_ADDRESSES) {
        address = apr_array_push(look->addresses);
        address->text = apr_pstrdup(look->p, text);
        address->host = host;
        address->state = ADDRESS_TODO;
        address->server = server_of(look->seen, text);
    }
}

static void take_addresses(look_t *look, const ask_t *asked,
                           const acme_dns_answer_t *answer)
{
    int i, n = 0;

    for (i = 0; i < answer->records->nelts && n < MOST_OF_A_SERVER; ++i) {
        if (record_at(answer, i)->type == asked->question.type) {
            add_address(look, asked->host, record_at(answer, i)->value);
            ++n;
        }
    }
    if (look->asks->nelts > 0) {
        return;
    }
    if (look->addresses->nelts == 0) {
        end_unknown(look, apr_pstrcat(answer->p, "the name servers of ",
                                      look->zone, " have no address", NULL));
        return;
    }
    look->state = LOOK_SERVERS;
}

/* ---- what name servers say ---- */

/* Returns non-zero when the record is among the answers. */
static int has_record(const look_t *look, const acme_dns_answer_t *answer)
{
    int i;

    for (i = 0; i < answer->records->nelts; ++i) {
        if (record_at(answer, i)->type == ACME_DNS_TXT
            && strcmp(record_at(answer, i)->value, look->record.value) == 0) {
            return 1;
        }
    }
    return 0;
}

static void take_answer(look_t *look, address_t *address,
                        const acme_dns_answer_t *answer)
{
    const acme_dns_record_t *last =
        answer->records->nelts > 0
            ? record_at(answer, answer->records->nelts - 1)
            : NULL;

    if (answer->outcome == ACME_DNS_FAILED) {
        address->server->dead_until = now_of(look) + ACME_DNS_SEEN_DEAD;
        address->state = ADDRESS_DEAD;
        address->lacks = 0;
        return;
    }
    address->state = has_record(look, answer) ? ADDRESS_HAS : ADDRESS_HAS_NOT;
    address->lacks = address->state == ADDRESS_HAS_NOT;
    if (last && last->type == ACME_DNS_CNAME) {
        look->alias = apr_pstrdup(look->p, last->value);
    }
    else if (!last && answer->outcome == ACME_DNS_NODATA
             && !answer->authoritative) {
        look->refers = 1;
    }
}

static void note_missing(look_t *look)
{
    apr_pool_t *p = look->pmissing;

    apr_pool_clear(p);
    memset(&look->missing, 0, sizeof(look->missing));
    (void)acme_problem_set(
        &look->missing, APR_EAGAIN, ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS, p,
        "the record %s is not at all name servers of %s yet, but awaited at "
        "%s; "
        "the CA is told at %s at the latest",
        look->record.name, look->zone, list_missing(look, p),
        acme_time_print(look->record.until, p));
    look->missing.to_fix =
        "nothing, unless it is like this each time: then see "
        "why these name servers get records late, or set "
        "ACMEDnsPropagation to the time that they need";
}

/* Goes on after all addresses have been asked once. */
static void end_round(look_t *look)
{
    apr_time_t now = now_of(look);
    int i;

    if (look->alias && look->hops++ < ACME_DNS_MOST_CNAMES) {
        look->name = look->alias;
        look->alias = NULL;
        look->refers = look->delegated = 0;
        find_zone(look,
                  parent_of(look->name) ? parent_of(look->name) : look->name);
        return;
    }
    if (look->refers && !look->delegated) {
        look->delegated = 1;
        find_zone(look, look->name);
        return;
    }
    if (count(look, ADDRESS_HAS_NOT) > 0) {
        note_missing(look);
        look->next = now + look->pause;
        look->pause += look->pause / 2;
        look->pause = look->pause < MOST_PAUSE ? look->pause : MOST_PAUSE;
        for (i = 0; i < look->addresses->nelts; ++i) {
            if (address_at(look, i)->state == ADDRESS_HAS_NOT) {
                address_at(look, i)->state = ADDRESS_TODO;
            }
        }
        look->seen->ctx->moved = 1;
        return;
    }
    if (count(look, ADDRESS_HAS) == 0) {
        end_unknown(look, apr_pstrcat(look->pmissing, "no name server of ",
                                      look->zone, " answers", NULL));
        return;
    }
    end_seen(look);
}

/* Asks addresses that were not asked in this round. */
static void ask_servers(look_t *look)
{
    apr_time_t now = now_of(look);
    int i, todo = 0;

    for (i = 0; i < look->addresses->nelts; ++i) {
        address_t *address = address_at(look, i);

        if (address->state != ADDRESS_TODO) {
            continue;
        }
        if (now < address->server->dead_until) {
            address->state = ADDRESS_DEAD;
        }
        else if (address->server->asked < ACME_DNS_SEEN_MOST) {
            ask(look, look->name, ACME_DNS_TXT, i, NULL);
        }
        else {
            ++todo;
        }
    }
    if (todo == 0 && look->asks->nelts == 0) {
        end_round(look);
    }
}

static void answered(void *baton, const acme_dns_answer_t *answer)
{
    ask_t *asked = baton;
    look_t *look = asked->look;
    int i, n = 0;

    look->seen->ctx->moved = 1;
    for (i = 0; i < look->asks->nelts; ++i) {
        if (APR_ARRAY_IDX(look->asks, i, ask_t *) != asked) {
            APR_ARRAY_IDX(look->asks, n++, ask_t *) =
                APR_ARRAY_IDX(look->asks, i, ask_t *);
        }
    }
    look->asks->nelts = n;
    if (asked->address >= 0) {
        --address_at(look, asked->address)->server->asked;
    }
    /* Cancelled questions lead to no other. */
    if (answer->problem && answer->problem->rv == APR_EINTR) {
        apr_pool_destroy(asked->p);
        return;
    }
    if (asked->address >= 0) {
        take_answer(look, address_at(look, asked->address), answer);
        if (look->asks->nelts == 0) {
            ask_servers(look);
        }
    }
    else if (look->state == LOOK_ZONE) {
        take_servers(look, answer);
    }
    else {
        take_addresses(look, asked, answer);
    }
    apr_pool_destroy(asked->p);
}

/* ---- all looks ---- */

static look_t *find(const acme_dns_seen_t *seen, const char *value)
{
    int i;

    for (i = 0; i < seen->looks->nelts; ++i) {
        if (strcmp(look_at(seen, i)->record.value, value) == 0) {
            return look_at(seen, i);
        }
    }
    return NULL;
}

void acme_dns_seen_want(acme_dns_seen_t *seen,
                        const acme_dns_seen_record_t *record)
{
    apr_pool_t *p;
    look_t *look;

    if (find(seen, record->value)) {
        return;
    }
    apr_pool_create(&p, seen->p);
    apr_pool_tag(p, "acme_dns_seen");
    look = apr_pcalloc(p, sizeof(*look));
    look->p = p;
    apr_pool_create(&look->pmissing, p);
    look->seen = seen;
    look->record = *record;
    look->record.site = apr_pstrdup(p, record->site);
    look->record.identifier = apr_pstrdup(p, record->identifier);
    look->record.name = apr_pstrdup(p, record->name);
    look->record.value = apr_pstrdup(p, record->value);
    look->name = look->record.name;
    look->pause = FIRST_PAUSE;
    look->addresses = apr_array_make(p, 8, sizeof(address_t));
    look->asks = apr_array_make(p, 8, sizeof(ask_t *));
    APR_ARRAY_PUSH(seen->looks, look_t *) = look;
    find_zone(look, look->record.identifier);
}

static void drop(acme_dns_seen_t *seen, look_t *look)
{
    int i, n = 0;

    cancel(look);
    for (i = 0; i < seen->looks->nelts; ++i) {
        if (look_at(seen, i) != look) {
            APR_ARRAY_IDX(seen->looks, n++, look_t *) = look_at(seen, i);
        }
    }
    seen->looks->nelts = n;
    apr_pool_destroy(look->p);
}

void acme_dns_seen_forget(acme_dns_seen_t *seen, const char *value)
{
    look_t *look = find(seen, value);

    if (look) {
        drop(seen, look);
    }
}

apr_time_t acme_dns_seen_at(const acme_dns_seen_t *seen, const char *site,
                            const acme_problem_t **missing)
{
    apr_time_t at = 0, mine;
    int i, n = 0;

    *missing = NULL;
    for (i = 0; i < seen->looks->nelts; ++i) {
        const look_t *look = look_at(seen, i);

        if (strcmp(look->record.site, site) != 0) {
            continue;
        }
        ++n;
        mine = look->state == LOOK_UNKNOWN ? look->record.blind
               : is_over(look)             ? 0
                                           : look->record.until;
        at = mine > at ? mine : at;
        if (look->missing.rv != APR_SUCCESS && !*missing) {
            *missing = &look->missing;
        }
    }
    return n > 0 ? at : ACME_SCHEDULE_NEVER;
}

apr_time_t acme_dns_seen_step(acme_dns_seen_t *seen)
{
    apr_time_t now = acme_time_now(seen->ctx->clock);
    apr_time_t first = ACME_SCHEDULE_NEVER, at;
    int i;

    for (i = 0; i < seen->looks->nelts; ++i) {
        look_t *look = look_at(seen, i);

        if (is_over(look)) {
            continue;
        }
        if (now >= look->record.until) {
            end_late(look);
            continue;
        }
        if (look->state == LOOK_SERVERS && now >= look->next) {
            look->next = 0;
            ask_servers(look);
        }
        at = look->state == LOOK_SERVERS && look->next != 0
                     && look->next < look->record.until
                 ? look->next
                 : look->record.until;
        first = at < first ? at : first;
    }
    return first;
}

void acme_dns_seen_end(acme_dns_seen_t *seen)
{
    while (seen->looks->nelts > 0) {
        drop(seen, look_at(seen, 0));
    }
    apr_pool_clear(seen->p);
    seen->servers = apr_hash_make(seen->p);
}
