/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_match.h
 * @brief Groups virtual hosts into sites by their names: pure, O(names).
 *
 * Three passes, each by hash:
 *
 * 1. Sets, written outside of virtual hosts: each is a site of just these
 *    names. Every virtual host that has one of them belongs to it and, unless
 *    the set is manual, adds its own names. An alias that cannot be added is no
 *    mistake, unless the virtual host asks.
 * 2. Virtual hosts that ask for ACME. They are one site when the ServerName of
 *    one is among the names of the other (the ports of the same site). When
 *    only aliases overlap, a name would have to be in two certificates: a
 *    mistake. One that was only collected (ACMEAutoDomains) goes without such
 *    an alias instead, and comes after those that were written.
 * 3. All other virtual hosts. Each belongs to the site that has its ServerName,
 *    or else to the only site that has one of its aliases. Its names are added
 *    to sets only. A virtual host with a certificate of its own keeps it,
 *    unless its ServerName is in the site.
 *
 * A wildcard of a set stands for the names that it covers. One of a virtual
 * host does so for virtual hosts that do not ask and have no certificate of
 * their own. A name that a wildcard of its site covers is no name of the
 * certificate, but the site has it.
 *
 * A virtual host that is left alone takes part in none of them.
 */
#ifndef ACME_MATCH_H
#define ACME_MATCH_H

#include <apr_hash.h>
#include <apr_tables.h>

/** ACMEDomain at server level, or a section. Given by the caller. */
typedef struct acme_match_set_t {
    const apr_array_header_t *names; /**< const char *, canonical */
    const char *place;
    int manual; /**< nonzero: names of virtual hosts are not collected */
} acme_match_set_t;

typedef struct acme_match_host_t {
    const char *server_name;           /**< canonical; NULL: none that a
                                            certificate can have */
    const apr_array_header_t *aliases; /**< const char *, canonical */
    const apr_array_header_t *more;    /**< const char *, written with
                                            ACMEDomain, or NULL */
    const char *place;
    int asks;      /**< nonzero: it asks for ACME */
    int automatic; /**< nonzero: it asks because all do: nobody has written so
                        for it */
    int alone;  /**< nonzero: it belongs to no site, whatever its names are */
    int manual; /**< nonzero: its aliases are not collected */
    int tls;
    int has_own_cert; /**< nonzero: it has a certificate of its own */
    int site;         /**< result: index in sites, or -1 */
} acme_match_host_t;

typedef struct acme_match_site_t {
    apr_array_header_t *names; /**< const char *; the first is its name */
    /** Names of the site that are only aliases: neither a ServerName of a
     *  virtual host that asks for ACME or is in a set, nor written out. */
    apr_array_header_t *collected;
    /** Names of `collected` that nobody has written for ACME: aliases of
     *  virtual hosts that are automatic, or that ask for nothing and belong to
     *  a set. */
    apr_array_header_t *spare;
    const char *place;
    int set; /**< index of the set that it is made from, or -1 */
} acme_match_site_t;

/** How a site has got a name; the strongest counts. */
typedef enum {
    ACME_MATCH_SPARE, /**< alias of a virtual host in which nobody has asked
                           for a certificate */
    ACME_MATCH_ALIAS, /**< of one in which somebody has */
    ACME_MATCH_FIRM   /**< more than an alias */
} acme_match_weight_e;

/** The site that a name belongs to, and where that is configured. */
typedef struct acme_match_claim_t {
    int site;
    acme_match_weight_e weight;
    const char *place;
} acme_match_claim_t;

typedef enum {
    ACME_MATCH_TWICE,     /**< a name is in two sets */
    ACME_MATCH_OVERLAP,   /**< a name of this host belongs to another site */
    ACME_MATCH_SHARED,    /**< an alias of this host does, in which nobody has
                               asked: it goes on without a certificate here */
    ACME_MATCH_NAMELESS,  /**< it asks for ACME, but has no name */
    ACME_MATCH_UNCOVERED, /**< its ServerName is not in its manual set */
    ACME_MATCH_LEFT_OUT   /**< an alias of it is not in its manual set: that
                               name goes on without a certificate */
} acme_match_mistake_e;

typedef struct acme_match_mistake_t {
    acme_match_mistake_e what;
    const char *name;  /**< the name, or NULL */
    const char *place; /**< of the set or virtual host */
    int index;         /**< index of the set (TWICE) or host */
    const char *other; /**< name of the other site, or NULL */
    const char *other_place;
} acme_match_mistake_t;

typedef struct acme_match_t {
    /* Given by the caller. */
    const acme_match_set_t *sets;
    int n_sets;
    acme_match_host_t *hosts;
    int n_hosts;
    int by_server_name; /**< nonzero: aliases do not make a virtual host
                             belong to a site */
    void (*mistake)(void *baton, const acme_match_mistake_t *mistake);
    void *baton;
    apr_pool_t *ptemp; /**< used by acme_match() */

    /* Results of acme_match(). */
    apr_array_header_t *sites; /**< acme_match_site_t * */
    apr_hash_t *claims;        /**< canonical name -> acme_match_claim_t * */
} acme_match_t;

/** Groups the virtual hosts. Reports each mistake to match->mistake(). Results
 *  live in p; names are not copied. */
void acme_match(acme_match_t *match, apr_pool_t *p);

#endif
