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
 * @file acme_live.h
 * @brief The certificates that are served: files of root's, in the local file
 * system, whatever the store's backend is.
 *
 * Below the store's folder, for a site NAME (acme_file_encode()):
 *
 *     archive/NAME/N/   generation N, written whole and synced: privkey.pem,
 *                       cert.pem, chain.pem, fullchain.pem, meta.json
 *     live/NAME         link to ../archive/NAME/N: the pointer that flips
 *
 * So live/NAME/fullchain.pem and its sisters are stable paths for other
 * programs, and all files of one generation change in the same instant.
 * Killed anywhere, the old or the new generation is live, and a half-written
 * one is cleaned up by the next install. Only root's process uses this, only
 * at start (or acmectl, under the store's lock); folders are 0700, files 0600.
 */
#ifndef ACME_LIVE_H
#define ACME_LIVE_H

#include "acme_bundle.h"

typedef struct acme_live_t acme_live_t;

/** What is live for one site. */
typedef struct acme_live_cert_t {
    const acme_cert_info_t *info;
    const char *ca_url;    /**< or NULL */
    const char *profile;   /**< that was wanted of it, or NULL */
    apr_time_t obtained;   /**< or 0 */
    int generation;        /**< N */
    const char *cert_path; /**< fullchain.pem, through live/NAME */
    const char *key_path;
} acme_live_cert_t;

/** Makes the folders that are missing. */
apr_status_t acme_live_open(acme_live_t **live, const char *dir,
                            acme_problem_t *problem, apr_pool_t *p);

/**
 * Only to read: nothing is made or changed. Certificates are taken where the
 * folders and files are ours and ours alone to write, since nothing else is
 * known of `dir`.
 */
acme_live_t *acme_live_look(const char *dir, apr_pool_t *p);

/** Reads and parses; key and chain must fit each other. APR_ENOENT when the
 *  site has none; any other failure: there is one, and it is of no use. */
apr_status_t acme_live_get(acme_live_cert_t **cert, const acme_live_t *live,
                           const char *name, acme_problem_t *problem,
                           apr_pool_t *p);

/** Whether what was got loads where the configuration asks for this security
 *  level of OpenSSL; 0: none is asked for, and that was looked at before. */
apr_status_t acme_live_loads(const acme_live_cert_t *cert, int level,
                             acme_problem_t *problem, apr_pool_t *p);

/**
 * Writes the next generation, flips the pointer, then removes generations
 * beyond `keep` older ones.
 */
apr_status_t acme_live_install(const acme_live_t *live,
                               const acme_bundle_t *bundle, int keep,
                               acme_problem_t *problem, apr_pool_t *ptemp);

/** Generations kept of this site, besides the live one. */
int acme_live_archived(const acme_live_t *live, const char *name,
                       apr_pool_t *ptemp);

#endif
