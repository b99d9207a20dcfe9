/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file model_ca.h
 * @brief A small CA behind script_http: the resources of RFC 8555 with their
 * states, and settings for outages, delays and refusals.
 *
 * It refuses what a real CA refuses: a used or unknown nonce, a response to a
 * challenge that is not pending, a finalize of an order that is not ready, an
 * order of another account.
 */
#ifndef MODEL_CA_H
#define MODEL_CA_H

#include <apr_hash.h>

#include "script_http.h"

#define MODEL_CA_DIRECTORY "https://ca.test/dir"

/** Called at validation. Returns non-zero when the challenge is presented. */
typedef int model_ca_is_up_fn(void *baton, const char *type,
                              const char *identifier, const char *token);

/** Called at finalize. Returns the PEM chain for a CSR (base64url DER), or NULL
 *  for badCSR. */
typedef const char *model_ca_sign_fn(void *baton, const char *csr,
                                     apr_pool_t *p);

/** Called at newOrder, with the payload. Returns NULL when the order may be
 *  made, else the detail of rateLimited.
 *  @param seconds set to the Retry-After; 0 for none */
typedef const char *model_ca_limit_fn(void *baton, const char *kid,
                                      const char *payload, int *seconds);

/** Members may be set at any time. */
typedef struct model_ca_t {
    /* Settings. */
    int refuse_nonces;  /**< per cent of valid nonces */
    int validate_polls; /**< polls of the order before validation ends */
    int process_polls;  /**< polls of the order before it is valid */
    int says_conflict;  /**< like Let's Encrypt: a challenge stays pending
                             while it is validated, and another response is
                             answered with 409 conflict; so is an order that
                             replaces a replaced certificate */
    int conflicts;      /**< so many finalize requests from now on get 409
                             conflict */
    int retry_after;    /**< seconds, in answers about a pending order */
    int outage;         /**< so many requests from now on get 503 */
    int unreachable;    /**< so many requests from now on get no answer */
    int lose_after;     /**< the CA acts on the nth request from now, and its
                              answer is lost; 0: none is */
    apr_interval_time_t delay; /**< of each answer */
    int account_required;
    int refuse_changes;  /**< 409 for changes of keys */
    int repeats_changes; /**< a change whose answer was lost is refused when it
                           is repeated, because the key is another one then */
    int shows_ended;    /**< like Pebble: newAccount shows a deactivated account
                          to its key, other requests get 403; else 401 */
    int refuse_binding; /**< 401 for newAccount with a binding */
    int reuse_authorizations;   /**< those of new orders are valid at once */
    int reuse_orders;           /**< newOrder returns an open order for the same
                                     names, like Let's Encrypt */
    const char *terms;          /**< or NULL */
    const char *fail_name;      /**< validation of this name fails */
    const char *challenge_type; /**< the only type that can be met; NULL:
                                     http-01 */
    int no_renewal_info;        /**< the CA has no RFC 9773 */
    int renewal_status;         /**< of renewal information; 0: 200 */
    const char *renewal_window; /**< RFC 3339 times, "START END"; NULL: the
                                     model's own (a day, far in the future) */
    const char *(*window_of)(void *baton, const char *id, apr_pool_t *p);
    /**< returns the window for the certificate of that id, NULL: 404; may be
         NULL */
    void *window_baton;
    const char *renewal_again; /**< Retry-After of renewal information; NULL:
                                    21600 */
    const char *explanation;   /**< explanationURL, or NULL */
    const char *profiles; /**< members of meta.profiles, "\"a\":\"why\"", or
                               NULL */
    int refuse_profiles;  /**< invalidProfile for all of them */
    int replaced;         /**< 409 for orders with `replaces` */
    const char *refuse_revoke; /**< type of the problem, or NULL */
    int refuse_accounts;      /**< unauthorized for revocations by an account */
    model_ca_limit_fn *limit; /**< NULL: no limit */
    void *limit_baton;
    model_ca_is_up_fn *is_up; /**< NULL: all challenges are presented */
    void *is_up_baton;
    model_ca_sign_fn *sign; /**< NULL: a text that looks like a chain */
    void *sign_baton;
    model_ca_sign_fn *alternate; /**< makes an alternate chain; NULL: none */
    void *alternate_baton;
    int alternate_status; /**< of the alternate chain; 0: 200 */

    /* Requests so far. */
    int requests;
    int directories;
    int heads;
    int accounts; /**< made */
    int orders;   /**< made */
    int asked;    /**< newOrder requests, also if refused */
    int finalized;
    int responses;
    int repeated_responses; /**< to challenges that had a response */
    int bad_nonces;
    int revocations;      /**< requests, also if refused */
    int revoked_reason;   /**< of the last revocation */
    int revoked_by_key;   /**< the last was by the certificate's key */
    int renewals;         /**< requests for renewal information */
    int changes;          /**< of keys */
    const char *contact;  /**< payload of the last change of contacts */
    const char *eab_kid;  /**< of the last newAccount's binding, or NULL */
    const char *replaces; /**< of the last newOrder, or NULL */
    const char *profile;  /**< of the last newOrder, or NULL */

    /* Internal. */
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

/** Forgets an order: 404 from now on. */
void model_ca_forget_order(model_ca_t *ca, const char *url);

/** Makes an order invalid. */
void model_ca_invalidate_order(model_ca_t *ca, const char *url);

#endif
