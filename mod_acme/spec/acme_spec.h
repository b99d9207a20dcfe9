/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_spec.h
 * @brief What an administrator wants of one site: immutable.
 *
 * Made from the configuration in check_config, const from then on, in pconf;
 * everything below works from it and never looks at a directive.
 */
#ifndef ACME_SPEC_H
#define ACME_SPEC_H

#include <apr_tables.h>
#include <apr_time.h>

#include "acme_ca.h"
#include "acme_key.h"

/** Most names in one certificate, as the large CAs have it. */
#define ACME_SPEC_MAX_NAMES 100

typedef enum {
    ACME_RENEW_AUTO,   /**< when a TLS virtual host uses it */
    ACME_RENEW_ALWAYS, /**< also when none does */
    ACME_RENEW_MANUAL  /**< only when asked, not even the first one */
} acme_renew_mode_e;

typedef enum {
    ACME_HTTPS_OFF,
    ACME_HTTPS_TEMPORARY, /**< plain http is redirected, for now */
    ACME_HTTPS_PERMANENT  /**< for good, and browsers are told to keep it */
} acme_require_https_e;

/** A part of a certificate's life, before its end. */
typedef struct acme_window_t {
    int percent;              /**< of its life, or 0 */
    apr_interval_time_t span; /**< where percent is 0; both 0: the default */
} acme_window_t;

/**
 * One certificate that is kept. A site with two kinds of keys has two of them:
 * the site's own, and one for its further kind of key, which has the same names
 * and settings, and everything else for itself: order, schedule, store.
 */
typedef struct acme_spec_t {
    const char *name; /**< it is filed under: the first of names, and for a
                           further kind of key with a suffix */
    const char *of;   /**< the name of the site whose further one it is; NULL:
                           it is the site's own */
    int second_key; /**< the site's further one, its index among all; 0: none */
    const apr_array_header_t *names; /**< const char *, canonical */
    /** Of the names, those that may be left out of an order when they keep
     *  failing: NULL where none may. */
    const apr_array_header_t *optional;
    const char *cert_file;     /**< of the administrator's own: then nothing is
                                    ordered; or NULL */
    const char *cert_key_file; /**< its key */
    const acme_ca_spec_t *ca;  /**< the first to be asked */
    const apr_array_header_t *more_cas; /**< const acme_ca_spec_t *, to be asked
                                             when it fails; or NULL */
    int failover;                       /**< failures until the next one is; 0:
                       ACME_DEFAULT_FAILOVER */
    acme_key_spec_t key;
    int key_reuse; /**< the next certificate is for the key of the last one */
    const apr_array_header_t *challenge_types; /**< preferred first */
    const char *profile;   /**< that the CA is to issue by, or NULL */
    int profile_mandatory; /**< rather no certificate than one without it */
    int must_staple;       /**< asks for RFC 7633's extension */
    const char *preferred_chain; /**< common name of its topmost issuer, or
                                      NULL: the CA's own choice */
    acme_renew_mode_e renew_mode;
    acme_window_t renew_window; /**< where the CA names no time of its own */
    acme_window_t warn_window;  /**< before its end, the administrator is to
                                     know; none: the last tenth */
    int via_ari;                /**< the CA is asked for it (RFC 9773) */
    apr_interval_time_t retry_delay; /**< after the first failure */
    acme_require_https_e require_https;
    int security_level; /**< OpenSSL's, that its certificate has to meet; 0:
                             what OpenSSL has by itself */
    const char *place;  /**< "FILE:LINE" it comes from */
    int dry_run;        /**< what comes of it is looked at and thrown away */
    const char *csr;    /**< of another machine, base64url; NULL: our own key */
} acme_spec_t;

/** The first of its names: what clients know it by. */
const char *acme_spec_host(const acme_spec_t *spec);

/** Whether it has, or is, a further one: its keys are of one kind only. */
int acme_spec_is_one_of_two(const acme_spec_t *spec);

/** What the certificate for the further kind of key of a site is filed under:
 *  NAME-rsa. */
const char *acme_spec_second_key_name(const char *name, apr_pool_t *p);

/** The site's own name, where `name` is such; else NULL. */
const char *acme_spec_own_name(const char *name, apr_pool_t *p);

/** As acme_ident_canonical(), and what a further one is filed under is a name,
 *  too, where it is none by itself: of an address, or too long. */
apr_status_t acme_spec_name_parse(const char **name, const char *text,
                                  const char **why, apr_pool_t *p);

/** What a certificate with these names that is filed under `name` is for: that
 *  name, or the site's own where it is the one for a further kind of key. */
const char *acme_spec_filed_for(const char *name,
                                const apr_array_header_t *held, apr_pool_t *p);

/** CA i of all it has, 0 is the first; NULL when out of range. */
const acme_ca_spec_t *acme_spec_ca(const acme_spec_t *spec, int i);

/** Which of its CAs has this directory, or -1. */
int acme_spec_find_ca(const acme_spec_t *spec, const char *url);

/** "auto", "always", "manual". */
const char *acme_spec_renew_mode_name(acme_renew_mode_e mode);

/** "off", "temporary", "permanent". */
const char *acme_spec_require_https_name(acme_require_https_e require);

/** "33%" or "30 days", or "33% (50% below 10 days)" for the default. */
const char *acme_spec_window_print(const acme_window_t *window, apr_pool_t *p);

/** All names of a site, or those that are never left out. */
typedef enum { ACME_SPEC_ALL, ACME_SPEC_REQUIRED } acme_spec_names_e;

/** The first of the names that `held` does not cover, or NULL. */
const char *acme_spec_missing(const acme_spec_t *spec,
                              const apr_array_header_t *held,
                              acme_spec_names_e which);

/** The names that are never left out, the site's own first. */
const apr_array_header_t *acme_spec_required(const acme_spec_t *spec,
                                             apr_pool_t *p);

/** Whether this name may be left out of an order. */
int acme_spec_is_optional(const acme_spec_t *spec, const char *name);

/**
 * A short text that is the same as long as an order for this spec would be the
 * same: names in any order, CA, contact, kind of key, profile.
 */
const char *acme_spec_digest(const acme_spec_t *spec, apr_pool_t *p);

#endif
