/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_keygen.h"

#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

typedef enum { WAITING, MAKING, MADE, FAILED } state_e;

/* A request, in a pool of its own, so that all its memory is freed when the key
 * is taken. */
typedef struct wanted_t {
    apr_pool_t *p;
    const char *name;
    acme_key_spec_t spec;
    state_e state;
    acme_key_t *key;
    const char *pem;
    apr_status_t rv;
    acme_problem_t problem;
    struct wanted_t *next;
} wanted_t;

/* A key for acme_keygen_common(); the caller's thread's alone. */
typedef struct common_t {
    acme_key_spec_t spec;
    const acme_key_t *key;
    const char *pem;
    struct common_t *next;
} common_t;

/* The mutex, which exists as long as the thread, guards the list, the states
 * and `stop`. A request in state MAKING belongs to the thread until its state
 * changes. Only the caller's thread removes requests from the list. */
struct acme_keygen_t {
    void (*ready)(void *baton);
    void *baton;
    apr_pool_t *p;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *work;
    apr_thread_t *thread;
    int stop;
    wanted_t *list; /* oldest first */
    common_t *common;
};

/* Locks the mutex in the caller's thread. There is none before the thread
 * starts. */
static void lock(acme_keygen_t *keygen)
{
    if (keygen->mutex) {
        apr_thread_mutex_lock(keygen->mutex);
    }
}

static void unlock(acme_keygen_t *keygen)
{
    if (keygen->mutex) {
        apr_thread_mutex_unlock(keygen->mutex);
    }
}

static int asked_to_stop(void *baton)
{
    acme_keygen_t *keygen = baton;
    int stop;

    apr_thread_mutex_lock(keygen->mutex);
    stop = keygen->stop;
    apr_thread_mutex_unlock(keygen->mutex);
    return stop;
}

/* Makes a key. Called without the mutex, because it takes long. */
static void make(wanted_t *wanted, acme_key_cancel_fn *cancel, void *baton)
{
    apr_status_t rv;

    rv = acme_key_generate(&wanted->key, &wanted->spec, cancel, baton,
                           &wanted->problem, wanted->p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_to_pem(&wanted->pem, wanted->key, &wanted->problem,
                             wanted->p);
    }
    wanted->rv = rv;
}

static wanted_t *first_waiting(const acme_keygen_t *keygen)
{
    wanted_t *w = keygen->list;

    while (w && w->state != WAITING) {
        w = w->next;
    }
    return w;
}

static void *APR_THREAD_FUNC serve(apr_thread_t *thread, void *data)
{
    acme_keygen_t *keygen = data;
    wanted_t *wanted;

    (void)thread;
    apr_setup_signal_thread();
    apr_thread_mutex_lock(keygen->mutex);
    while (!keygen->stop) {
        wanted = first_waiting(keygen);
        if (!wanted) {
            apr_thread_cond_wait(keygen->work, keygen->mutex);
            continue;
        }
        wanted->state = MAKING;
        apr_thread_mutex_unlock(keygen->mutex);
        make(wanted, asked_to_stop, keygen);
        apr_thread_mutex_lock(keygen->mutex);
        wanted->state = wanted->rv == APR_SUCCESS ? MADE : FAILED;
        if (!keygen->stop) {
            apr_thread_mutex_unlock(keygen->mutex);
            keygen->ready(keygen->baton);
            apr_thread_mutex_lock(keygen->mutex);
        }
    }
    apr_thread_mutex_unlock(keygen->mutex);
    return NULL;
}

static apr_status_t end(void *data)
{
    acme_keygen_t *keygen = data;
    wanted_t *wanted;
    apr_status_t rv;

    if (keygen->thread) {
        apr_thread_mutex_lock(keygen->mutex);
        keygen->stop = 1;
        apr_thread_cond_signal(keygen->work);
        apr_thread_mutex_unlock(keygen->mutex);
        apr_thread_join(&rv, keygen->thread);
    }
    while (keygen->list) {
        wanted = keygen->list;
        keygen->list = wanted->next;
        apr_pool_destroy(wanted->p);
    }
    return APR_SUCCESS;
}

acme_keygen_t *acme_keygen_create(void (*ready)(void *baton), void *baton,
                                  apr_pool_t *p)
{
    acme_keygen_t *keygen = apr_pcalloc(p, sizeof(*keygen));

    keygen->ready = ready;
    keygen->baton = baton;
    keygen->p = p;
    apr_pool_cleanup_register(p, keygen, end, apr_pool_cleanup_null);
    return keygen;
}

/* Starts the thread. Called for the first RSA key, so that a server without RSA
 * keys has no thread. */
static apr_status_t start(acme_keygen_t *keygen, acme_problem_t *problem,
                          apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    if (keygen->thread) {
        return APR_SUCCESS;
    }
    if (!keygen->mutex) {
        /* Register the cleanup again after mutex and condition are made, so
         * that it runs before their own cleanups. */
        apr_pool_cleanup_kill(keygen->p, keygen, end);
        rv = apr_thread_mutex_create(&keygen->mutex, APR_THREAD_MUTEX_DEFAULT,
                                     keygen->p);
        if (rv == APR_SUCCESS) {
            rv = apr_thread_cond_create(&keygen->work, keygen->p);
        }
        if (rv != APR_SUCCESS) {
            keygen->mutex = NULL;
        }
        apr_pool_cleanup_register(keygen->p, keygen, end,
                                  apr_pool_cleanup_null);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_thread_create(&keygen->thread, NULL, serve, keygen, keygen->p);
    }
    if (rv == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    keygen->thread = NULL;
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_CRYPTO, p,
                            "no thread to make a key in: %pm", &rv);
}

