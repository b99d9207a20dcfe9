/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_hot_table.h
 * @brief What the processes of a server tell each other of certificates that
 * are served without a restart (ACMEActivation hot).
 *
 * The worker announces that a new certificate of a site is staged; each child
 * then takes it over at the site's next handshake. The numbers are in memory
 * that all processes share and that each child can write to, so they are hints:
 * a child opens and checks the certificate itself, and no number is a length,
 * an index or an address. How many there are is in memory of each process.
 *
 * An announcement has a number, the generation: 1 for the first, and so on.
 */
#ifndef ACME_HOT_TABLE_H
#define ACME_HOT_TABLE_H

#include <apr.h>
#include <apr_pools.h>

/** Why a certificate is left for a restart. */
typedef enum {
    ACME_HOT_ACCEPTED,
    ACME_HOT_STAPLED, /**< its OCSP response would be missing */
    ACME_HOT_OLDER,   /**< it is not newer than the one before */
    ACME_HOT_UNFIT,   /**< it failed another check */
    ACME_HOT_REFUSED, /**< root has not made it live */
    ACME_HOT_DAMAGED, /**< it cannot be read */
    ACME_HOT_REASONS
} acme_hot_reason_e;

/** The generations of one generation of the server's processes. */
typedef struct acme_hot_table_t acme_hot_table_t;

/** Returns how much memory that takes.
 *  @param certs number of certificates
 *  @param children most children at a time */
apr_size_t acme_hot_table_size(int certs, int children);

/** Makes a table.
 *  @param memory of that size, shared between processes, all zero */
acme_hot_table_t *acme_hot_table_create(void *memory, int certs, int children,
                                        apr_pool_t *p);

/** Announces the staged certificate, or that it is announced already. Returns
 *  its generation.
 *  @param fingerprint of the certificate, hex */
apr_uint32_t acme_hot_table_announce(acme_hot_table_t *table, int cert,
                                     const char *fingerprint);

/** Returns the generation of the certificate that was announced last, or 0:
 *  none was. */
apr_uint32_t acme_hot_table_generation(const acme_hot_table_t *table, int cert);

/** Returns the latest generation of all. */
apr_uint32_t acme_hot_table_latest(const acme_hot_table_t *table);

/** Notes that root has made the announced certificate live. */
void acme_hot_table_promote(acme_hot_table_t *table, int cert);

/** Returns the generation of the certificate that root has made live, or 0. */
apr_uint32_t acme_hot_table_promoted(const acme_hot_table_t *table, int cert);

/** Notes that a certificate is left for a restart. */
void acme_hot_table_refuse(acme_hot_table_t *table, int cert,
                           acme_hot_reason_e reason);

/** Returns why a certificate is left for a restart, or ACME_HOT_ACCEPTED. */
acme_hot_reason_e acme_hot_table_reason(const acme_hot_table_t *table,
                                        int cert);

/** Notes that no certificate can be served without a restart, because another
 *  module has replaced the callback. */
void acme_hot_table_override(acme_hot_table_t *table);
int acme_hot_table_is_overridden(const acme_hot_table_t *table);

/** Returns a number that changes with every refusal. */
apr_uint32_t acme_hot_table_refusals(const acme_hot_table_t *table);

/** Returns non-zero when the certificate is announced and nothing is in the
 *  way: children serve it. */
int acme_hot_table_is_served(const acme_hot_table_t *table, int cert);

/** Gives this process a line of its own in the list of children. Returns its
 *  index, or -1 when all are taken; then the child is not listed.
 *  @param pid of this process */
int acme_hot_table_enter(acme_hot_table_t *table, apr_uint32_t pid);

/** Gives the line back. */
void acme_hot_table_leave(acme_hot_table_t *table, int child);

/** Notes that a child serves a certificate of that generation, or keeps the one
 *  before because that one cannot be served.
 *  @param child -1: it is not listed */
void acme_hot_table_took(acme_hot_table_t *table, int child,
                         apr_uint32_t generation);
void acme_hot_table_kept(acme_hot_table_t *table, int child);

/** A child in the list. */
typedef struct acme_hot_child_t {
    apr_uint32_t pid;
    apr_uint32_t generation; /**< the latest that it serves, or 0 */
    apr_uint32_t kept;       /**< certificates that it could not take over */
} acme_hot_child_t;

/** Reads line i of the list. Returns zero when it is free; -1 behind the last
 *  one. */
int acme_hot_table_child(acme_hot_child_t *child, const acme_hot_table_t *table,
                         int i);

/** Returns a clause for people: "its OCSP response would be missing". */
const char *acme_hot_table_reason_text(acme_hot_reason_e reason);

#endif
