/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_job_cache.h"

#include <string.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include "mod_acme_process.h"

/* The slots of one generation. They can be copied and freed while that
 * generation ends, because its children go on writing into their own
 * mapping. */
typedef struct acme_memory_t {
    apr_pool_t *p; /* contains the segment; destroyed by the next generation */
    acme_job_cache_t *slots;
    apr_hash_t *by_name; /* name -> acme_job_cache_t * */
} acme_memory_t;

static acme_memory_t *make(const apr_array_header_t *certs, apr_pool_t *pparent)
{
    apr_size_t size = sizeof(acme_job_cache_t) * (apr_size_t)certs->nelts;
    acme_memory_t *memory;
    apr_pool_t *p;
    apr_shm_t *shm;
    int i;

    apr_pool_create(&p, pparent);
    memory = apr_pcalloc(p, sizeof(*memory));
    memory->p = p;
    if (apr_shm_create(&shm, size, NULL, p)) {
        apr_pool_destroy(p);
        return NULL;
    }
    memory->slots = apr_shm_baseaddr_get(shm);
    memset(memory->slots, 0, size);
    memory->by_name = apr_hash_make(p);
    for (i = 0; i < certs->nelts; i++) {
        const char *name = acme_site_cert_at(certs, i)->spec->name;

        apr_hash_set(memory->by_name, apr_pstrdup(p, name), APR_HASH_KEY_STRING,
                     &memory->slots[i]);
    }
    return memory;
}

void mod_acme_job_cache_prepare(acme_setup_t *setup)
{
    process_rec *process = setup->server->process;
    acme_process_t *state = mod_acme_process_get(process);
    acme_memory_t *before = state->memory;
    acme_job_cache_t *slot;
    int i;

    state->memory = make(setup->certs, process->pool);
    setup->job_cache = state->memory ? state->memory->slots : NULL;
    for (i = 0; before && setup->job_cache && i < setup->certs->nelts; i++) {
        slot = apr_hash_get(before->by_name,
                            acme_site_cert_at(setup->certs, i)->spec->name,
                            APR_HASH_KEY_STRING);
        if (slot) {
            acme_job_cache_copy(&setup->job_cache[i], slot);
        }
    }
    if (before) {
        apr_pool_destroy(before->p);
    }
}
