/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_solver_alpn.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_keygen.h"
#include "acme_solver_item.h"

/* OpenSSL's security level from which an RSA key needs 3072 bits. Keys that
 * meet still higher ones would take minutes to make. */
#define LEVEL_RSA_3072 3

/* Longest name in DNS. */
#define SERVER_NAME_MAX 253

/* Members of an item, by kind of key. */
static const struct {
    const char *cert;
    const char *key;
} members[ACME_SOLVER_ALPN_KINDS] = {
    {"cert", "key"},
    {"cert-rsa", "key-rsa"},
};

static acme_key_spec_t key_spec(int kind, int security_level)
{
    const acme_key_spec_t specs[ACME_SOLVER_ALPN_KINDS] = {
        {ACME_KEY_P256, 0},
        {ACME_KEY_RSA, security_level >= LEVEL_RSA_3072 ? 3072 : 2048},
    };

    return specs[kind];
}

/* Returns the name of the item for a server name. The blank keeps it apart from
 * the tokens of http-01. */
static const char *item_name(const char *server_name, apr_pool_t *p)
{
    return apr_pstrcat(p, "tls-alpn-01 ", server_name, NULL);
}

static const char *name_of(const acme_challenge_t *challenge, apr_pool_t *p)
{
    return item_name(acme_ident_server_name(challenge->identifier, p), p);
}

apr_status_t acme_solver_alpn_present(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    acme_json_t *item = acme_solver_item_create(challenge, means->now, ptemp);
    const char *cert_pem, *key_pem;
    const acme_key_t *key;
    apr_status_t rv;
    int i;

    for (i = 0; i < ACME_SOLVER_ALPN_KINDS; ++i) {
        const acme_key_spec_t spec = key_spec(i, means->security_level);

        rv = acme_keygen_common(&key, &key_pem, means->keygen, &spec, problem,
                                ptemp);
        if (rv == APR_SUCCESS) {
            rv = acme_alpn_cert(&cert_pem, key, challenge->identifier,
                                challenge->key_authorization, means->now,
                                problem, ptemp);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        acme_json_set_str(item, members[i].cert, cert_pem);
        acme_json_set_str(item, members[i].key, key_pem);
    }
    return acme_solver_item_put(means, name_of(challenge, ptemp), item, problem,
                                ptemp);
}

apr_status_t acme_solver_alpn_cleanup(const acme_solver_means_t *means,
                                      const acme_challenge_t *challenge,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    const char *name = name_of(challenge, ptemp);
    const char *held = NULL;
    acme_json_t *item;
    apr_status_t rv;

    rv = acme_solver_item_get(&item, means->vault, name, NULL, ptemp);
    if (rv == APR_SUCCESS) {
        held = acme_solver_item_authorization(item);
    }
    return held && strcmp(held, challenge->key_authorization) != 0
               ? APR_SUCCESS
               : acme_solver_item_remove(means->vault, name, problem, ptemp);
}

/* Returns a server name in the form that items have, or NULL when it is none:
 * anybody may send anything. */
static const char *canonical(const char *server_name, apr_pool_t *p)
{
    const char *name;

    return strlen(server_name) <= SERVER_NAME_MAX
                   && acme_ident_canonical(&name, server_name, NULL, p)
                          == APR_SUCCESS
               ? name
               : NULL;
}

apr_status_t
acme_solver_alpn_answer(acme_alpn_pair_t pairs[ACME_SOLVER_ALPN_KINDS],
                        acme_vault_t *vault, const char *server_name,
                        apr_pool_t *p)
{
    const char *name = canonical(server_name, p);
    acme_json_t *item;
    apr_status_t rv;
    int i;

    if (!name) {
        return APR_ENOENT;
    }
    rv = acme_solver_item_get(&item, vault, item_name(name, p), NULL, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < ACME_SOLVER_ALPN_KINDS; ++i) {
        if (acme_json_get_str(&pairs[i].cert_pem, item, members[i].cert)
                != APR_SUCCESS
            || acme_json_get_str(&pairs[i].key_pem, item, members[i].key)
                   != APR_SUCCESS) {
            return APR_ENOENT;
        }
    }
    return APR_SUCCESS;
}
