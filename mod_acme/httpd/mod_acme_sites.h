/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

/**
 * @file mod_acme_sites.h
 * @brief Which virtual hosts make one site: names to sites, in check_config.
 *
 * Three passes over the configuration, each O(names):
 *
 * 1. ACMEDomain with names at server level: a site of just these names; every
 *    virtual host that has one of them belongs to it and adds its own.
 * 2. ACMEDomain in a virtual host: its names. Virtual hosts are one site when
 *    the ServerName of one is among the names of the other (port 80 and 443 of
 *    the same site). When only aliases overlap, a name would have to be in two
 *    certificates: refused.
 * 3. A virtual host without ACMEDomain belongs to the site that has its
 *    ServerName, or else the only one that has one of its aliases; its names
 *    are added to sites of the first kind only.
 */
#ifndef MOD_ACME_SITES_H
#define MOD_ACME_SITES_H

#include "mod_acme_config.h"

typedef struct acme_site_draft_t {
    apr_array_header_t
        *names;             /**< const char *, canonical, first is its name */
    acme_config_t settings; /**< set by ACMEDomain's virtual hosts */
    const char *place;
    int listed; /**< its names stand at server level */
    int index;
} acme_site_draft_t;

/** Whose a name is, and where that is said. */
typedef struct acme_claim_t {
    acme_site_draft_t *site;
    const char *place;
} acme_claim_t;

typedef struct acme_sites_t {
    apr_pool_t *p;
    server_rec *server;
    apr_array_header_t *drafts;   /**< acme_site_draft_t * */
    apr_hash_t *claims;           /**< canonical name -> acme_claim_t * */
    int errors;                   /**< mistakes found and logged */
    apr_array_header_t *warnings; /**< const char *, for when there is a log */
    int aloud;                    /**< warnings are said at once, too */
} acme_sites_t;

/** Runs the passes; leaves the site's index in each member's acme_config_t.
 *  Mistakes are logged and counted. */
void acme_sites_collect(acme_sites_t *sites);

/** Whether any ACMEDomain is written anywhere: cheap. */
int acme_sites_wanted(server_rec *server);

/** Logs a mistake, as configtest shows it, and counts it. */
void acme_sites_refuse(acme_sites_t *sites, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Keeps a warning for the error log; says it at once to whoever types
 *  configtest or starts the server. */
void acme_sites_warn(acme_sites_t *sites, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
