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
#include "acme_live_cert.h"

typedef struct acme_live_t acme_live_t;

/** Makes the folders that are missing. */
apr_status_t acme_live_open(acme_live_t **live, const char *dir,
                            acme_problem_t *problem, apr_pool_t *p);

/** From now on acme_live_get() reads no files that are as they were when a
 *  process called acme_live_keep() (acme_live_index.h). */
void acme_live_recall(acme_live_t *live, apr_pool_t *p);

/** Keeps what has been read since acme_live_recall() for the next start, and
 *  ends its effect. A failure costs the next start time, no more. */
void acme_live_keep(acme_live_t *live);

/** Reads and parses; key and chain must fit each other. APR_ENOENT when the
 *  site has none; any other failure: there is one, and it is of no use. */
apr_status_t acme_live_get(acme_live_cert_t **cert, const acme_live_t *live,
                           const char *name, acme_problem_t *problem,
                           apr_pool_t *p);

/** As acme_live_get(), but only what acme_live_recall() knows: APR_ENOENT also
 *  for what would have to be parsed. */
apr_status_t acme_live_known(acme_live_cert_t **cert, const acme_live_t *live,
                             const char *name, apr_pool_t *p);

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
