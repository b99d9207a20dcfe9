/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_match.h
 * @brief Which virtual hosts make one site: pure, and O(names).
 *
 * Three passes, each by hash:
 *
 * 1. Sets, written outside of virtual hosts: a site of just these names; every
 *    virtual host that has one of them belongs to it and, unless the set says
 *    otherwise, adds its own.
 * 2. Virtual hosts that ask for a certificate. They are one site when the
 *    ServerName of one is among the names of the other (the ports of the same
 *    site). When only aliases overlap, a name would have to be in two
 *    certificates: a mistake.
 * 3. All others: of the site that has its ServerName, or else of the only one
 *    that has one of its aliases. Its names are added to sets only. One with a
 *    certificate of its own keeps it, unless its ServerName is in the site.
 */
#ifndef ACME_MATCH_H
#define ACME_MATCH_H

#include <apr_hash.h>
#include <apr_tables.h>

/** ACMEDomain at server level, or a section. */
typedef struct acme_match_set_t {
    const apr_array_header_t *names; /**< const char *, canonical */
    const char *place;
    int manual; /**< names of virtual hosts are not collected */
} acme_match_set_t;

typedef struct acme_match_host_t {
    const char *server_name;           /**< canonical; NULL: none of use */
    const apr_array_header_t *aliases; /**< const char *, canonical */
    const apr_array_header_t *more;    /**< written with ACMEDomain, or NULL */
    const char *place;
    int asks;   /**< for a certificate */
    int manual; /**< its aliases are not collected */
    int tls;
    int keeps; /**< it has a certificate of its own */
    int site;  /**< result: index in sites, or -1 */
} acme_match_host_t;

typedef struct acme_match_site_t {
    apr_array_header_t *names; /**< const char *; the first is its name */
    /** Of them, those that are but aliases: neither a ServerName of a virtual
     *  host that asks or is in a set, nor written out. */
    apr_array_header_t *collected;
    const char *place;
    int set; /**< index of the set it comes from, or -1 */
} acme_match_site_t;

/** Whose a name is, and where that is said. */
typedef struct acme_match_claim_t {
    int site;
    int firm; /**< more than an alias */
    const char *place;
} acme_match_claim_t;

typedef enum {
    ACME_MATCH_TWICE,     /**< a name is in two sets */
    ACME_MATCH_OVERLAP,   /**< a name of this host is another site's */
    ACME_MATCH_NAMELESS,  /**< it asks, and has no name */
    ACME_MATCH_UNCOVERED, /**< its ServerName is not in its manual set */
    ACME_MATCH_LEFT_OUT   /**< that of an alias: it works, but not for it */
} acme_match_mistake_e;

typedef struct acme_match_mistake_t {
    acme_match_mistake_e what;
    const char *name;  /**< that it is about, or NULL */
    const char *place; /**< of the set or virtual host */
    int index;         /**< of that set (TWICE) or host */
    const char *other; /**< name of the other site, or NULL */
    const char *other_place;
} acme_match_mistake_t;

typedef struct acme_match_t {
    /* Given. */
    const acme_match_set_t *sets;
    int n_sets;
    acme_match_host_t *hosts;
    int n_hosts;
    int by_server_name; /**< aliases do not make a virtual host belong */
    void (*mistake)(void *baton, const acme_match_mistake_t *mistake);
    void *baton;

    /* Found. */
    apr_array_header_t *sites; /**< acme_match_site_t * */
    apr_hash_t *claims;        /**< canonical name -> acme_match_claim_t * */
} acme_match_t;

/** Results and what they hold live in p; names are not copied. */
void acme_match(acme_match_t *match, apr_pool_t *p);

#endif
