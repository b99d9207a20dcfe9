/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site_decide.h
 * @brief What happens to a site's certificate when the configuration changes:
 * the decision table, a pure function.
 *
 * LKC: key and certificate that we obtained or imported and renew. OKC: any
 * other that the site serves. At each start each site is decided upon from
 * what was last served, what is wanted, and what is kept; whatever is found is
 * enough, so that a start that was killed is simply done again.
 */
#ifndef ACME_SITE_DECIDE_H
#define ACME_SITE_DECIDE_H

#include "acme_deployed.h"

/** What the configuration wants of it: the strongest of its virtual hosts. */
typedef enum {
    ACME_WANTED_NOTHING, /**< undeployed: no virtual host has the names */
    ACME_WANTED_HTTP,    /**< no TLS */
    ACME_WANTED_OKC,     /**< TLS with its own certificate, no ACME */
    ACME_WANTED_ACME
} acme_wanted_e;

#define ACME_WANTED_COUNT 4

/** What a certificate is worth to the site. */
typedef enum {
    ACME_SUITABLE_ABSENT,     /**< there is none */
    ACME_SUITABLE_UNSUITABLE, /**< damaged, or without the site's ServerName */
    ACME_SUITABLE_REVOKED,    /**< never again; what is served already goes on
                              until    another is there */
    ACME_SUITABLE_WRONG_CA,   /**< of a CA that the site is not configured for:
                             what   is served already goes on until another is
                             there
                           */
    ACME_SUITABLE_EXPIRED,    /**< else it would do */
    ACME_SUITABLE_PARTIAL,    /**< usable, but some wanted name is missing */
    ACME_SUITABLE_FULL        /**< usable, for all names */
} acme_suitable_e;

/** One certificate, as the decision sees it. */
typedef struct acme_site_decide_cert_t {
    acme_suitable_e suitable;
    apr_time_t not_after;
} acme_site_decide_cert_t;

typedef struct acme_site_decide_facts_t {
    acme_deployed_e deployed;
    acme_wanted_e wanted;
    acme_site_decide_cert_t live;
    acme_site_decide_cert_t stashed;
    acme_site_decide_cert_t imported;
    int okc; /**< nonzero: the site's own, or former own, is still valid */
    int clock_good; /**< zero: nothing is deleted for its age */
} acme_site_decide_facts_t;

/** Which LKC the site has from now on. */
typedef enum {
    ACME_SITE_DECIDE_LEAVE,   /**< what is live stays, if anything is */
    ACME_SITE_DECIDE_STASH,   /**< live goes to the stash */
    ACME_SITE_DECIDE_UNSTASH, /**< the stashed one becomes live */
    ACME_SITE_DECIDE_IMPORT,  /**< the imported one becomes live */
    ACME_SITE_DECIDE_RETIRE   /**< only the archive has what is live */
} acme_site_decide_move_e;

/** What becomes of one that is not chosen. */
typedef enum {
    ACME_SITE_DECIDE_HOLD,    /**< stays where it is */
    ACME_SITE_DECIDE_ARCHIVE, /**< only the archive has it */
    ACME_SITE_DECIDE_DELETE,  /**< has expired: deleted, silently */
    ACME_SITE_DECIDE_TO_STASH /**< an import that nobody wants yet */
} acme_site_decide_rest_e;

/** What the TLS virtual hosts get. */
typedef enum {
    ACME_SITE_DECIDE_SERVE_NOTHING, /**< of ours */
    ACME_SITE_DECIDE_SERVE_LKC,     /**< what is live after the move */
    ACME_SITE_DECIDE_SERVE_OKC,
    ACME_SITE_DECIDE_SERVE_PLACEHOLDER
} acme_site_decide_serve_e;

typedef struct acme_site_decide_actions_t {
    acme_site_decide_move_e move;
    acme_site_decide_rest_e stashed;
    acme_site_decide_rest_e imported;
    acme_site_decide_serve_e serve;
    int order; /**< a certificate is to be ordered now */
} acme_site_decide_actions_t;

/** Pure; every combination has an answer. */
void acme_site_decide(acme_site_decide_actions_t *actions,
                      const acme_site_decide_facts_t *facts);

/** Whether a certificate of that worth may be put in place. */
int acme_site_decide_is_usable(const acme_site_decide_cert_t *cert);

/** For people: "undeployed", "no TLS", "TLS with its own certificate",
 *  "ACME". */
const char *acme_site_decide_wanted_name(acme_wanted_e wanted);

/** "leave", "stash", "unstash", "import", "retire". */
const char *acme_site_decide_move_name(acme_site_decide_move_e move);

#endif
