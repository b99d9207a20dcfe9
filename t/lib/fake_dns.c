/* SPDX-License-Identifier: Apache-2.0 */

#include "fake_dns.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

/* The longest that a question takes. */
#define LIMIT apr_time_from_sec(15)

typedef struct task_t {
    const acme_dns_question_t *question;
    acme_dns_done_fn *done;
    void *baton;
    apr_time_t asked;
} task_t;

typedef struct entry_t {
    acme_dns_outcome_e outcome;
    const char *values; /* separated by blanks */
    const char *tag;    /* of CAA: then there is one value */
} entry_t;

struct fake_dns_t {
    acme_dns_t dns;
    apr_pool_t *p;
    fake_clock_t *clock;
    apr_hash_t *entries; /* "TYPE NAME" -> entry_t */
    apr_hash_t *denied;  /* "SERVER NAME" */
    apr_array_header_t *tasks;
    int authority;
    int hang;
    int count;
};

static const char *key_of(acme_dns_type_e type, const char *name, apr_pool_t *p)
{
    return apr_psprintf(p, "%d %s", (int)type, name);
}

static entry_t *entry_of(fake_dns_t *fake, const char *name,
                         acme_dns_type_e type)
{
    const char *key = key_of(type, name, fake->p);
    entry_t *entry = apr_hash_get(fake->entries, key, APR_HASH_KEY_STRING);

    if (!entry) {
        entry = apr_pcalloc(fake->p, sizeof(*entry));
        apr_hash_set(fake->entries, key, APR_HASH_KEY_STRING, entry);
    }
    return entry;
}

void fake_dns_set(fake_dns_t *fake, const char *name, acme_dns_type_e type,
                  const char *values)
{
    entry_t *entry = entry_of(fake, name, type);

    entry->outcome = values ? ACME_DNS_FOUND : ACME_DNS_NODATA;
    entry->values = values;
}

void fake_dns_set_caa(fake_dns_t *fake, const char *name, const char *tag,
                      const char *value)
{
    entry_t *entry = entry_of(fake, name, ACME_DNS_CAA);

    entry->outcome = ACME_DNS_FOUND;
    entry->values = value;
    entry->tag = tag;
}

void fake_dns_end(fake_dns_t *fake, const char *name, acme_dns_type_e type,
                  acme_dns_outcome_e outcome)
{
    entry_of(fake, name, type)->outcome = outcome;
}

void fake_dns_has_authority(fake_dns_t *fake)
{
    fake->authority = 1;
}

void fake_dns_denies(fake_dns_t *fake, const char *server, const char *name)
{
    apr_hash_set(fake->denied, apr_pstrcat(fake->p, server, " ", name, NULL),
                 APR_HASH_KEY_STRING, "");
}

void fake_dns_hang(fake_dns_t *fake, int hang)
{
    fake->hang = hang;
}

int fake_dns_count(const fake_dns_t *fake)
{
    return fake->count;
}

static void ask(acme_dns_t *dns, const acme_dns_question_t *question,
                acme_dns_done_fn *done, void *baton)
{
    fake_dns_t *fake = dns->self;
    task_t *task = apr_array_push(fake->tasks);

    task->question = question;
    task->done = done;
    task->baton = baton;
    task->asked = fake->clock->now;
    ++fake->count;
}

static void add(apr_array_header_t *records, const char *name,
                acme_dns_type_e type, const char *value)
{
    acme_dns_record_t *record = apr_array_push(records);

    memset(record, 0, sizeof(*record));
    record->name = name;
    record->type = type;
    record->value = value;
}

/* Returns non-zero when the name has a record of any type. */
static int exists(const fake_dns_t *fake, const char *name, apr_pool_t *p)
{
    static const acme_dns_type_e types[] = {ACME_DNS_A,    ACME_DNS_NS,
                                            ACME_DNS_SOA,  ACME_DNS_TXT,
                                            ACME_DNS_AAAA, ACME_DNS_CAA};
    const entry_t *entry;
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        entry = apr_hash_get(fake->entries, key_of(types[i], name, p),
                             APR_HASH_KEY_STRING);
        if (entry && entry->outcome == ACME_DNS_FOUND) {
            return 1;
        }
    }
    return 0;
}

