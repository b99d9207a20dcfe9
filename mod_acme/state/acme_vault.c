/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_vault.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include "acme_key.h"
#include "acme_text.h"

/** Times that an item is read before it counts as damaged. */
#define READS_MAX 3

/** Limit in messages, because a planted name may be long. */
#define NAME_MAX_SHOWN 128

/** Items that the log has complained about, as hashes of kind and name. The
 *  table is small, so that planted files fill neither memory nor log. Slots are
 *  taken from the first on and never given back, so no lock is needed. */
#define COMPLAINTS_MAX 64

typedef struct complaints_t {
    volatile apr_uint32_t items[COMPLAINTS_MAX]; /* 0: free */
} complaints_t;

struct acme_vault_t {
    acme_store_t *store;
    const acme_seal_t *seal;
    const acme_log_t *log;
    complaints_t *complaints;
};

acme_vault_t *acme_vault_create(acme_store_t *store, const acme_seal_t *seal,
                                const acme_log_t *log, apr_pool_t *p)
{
    acme_vault_t *vault = apr_pcalloc(p, sizeof(*vault));

    vault->store = store;
    vault->seal = seal;
    vault->log = log;
    vault->complaints = apr_pcalloc(p, sizeof(*vault->complaints));
    return vault;
}

acme_vault_t *acme_vault_share(const acme_vault_t *vault, acme_store_t *store,
                               apr_pool_t *p)
{
    acme_vault_t *other = apr_pmemdup(p, vault, sizeof(*vault));

    other->store = store;
    return other;
}

acme_store_t *acme_vault_store(const acme_vault_t *vault)
{
    return vault->store;
}

/* FNV-1a; the NULs keep "ab" "c" and "a" "bc" apart. */
static apr_uint32_t item_hash(const char *kind, const char *name)
{
    const char *parts[2];
    apr_uint32_t h = 2166136261u;
    int i;

    parts[0] = kind;
    parts[1] = name;
    for (i = 0; i < 2; ++i) {
        const char *s = parts[i];

        do {
            h = (h ^ (unsigned char)*s) * 16777619u;
        } while (*s++);
    }
    return h != 0 ? h : 1;
}

/** Takes a slot for an item. Returns -1 if it has one already, or none is
 *  left. */
static int take_slot(complaints_t *complaints, const char *kind,
                     const char *name)
{
    apr_uint32_t h = item_hash(kind, name);
    int i;

    for (i = 0; i < COMPLAINTS_MAX; ++i) {
        apr_uint32_t was = apr_atomic_cas32(&complaints->items[i], h, 0);

        if (was == 0) {
            return i;
        }
        if (was == h) {
            return -1;
        }
    }
    return -1;
}

static void complain(acme_vault_t *vault, const char *kind, const char *name,
                     const char *why, apr_pool_t *p)
{
    int slot = take_slot(vault->complaints, kind, name);

    if (slot < 0) {
        return;
    }
    acme_log(vault->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0551) "%s: this item of the store's %s is ignored: %s; "
                            "it was damaged, or put there by somebody else",
             acme_text_escape(name, NAME_MAX_SHOWN, p), kind, why);
    if (slot == COMPLAINTS_MAX - 1) {
        acme_log(vault->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0552) "store: %d items have been ignored; further "
                                "ones are ignored without a message",
                 COMPLAINTS_MAX);
    }
}

/* Gets an item once. Returns ACME_STORE_DAMAGED for one that is not ours. */
static apr_status_t get(acme_store_item_t *item, acme_vault_t *vault,
                        const char *kind, const char *name, acme_problem_t *why,
                        apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = kind, .name = name};
    acme_store_item_t sealed;
    apr_status_t rv;
    char *data;
    apr_size_t len;

    rv = acme_store_get(&sealed, vault->store, kind, name, why, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_seal_open(&data, &len, vault->seal, &label, sealed.data,
                        sealed.len, why, p);
    if (APR_STATUS_IS_EACCES(rv)) {
        why->detail = "it was not sealed under this server's secret";
        return ACME_STORE_DAMAGED;
    }
    if (rv == APR_SUCCESS) {
        item->data = data;
        item->len = len;
        item->version = sealed.version;
    }
    return rv;
}

apr_status_t acme_vault_get(acme_store_item_t *item, acme_vault_t *vault,
                            const char *kind, const char *name,
                            acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    apr_status_t rv = get(item, vault, kind, name, &why, p);
    int tries;

    /* Read again, because a store may write the next item over the last one
     * while that is being read; by now the next item is whole. */
    for (tries = 1; rv == ACME_STORE_DAMAGED && tries < READS_MAX; ++tries) {
        rv = get(item, vault, kind, name, &why, p);
    }
    if (rv == ACME_STORE_DAMAGED) {
        complain(vault, kind, name, why.detail, p);
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS && problem && why.detail) {
        *problem = why;
    }
    return rv;
}

apr_status_t acme_vault_put(const char **version, acme_vault_t *vault,
                            const acme_store_put_t *put,
                            acme_problem_t *problem, apr_pool_t *ptemp)
{
    const acme_seal_label_t label = {.purpose = put->kind, .name = put->name};
    acme_store_put_t stored = *put;
    unsigned char *sealed;
    apr_status_t rv;

    rv = acme_seal(&sealed, &stored.len, vault->seal, &label, put->data,
                   put->len, problem, ptemp);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    stored.data = sealed;
    return acme_store_put(version, vault->store, &stored, problem, ptemp);
}

apr_status_t acme_vault_get_json(acme_json_t **json, const char **version,
                                 acme_vault_t *vault, const char *kind,
                                 const char *name, acme_problem_t *problem,
                                 apr_pool_t *p)
{
    acme_store_item_t item;
    acme_json_t *value;
    apr_status_t rv;

    rv = acme_vault_get(&item, vault, kind, name, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = acme_json_parse(&value, item.data, item.len, NULL, p);
    if (rv != APR_SUCCESS || !acme_json_is_object(value)) {
        complain(vault, kind, name, "it is no JSON object", p);
        return APR_ENOENT;
    }
    *json = value;
    if (version) {
        *version = item.version;
    }
    return APR_SUCCESS;
}

apr_status_t acme_vault_put_json(acme_vault_t *vault, const char *kind,
                                 const char *name, const acme_json_t *json,
                                 acme_store_sync_e sync,
                                 acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *text = acme_json_print(json, 0, ptemp);
    const acme_store_put_t put = {
        .kind = kind,
        .name = name,
        .data = text,
        .len = strlen(text),
        .sync = sync,
    };
    apr_status_t rv;

    rv = acme_vault_put(NULL, vault, &put, problem, ptemp);
    acme_key_wipe((char *)text, put.len);
    return rv;
}
