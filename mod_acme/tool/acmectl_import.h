/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl_import.h
 * @brief What the files of the import command share.
 */
#ifndef ACMECTL_IMPORT_H
#define ACMECTL_IMPORT_H

#include "acme_import.h"
#include "acmectl.h"

/* One certificate on its way in. */
typedef struct ctl_entry_t {
    const acme_bundle_t *bundle;
    const acme_cert_info_t *info;
    const char *name;    /* of the site that gets it */
    const char *profile; /* that the site wants, or NULL */
    int wanted;          /* a site of that name is managed */
    int known;           /* the store has it already */
    int installed;
} ctl_entry_t;

typedef struct ctl_import_t {
    ctl_t *ctl;
    acme_export_t *export;
    apr_array_header_t *skipped; /* acme_import_skip_t */
    apr_array_header_t *entries; /* ctl_entry_t */
    apr_time_t now;
    int tolerant; /* what is of no use is skipped, else all is refused */
    int accounts; /* that are handed over */
} ctl_import_t;

/** Reads everything that is to be imported; touches no store.
 *  @return zero: said why not */
int acmectl_import_read(ctl_import_t *import);

#endif
