/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_config.h
 * @brief The module's configuration: the settings from directives, and the
 *  setup that check_config and startup make of them.
 *
 * Setters fill an acme_config_t per server_rec and only parse. check_config
 * matches and validates all settings and makes one acme_setup_t per generation
 * of the server, in pconf. Startup completes it before any child is forked.
 * From then on it is read-only, except for the parts that the worker thread of
 * one child owns.
 */
#ifndef MOD_ACME_CONFIG_H
#define MOD_ACME_CONFIG_H

#include <httpd.h>
#include <http_config.h>

#include <apr_hash.h>

#include "acme_ca.h"
#include "acme_site.h"
#include "acme_certstore.h"
#include "acme_crash.h"
#include "acme_log.h"
#include "acme_placeholder.h"
#include "acme_job_cache.h"
#include "acme_restart.h"
#include "acme_seal.h"
#include "acme_setting.h"
#include "acme_spec.h"
#include "acme_file_stamp.h"
#include "acme_promote_guard.h"

extern module AP_MODULE_DECLARE_DATA acme_module;

/** Archive versions kept besides the live one. */
#define ACME_ARCHIVE_KEEP 3

/** Every directive that sets one value. Settings before ACME_SETTING_PER_HOST
 * belong to a site and are joined over its set and virtual hosts. Settings from
 * there on belong to each virtual host alone. Settings from
 * ACME_SETTING_SERVER_WIDE on are allowed at server level only. */
typedef enum {
    ACME_SETTING_CA,         /**< const apr_array_header_t * of
                                   const acme_ca_name_t *, the first first */
    ACME_SETTING_AGREEMENT,  /**< "accepted" */
    ACME_SETTING_CONTACT,    /**< const char *, "mailto:...", "" for none */
    ACME_SETTING_EAB,        /**< const acme_eab_t *, of file or kid; neither:
                                   none */
    ACME_SETTING_CA_FILE,    /**< const char *, absolute path */
    ACME_SETTING_HTTP_PROXY, /**< const char *, "" for none */
    ACME_SETTING_HTTP_PROXY_CA_FILE, /**< const char *, absolute path */
    ACME_SETTING_PRIVATE_KEYS,  /**< array of one or two acme_private_key_t, an
                                  elliptic one first */
    ACME_SETTING_KEY_REUSE,     /**< const int * */
    ACME_SETTING_RENEW_MODE,    /**< const acme_renew_mode_e * */
    ACME_SETTING_RENEW_WINDOW,  /**< const acme_window_t * */
    ACME_SETTING_WARN_WINDOW,   /**< const acme_window_t * */
    ACME_SETTING_RENEW_VIA_ARI, /**< const int * */
    ACME_SETTING_PREFLIGHT,     /**< const int * */
    ACME_SETTING_CHALLENGES,    /**< const apr_array_header_t * of
                                   const char *, the first first */
    ACME_SETTING_PROFILE,       /**< const char * */
    ACME_SETTING_PROFILE_MANDATORY,       /**< const int * */
    ACME_SETTING_RETRY_DELAY,             /**< const apr_interval_time_t * */
    ACME_SETTING_FAILOVER,                /**< const int * */
    ACME_SETTING_PREFERRED_CHAIN,         /**< const acme_chain_choice_t * */
    ACME_SETTING_MUST_STAPLE,             /**< const int * */
    ACME_SETTING_REQUIRE_HTTPS,           /**< const acme_require_https_e * */
    ACME_SETTING_PARTIAL_NAMES,           /**< const int * */
    ACME_SETTING_HTTP01_STATELESS,        /**< const int * */
    ACME_SETTING_CHALLENGE_DNS01,         /**< const apr_array_header_t * of
                                       const char *, program and arguments;
                                       empty: none */
    ACME_SETTING_CHALLENGE_DNS01_VERSION, /**< const acme_dns_command_e * */
    ACME_SETTING_DNS_UPDATE,      /**< const acme_dns_update_spec_t *, without a
                                  server: none */
    ACME_SETTING_DNS_PROPAGATION, /**< const acme_dns_times_t * */
    ACME_SETTING_DNS_RESPONDER,   /**< const acme_dns_responder_t *, port 0:
                                       none */
    ACME_SETTING_CERT_FILE,       /**< const char *, absolute path */
    ACME_SETTING_CERT_KEY_FILE,   /**< const char *, absolute path */
    ACME_SETTING_AUTO_DOMAINS,    /**< const int * */
    ACME_SETTING_MEMBERS,         /**< const acme_members_e * */
    ACME_SETTING_CHECK_INTERVAL,
    ACME_SETTING_PARALLEL,            /**< const int * */
    ACME_SETTING_RATE,                /**< const acme_ratelimit_policy_t * */
    ACME_SETTING_STORE_DIR,           /**< const char *, absolute path */
    ACME_SETTING_PORT_MAP,            /**< const acme_port_map_t * */
    ACME_SETTING_ACTIVATION,          /**< const acme_activation_e * */
    ACME_SETTING_ACTIVATION_DELAY,    /**< const apr_interval_time_t * */
    ACME_SETTING_ACTIVATION_INTERVAL, /**< const acme_intervals_t * */
    ACME_SETTING_MATCH_NAMES,         /**< const acme_match_names_e * */
    ACME_SETTING_BASE_SERVER,         /**< const int * */
    ACME_SETTING_ACTIVATION_WINDOW,   /**< apr_array_header_t of
                                         acme_restart_window_t */
    ACME_SETTING_STASH_KEEP,  /**< const apr_interval_time_t *, 0: to expiry */
    ACME_SETTING_DNS_SERVERS, /**< const apr_array_header_t * of const char *,
                                 address or address:port; empty: those of the
                                 machine */
    ACME_SETTING_COUNT
} acme_setting_e;

