/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "world_ctl.h"

static apr_status_t remove_dir(void *data)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    acme_file_remove_tree(data, p);
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

world_ctl_t *world_ctl_create(apr_pool_t *p)
{
    world_ctl_t *ctl = apr_pcalloc(p, sizeof(*ctl));
    const char *base;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, p), 0);
    dir = apr_pstrcat(p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    apr_pool_cleanup_register(p, dir, remove_dir, apr_pool_cleanup_null);
    ctl->dir = dir;
    ctl->w = world_create(p);
    assert_int_equal(acme_ctl_request_prepare(dir, getegid(), NULL, p), 0);
    ctl->root = acme_ctl_request_open(dir, ctl->w->seal, p);
    return ctl;
}

void world_ctl_boot(world_ctl_t *ctl)
{
    world_t *w = ctl->w;

    world_boot(w);
    w->config.ctl_requests = acme_ctl_request_open(ctl->dir, w->seal, w->prun);
    w->worker = acme_worker_create(&w->config, w->prun);
}

void world_ctl_restart(world_ctl_t *ctl)
{
    world_restart(ctl->w);
    world_ctl_boot(ctl);
}

world_ctl_t *world_ctl_served(apr_pool_t *p, const char *name)
{
    world_ctl_t *ctl = world_ctl_create(p);

    world_add(ctl->w, name);
    world_ctl_boot(ctl);
    assert_true(world_run(ctl->w));
    world_ctl_restart(ctl);
    assert_true(world_run(ctl->w));
    assert_int_equal(ctl->w->ca->orders, 1);
    assert_int_equal(ctl->w->ca->accounts, 1);
    return ctl;
}

const char *world_ctl_ask(world_ctl_t *ctl, acme_ctl_request_e what,
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
    assert_int_equal(acme_ctl_request_put(ctl->root, &request, NULL, ctl->w->p),
                     0);
    return request.id;
}
