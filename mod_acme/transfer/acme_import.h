/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_import.h
 * @brief Imports from other ACME clients, whose files are read and never
 * changed.
 *
 * An entry that is damaged, or has expired, is skipped and listed with its
 * reason; all others are taken. Nothing outside of the folder that the
 * administrator names is read, except through certbot's own links, and in the
 * archive_dir of certbot's lineages.
 */
#ifndef ACME_IMPORT_H
#define ACME_IMPORT_H

#include "acme_export.h"

typedef struct acme_import_skip_t {
    const char *what; /**< "domains/example.org" */
    const char *why;
    int replaced; /**< nonzero: another one that was found does all that it
                       does, so that nothing is missing */
} acme_import_skip_t;

typedef struct acme_import_t {
    acme_export_t *export;
    apr_array_header_t *skipped; /**< acme_import_skip_t */
    const char *missing; /**< a name that was asked for and is not there, or
                              NULL */
} acme_import_t;

/** Reads a store of httpd's mod_md (MDStoreDir): domains/NAME/{md.json,
 *  pubcert.pem, privkey.pem} and the files of further key types, the same in
 *  staging/NAME and, when these have none that is of use, in archive/NAME.N,
 *  accounts/ID/{account.json, account.pem}, md_store.json.
 *  @param names only these (const char *); empty: all
 *  @return APR_ENOENT, and a problem, when it is no such store */
apr_status_t acme_import_mod_md(acme_import_t **found, const char *dir,
                                const apr_array_header_t *names, apr_time_t now,
                                acme_problem_t *problem, apr_pool_t *p);

/** Reads certbot's folder: live/, archive/, renewal/, accounts/. Of a lineage
 *  that is damaged the newest version that is of use is taken. Of several
 *  lineages with the same names those that are worth it are taken
 *  (acme_import_choice.h). Arguments and result are those of
 *  acme_import_mod_md(), but for the names.
 *  @param names of lineages, which may be called anything; or live/LINEAGE,
 *         with or without the folder before it; or names in certificates */
apr_status_t acme_import_certbot(acme_import_t **found, const char *dir,
                                 const apr_array_header_t *names,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *p);

#endif