/* Finds a request. Called without the mutex, because names and links are
 * changed in the caller's thread only. */
static wanted_t *find(const acme_keygen_t *keygen, const char *name)
{
    wanted_t *w = keygen->list;

    while (w && strcmp(w->name, name) != 0) {
        w = w->next;
    }
    return w;
}

/* Makes a request. Its pool has no parent, because both threads would change
 * the parent's list of children. */
static wanted_t *wanted_create(const char *name, const acme_key_spec_t *spec,
                               apr_abortfunc_t out_of_memory)
{
    wanted_t *wanted;
    apr_pool_t *p;

    if (apr_pool_create_unmanaged_ex(&p, out_of_memory, NULL) != APR_SUCCESS) {
        return NULL;
    }
    apr_pool_tag(p, "acme_keygen");
    wanted = apr_pcalloc(p, sizeof(*wanted));
    wanted->p = p;
    wanted->name = apr_pstrdup(p, name);
    wanted->spec = *spec;
    return wanted;
}

apr_status_t acme_keygen_want(acme_keygen_t *keygen, const char *name,
                              const acme_key_spec_t *spec,
                              acme_problem_t *problem, apr_pool_t *p)
{
    wanted_t *wanted, **last;
    int slow = spec->type == ACME_KEY_RSA;
    apr_status_t rv;

    if (find(keygen, name)) {
        return APR_SUCCESS;
    }
    if (slow) {
        rv = start(keygen, problem, p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    wanted = wanted_create(name, spec, apr_pool_abort_get(keygen->p));
    if (!wanted) {
        return acme_problem_set(problem, APR_ENOMEM, ACME_RETRY_INTERNAL,
                                ACME_PROBLEM_CRYPTO, p,
                                "no memory to make a key in");
    }
    if (!slow) {
        make(wanted, NULL, NULL);
        wanted->state = wanted->rv == APR_SUCCESS ? MADE : FAILED;
    }
    lock(keygen);
    last = &keygen->list;
    while (*last) {
        last = &(*last)->next;
    }
    *last = wanted;
    if (slow) {
        apr_thread_cond_signal(keygen->work);
    }
    unlock(keygen);
    return APR_SUCCESS;
}

typedef struct secret_t {
    char *text;
    apr_size_t len;
} secret_t;

static apr_status_t wipe(void *data)
{
    secret_t *secret = data;

    acme_key_wipe(secret->text, secret->len);
    return APR_SUCCESS;
}

static const char *keep(const char *pem, apr_pool_t *p)
{
    secret_t *secret = apr_palloc(p, sizeof(*secret));

    secret->len = strlen(pem);
    secret->text = apr_pstrmemdup(p, pem, secret->len);
    apr_pool_cleanup_register(p, secret, wipe, apr_pool_cleanup_null);
    return secret->text;
}

/* Removes a request that is made or has failed from the list. Returns NULL, and
 * the reason in *rv, when there is none. */
static wanted_t *take(apr_status_t *rv, acme_keygen_t *keygen, const char *name)
{
    wanted_t **at = &keygen->list;
    wanted_t *wanted;

    while (*at && strcmp((*at)->name, name) != 0) {
        at = &(*at)->next;
    }
    wanted = *at;
    if (!wanted) {
        *rv = APR_ENOENT;
        return NULL;
    }
    if (wanted->state == WAITING || wanted->state == MAKING) {
        *rv = APR_EAGAIN;
        return NULL;
    }
    *at = wanted->next;
    return wanted;
}

apr_status_t acme_keygen_take(acme_key_t **key, const char **pem,
                              acme_keygen_t *keygen, const char *name,
                              acme_problem_t *problem, apr_pool_t *p)
{
    wanted_t *wanted;
    apr_status_t rv;

    lock(keygen);
    wanted = take(&rv, keygen, name);
    unlock(keygen);
    if (!wanted) {
        return rv;
    }
    rv = wanted->rv;
    if (rv == APR_SUCCESS) {
        *key = acme_key_share(wanted->key, p);
        *pem = keep(wanted->pem, p);
    }
    else if (problem) {
        *problem = *acme_problem_dup(&wanted->problem, p);
    }
    apr_pool_destroy(wanted->p);
    return rv;
}

static const common_t *find_common(const acme_keygen_t *keygen,
                                   const acme_key_spec_t *spec)
{
    const common_t *common = keygen->common;

    while (common
           && (common->spec.type != spec->type
               || common->spec.bits != spec->bits)) {
        common = common->next;
    }
    return common;
}

apr_status_t acme_keygen_common(const acme_key_t **key, const char **pem,
                                acme_keygen_t *keygen,
                                const acme_key_spec_t *spec,
                                acme_problem_t *problem, apr_pool_t *p)
{
    const common_t *found = find_common(keygen, spec);
    const char *name, *made_pem;
    acme_key_t *made;
    common_t *common;
    apr_status_t rv;

    if (!found) {
        /* No site has a name with a blank. */
        name = apr_pstrcat(p, "common ", acme_key_spec_print(spec, p), NULL);
        rv = acme_keygen_want(keygen, name, spec, problem, p);
        if (rv == APR_SUCCESS) {
            rv = acme_keygen_take(&made, &made_pem, keygen, name, problem, p);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        common = apr_pcalloc(keygen->p, sizeof(*common));
        common->spec = *spec;
        common->key = acme_key_share(made, keygen->p);
        common->pem = keep(made_pem, keygen->p);
        common->next = keygen->common;
        keygen->common = common;
        found = common;
    }
    *key = found->key;
    *pem = found->pem;
    return APR_SUCCESS;
}
