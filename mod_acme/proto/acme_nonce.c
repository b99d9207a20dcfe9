/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_nonce.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define NONCE_SIZE 1024

/* A slot is made when it is first needed and then used again, because it lives
 * in the client's pool and nonces come by the thousand. */
typedef struct nonce_slot_t {
    apr_time_t added;
    char text[NONCE_SIZE + 1];
} nonce_slot_t;

struct acme_nonce_pool_t {
    apr_pool_t *p;
    nonce_slot_t *slots[ACME_NONCE_MAX]; /* a ring */
    int newest;                          /* index, if count > 0 */
    int count;
};

acme_nonce_pool_t *acme_nonce_pool_create(apr_pool_t *p)
{
    acme_nonce_pool_t *nonces = apr_pcalloc(p, sizeof(*nonces));

    nonces->p = p;
    nonces->newest = ACME_NONCE_MAX - 1;
    return nonces;
}

static int is_nonce(const char *text)
{
    apr_size_t len;

    for (len = 0; text[len]; ++len) {
        if (len >= NONCE_SIZE
            || (!apr_isalnum(text[len]) && text[len] != '-'
                && text[len] != '_')) {
            return 0;
        }
    }
    return len > 0;
}

int acme_nonce_add(acme_nonce_pool_t *nonces, const char *nonce, apr_time_t now)
{
    nonce_slot_t *slot;

    if (!nonce || !is_nonce(nonce)) {
        return 0;
    }
    nonces->newest = (nonces->newest + 1) % ACME_NONCE_MAX;
    slot = nonces->slots[nonces->newest];
    if (!slot) {
        slot = apr_palloc(nonces->p, sizeof(*slot));
        nonces->slots[nonces->newest] = slot;
    }
    slot->added = now;
    apr_cpystrn(slot->text, nonce, sizeof(slot->text));
    if (nonces->count < ACME_NONCE_MAX) {
        ++nonces->count;
    }
    return 1;
}

const char *acme_nonce_take(acme_nonce_pool_t *nonces, apr_time_t now,
                            apr_pool_t *p)
{
    const nonce_slot_t *slot;

    if (nonces->count == 0) {
        return NULL;
    }
    slot = nonces->slots[nonces->newest];
    if (now - slot->added > ACME_NONCE_MAX_AGE) {
        nonces->count = 0; /* because all others are older */
        return NULL;
    }
    nonces->newest = (nonces->newest + ACME_NONCE_MAX - 1) % ACME_NONCE_MAX;
    --nonces->count;
    return apr_pstrdup(p, slot->text);
}