/* Answers as a resolver: follows aliases. */
static void resolve(fake_dns_t *fake, acme_dns_answer_t *answer,
                    apr_array_header_t *records,
                    const acme_dns_question_t *question)
{
    const char *name = question->name;
    const entry_t *entry;
    char *last, *value;

    while ((entry = apr_hash_get(fake->entries,
                                 key_of(ACME_DNS_CNAME, name, answer->p),
                                 APR_HASH_KEY_STRING))
           != NULL) {
        add(records, name, ACME_DNS_CNAME, entry->values);
        name = entry->values;
    }
    entry = apr_hash_get(fake->entries, key_of(question->type, name, answer->p),
                         APR_HASH_KEY_STRING);
    answer->outcome = entry                           ? entry->outcome
                      : exists(fake, name, answer->p) ? ACME_DNS_NODATA
                                                      : ACME_DNS_NO_NAME;
    answer->authoritative = fake->authority;
    if (entry && entry->outcome == ACME_DNS_FOUND && entry->tag) {
        add(records, name, question->type, entry->values);
        APR_ARRAY_IDX(records, records->nelts - 1, acme_dns_record_t).tag =
            entry->tag;
    }
    else if (entry && entry->outcome == ACME_DNS_FOUND) {
        value = apr_strtok(apr_pstrdup(answer->p, entry->values), " ", &last);
        while (value) {
            add(records, name, question->type, value);
            value = apr_strtok(NULL, " ", &last);
        }
    }
}

/* Answers as a name server. */
static void serve(fake_dns_t *fake, acme_dns_answer_t *answer,
                  const acme_dns_question_t *question)
{
    const char *server = APR_ARRAY_IDX(question->servers, 0, const char *);

    answer->outcome = ACME_DNS_FAILED;
    if (apr_hash_get(fake->denied,
                     apr_pstrcat(answer->p, server, " ", question->name, NULL),
                     APR_HASH_KEY_STRING)) {
        answer->outcome = ACME_DNS_NO_NAME;
        answer->authoritative = 1;
    }
}

static void answer_task(fake_dns_t *fake, const task_t *task, apr_status_t rv)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_dns_answer_t answer;
    apr_array_header_t *records;

    memset(&answer, 0, sizeof(answer));
    apr_pool_create(&answer.p, fake->p);
    records = apr_array_make(answer.p, 2, sizeof(acme_dns_record_t));
    answer.records = records;
    if (rv != APR_SUCCESS) {
        answer.outcome = ACME_DNS_FAILED;
    }
    else if (task->question->servers) {
        serve(fake, &answer, task->question);
    }
    else {
        resolve(fake, &answer, records, task->question);
    }
    if (answer.outcome == ACME_DNS_FAILED) {
        acme_problem_set(&problem, rv ? rv : APR_EGENERAL, ACME_RETRY_BACKOFF,
                         ACME_PROBLEM_NETWORK, answer.p, "no answer");
        answer.problem = &problem;
    }
    task->done(task->baton, &answer);
    apr_pool_destroy(answer.p);
}

static apr_time_t run(acme_dns_t *dns)
{
    fake_dns_t *fake = dns->self;
    apr_array_header_t *tasks = fake->tasks;
    int i;

    fake->tasks = apr_array_make(fake->p, 4, sizeof(task_t));
    for (i = 0; i < tasks->nelts; ++i) {
        const task_t *task = &APR_ARRAY_IDX(tasks, i, task_t);

        if (!fake->hang) {
            answer_task(fake, task, APR_SUCCESS);
        }
        else if (fake->clock->now - task->asked >= LIMIT) {
            answer_task(fake, task, APR_TIMEUP);
        }
        else {
            APR_ARRAY_PUSH(fake->tasks, task_t) = *task;
        }
    }
    return fake->tasks->nelts ? fake->clock->now + apr_time_from_sec(1) : 0;
}

static int pending(acme_dns_t *dns)
{
    const fake_dns_t *fake = dns->self;

    return fake->tasks->nelts;
}

static void cancel(acme_dns_t *dns, const void *baton)
{
    fake_dns_t *fake = dns->self;
    apr_array_header_t *tasks = fake->tasks;
    int i;

    fake->tasks = apr_array_make(fake->p, 4, sizeof(task_t));
    for (i = 0; i < tasks->nelts; ++i) {
        const task_t *task = &APR_ARRAY_IDX(tasks, i, task_t);

        if (baton && baton != task->baton) {
            APR_ARRAY_PUSH(fake->tasks, task_t) = *task;
        }
        else {
            answer_task(fake, task, APR_EINTR);
        }
    }
}

fake_dns_t *fake_dns_create(fake_clock_t *clock, apr_pool_t *p)
{
    fake_dns_t *fake = apr_pcalloc(p, sizeof(*fake));

    fake->p = p;
    fake->clock = clock;
    fake->entries = apr_hash_make(p);
    fake->denied = apr_hash_make(p);
    fake->tasks = apr_array_make(p, 4, sizeof(task_t));
    fake->dns.self = fake;
    fake->dns.ask = ask;
    fake->dns.run = run;
    fake->dns.pending = pending;
    fake->dns.cancel = cancel;
    return fake;
}

acme_dns_t *fake_dns_client(fake_dns_t *fake)
{
    return &fake->dns;
}
