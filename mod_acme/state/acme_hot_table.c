/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_hot_table.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <apr_atomic.h>

/* Bytes of a fingerprint that are compared. */
#define CERT 16

/* A certificate of a site. */
typedef struct slot_t {
    volatile apr_uint32_t generation;
    volatile apr_uint32_t promoted; /* generation */
    volatile apr_uint32_t reason;
    char cert[CERT];
} slot_t;

/* A child; free when its pid is 0. */
typedef struct line_t {
    volatile apr_uint32_t pid;
    volatile apr_uint32_t generation;
    volatile apr_uint32_t kept;
} line_t;

typedef struct head_t {
    volatile apr_uint32_t latest;
    volatile apr_uint32_t refusals;
    volatile apr_uint32_t overridden;
} head_t;

struct acme_hot_table_t {
    int certs;
    int children;
    head_t *head;  /* shared, as the next two */
    slot_t *slots; /* by index of the certificate */
    line_t *lines;
};

apr_size_t acme_hot_table_size(int certs, int children)
{
    return sizeof(head_t) + sizeof(slot_t) * (apr_size_t)certs
           + sizeof(line_t) * (apr_size_t)children;
}

acme_hot_table_t *acme_hot_table_create(void *memory, int certs, int children,
                                        apr_pool_t *p)
{
    acme_hot_table_t *table = apr_pcalloc(p, sizeof(*table));

    table->certs = certs;
    table->children = children;
    table->head = memory;
    table->slots = (slot_t *)(table->head + 1);
    table->lines = (line_t *)(table->slots + certs);
    return table;
}

static apr_uint32_t load(const volatile apr_uint32_t *number)
{
    return apr_atomic_read32((volatile apr_uint32_t *)number);
}

apr_uint32_t acme_hot_table_announce(acme_hot_table_t *table, int cert,
                                     const char *fingerprint)
{
    slot_t *slot = &table->slots[cert];
    char name[CERT] = {0};
    size_t len = strlen(fingerprint);

    memcpy(name, fingerprint, len < CERT ? len : CERT);
    if (load(&slot->generation) && memcmp(slot->cert, name, CERT) == 0) {
        return load(&slot->generation);
    }
    memcpy(slot->cert, name, CERT);
    apr_atomic_set32(&slot->reason, ACME_HOT_ACCEPTED);
    apr_atomic_set32(&slot->generation,
                     apr_atomic_inc32(&table->head->latest) + 1);
    return load(&slot->generation);
}

apr_uint32_t acme_hot_table_generation(const acme_hot_table_t *table, int cert)
{
    return load(&table->slots[cert].generation);
}

apr_uint32_t acme_hot_table_latest(const acme_hot_table_t *table)
{
    return load(&table->head->latest);
}

void acme_hot_table_promote(acme_hot_table_t *table, int cert)
{
    slot_t *slot = &table->slots[cert];

    apr_atomic_set32(&slot->promoted, load(&slot->generation));
}

apr_uint32_t acme_hot_table_promoted(const acme_hot_table_t *table, int cert)
{
    return load(&table->slots[cert].promoted);
}

void acme_hot_table_refuse(acme_hot_table_t *table, int cert,
                           acme_hot_reason_e reason)
{
    apr_atomic_set32(&table->slots[cert].reason, reason);
    apr_atomic_inc32(&table->head->refusals);
}

acme_hot_reason_e acme_hot_table_reason(const acme_hot_table_t *table, int cert)
{
    apr_uint32_t reason = load(&table->slots[cert].reason);

    /* Any process may have written any number. */
    return reason < ACME_HOT_REASONS ? (acme_hot_reason_e)reason
                                     : ACME_HOT_UNFIT;
}

void acme_hot_table_override(acme_hot_table_t *table)
{
    apr_atomic_set32(&table->head->overridden, 1);
    apr_atomic_inc32(&table->head->refusals);
}

int acme_hot_table_is_overridden(const acme_hot_table_t *table)
{
    return load(&table->head->overridden) != 0;
}

apr_uint32_t acme_hot_table_refusals(const acme_hot_table_t *table)
{
    return load(&table->head->refusals);
}

int acme_hot_table_is_served(const acme_hot_table_t *table, int cert)
{
    return acme_hot_table_generation(table, cert) != 0
           && acme_hot_table_reason(table, cert) == ACME_HOT_ACCEPTED
           && !acme_hot_table_is_overridden(table);
}

/* Returns non-zero when there is no such process any more. */
static int is_gone(apr_uint32_t pid)
{
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

int acme_hot_table_enter(acme_hot_table_t *table, apr_uint32_t pid)
{
    int i;

    for (i = 0; i < table->children; ++i) {
        line_t *line = &table->lines[i];
        apr_uint32_t owner = load(&line->pid);

        /* A child that was killed has not given its line back. */
        if ((owner == 0 || is_gone(owner))
            && apr_atomic_cas32(&line->pid, pid, owner) == owner) {
            apr_atomic_set32(&line->generation, 0);
            apr_atomic_set32(&line->kept, 0);
            return i;
        }
    }
    return -1;
}

void acme_hot_table_leave(acme_hot_table_t *table, int child)
{
    if (child >= 0) {
        apr_atomic_set32(&table->lines[child].pid, 0);
    }
}

void acme_hot_table_took(acme_hot_table_t *table, int child,
                         apr_uint32_t generation)
{
    line_t *line = child >= 0 ? &table->lines[child] : NULL;

    if (line && load(&line->generation) < generation) {
        apr_atomic_set32(&line->generation, generation);
    }
}

void acme_hot_table_kept(acme_hot_table_t *table, int child)
{
    if (child >= 0) {
        apr_atomic_inc32(&table->lines[child].kept);
    }
}

int acme_hot_table_child(acme_hot_child_t *child, const acme_hot_table_t *table,
                         int i)
{
    const line_t *line;

    if (i >= table->children) {
        return -1;
    }
    line = &table->lines[i];
    child->pid = load(&line->pid);
    child->generation = load(&line->generation);
    child->kept = load(&line->kept);
    /* kill() takes a negative number for a group. */
    return child->pid != 0 && child->pid <= APR_INT32_MAX
           && !is_gone(child->pid);
}

const char *acme_hot_table_reason_text(acme_hot_reason_e reason)
{
    switch (reason) {
    case ACME_HOT_STAPLED:
        return "SSLUseStapling is on, and a certificate that mod_ssl has not "
               "loaded itself is not stapled";
    case ACME_HOT_OLDER:
        return "it is not newer than the one before, which only a start may "
               "put in place";
    case ACME_HOT_UNFIT:
        return "it has failed a check";
    case ACME_HOT_REFUSED:
        return "it could not be written into the live set";
    case ACME_HOT_DAMAGED:
        return "it cannot be read from the store";
    case ACME_HOT_ACCEPTED:
    case ACME_HOT_REASONS:
        break;
    }
    return "";
}