#define ACME_SETTING_PER_HOST    ACME_SETTING_AUTO_DOMAINS
#define ACME_SETTING_SERVER_WIDE ACME_SETTING_CHECK_INTERVAL

/** The choice that ACMEPreferredChain makes; neither: the CA's own one. */
typedef struct acme_chain_choice_t {
    apr_array_header_t *names; /**< const char *, the best first, or NULL */
    int trusted;               /**< nonzero: the shortest chain to a root of
                                    this machine */
    int quoted;                /**< nonzero: written with quotes, so that the
                                    names are those that were meant */
} acme_chain_choice_t;

/** The local ports behind the public ports 80 and 443; 0 when that port is not
 * reachable. */
/** A kind of key of ACMEPrivateKeys. */
typedef struct acme_private_key_t {
    acme_key_spec_t key;
    acme_spec_key_e written;
} acme_private_key_t;

/** How long is waited for a record of dns-01. */
typedef struct acme_dns_times_t {
    apr_interval_time_t propagation;
    apr_interval_time_t limit; /**< of the command */
} acme_dns_times_t;

typedef struct acme_port_map_t {
    int http;
    int https;
} acme_port_map_t;

typedef enum {
    ACME_ACTIVATION_GRACEFUL,
    ACME_ACTIVATION_HOT,
    ACME_ACTIVATION_MANUAL
} acme_activation_e;

typedef struct acme_intervals_t {
    apr_interval_time_t urgent;
    apr_interval_time_t routine;
} acme_intervals_t;

/** Says if the names of virtual hosts are collected into the certificate. */
typedef enum { ACME_MEMBERS_AUTO, ACME_MEMBERS_MANUAL } acme_members_e;

typedef enum {
    ACME_MATCH_NAMES_ALL,
    ACME_MATCH_NAMES_SERVER
} acme_match_names_e;

/** An ACMEDomain directive, or an <ACMEDomainSet> section. */
typedef struct acme_domain_t {
    apr_array_header_t *names; /**< const char *, canonical; may be empty */
    const char *place;
    const acme_members_e *members; /**< written with the names, or NULL */
    /** Array of ACME_SETTING_COUNT; NULL for a directive. */
    acme_setting_t *settings;
} acme_domain_t;

