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
 * @file acme_stamp.h
 * @brief What tells one version of a file from the next, by one stat().
 */
#ifndef ACME_STAMP_H
#define ACME_STAMP_H

#include <apr_file_info.h>

/** Plain: it may lie in shared memory. */
typedef struct acme_stamp_t {
    apr_ino_t inode; /**< 0: there is no such file */
    apr_dev_t device;
    apr_time_t mtime;
    apr_off_t size;
} acme_stamp_t;

/** Where `path` is a link: of what it leads to, or of the link itself. */
typedef enum { ACME_STAMP_FOLLOW, ACME_STAMP_LINK } acme_stamp_e;

void acme_stamp_read(acme_stamp_t *stamp, const char *path, acme_stamp_e how,
                     apr_pool_t *ptemp);
int acme_stamp_same(const acme_stamp_t *a, const acme_stamp_t *b);

#endif
