/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_install_private.h
 * @brief What acme_install.c and acme_install_choice.c share: the state of one
 * start, and one site's part of it.
 */
#ifndef ACME_INSTALL_PRIVATE_H
#define ACME_INSTALL_PRIVATE_H

#include <apr_hash.h>

#include "acme_cert_index.h"
#include "acme_deployed.h"
#include "acme_inventory.h"
#include "acme_site.h"
#include "acme_site_decide.h"
#include "acme_spec.h"

struct acme_install_t {
    const struct acme_install_config_t *config;
    apr_pool_t *p;
    acme_cert_index_t *index;
    apr_hash_t *specs;           /* name -> const acme_spec_t * */
    apr_hash_t *hosts;           /* ServerName -> const acme_site_t * */
    apr_hash_t *below;           /* domain -> int *, the number of ServerNames
                                    directly below it */
    apr_hash_t *successors;      /* name of a former site -> name of the site
                                    that has its certificate now */
    apr_hash_t *lenders;         /* name in a live certificate -> array of
                                    const acme_site_cert_t *; NULL: not made
                                    yet */
    apr_array_header_t *stashed; /* stashed_t of acme_install.c */
    int had;                     /* sites with a live one before */
};

/** The certificates that a site can choose from. */
typedef struct acme_install_choice_t {
    struct acme_install_t *install;
    const acme_site_t *site;
    const acme_spec_t *spec;
    acme_cert_index_item_t *items[ACME_PLACES]; /* the best of each place */
    acme_site_decide_cert_t certs[ACME_PLACES];
    const char *why[ACME_PLACES];
    apr_pool_t *ptemp;
} acme_install_choice_t;

/** Logs that a certificate could not be moved; the next start tries again. */
void acme_install_choice_complain(const struct acme_install_t *install,
                                  const char *name,
                                  const acme_problem_t *problem,
                                  apr_pool_t *ptemp);

/** Moves an item into the archive. */
void acme_install_choice_archive(struct acme_install_t *install,
                                 acme_cert_index_item_t *item, const char *why,
                                 apr_pool_t *ptemp);

/** Archives an item that no site has taken and that was left by one. */
void acme_install_choice_settle(struct acme_install_t *install,
                                acme_cert_index_item_t *item,
                                apr_pool_t *ptemp);

/** Keeps the item if it is the best of its place. An acme_cert_index_visit_fn
 *  whose baton is the choice. */
void acme_install_choice_consider(void *baton, acme_cert_index_item_t *item);

/**
 * Gives a site without a certificate that of the site which had its names
 * before, or that of any site which covers it. When the other site is still
 * there, both have the certificate, each with files of its own. A stashed one
 * goes before, unless the other is better.
 */
void acme_install_choice_inherit(acme_install_choice_t *choice);

/**
 * Makes the newest version in the site's archive that it can use the live one
 * again, when it was served and no pointer leads to it any more: a restored
 * backup has no links. Does nothing for a site that served none.
 */
void acme_install_choice_restore(const acme_install_choice_t *choice,
                                 const acme_deployed_site_t *before);

/** Judges the live certificate; sets inventory->foreign and ->revoked. */
void acme_install_choice_judge_live(acme_site_decide_cert_t *cert,
                                    acme_inventory_t *inventory,
                                    const acme_install_choice_t *choice);

/** Moves certificates as was decided for a site that wants ACME. */
void acme_install_choice_carry_out(const acme_install_choice_t *choice,
                                   const acme_site_decide_actions_t *actions);

/* ---- certificates that several sites can use: acme_install_shared.c ---- */

/** Indexes the sites by their ServerNames. */
void acme_install_shared_index(struct acme_install_t *install);

/** Returns non-zero when a certificate covers the ServerName of another site as
 *  well. It then stays in its place until all sites are decided. */
int acme_install_shared_by_others(const struct acme_install_t *install,
                                  const acme_cert_index_item_t *item,
                                  const acme_site_t *site, apr_pool_t *ptemp);

/** Called for a certificate of a site. */
typedef void acme_install_shared_lender_fn(void *baton,
                                           const acme_site_cert_t *cert);

/** Calls back for each site whose live certificate covers a host's name, by a
 *  wildcard too, as it was when this was first called in a start. */
void acme_install_shared_lenders(struct acme_install_t *install,
                                 const char *host,
                                 acme_install_shared_lender_fn *visit,
                                 void *baton, apr_pool_t *ptemp);

/** Makes a copy of a certificate the live one of a site. */
apr_status_t acme_install_shared_copy(const struct acme_install_t *install,
                                      acme_cert_index_item_t *item,
                                      const acme_spec_t *spec,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp);

/** Returns non-zero when a kept certificate is live for a site, so that nothing
 *  needs it in its place. A start that was killed leaves such ones. */
int acme_install_shared_is_live(const struct acme_install_t *install,
                                const acme_cert_index_item_t *item);

/** Removes a kept certificate whose copies are live. */
void acme_install_shared_finish(const struct acme_install_t *install,
                                acme_cert_index_item_t *item,
                                apr_pool_t *ptemp);

#endif
