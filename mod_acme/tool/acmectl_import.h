/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl_import.h
 * @brief Types that the files of the import command share.
 */
#ifndef ACMECTL_IMPORT_H
#define ACMECTL_IMPORT_H

#include "acme_import.h"
#include "acmectl.h"

/* A certificate that is being imported. */
typedef struct acmectl_import_entry_t {
    const acme_bundle_t *bundle;
    const acme_cert_info_t *info;
    const char *name;          /* that it is filed under */
    apr_array_header_t *sites; /* const acme_spec_t *: those that can use it */
    const char *profile;       /* the profile that the site wants, or NULL */
    const char *change;        /* why another one is ordered at once, or NULL */
    int known;                 /* non-zero when the store has it already */
    int installed;
} acmectl_import_entry_t;

typedef struct acmectl_import_t {
    acmectl_t *ctl;
    acme_export_t *export;
    apr_array_header_t *skipped; /* acme_import_skip_t */
    apr_array_header_t *entries; /* acmectl_import_entry_t */
    apr_time_t now;
    int tolerant; /* non-zero: skip unusable ones; zero: refuse all */
    int accounts; /* number of accounts handed over */
} acmectl_import_t;

/** Reads everything to be imported. It does not touch the store.
 * @return zero after printing why it failed */
int acmectl_import_read(acmectl_import_t *import);

/** Prints what was imported, what was left out, and what is ordered for it.
 * @return how many certificates are new */
int acmectl_import_report(const acmectl_import_t *import);

#endif