/** The times at which a virtual host knows acme-tls/1. */
typedef enum {
    ACME_ALPN_NONE,
    ACME_ALPN_PENDING, /**< while a challenge is pending for the name that the
                            client asks for; for names that no virtual host
                            with TLS has */
    ACME_ALPN_OWN      /**< always: names of its site are proven so */
} acme_alpn_e;

/** The configuration of one server_rec. */
typedef struct acme_config_t {
    /** Array of ACME_SETTING_COUNT. Those that set nothing share one, because
     *  most of thousands of virtual hosts do not. */
    const acme_setting_t *settings;
    acme_setting_t *changed;     /**< the same; NULL: they are not its own */
    apr_array_header_t *domains; /**< acme_domain_t; never inherited */
    const char *off;             /**< place of ACMEDomain off; NULL: none */
    const struct acme_config_t *own; /**< before merging with the server's */
    acme_domain_t *section;          /**< the section being read, or NULL */
    /** index in acme_setup_t, -1 for none; set by check_config */
    int site;
    /** non-zero when the configuration enables TLS; set by check_config */
    int expect_tls;
    /** whether it knows acme-tls/1; set by check_config */
    acme_alpn_e alpn;
    /** non-zero when it was added to Protocols; set by startup */
    int alpn_added;
    /** SSLEngine that counts for it, or NULL; set by check_config */
    const struct ap_directive_t *engine;
    /** OpenSSL's security level of a TLS virtual host, or 0 */
    int expect_level;
    int expect_certs; /**< number of its own SSLCertificateFiles */
    /** non-zero when it has TLS and nobody has a certificate for it; set by
     * check_config */
    int certless;
    /** non-zero when it was given its former certificate; set by startup */
    int left;
    int expect_inherited; /**< number of the main server's, which it inherits */
    const char *chain_file; /**< path of the SSLCertificateChainFile that counts
                                 for it, or NULL */
    /** non-zero when mod_ssl asked for its certificate; set by startup */
    int tls;
    /** non-zero while it serves a placeholder; set by startup */
    int placeholder;
} acme_config_t;

/** Directives that are set in sections such as <If> and <Location>. */
typedef struct acme_dir_config_t {
    acme_require_https_e require_https;
} acme_dir_config_t;

/** Shared memory that the parent and the worker write and children read. The
 * parent never reads it, because a child may have changed it. */
typedef struct acme_shared_t {
    int pending;
    int swapped; /**< served with no restart, and not live yet */
    apr_time_t next;
    char blocked[480];
    apr_time_t blocked_at; /**< since when no restart is made, or 0 */
    /** why nothing is ordered, or ""; written by the worker */
    char waiting[480];
    acme_crash_shared_t crash; /**< of workers, one after the other */
    char waiting_fix[240];     /**< the command that mends it, or "" */
    apr_time_t waiting_since;  /**< or 0 */
    int store_fails; /**< it is the store that the worker cannot use */
} acme_shared_t;

/** Shared memory that children write and the parent reads. It has flags only,
 * because an attacker in a child can write to it. */
typedef struct acme_notify_urgent_t {
    apr_uint32_t changes; /**< only compared for a change */
    /** non-zero when the log has that a proxy ends TLS; for children only */
    apr_uint32_t proxy_said;
    /** by index of certs; non-zero when a staged certificate must not wait for
     * others */
    unsigned char sites[1];
} acme_notify_urgent_t;

