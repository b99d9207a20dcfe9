/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_site_decide.h
 * @brief Decides what happens to a site's certificates when the configuration
 * changes: a table, as a pure function.
 *
 * LKC: a managed certificate, which we obtained or imported and renew. OKC: an
 * own certificate of the site, any other that it serves. Each start decides for
 * each site from what was served last, what is wanted, and what is kept. The
 * decision needs nothing else, so a start that was killed is simply done again.
 */
#ifndef ACME_SITE_DECIDE_H
#define ACME_SITE_DECIDE_H

#include "acme_deployed.h"

/** The state that the configuration asks for, by the strongest virtual host of
 *  the site. */
typedef enum {
    ACME_WANTED_NOTHING, /**< undeployed: no virtual host has its names */
    ACME_WANTED_HTTP,    /**< no TLS */
    ACME_WANTED_OKC,     /**< TLS with its own certificate, no ACME */
    ACME_WANTED_ACME
} acme_wanted_e;

#define ACME_WANTED_COUNT 4

/** The suitability of a certificate for a site, worst first. */
typedef enum {
    ACME_SUITABLE_ABSENT,     /**< there is no certificate */
    ACME_SUITABLE_UNSUITABLE, /**< damaged, or without the site's ServerName */
    ACME_SUITABLE_REVOKED,    /**< never used again; where it is served
                                   already, it serves until another one is
                                   there */
    ACME_SUITABLE_WRONG_CA,   /**< from a CA that the site is not configured
                                   for; where it is served already, it serves
                                   until another one is there */
    ACME_SUITABLE_EXPIRED,    /**< expired, and otherwise usable */
    ACME_SUITABLE_PARTIAL,    /**< usable, but some wanted name is missing */
    ACME_SUITABLE_FULL        /**< usable, for all names */
} acme_suitable_e;

/** A certificate, as far as the decision looks at it. */
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
    int okc; /**< nonzero: the site's own certificate, or its former own one,
                  is still valid */
    int clock_good; /**< zero: the clock is in doubt, nothing is deleted for
                         its age */
} acme_site_decide_facts_t;

/** The managed certificate that the site has from now on. */
typedef enum {
    ACME_SITE_DECIDE_LEAVE,   /**< the live certificate stays, if there is
                                   one */
    ACME_SITE_DECIDE_STASH,   /**< the live certificate goes to the stash */
    ACME_SITE_DECIDE_UNSTASH, /**< the stashed certificate becomes live */
    ACME_SITE_DECIDE_IMPORT,  /**< the imported certificate becomes live */
    ACME_SITE_DECIDE_RETIRE   /**< the live certificate stays in the archive
                                   only */
} acme_site_decide_move_e;

/** The fate of a certificate that is not chosen. */
typedef enum {
    ACME_SITE_DECIDE_HOLD,    /**< it stays in its place */
    ACME_SITE_DECIDE_ARCHIVE, /**< it stays in the archive only */
    ACME_SITE_DECIDE_DELETE,  /**< it has expired and is deleted, silently */
    ACME_SITE_DECIDE_TO_STASH /**< an import that no site wants yet goes to
                                   the stash */
} acme_site_decide_rest_e;

/** The certificate that the TLS virtual hosts serve. */
typedef enum {
    ACME_SITE_DECIDE_SERVE_NOTHING, /**< none of ours */
    ACME_SITE_DECIDE_SERVE_LKC,     /**< the one that is live after the move */
    ACME_SITE_DECIDE_SERVE_OKC,
    ACME_SITE_DECIDE_SERVE_PLACEHOLDER
} acme_site_decide_serve_e;

typedef struct acme_site_decide_actions_t {
    acme_site_decide_move_e move;
    acme_site_decide_rest_e stashed;
    acme_site_decide_rest_e imported;
    acme_site_decide_serve_e serve;
    int order; /**< nonzero: a certificate is to be ordered now */
} acme_site_decide_actions_t;

/** Decides for one site. Pure; every combination of facts has an answer. */
void acme_site_decide(acme_site_decide_actions_t *actions,
                      const acme_site_decide_facts_t *facts);

/** Returns non-zero when the certificate may become live. */
int acme_site_decide_is_usable(const acme_site_decide_cert_t *cert);

/** Returns the text for people: "undeployed", "no TLS", "TLS with its own
 *  certificate" or "ACME". */
const char *acme_site_decide_wanted_name(acme_wanted_e wanted);

/** Returns "leave", "stash", "unstash", "import" or "retire". */
const char *acme_site_decide_move_name(acme_site_decide_move_e move);

#endif
