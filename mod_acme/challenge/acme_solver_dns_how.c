/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_dns_how.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_str.h"

#define KEY_WAY     "way"
#define KEY_COMMAND "command"
#define KEY_VERSION "version"
#define KEY_LIMIT   "limit"
#define KEY_SERVER  "server"
#define KEY_PORT    "port"
#define KEY_KEY     "key"

/* ---- commands ---- */

static void copy_command(acme_dns_spec_t *how, apr_pool_t *p)
{
    apr_array_header_t *argv = apr_array_copy(p, how->argv);
    int i;

    for (i = 0; i < argv->nelts; ++i) {
        APR_ARRAY_IDX(argv, i, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(argv, i, const char *));
    }
    how->argv = argv;
}

static int read_command(acme_dns_spec_t *how, const acme_json_t *item,
                        apr_pool_t *p)
{
    apr_int64_t version;
    apr_array_header_t *argv;

    if (acme_json_get_strs(&argv, item, KEY_COMMAND, p) != APR_SUCCESS
        || argv->nelts == 0
        || acme_json_get_int(&version, item, KEY_VERSION) != APR_SUCCESS) {
        return 0;
    }
    how->argv = argv;
    how->version = version == ACME_DNS_COMMAND_V1 ? ACME_DNS_COMMAND_V1
                                                  : ACME_DNS_COMMAND_V2;
    return 1;
}

static void write_command(acme_json_t *item, const acme_dns_spec_t *how)
{
    acme_json_set_strs(item, KEY_COMMAND, how->argv);
    acme_json_set_int(item, KEY_VERSION, how->version);
}

/* ---- ACMEDnsResponder: the item is all ---- */

static int read_responder(acme_dns_spec_t *how, const acme_json_t *item,
                          apr_pool_t *p)
{
    (void)how;
    (void)item;
    (void)p;
    return 1;
}

static void write_responder(acme_json_t *item, const acme_dns_spec_t *how)
{
    (void)item;
    (void)how;
}

/* ---- updates ---- */

static void copy_update(acme_dns_spec_t *how, apr_pool_t *p)
{
    acme_dns_update_spec_t *update =
        apr_pmemdup(p, how->update, sizeof(*update));

    update->server = apr_pstrdup(p, update->server);
    update->zone = apr_pstrdup(p, update->zone);
    if (update->key) {
        acme_tsig_t *key = apr_pmemdup(p, update->key, sizeof(*key));

        key->file = NULL;
        key->name = apr_pstrdup(p, key->name);
        key->algorithm = apr_pstrdup(p, key->algorithm);
        /* The secret stays where it is wiped, with the configuration, which
         * outlives the worker. */
        update->key = key;
    }
    how->update = update;
}

static int read_update(acme_dns_spec_t *how, const acme_json_t *item,
                       apr_pool_t *p)
{
    acme_dns_update_spec_t *update = apr_pcalloc(p, sizeof(*update));
    const char *key;
    apr_int64_t port;

    if (acme_json_get_str(&update->server, item, KEY_SERVER) != APR_SUCCESS
        || acme_json_get_int(&port, item, KEY_PORT) != APR_SUCCESS) {
        return 0;
    }
    update->port = (int)port;
    if (acme_json_get_str(&key, item, KEY_KEY) == APR_SUCCESS) {
        update->key = apr_pcalloc(p, sizeof(*update->key));
        update->key->name = key;
    }
    how->update = update;
    return 1;
}

static void write_update(acme_json_t *item, const acme_dns_spec_t *how)
{
    acme_json_set_str(item, KEY_SERVER, how->update->server);
    acme_json_set_int(item, KEY_PORT, how->update->port);
    if (how->update->key) {
        acme_json_set_str(item, KEY_KEY, how->update->key->name);
    }
}

static int fits_update(const acme_dns_spec_t *old, const acme_dns_spec_t *now)
{
    const acme_tsig_t *key = old->update->key, *key_now = now->update->key;

    return strcmp(old->update->server, now->update->server) == 0
           && old->update->port == now->update->port
           && acme_str_same(key ? key->name : NULL,
                            key_now ? key_now->name : NULL);
}

/* ---- all ways ---- */

typedef struct row_t {
    acme_dns_way_e way;
    const char *name; /* in items */
    /* Moves what a copy points to into p. Or NULL: nothing. */
    void (*copy)(acme_dns_spec_t *how, apr_pool_t *p);
    int (*read)(acme_dns_spec_t *how, const acme_json_t *item, apr_pool_t *p);
    void (*write)(acme_json_t *item, const acme_dns_spec_t *how);
    /* Compares the places. Or NULL: all of a way are the same. */
    int (*fits)(const acme_dns_spec_t *old, const acme_dns_spec_t *now);
} row_t;

static const row_t rows[] = {
    {ACME_DNS_COMMAND, "command", copy_command, read_command, write_command,
     NULL},
    {ACME_DNS_RESPONDER, "responder", NULL, read_responder, write_responder,
     NULL},
    {ACME_DNS_UPDATE, "update", copy_update, read_update, write_update,
     fits_update},
};

#define N_ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static const row_t *row_of(acme_dns_way_e way)
{
    int i;

    for (i = 0; i + 1 < N_ROWS && rows[i].way != way; ++i) {
    }
    return &rows[i];
}

void acme_solver_dns_how_copy(acme_dns_spec_t *to, const acme_dns_spec_t *from,
                              apr_pool_t *p)
{
    const row_t *row = row_of(from->way);

    *to = *from;
    if (row->copy) {
        row->copy(to, p);
    }
}

int acme_solver_dns_how_read(acme_dns_spec_t *how, const acme_json_t *item,
                             apr_pool_t *p)
{
    const char *name = rows[0].name; /* items without the member are older */
    apr_int64_t limit;
    int i;

    (void)acme_json_get_str(&name, item, KEY_WAY);
    if (acme_json_get_int(&limit, item, KEY_LIMIT) != APR_SUCCESS) {
        return 0;
    }
    how->limit = limit;
    for (i = 0; i < N_ROWS; ++i) {
        if (acme_str_same(rows[i].name, name)) {
            how->way = rows[i].way;
            return rows[i].read(how, item, p);
        }
    }
    return 0;
}

void acme_solver_dns_how_write(acme_json_t *item, const acme_dns_spec_t *how)
{
    const row_t *row = row_of(how->way);

    acme_json_set_str(item, KEY_WAY, row->name);
    acme_json_set_int(item, KEY_LIMIT, how->limit);
    row->write(item, how);
}

int acme_solver_dns_how_fits(const acme_dns_spec_t *old,
                             const acme_dns_spec_t *now)
{
    const row_t *row = row_of(old->way);

    return old->way == now->way && (!row->fits || row->fits(old, now));
}

int acme_solver_dns_how_fits_any(const acme_dns_spec_t *old,
                                 const acme_dns_spec_t *now)
{
    return row_of(old->way)->fits && acme_solver_dns_how_fits(old, now);
}