/** The setup of one generation of the server. */
typedef struct acme_setup_t {
    apr_pool_t *pconf;
    server_rec *server;
    const acme_log_t *log;
    apr_array_header_t *sites; /**< acme_site_t * */
    apr_array_header_t *certs; /**< acme_site_cert_t *, of all sites: first the
                                    first ones, then the second ones */
    apr_hash_t *by_name;       /**< canonical name -> acme_site_t * */
    const apr_array_header_t *warnings; /**< const char *, for the error log */
    int has_alpn; /**< non-zero when any virtual host knows acme-tls/1 */

    /* Set by startup. */
    apr_time_t loaded;
    const char *store_dir;
    const char *inner_dir;   /**< the same path as children see it */
    const acme_seal_t *seal; /**< NULL when the store cannot be used */
    /** why the store cannot be used, or NULL */
    const char *unusable;
    const char *to_fix;              /**< the command that mends it, or NULL */
    acme_certstore_t *certstore;     /**< or NULL */
    acme_promote_guard_t *guard;     /**< NULL: nothing is promoted */
    acme_placeholder_t *placeholder; /**< until mod_ssl is ready, or NULL */
    acme_vault_t *vault;             /**< the parent's; children share it */
    /** accounts of ACMEHttp01Stateless, or NULL: no site has it */
    struct mod_acme_stateless_t *stateless;
    /** stamp of acmectl's last change, before startup looked */
    acme_file_stamp_t changed;
    acme_shared_t *shared;               /**< shared memory */
    acme_notify_urgent_t *notify_urgent; /**< shared memory, or NULL */
    acme_job_cache_t
        *job_cache; /**< shared memory, by index of certs, or NULL */
    /** non-zero when this server owns the store and may change it */
    int ours;
    struct mod_acme_install_t *install; /**< until children run, else NULL */
    struct mod_acme_hot_t *hot; /**< NULL: all certificates need a restart */
} acme_setup_t;

void *mod_acme_config_create(apr_pool_t *p, server_rec *s);
void *mod_acme_config_merge(apr_pool_t *p, void *base, void *add);
void *mod_acme_config_create_dir(apr_pool_t *p, char *dir);
void *mod_acme_config_merge_dir(apr_pool_t *p, void *base, void *add);

/** Gives each virtual host a configuration of its own: httpd lets those without
 *  a directive of ours share the main server's. */
void mod_acme_config_separate(server_rec *server, apr_pool_t *p);

/** Returns an array of ACME_SETTING_COUNT in which nothing is set. */
const acme_setting_t *mod_acme_config_nothing(void);

/** Returns the settings of a configuration for writing: its own ones. */
acme_setting_t *mod_acme_config_change(acme_config_t *config, apr_pool_t *p);

/** Returns the configuration of the server. */
acme_config_t *mod_acme_config_get(const server_rec *s);

/** Returns the value of a setting, or NULL. */
const void *mod_acme_config_value(const acme_config_t *config,
                                  acme_setting_e setting);
/** Returns the value of a duration, or its default (microseconds). */
apr_interval_time_t mod_acme_config_interval(const acme_config_t *config,
                                             acme_setting_e setting,
                                             apr_interval_time_t otherwise);

/** Returns the value of an on/off setting; the default is off. */
int mod_acme_config_flag(const acme_config_t *config, acme_setting_e setting);

/** Returns the folder of the store: ACMEStoreDir, or else a folder for this
 * ServerRoot below the place given to configure. */
const char *mod_acme_config_store_dir(const server_rec *s, apr_pool_t *p);

/** Returns the name of the directive of a setting. */
const char *mod_acme_config_setting_name(acme_setting_e setting);

/** Returns this generation's setup, or NULL when no site asks for ACME. */
acme_setup_t *mod_acme_config_setup_get(void);
void mod_acme_config_setup_set(acme_setup_t *setup);

/** Return the spec and the inventory of the virtual host's site, or NULL for a
 * virtual host that is not managed. */
acme_site_t *mod_acme_config_setup_site(const acme_setup_t *setup,
                                        const server_rec *s);

/** Returns the site whose certificate has the host of a request, or NULL.
 * @param name set to the host in canonical form */
acme_site_t *mod_acme_config_setup_find(const char **name,
                                        const acme_setup_t *setup,
                                        const char *host, apr_pool_t *p);

/** Returns a handle on the sealed store for one thread, or NULL when the store
 * cannot be used. */
acme_vault_t *mod_acme_config_setup_vault(const acme_setup_t *setup,
                                          apr_pool_t *p);

/** The directive table of the module. */
extern const command_rec mod_acme_cmds_table[];

#endif
