/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_certstore.h
 * @brief The store of certificates: what is served and what is kept for later,
 * as files of root's in the local file system, whatever the backend of the
 * worker's store is.
 *
 * Below the store's folder, for a site NAME (acme_file_name_encode()):
 *
 *     archive/NAME/N/   version N, written whole and synced: privkey.pem,
 *                       cert.pem, chain.pem, fullchain.pem, meta.json
 *     live/NAME         link to ../archive/NAME/N, replaced by one rename
 *     stash/NAME        the same, when the site does not want it at present
 *     import/NAME       the same, until a start decides upon it
 *
 * So live/NAME/fullchain.pem and the files beside it are stable paths for other
 * programs, and all files of a version change in the same instant. A
 * certificate changes its place by one rename of its link (the pointer), so it
 * is always in exactly one place; when it goes to a site of another name, the
 * pointer leads into the archive of the former site. A version that no pointer
 * leads to is archived. Killed at any time, a writer leaves the old or the new
 * version live, and the next install removes a version that is half written.
 * Only root uses this: httpd's parent process at start, and acmectl, both under
 * the store's lock (acme_lock.h). Folders are 0700, files 0600.
 */
#ifndef ACME_CERTSTORE_H
#define ACME_CERTSTORE_H

#include "acme_blocklist_entry.h"
#include "acme_bundle.h"
#include "acme_certstore_types.h"

/** An open store. Its functions are not thread safe. */
typedef struct acme_certstore_t acme_certstore_t;

/** "live", "stash", "import": the name of the folder. */
const char *acme_certstore_place_name(acme_place_e place);

/** Opens the store and makes the folders that are missing. Fails when one of
 *  them is not ours alone to write (acme_owned.h). */
apr_status_t acme_certstore_open(acme_certstore_t **certstore, const char *dir,
                                 acme_problem_t *problem, apr_pool_t *p);

/**
 * Opens the store to read only: nothing is made or changed. A certificate is
 * read where its folders and files are ours alone to write (acme_owned.h),
 * because nobody has checked `dir`.
 */
acme_certstore_t *acme_certstore_look(const char *dir, apr_pool_t *p);

/** Lets acme_certstore_get() take from the index (acme_certstore_index.h) what
 *  has not changed since a process called acme_certstore_keep(), instead of
 *  reading the files. Has no effect on a store of acme_certstore_look() whose
 *  folder is not ours alone to write. */
void acme_certstore_recall(acme_certstore_t *certstore, apr_pool_t *p);

/** Saves what was read since acme_certstore_recall() for the next start, and
 *  ends the effect of that call. A failure only costs the next start time. */
void acme_certstore_keep(acme_certstore_t *certstore);

/** Reads and parses the live certificate of a site; its key and chain must
 *  belong together. APR_ENOENT when the site has none. After any other failure
 *  it has one that cannot be used, and the problem says why. */
apr_status_t acme_certstore_get(acme_certstore_cert_t **cert,
                                const acme_certstore_t *certstore,
                                const char *name, acme_problem_t *problem,
                                apr_pool_t *p);

/** Returns success when mod_ssl would load a certificate at this security level
 *  of OpenSSL. Level 0 stands for the default level, at which
 *  acme_certstore_get() has checked it already. */
apr_status_t acme_certstore_loads(const acme_certstore_cert_t *cert, int level,
                                  acme_problem_t *problem, apr_pool_t *p);

/** As acme_certstore_get(), for any place. */
apr_status_t acme_certstore_get_at(acme_certstore_cert_t **cert,
                                   const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p);

/** Reads a version of a site, live or archived, by its number. Fails as
 *  acme_certstore_get(). */
apr_status_t acme_certstore_get_version(acme_certstore_cert_t **cert,
                                        const acme_certstore_t *certstore,
                                        const char *name, int version,
                                        apr_pool_t *p);

/** Returns non-zero when the chain led to a root that this machine trusts at
 *  the time when the certificate was issued. */
int acme_certstore_is_trusted(const acme_certstore_t *certstore,
                              acme_place_e place, const char *name,
                              apr_pool_t *ptemp);

