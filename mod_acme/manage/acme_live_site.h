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
 * @file acme_live_site.h
 * @brief Where the files of one site are: for the units that read, write and
 * make what acme_live.h promises.
 */
#ifndef ACME_LIVE_SITE_H
#define ACME_LIVE_SITE_H

#include "acme_problem.h"

#define ACME_LIVE_KEY   "privkey.pem"
#define ACME_LIVE_CERT  "cert.pem"
#define ACME_LIVE_CHAIN "chain.pem"
#define ACME_LIVE_FULL  "fullchain.pem"
#define ACME_LIVE_META  "meta.json"

/* Members of meta.json. */
#define ACME_LIVE_CA_URL    "ca-url"
#define ACME_LIVE_ORDER_URL "order-url"
#define ACME_LIVE_OBTAINED  "obtained"

/** The acme_live_t of acme_live.h. */
struct acme_live_t {
    const char *live;
    const char *archive;
    const char *index;
    struct acme_live_index_t *known; /**< NULL: read everything */
    apr_pool_t *pknown;
};

typedef struct acme_live_site_t {
    const char *name;
    const char *link;    /**< live/NAME */
    const char *archive; /**< archive/NAME */
    const char *target;  /**< what the link says but for the number */
} acme_live_site_t;

void acme_live_site_find(acme_live_site_t *site, const struct acme_live_t *live,
                         const char *name, apr_pool_t *p);

/**
 * The generation that is live.
 * @return APR_ENOENT when there is no pointer; APR_EINVAL when something else
 *         is in its place
 */
apr_status_t acme_live_site_pointed(int *number, const acme_live_site_t *site);

/** Makes a folder, 0700. One that is there must be ours and nobody else's. */
apr_status_t acme_live_site_mkdir(const char *path, acme_problem_t *problem,
                                  apr_pool_t *p);

#endif
