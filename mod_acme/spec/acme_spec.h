/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_spec.h
 * @brief The configuration of one site, as the administrator wants it:
 * immutable.
 *
 * Made from the directives in check_config, const from then on, in pconf. All
 * rooms above work from it and never look at a directive.
 */
#ifndef ACME_SPEC_H
#define ACME_SPEC_H

#include <apr_tables.h>
#include <apr_time.h>

#include "acme_ca.h"
#include "acme_key.h"
#include "acme_tsig.h"

typedef enum {
    ACME_RENEW_AUTO,   /**< while a TLS virtual host uses the certificate */
    ACME_RENEW_ALWAYS, /**< even when no TLS virtual host uses it */
    ACME_RENEW_MANUAL  /**< only when acmectl asks, the first one included */
} acme_renew_mode_e;

typedef enum {
    ACME_HTTPS_OFF,
    ACME_HTTPS_TEMPORARY, /**< plain http is redirected, temporarily */
    ACME_HTTPS_PERMANENT  /**< permanently, and browsers are told to remember
                               it */
} acme_require_https_e;

/** A span of time before the end of a certificate. */
typedef struct acme_window_t {
    int percent;              /**< of the life of the certificate, or 0 */
    apr_interval_time_t span; /**< used where percent is 0; both 0: the
                                   default */
} acme_window_t;

/** The arguments that a command of ACMEChallengeDns01 gets. */
typedef enum {
    ACME_DNS_COMMAND_V1 = 1, /**< setup NAME VALUE, teardown NAME */
    ACME_DNS_COMMAND_V2      /**< setup NAME VALUE, teardown NAME VALUE */
} acme_dns_command_e;

/** The ways how records of dns-01 challenges come into the DNS. */
typedef enum {
    ACME_DNS_COMMAND,   /**< ACMEChallengeDns01: a program */
    ACME_DNS_RESPONDER, /**< ACMEDnsResponder: this server */
    ACME_DNS_UPDATE     /**< ACMEDnsUpdate: RFC 2136 */
} acme_dns_way_e;

/** A DNS server of our own, for dns-01. */
typedef struct acme_dns_responder_t {
    const char *address; /**< that it listens on; NULL: all of the machine */
    int port;
    const char *zone;        /**< canonical */
    const char *name_server; /**< its name, canonical; NULL in a directive: not
                                  written */
} acme_dns_responder_t;

/** Target of updates of the DNS. */
typedef struct acme_dns_update_spec_t {
    const char *server; /**< address, or a name of the DNS */
    int port;
    const char *zone; /**< that records are in, or NULL: it is found */
    acme_tsig_t *key; /**< complete after the start, or NULL: updates are not
                           signed */
} acme_dns_update_spec_t;

/** How records of dns-01 challenges come into the DNS. */
typedef struct acme_dns_spec_t {
    acme_dns_way_e way;
    const apr_array_header_t *argv;        /**< COMMAND: const char *: program,
                                          arguments */
    acme_dns_command_e version;            /**< COMMAND */
    const acme_dns_responder_t *responder; /**< RESPONDER; not part of items */
    const acme_dns_update_spec_t *update;  /**< UPDATE */
    apr_interval_time_t propagation; /**< after the record was set up, before
                                          the CA is told; where the name servers
                                          of the zone can be asked, only if none
                                          answers */
    apr_interval_time_t seen_within; /**< the longest wait for the name servers
                                          of the zone to have the record; 0:
                                          they are not asked */
    apr_interval_time_t limit;       /**< of the time that a setup or a teardown
                                          takes */
} acme_dns_spec_t;

/** The certificates that a site can have, by the kind of their keys. */
typedef enum {
    ACME_SPEC_FIRST_KEY, /**< the only or first kind of the site, which is the
                              elliptic one when there are two */
    ACME_SPEC_SECOND_KEY /**< RSA, beside the first kind */
} acme_spec_kind_e;

#define ACME_SPEC_KINDS 2

/** The part of the kind of key that is written in ACMEPrivateKeys. The rest is
 *  a default, and counts for a certificate from elsewhere once it is due. */
typedef enum {
    ACME_SPEC_KEY_DEFAULT, /**< nothing */
    ACME_SPEC_KEY_KIND,    /**< RSA, of any size */
    ACME_SPEC_KEY_EXACT    /**< all of it */
} acme_spec_key_e;

/** A certificate to maintain. A site with two kinds of keys has two specs. Both
 *  have the same names and settings, and each its own order, schedule and place
 *  in the store. */