/** Returns a clause that says why the blocklist forbids to put a certificate in
 *  place; NULL when it may be put there. */
const char *acme_certstore_refusal(const acme_certstore_t *certstore,
                                   const acme_cert_info_t *info, apr_pool_t *p);

/** As acme_certstore_refusal(), for the folder of a version. Returns NULL also
 *  when there is nothing that can be read. */
const char *acme_certstore_refusal_dir(const acme_certstore_t *certstore,
                                       const char *dir, apr_pool_t *p);

/** Returns the blocklist's entry of a live certificate that has to be replaced
 *  at once; NULL when it has not. */
const acme_blocklist_entry_t *
acme_certstore_revoked(const acme_certstore_t *certstore,
                       const acme_certstore_cert_t *cert, apr_pool_t *p);

/** Reads a certificate with its key, which is wiped with p; bundle->name is
 *  `name`. Fails as acme_certstore_get(). */
apr_status_t acme_certstore_bundle(acme_bundle_t **bundle,
                                   const acme_certstore_t *certstore,
                                   acme_place_e place, const char *name,
                                   acme_problem_t *problem, apr_pool_t *p);

/** Lists the names (const char *) of all certificates in a place, sorted,
 *  without reading the certificates. */
apr_status_t acme_certstore_list(apr_array_header_t **names,
                                 const acme_certstore_t *certstore,
                                 acme_place_e place, acme_problem_t *problem,
                                 apr_pool_t *p);

/**
 * Writes the next version of bundle->name, replaces the pointer in live/, then
 * removes the oldest versions. All is on disk when this returns.
 * @param keep how many older versions stay; those that a pointer leads to stay
 *        in any case
 */
apr_status_t acme_certstore_install(const acme_certstore_t *certstore,
                                    const acme_bundle_t *bundle, int keep,
                                    acme_problem_t *problem, apr_pool_t *ptemp);

/** As acme_certstore_install(), for any place. What was there is archived. */
apr_status_t acme_certstore_install_at(const acme_certstore_t *certstore,
                                       acme_place_e place,
                                       const acme_bundle_t *bundle, int keep,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Writes the next version of bundle->name, to which no pointer leads.
 *  @param number set to its number */
apr_status_t acme_certstore_install_version(int *number,
                                            const acme_certstore_t *certstore,
                                            const acme_bundle_t *bundle,
                                            acme_problem_t *problem,
                                            apr_pool_t *ptemp);

/**
 * Moves a pointer to another place, another name or both, by one rename, which
 * is on disk when this returns. What was there is archived. APR_ENOENT when
 * there is nothing to move.
 */
apr_status_t acme_certstore_move(const acme_certstore_t *certstore,
                                 acme_place_e from, const char *from_name,
                                 acme_place_e to, const char *to_name,
                                 acme_problem_t *problem, apr_pool_t *ptemp);

/** Moves a pointer from live/ to stash/ under the same name. */
apr_status_t acme_certstore_move_stash(const acme_certstore_t *certstore,
                                       const char *name,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Makes an archived version of a site the live one. APR_ENOENT when there is
 *  no such version. */
apr_status_t acme_certstore_move_point(const acme_certstore_t *certstore,
                                       const char *name, int version,
                                       acme_problem_t *problem,
                                       apr_pool_t *ptemp);

/** Removes the pointer only, so that its version is archived. Success also when
 *  there was none. */
apr_status_t acme_certstore_move_archive(const acme_certstore_t *certstore,
                                         acme_place_e place, const char *name,
                                         acme_problem_t *problem,
                                         apr_pool_t *ptemp);

/** Removes the pointer and the version that it leads to, with the key. A
 *  version that another pointer leads to stays. Success also when there was
 *  none. */
apr_status_t acme_certstore_move_remove(const acme_certstore_t *certstore,
                                        acme_place_e place, const char *name,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp);

/** Lists the numbers (int) of all versions below archive/NAME, ascending. */
apr_status_t acme_certstore_versions(apr_array_header_t **numbers,
                                     const acme_certstore_t *certstore,
                                     const char *name, apr_pool_t *p);

#endif
