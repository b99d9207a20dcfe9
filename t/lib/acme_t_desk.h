/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_t_desk.h
 * @brief A world (acme_t_world.h) in which acmectl asks for something.
 */
#ifndef ACME_T_DESK_H
#define ACME_T_DESK_H

#include "acme_t_world.h"

#include <stdlib.h>
#include <unistd.h>

#include <apr_file_io.h>

#include "acme_file.h"

typedef struct desk_t {
    world_t *w;
    const char *dir;
    acme_ctl_request_dir_t *root;
} desk_t;

static inline apr_status_t desk_remove(void *data)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    acme_file_remove_tree(data, p);
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

static inline desk_t *desk_create(apr_pool_t *p)
{
    desk_t *desk = apr_pcalloc(p, sizeof(*desk));
    const char *base;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, p), 0);
    dir = apr_pstrcat(p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    apr_pool_cleanup_register(p, dir, desk_remove, apr_pool_cleanup_null);
    desk->dir = dir;
    desk->w = world_create(p);
    assert_int_equal(acme_ctl_request_prepare(dir, getegid(), NULL, p), 0);
    desk->root = acme_ctl_request_open(dir, desk->w->seal, p);
    return desk;
}

/* As world_boot(), with the outbox. */
static inline void desk_boot(desk_t *desk)
{
    world_t *w = desk->w;

    world_boot(w);
    w->config.ctl_requests = acme_ctl_request_open(desk->dir, w->seal, w->prun);
    w->runner = acme_worker_create(&w->config, w->prun);
}

/* A start that activates what is staged. */
static inline void desk_restart(desk_t *desk)
{
    world_restart(desk->w);
    desk_boot(desk);
}

static inline const char *desk_ask(desk_t *desk, acme_ctl_request_e what,
                                   const char *name, int force, const char *csr,
                                   acme_json_t *body)
{
    acme_ctl_request_t request;

    memset(&request, 0, sizeof(request));
    request.what = what;
    request.name = name;
    request.force = force;
    request.csr = csr;
    request.body = body;
    assert_int_equal(
        acme_ctl_request_put(desk->root, &request, NULL, desk->w->p), 0);
    return request.id;
}

#endif
