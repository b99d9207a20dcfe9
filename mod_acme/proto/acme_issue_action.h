/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_issue_action.h
 * @brief The configuration of an order (acme_issue.h), and the actions that it
 * asks its owner for, one at a time.
 */
#ifndef ACME_ISSUE_ACTION_H
#define ACME_ISSUE_ACTION_H

#include "acme_cert.h"
#include "acme_challenge.h"
#include "acme_jws.h"

/** An order under way. */
typedef struct acme_issue_t acme_issue_t;

/** How often in a row a request is repeated in an outage of the CA. */
#define ACME_ISSUE_RETRIES 5

/** How often in a row 404 is not believed; and a certificate that is none. */
#define ACME_ISSUE_MISSING 5
#define ACME_ISSUE_NO_CERT 3

/** How often an order may fail and be resumed before it is given up. */
#define ACME_ISSUE_FAILURES 10

/** How often in a doubtful case: an answer that RFC 8555 does not allow, or a
 *  refusal that does not say that the order is over. Such an order is given up
 *  sooner, but not before one may exist that the CA has issued for. */
#define ACME_ISSUE_DOUBTS 3

/** How often an order may take too long, one process after the other. */
#define ACME_ISSUE_TIMEOUTS 5

/** Immutable; must live as long as the issue. */
typedef struct acme_issue_config_t {
    const char *name; /**< the site, for messages */
    const char *new_order_url;
    const char *directory_url; /**< of the CA, by which a snapshot is known to
                                      be with it; NULL: by new_order_url */
    const apr_array_header_t *names; /**< const char *, canonical, the site's
                                        first */
    const apr_array_header_t *challenge_types;  /**< preferred first */
    const apr_array_header_t *challenge_faults; /**< const char *, why others
                                                     cannot be offered here; or
                                                     NULL */
    const char *csr;                            /**< base64url DER */
    /** Returns another CSR, with a common name, for a CA that refuses `csr`; in
     *  p. NULL, or a function that returns NULL: there is none. */
    const char *(*named_csr)(void *baton, apr_pool_t *p);
    void *named_csr_baton;
    const char *key_hash; /**< acme_key_hash() of its key: the certificate for
                             it is the first of the chain; NULL: not known */
    const char *replaces; /**< CertID (RFC 9773 5), or NULL */
    const apr_array_header_t *preferred_chains; /**< const char *, common names
                                                     of topmost issuers, the
                                                     best first; NULL: the CA's
                                                     own choice */
    int trusted_chain;     /**< nonzero: the shortest chain whose topmost
                                      issuer is a root of this machine, instead
                                      of preferred_chains */
    const char *profile;   /**< that the CA offers; NULL: the CA's own
                                choice */
    int profile_mandatory; /**< fail instead of ordering without it */
    const acme_jws_signer_t *signer; /**< for key authorizations only */
    apr_interval_time_t poll_first;  /**< before the first poll, when the CA
                                          names no time; 0: poll_min */
    apr_interval_time_t poll_min;    /**< between polls; 0: 1 s */
    apr_interval_time_t poll_max; /**< between polls at most, when the CA names
                                          no time; 0: 30 s */
    apr_interval_time_t patience; /**< of a phase that polls; 0: 10 minutes */
} acme_issue_config_t;

typedef enum {
    ACME_ACTION_POST, /**< POST `payload` to `url`, then acme_issue_answer() */
    ACME_ACTION_PRESENT, /**< present `challenge`, then acme_issue_solved() */
    ACME_ACTION_CLEANUP, /**< remove it, then acme_issue_solved() */
    ACME_ACTION_WAIT,    /**< until `until`, then acme_issue_timer() */
    ACME_ACTION_DONE,    /**< over: `chain` is set */
    ACME_ACTION_FAILED   /**< over: `problem` says why */
} acme_issue_action_e;

/** Valid until the issue is fed. */
typedef struct acme_issue_action_t {
    acme_issue_action_e type;
    const char *url;
    const char *payload;
    int repeatable;
    const acme_challenge_t *challenge;
    apr_time_t until;
    const char *chain; /**< PEM, in order and without doubles; it is not yet
                          checked that it is what was ordered */
    apr_size_t chain_len;
    acme_chain_t *parsed; /**< the same, as long as the order lives */
    const acme_problem_t *problem;
} acme_issue_action_t;

#endif
