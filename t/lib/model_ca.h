/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file model_ca.h
 * @brief A small CA behind script_http: the resources of RFC 8555 with their
 * states, and the ways in which a CA makes life hard.
 *
 * It refuses what a real one refuses: a used or unknown nonce, a response to a
 * challenge that is not pending, a finalize of an order that is not ready, an
 * order of another account.
 */
#ifndef MODEL_CA_H
#define MODEL_CA_H

#include <apr_hash.h>

#include "script_http.h"

#define MODEL_CA_DIRECTORY "https://ca.test/dir"

/** Asked at validation: whether the challenge is up. */
typedef int model_ca_is_up_fn(void *baton, const char *type,
                              const char *identifier, const char *token);

/** Asked at finalize: the PEM chain for a CSR (base64url DER), and whether to
 *  take it at all (NULL: badCSR). */
typedef const char *model_ca_sign_fn(void *baton, const char *csr,
                                     apr_pool_t *p);

/** Asked at newOrder, with what is ordered: the words of its rateLimited, and
 *  the seconds of its Retry-After (0: there is none); NULL: it makes it. */
typedef const char *model_ca_limit_fn(void *baton, const char *kid,
                                      const char *payload, int *seconds);

/** Set its members at any time. */
typedef struct model_ca_t {
    /* How it behaves. */
    int refuse_nonces;  /**< per cent of the good ones */
    int validate_polls; /**< polls of the order before validation ends */
    int process_polls;  /**< polls of the order before it is valid */
    int says_conflict;  /**< as Let's Encrypt: a challenge that is validated
                             stays pending, and 409 conflict is the answer when
                             it is told again; also to what was replaced */
    int conflicts;      /**< so many finalizes from now on get 409 conflict */
    int retry_after;    /**< seconds, in answers about a pending order */
    int outage;         /**< so many requests from now on get 503 */
    int unreachable;    /**< so many from now on get no answer */
    int lose_after;     /**< n: the nth request from now is acted on, and its
                              answer is lost; 0: none */
    apr_interval_time_t delay; /**< of each answer */
    int account_required;
    int refuse_changes;  /**< 409 for changes of keys */
    int repeats_changes; /**< of what was lost on the way: done, and then
                           refused, for the key is another one now */
    int shows_ended;     /**< as Pebble does: an account that was deactivated is
                          shown to its key, and is 403 elsewhere; else 401 */
    int refuse_binding;  /**< 401 for accounts that bring one */
    int reuse_authorizations;   /**< new orders find them valid */
    int reuse_orders;           /**< one that is open is given again, as
                                     Let's Encrypt does */
    const char *terms;          /**< or NULL */
    const char *fail_name;      /**< validation of this name fails */
    int no_renewal_info;        /**< it has no RFC 9773 */
    int renewal_status;         /**< of renewal information; 0: 200 */
    const char *renewal_window; /**< RFC 3339 times, "START END"; NULL: the
                                     model's own (a day, far in the future) */
    const char *(*window_of)(void *baton, const char *id, apr_pool_t *p);
    /**< the same for the certificate of that id, NULL: 404; or NULL */
    void *window_baton;
    const char *renewal_again; /**< its Retry-After; NULL: 21600 */
    const char *explanation;   /**< its explanationURL, or NULL */
    const char *profiles; /**< members of meta.profiles, "\"a\":\"why\"", or
                               NULL */
    int refuse_profiles;  /**< invalidProfile for all of them */
    int replaced;         /**< 409 for orders that replace anything */
    const char *refuse_revoke_order; /**< type of the problem, or NULL */
    int refuse_accounts;      /**< unauthorized for revocations by an account */
    model_ca_limit_fn *limit; /**< NULL: there is no limit */
    void *limit_baton;
    model_ca_is_up_fn *is_up; /**< NULL: everything is */
    void *is_up_baton;
    model_ca_sign_fn *sign; /**< NULL: a text that looks like a chain */
    void *sign_baton;
    model_ca_sign_fn *alternate; /**< another chain, or NULL: there is none */
    void *alternate_baton;
    int alternate_status; /**< of its download; 0: 200 */

    /* What it has seen. */
    int requests;
    int directories;
    int heads;
    int accounts; /**< made */
    int orders;   /**< made */
    int asked;    /**< for orders, made or not */
    int finalized;
    int responses;
    int told_again; /**< of challenges it had been told of */
    int bad_nonces;
    int revocations;      /**< asked for */
    int revoked_reason;   /**< of the last that was done */
    int revoked_by_key;   /**< it was by the certificate's key */
    int renewals;         /**< times that renewal information was asked for */
    int changes;          /**< of keys, done */
    const char *contact;  /**< payload of the last change of contacts */
    const char *eab_kid;  /**< of the last newAccount's binding, or NULL */
    const char *replaces; /**< of the last newOrder, or NULL */
    const char *profile;  /**< of the last newOrder, or NULL */

    /* Its own. */
    apr_pool_t *p;
    unsigned int dice;
    int n_nonces;
    apr_hash_t *nonces;
    apr_hash_t *revoked; /* base64url of the DER -> itself */
    apr_hash_t *account_by_jwk;
    apr_hash_t *ended; /* accounts that were deactivated */
    apr_array_header_t *order_list;
} model_ca_t;

model_ca_t *model_ca_create(apr_pool_t *p);

/** The script_http responder; baton is the model_ca_t. */
void model_ca_respond(void *baton, const script_request_t *request,
                      script_answer_t *answer, apr_pool_t *p);

/** It forgets an order: 404 from now on. */
void model_ca_forget_order(model_ca_t *ca, const char *url);

/** It makes an order invalid. */
void model_ca_invalidate_order(model_ca_t *ca, const char *url);

#endif
