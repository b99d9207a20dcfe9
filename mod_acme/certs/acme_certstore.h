/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore.h
 * @brief The certificates that are served, and those kept for later: files of
 * root's, in the local file system, whatever the store's backend is.
 *
 * Below the store's folder, for a site NAME (acme_file_name_encode()):
 *
 *     archive/NAME/N/   generation N, written whole and synced: privkey.pem,
 *                       cert.pem, chain.pem, fullchain.pem, meta.json
 *     live/NAME         link to ../archive/NAME/N: the pointer that flips
 *     stash/NAME        the same, for one that is not wanted at present
 *     import/NAME       the same, for one that no start has decided upon
 *
 * So live/NAME/fullchain.pem and its sisters are stable paths for other
 * programs, and all files of one generation change in the same instant. A
 * certificate changes its place by one rename of its pointer, so it is always
 * in exactly one; when it goes to a site of another name, the pointer leads
 * into the archive of the former. What no pointer leads to is archived.
 * Killed anywhere, the old or the new generation is live, and a half-written
 * one is cleaned up by the next install. Only root's process uses this, only
 * at start (or acmectl), under the store's lock (acme_lock.h); folders are
 * 0700, files 0600.
 */
#ifndef ACME_CERTSTORE_H
#define ACME_CERTSTORE_H

#include "acme_blocklist_entry.h"
#include "acme_bundle.h"
#include "acme_certstore_types.h"

typedef struct acme_certstore_t acme_certstore_t;

/** "live", "stash", "import": the folder. */
const char *acme_certstore_place_name(acme_place_e place);

/** Makes the folders that are missing. */
apr_status_t acme_certstore_open(acme_certstore_t **certstore, const char *dir,
                                 acme_problem_t *problem, apr_pool_t *p);

/**
 * Only to read: nothing is made or changed. Certificates are taken where the
 * folders and files are ours and ours alone to write, since nothing else is
 * known of `dir`.
 */
acme_certstore_t *acme_certstore_look(const char *dir, apr_pool_t *p);

/** From now on acme_certstore_get() reads no files that are as they were when a
 *  process called acme_certstore_keep() (acme_certstore_index.h). Of what
 *  acme_certstore_look() made all is read all the same, where `dir` is not ours
 *  alone to write. */
void acme_certstore_recall(acme_certstore_t *certstore, apr_pool_t *p);

/** Keeps what has been read since acme_certstore_recall() for the next start,
 * and ends its effect. A failure costs the next start time, no more. */
void acme_certstore_keep(acme_certstore_t *certstore);

/** Reads and parses; key and chain must fit each other. APR_ENOENT when the
 *  site has none; any other failure: there is one, and it is of no use. */
apr_status_t acme_certstore_get(acme_certstore_cert_t **cert,
                                const acme_certstore_t *certstore,
                                const char *name, acme_problem_t *problem,
                                apr_pool_t *p);

/** Whether what was got loads where the configuration asks for this security
 *  level of OpenSSL; 0: none is asked for, and that was looked at before. */
apr_status_t acme_certstore_loads(const acme_certstore_cert_t *cert, int level,
                                  acme_problem_t *problem, apr_pool_t *p);

/** The same for any place. */
apr_status_t acme_certstore_get_at(acme_certstore_cert_t **cert,
                                   const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p);

/** Whether it leads to a root that this machine trusts, as of its issuance. */
int acme_certstore_is_trusted(const acme_certstore_t *certstore,
                              acme_place_e place, const char *name,
                              apr_pool_t *ptemp);

/** One clause why not; NULL: it may be. */
const char *acme_certstore_refusal(const acme_certstore_t *certstore,
                                   const acme_cert_info_t *info, apr_pool_t *p);

/** The same of a generation's folder; NULL also when there is nothing that
 *  could be read. */
const char *acme_certstore_refusal_dir(const acme_certstore_t *certstore,
                                       const char *dir, apr_pool_t *p);

/** The mark of what is live, if another one has to take its place; NULL: it
 *  has not. */
const acme_blocklist_entry_t *
acme_certstore_revoked(const acme_certstore_t *certstore,
                       const acme_certstore_cert_t *cert, apr_pool_t *p);

/** All of it, with the key, which is wiped with p; bundle->name is `name`. */
apr_status_t acme_certstore_bundle(acme_bundle_t **bundle,
                                   const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p);

/** Names (const char *) of all that are in a place, sorted; whether they are
 *  of any use is another question. */
apr_status_t acme_certstore_list(apr_array_header_t **names,
                                 const acme_certstore_t *certstore,
                                 acme_place_e place, acme_problem_t *problem,
                                 apr_pool_t *p);

/**
 * Writes the next generation, flips the pointer, then removes generations
 * beyond `keep` older ones that no pointer leads to.
 */
apr_status_t acme_certstore_install(const acme_certstore_t *certstore,
                                    const acme_bundle_t *bundle, int keep,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

/** The same for any place. What was there is archived. */
apr_status_t acme_certstore_install_at(const acme_certstore_t *certstore,
                                       acme_place_e place,
                                       const acme_bundle_t *bundle, int keep,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/**
 * Moves a pointer, to another place, another name or both: one rename, synced.
 * What was there is archived. APR_ENOENT when there is nothing to move.
 */
apr_status_t acme_certstore_move(const acme_certstore_t *certstore,
                                 acme_place_e from, const char *from_name,
                                 acme_place_e to, const char *to_name,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** acme_certstore_move() from live/ to stash/ under the same name. */
apr_status_t acme_certstore_move_stash(const acme_certstore_t *certstore,
                                       const char *name,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Makes an archived generation of its own the one in live/. APR_ENOENT when
 *  there is no such generation. */
apr_status_t acme_certstore_move_point(const acme_certstore_t *certstore,
                                       const char *name, int version,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Removes the pointer only: the generation is archived. Success also when
 *  there was none. */
apr_status_t acme_certstore_move_archive(const acme_certstore_t *certstore,
                                         acme_place_e place, const char *name,
                                         acme_problem_t *problem,
                                         apr_pool_t *ptemp);

/** Removes the pointer and the generation it leads to, key and all. Success
 *  also when there was none. */
apr_status_t acme_certstore_move_remove(const acme_certstore_t *certstore,
                                        acme_place_e place, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Numbers (int) of all generations kept below archive/NAME, ascending. */
apr_status_t acme_certstore_versions(apr_array_header_t **numbers,
                                     const acme_certstore_t *certstore,
                                     const char *name, apr_pool_t *p);

#endif