typedef struct acme_spec_t {
    const char *name;      /**< its name in the store: of the first name and
                                its kind, as acme_spec_filed_name() makes it */
    acme_spec_kind_e kind; /**< which of the site's certificates it is */
    const apr_array_header_t *names; /**< const char *, canonical */
    /** Names that may be left out of an order when they keep failing (const
     *  char *), or NULL: none may. */
    const apr_array_header_t *optional;
    const char *cert_file;     /**< path of the administrator's own
                                    certificate: nothing is ordered then; or
                                    NULL */
    const char *cert_key_file; /**< path of the own certificate's key */
    const acme_ca_spec_t *ca;  /**< the first CA to order from */
    const apr_array_header_t *more_cas; /**< const acme_ca_spec_t *, to order
                                             from when the first one fails;
                                             or NULL */
    int failover;                       /**< failures of a CA until the next
                                             one is used; 0:
                                             ACME_DEFAULT_FAILOVER */
    acme_key_spec_t key;
    acme_spec_key_e key_written; /**< what ACMEPrivateKeys says of it */
    int key_reuse; /**< nonzero: the next certificate reuses the key of the
                        last one */
    const apr_array_header_t *challenge_types;  /**< const char *, preferred
                                                    first: those that can be
                                                    offered here */
    const apr_array_header_t *challenge_faults; /**< const char *, "TYPE:
                                                     REASON" of those that
                                                     cannot; or NULL */
    const apr_array_header_t *alpn_names; /**< const char *, its names that a
                                               virtual host with acme-tls/1
                                               has, or NULL: none */
    int http01_stateless;       /**< nonzero: any http-01 token is answered in
                                     the name of the account at the first CA */
    const acme_dns_spec_t *dns; /**< for dns-01, or NULL */
    const apr_array_header_t *dns_records; /**< const char *, what is to be
                                                published once for
                                                ACMEDnsResponder, as a zone
                                                file has it; or NULL */
    int preflight; /**< nonzero: the way to its names is looked at before the
                        CA takes it */
    const char *profile;   /**< name of the CA's profile to issue by, or NULL */
    int profile_mandatory; /**< nonzero: no certificate rather than one
                                without the profile */
    int must_staple;       /**< nonzero: with the extension of RFC 7633 */
    const apr_array_header_t *preferred_chains; /**< const char *, common names
                                                     of the issuers at the top
                                                     of chains, the best first;
                                                     NULL: the default chain of
                                                     the CA */
    int trusted_chain; /**< nonzero: the shortest chain to a root of this
                                machine, instead of preferred_chains */
    acme_renew_mode_e renew_mode;
    acme_window_t renew_window; /**< used where the CA names no time (RFC
                                     9773) */
    acme_window_t warn_window;  /**< before the end, when a certificate that
                                     was not renewed is warned about */
    int via_ari;                /**< nonzero: the CA is asked when to renew
                                     (RFC 9773) */
    apr_interval_time_t retry_delay; /**< after the first failure */
    acme_require_https_e require_https;
    int security_level; /**< OpenSSL's security level that the certificate
                             has to meet; 0: OpenSSL's default */
    const char *place;  /**< "FILE:LINE" of its configuration */
    /** Says what in the configuration around it keeps it from being ordered or
     *  reached, as configtest warns; NULL: nothing. */
    const char *mistake;
    const char *mistake_fix; /**< the line that mends it, or NULL */
    int dry_run;             /**< nonzero: the certificate is checked and thrown
                             away */
    const char *csr;         /**< CSR of another machine, base64url of the DER;
                             NULL: we make the key */
} acme_spec_t;

/** Returns the first of its names, by which clients know the site. */
const char *acme_spec_host(const acme_spec_t *spec);

/** Returns the name of the site when the spec is for its second certificate,
 *  else NULL. */
const char *acme_spec_of(const acme_spec_t *spec);

/** Returns the name in the store of a site's certificate: the name of the site,
 *  or NAME-rsa for the second one. */
const char *acme_spec_filed_name(const char *site, acme_spec_kind_e kind,
                                 apr_pool_t *p);

/** Checks and canonicalizes a name in the store, as acme_ident_canonical()
 *  does for a DNS name or an address. The name of a second certificate is
 *  accepted as well, although it may be too long for DNS, or an address with
 *  a suffix. */
apr_status_t acme_spec_name_parse(const char **name, const char *text,
                                  const char **why, apr_pool_t *p);

/** Returns the name that a certificate in the store must cover: `name`, or the
 *  site's own name when `name` is that of a second certificate.
 *  @param held names of the certificate */
const char *acme_spec_filed_for(const char *name,
                                const apr_array_header_t *held, apr_pool_t *p);

/** Returns CA i of the spec, 0 is the first one; NULL when i is out of
 *  range. */
const acme_ca_spec_t *acme_spec_ca(const acme_spec_t *spec, int i);

/** Returns the index of the CA with this directory URL, or -1. */
int acme_spec_find_ca(const acme_spec_t *spec, const char *url);

/** Returns "auto", "always" or "manual". */
const char *acme_spec_renew_mode_name(acme_renew_mode_e mode);

/** Returns "off", "temporary" or "permanent". */
const char *acme_spec_require_https_name(acme_require_https_e require);

/** Prints a window of ACMERenewWindow: "33%", "30 days", or "33% (50% below 10
 *  days)" for the default. */
const char *acme_spec_window_print(const acme_window_t *window, apr_pool_t *p);

/** Selects all names of a site, or the names that are never left out. */
typedef enum { ACME_SPEC_ALL, ACME_SPEC_REQUIRED } acme_spec_names_e;

/** Returns the first of the names that `held` does not cover, or NULL. */
const char *acme_spec_missing(const acme_spec_t *spec,
                              const apr_array_header_t *held,
                              acme_spec_names_e which);

/** Returns the names that are never left out, the first name of the site
 *  first. */
const apr_array_header_t *acme_spec_required(const acme_spec_t *spec,
                                             apr_pool_t *p);

/** Returns non-zero when this name may be left out of an order. */
int acme_spec_is_optional(const acme_spec_t *spec, const char *name);

/** Returns non-zero when challenges of the type can be offered. */
int acme_spec_has_challenge(const acme_spec_t *spec, const char *type);

/** Returns the types of challenges in the order in which they are tried after a
 *  challenge has failed: the one behind it comes first.
 *  @param failed type, or NULL */
const apr_array_header_t *acme_spec_challenges(const acme_spec_t *spec,
                                               const char *failed,
                                               apr_pool_t *p);

/** Returns a hash that stays the same as long as an order for this spec would
 *  be the same: names in any order, CA, contact, kind of key, profile. */
const char *acme_spec_digest(const acme_spec_t *spec, apr_pool_t *p);

#endif
