/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_t_world.h"

#include <stdlib.h>

#include <apr_file_io.h>

#include "acme_file.h"
#include "acme_key_hash.h"
#include "acme_runner_key.h"

#define A "a.example"

static void ready(void *baton)
{
    (void)baton;
}

static acme_work_t *work_of(world_t *w)
{
    acme_work_t *work = apr_pcalloc(w->p, sizeof(*work));

    work->vault = acme_vault_create(&w->store, w->seal, &w->log, w->p);
    work->clock = &w->clock->clock;
    work->log = &w->log;
    work->keygen = acme_keygen_create(ready, NULL, w->p);
    return work;
}

static const char *key_of(world_t *w, acme_work_t *work,
                          const acme_spec_t *spec)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;
    int made;

    assert_int_equal(
        acme_runner_key(&key, &pem, &made, work, spec, &problem, w->p),
        APR_SUCCESS);
    assert_int_equal(acme_key_spec(key).type, spec->key.type);
    return pem;
}

static void it_is_stored_and_found_again(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_spec_t *a = world_add(w, A), *b = world_add(w, "b.example");
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem = key_of(w, work, a);

    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_string_equal(key_of(w, work, a), pem);
    assert_string_not_equal(key_of(w, work, b), pem);
    assert_int_equal(acme_runner_key_forget(work, A, &problem, w->p),
                     APR_SUCCESS);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_string_not_equal(key_of(w, work, a), pem);
}

static void a_compromised_one_is_not_used_again(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_spec_t *a = world_add(w, A);
    const char *pem = key_of(w, work, a), *base;
    acme_revoked_t mark;
    acme_key_t *key;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, w->p), 0);
    dir = apr_pstrcat(w->p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    work->revoked = acme_revoked_open(dir, w->p);
    assert_string_equal(key_of(w, work, a), pem);
    assert_int_equal(acme_key_from_pem(&key, pem, strlen(pem), NULL, w->p), 0);
    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = "f00d";
    mark.key_hash = acme_key_hash(key, w->p);
    mark.name = A;
    mark.when = w->clock->now;
    mark.reason = 1;
    assert_int_equal(acme_revoked_put(dir, &mark, NULL, w->p), 0);
    assert_string_not_equal(key_of(w, work, a), pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "ACME0847: " A), 1);
    acme_file_remove_tree(dir, w->p);
}

static void another_kind_is_another_key(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_spec_t *a = world_add(w, A);
    const char *pem = key_of(w, work, a);

    a->key.type = ACME_KEY_P384;
    assert_string_not_equal(key_of(w, work, a), pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, NULL), 0);
}

static void a_damaged_one_is_made_anew(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem = key_of(w, work, a);

    assert_int_equal(acme_vault_put(NULL, w->vault, ACME_STORE_KEYS, A, "no", 2,
                                    NULL, ACME_STORE_LAZY, &problem, w->p),
                     APR_SUCCESS);
    assert_string_not_equal(key_of(w, work, a), pem);
    assert_int_equal(world_said(w, ACME_LOG_WARNING, "is damaged"), 1);
    world_damage(w, ACME_STORE_KEYS, A);
    pem = key_of(w, work, a);
    assert_string_equal(key_of(w, work, a), pem);
}

static void one_that_cannot_be_stored_is_not_used(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;
    int made;

    acme_store_mem_break(w->mem, APR_ENOSPC);
    assert_int_equal(
        acme_runner_key(&key, &pem, &made, work, a, &problem, w->p),
        APR_ENOSPC);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    acme_store_mem_break(w->mem, APR_SUCCESS);
    (void)key_of(w, work, a);
}

static void a_slow_one_comes_later(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_spec_t *a = world_add(w, A);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key;
    const char *pem;
    int made;
    apr_status_t rv;

    a->key.type = ACME_KEY_RSA;
    a->key.bits = 2048;
    rv = acme_runner_key(&key, &pem, &made, work, a, &problem, w->p);
    assert_int_equal(rv, APR_EAGAIN);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 0);
    while (APR_STATUS_IS_EAGAIN(rv)) {
        apr_sleep(10000);
        rv = acme_runner_key(&key, &pem, &made, work, a, &problem, w->p);
    }
    assert_int_equal(rv, APR_SUCCESS);
    assert_int_equal(acme_key_spec(key).bits, 2048);
    assert_int_equal(world_count(w, ACME_STORE_KEYS), 1);
    assert_string_equal(key_of(w, work, a), pem);
}

static void the_store_never_shows_it(void **state)
{
    world_t *w = world_create(*state);
    acme_work_t *work = work_of(w);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_store_item_t item;
    apr_size_t i;

    (void)key_of(w, work, world_add(w, A));
    assert_int_equal(
        acme_store_get(&item, w->mem, ACME_STORE_KEYS, A, &problem, w->p),
        APR_SUCCESS);
    for (i = 0; i + 7 < item.len; ++i) {
        assert_int_not_equal(memcmp(item.data + i, "PRIVATE", 7), 0);
    }
}

ACME_T_MAIN(ACME_T(it_is_stored_and_found_again),
            ACME_T(a_compromised_one_is_not_used_again),
            ACME_T(another_kind_is_another_key),
            ACME_T(a_damaged_one_is_made_anew),
            ACME_T(one_that_cannot_be_stored_is_not_used),
            ACME_T(a_slow_one_comes_later), ACME_T(the_store_never_shows_it))
